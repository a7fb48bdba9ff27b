"""The stages: modelled kernel functions that take the packet, in the words of their docstrings."""

from __future__ import annotations

from ipsec_lo_trace.pages.generated import StageWords, words
from ipsec_lo_trace.pages.page import PROGRAM, Page

_AH = f"{PROGRAM} ping --proto ah"
_TUNNEL = f"{PROGRAM} ping --mode tunnel"
_IPCOMP = f"{PROGRAM} ping --proto ipcomp --set ipcomp_enable=1 -p 0f"
_EXAMPLES = {
    "ah_output": _AH,
    "ah_output_cb": _AH,
    "ah_input": _AH,
    "ah_input_cb": _AH,
    "ipcomp_output": _IPCOMP,
    "ipcomp_output_cb": _IPCOMP,
    "ipcomp_input": _IPCOMP,
    "ipcomp_input_cb": _IPCOMP,
    "ipip_output": _TUNNEL,
    "encap4_input": _TUNNEL,
    "ip4_input": _TUNNEL,
    "ip_reass": f"{PROGRAM} ping -s 40000",
    "ip_forward": f"{PROGRAM} probe forward",
    "ether_output": f"{PROGRAM} probe forward",
    "ip_mloopback": f"{PROGRAM} probe multicast",
    "udp_output": f"{PROGRAM} probe udp-echo",
    "udp_input": f"{PROGRAM} probe udp-echo",
    "udp_ctlinput": f"{PROGRAM} probe udp-closed --proto ah",
    "icmp_error": f"{PROGRAM} probe udp-closed",
    "tcp_output": f"{PROGRAM} probe tcp-open",
    "tcp_input": f"{PROGRAM} probe tcp-open",
    "syn_cache_respond": f"{PROGRAM} probe tcp-open",
    "tcp_respond": f"{PROGRAM} probe tcp-closed",
}


def _page(stage: StageWords) -> Page:
    onward = ", ".join(stage.reaches) or "nothing; the path ends here"
    besides = (("besides", stage.more),) if stage.more else ()
    return Page(
        kind="stages",
        name=stage.name,
        text=stage.text,
        source=stage.source,
        sure="read",
        example=_EXAMPLES.get(stage.name, f"{PROGRAM} ping"),
        details=(("marks", stage.marks), *besides, ("goes on to", onward)),
        see=stage.reaches,
    )


FILES = {stage.name: stage.file for stage in words().stages}
"""The kernel file that defines each stage."""

STAGES = tuple(map(_page, words().stages))
