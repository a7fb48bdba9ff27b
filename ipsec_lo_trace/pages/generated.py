"""Stages and probes, in the words of their own code, which is too dear and too high to import here.

``python docs/generate.py`` writes generated.json from the stages' docstrings and the probes' own fields.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.pages.page import PROGRAM, Page

NAME = "generated.json"


class StageWords(msgspec.Struct, frozen=True, kw_only=True):
    """A stage's docstring in its parts, the kernel file that defines it, and the stages that it hands off to.

    ``more`` is what the docstring says besides the sentence, the source and the marks.
    """

    name: str
    file: str
    text: str
    source: str
    marks: str
    more: str
    reaches: tuple[str, ...]


class ProbeWords(msgspec.Struct, frozen=True, kw_only=True):
    """A probe's fields that need no packet: see ``userland.probe_kind.ProbeKind``."""

    name: str
    title: str
    text: str
    answer: str
    stage: str
    knobs: dict[str, str]
    runs: tuple[RunName, ...] = ()
    derived_over: tuple[str, ...] = ()


class Words(msgspec.Struct, frozen=True):
    """What generated.json holds: the stages in the link table's order, the probes by name."""

    stages: tuple[StageWords, ...]
    probes: tuple[ProbeWords, ...]


@cache
def words() -> Words:
    """Read generated.json."""
    return msgspec.json.decode((files(__package__) / NAME).read_bytes(), type=Words)


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


def _stage_page(stage: StageWords) -> Page:
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

STAGES = tuple(map(_stage_page, words().stages))


def _probe_page(probe: ProbeWords) -> Page:
    end = "" if probe.title.endswith("?") else "."
    knobs = ", ".join(f"{name}={value}" for name, value in probe.knobs.items())
    switched = (("switches", knobs),) if knobs else ()
    unlike = " and ".join(probe.derived_over)
    derived = (("derived", f"over {unlike}: what ran there need not do as 2003's did"),) if unlike else ()
    return Page(
        kind="probes",
        name=probe.name,
        text=f"{probe.title[0].upper()}{probe.title[1:]}{end}",
        source=f"{FILES[probe.stage]}, {probe.stage}",
        sure="measured" if probe.runs else "derived",
        runs=probe.runs,
        example=f"{PROGRAM} probe {probe.name}",
        details=(("about", probe.text), ("answered", probe.answer), *switched, *derived),
        see=(probe.stage,),
    )


PROBES = tuple(map(_probe_page, words().probes))
