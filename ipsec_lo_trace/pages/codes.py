"""Outcomes and codes of runs and audits; their words are those of ``model.codes`` and ``model.audit``."""

from __future__ import annotations

from ipsec_lo_trace.model.audit import AUDIT_CODES, AUDIT_FIXES, AUDIT_OUTCOMES, weight
from ipsec_lo_trace.model.codes import CODES, FINDING_CODES, OUTCOMES, STALE_CODES, RunName
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.pages.generated import FILES
from ipsec_lo_trace.pages.page import PROGRAM, Page, explained, fed, sentence

_PING = f"{PROGRAM} ping"
_IPCOMP = f"{_PING} --proto ipcomp"
_LOOP = f"{PROGRAM} probe redirect --case forward-loop --fix looutput-only"
_NULL_SA = f"{PROGRAM} probe redirect --case null-sa"
_PANIC = f"{_IPCOMP} --set ipcomp_enable=1 -p 0f"
_OUT = "spdadd 127.0.0.1 127.0.0.1 any -P out"
_IN = "spdadd 127.0.0.1 127.0.0.1 any -P in"
_SA = 'add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc "12345678" ;'
_NO_SA = fed(f"{_OUT} ipsec esp/transport//require ;")
_BOTH_WAYS = (
    'add 10.9.9.1 10.9.9.2 esp 0x1001 -E des-cbc "12345678" ;'
    ' add 10.9.9.2 10.9.9.1 esp 0x1002 -E des-cbc "87654321" ;'
    " spdadd 10.9.9.1 10.9.9.2 any -P out ipsec esp/transport//require ;"
    " spdadd 10.9.9.2 10.9.9.1 any -P out ipsec esp/transport//require ;"
)
_ONE_WAY = (
    'add 10.9.9.1 10.9.9.2 esp 0x1001 -E des-cbc "12345678" ;'
    " spdadd 10.9.9.1 10.9.9.2 any -P out ipsec esp/transport//require ;"
    " spdadd 10.9.9.2 10.9.9.1 any -P in ipsec esp/transport//require ;"
)
_TWO = "--local 10.9.9.1 --local 10.9.9.2 -I 10.9.9.1 10.9.9.2"
_STALE = fed(_BOTH_WAYS, _TWO)

_OUTCOME_EXAMPLES = {
    "clean": f"{_PING} --patched",
    "stale": _STALE,
    "lost": _NO_SA,
    "error": f"{_PING} -s 65507",
    "leak": f"{_PING} --unpatched",
    "loop": _LOOP,
    "panic": _PANIC,
}

# The stage that ends a packet for each reason; some have others besides.
_REASON_STAGES = {
    "ah-bad-length": "ah_input",
    "ah-ip-options": "ah_output",
    "ah-short": "ah_input",
    "bad-fragment": "ip_input",
    "bad-compression": "ipcomp_input_cb",
    "bad-icv": "esp_input_cb",
    "bad-ip-header": "ip_input",
    "bad-ip-option": "ip_input",
    "bad-padding": "esp_input_cb",
    "bad-source": "icmp_reflect",
    "cannot-forward": "ip_forward",
    "cannot-fragment": "ip_output",
    "error-suppressed": "icmp_error",
    "esp-bad-length": "esp_input",
    "icmp-checksum": "icmp_input",
    "icmp-short": "icmp_input",
    "in-policy": "ip_input",
    "ipcomp-disabled": "ipsec4_process_packet",
    "ipcomp-null-tag": "ipsec4_common_input_cb",
    "ipintrq-full": "looutput",
    "ipip-family": "ip4_input",
    "ipip-short": "ip4_input",
    "ipsec-short": "ipsec4_common_input",
    "loop": "ip_output",
    "message-too-long": "ip_output",
    "not-in-group": "ip_output",
    "null-sa": "ipsec_process_done",
    "no-inbound-sa": "ipsec4_common_input",
    "no-port": "udp_input",
    "no-route": "ip_output",
    "no-sa": "ipsec4_process_packet",
    "no-socket": "rip_input",
    "not-forwarding": "ip_input",
    "out-policy": "ip_output",
    "replay": "esp_input",
    "sa-changed": "esp_output_cb",
    "sa-gone": "esp_input_cb",
    "sequence-wrap": "ah_output",
    "socket-policy": "rip_input",
    "tcp-malformed": "tcp_input",
    "tcp-unwanted": "tcp_input",
    "tunnel-unspecified": "ipip_output",
    "udp-malformed": "udp_input",
    "use-without-sa": "ipsec4_process_packet",
}

_CODE_EXAMPLES = {
    "clean": f"{_PING} --patched",
    "stale-out-done": f"{_PING} --unpatched",
    "packet-filter-skipped": _STALE,
    "pf-skipped": f"{_PING} --fix freebsd-13 --set pf=tagging",
    "policy-by-stale-tag": explained("gate-1-tag"),
    "stale-flag": fed(_ONE_WAY, f"--patched {_TWO}"),
    "clear-text": explained("leak"),
    "no-reply": explained("lost"),
    "policy-not-asked": f"{_PING} --fix lo-exempt",
    "clear-accepted": fed(_ONE_WAY, f"-v --patched {_TWO}"),
    "default-policy": f"{_PING} -v --patched",
    "mbuf-layout": f"{PROGRAM} probe tcp-closed --case lo-ah",
    "encapsulated-twice": f"{_PING} -v --drop-mark OUT_DONE@ipsec_process_done",
    "panic": _PANIC,
    "stale-carried": f"{_PING} -v --patched",
    "uncounted-drop": fed(f"{_IN} discard ;", "-v"),
    "wrong-tag": explained("ipsec_process_done"),
    "cannot-forward": f"{PROGRAM} probe source-route",
    "cannot-fragment": f"{PROGRAM} probe df",
    "message-too-long": f"{_PING} -s 65507",
    "bad-compression": f"{_IPCOMP} --set ipcomp_enable=1 -s 0",
    "ipcomp-disabled": _IPCOMP,
    "ipcomp-null-tag": _PANIC,
    "loop": _LOOP,
    "null-sa": _NULL_SA,
    "no-sa": _NO_SA,
    "use-without-sa": fed(f"{_OUT} ipsec esp/transport//use ;"),
    "out-policy": fed(f"{_OUT} discard ;"),
    "in-policy": fed(f"{_IN} discard ;"),
    "socket-policy": fed(f"{_SA} {_OUT} ipsec esp/transport//require ; {_IN} discard ;", "--patched"),
}
_STALE_QUESTIONS = {
    code: [name for name, asked in QUESTIONS.items() if asked.stale_code == code] for code in STALE_CODES
}

OUTCOME_PAGES = tuple(
    Page(
        kind="outcomes",
        name=name,
        text=sentence(text),
        source=(
            "the verdict, from what crossed lo0 and what was accepted, against the policies as RFC 2401"
            " has them"
        ),
        sure="ours",
        example=_OUTCOME_EXAMPLES[name],
        see=tuple(other for other in OUTCOMES if other != name),
    )
    for name, text in OUTCOMES.items()
)


_RAN: dict[str, tuple[RunName, ...]] = {"ipcomp-null-tag": ("random",), "null-sa": ("random",)}
"""The panics that a real stack ran into, and in which runs."""


def _code(name: str, text: str) -> Page:
    if name in _REASON_STAGES:
        stage = _REASON_STAGES[name]
        ends: tuple[tuple[str, str], ...] = (("ends a packet in", stage),)
        return _page(name, text, f"{FILES[stage]}, {stage}", "read", ends, (stage,))
    if name in FINDING_CODES:
        return _page(name, text, "the findings, from the rows of the trace", "ours", (), ("finding",))
    asked = tuple(_STALE_QUESTIONS.get(name, ()))
    details = (("questions", ", ".join(asked)),) if asked else ()
    return _page(
        name, text, "the verdict, from the questions that a stale mark settled", "ours", details, asked
    )


def _page(
    name: str, text: str, source: str, sure: str, details: tuple[tuple[str, str], ...], see: tuple[str, ...]
) -> Page:
    example = _CODE_EXAMPLES.get(name, explained(see[0] if see else "verdict"))
    return Page(
        kind="codes",
        name=name,
        text=sentence(text),
        source=source,
        sure="measured" if name in _RAN else sure,
        runs=_RAN.get(name, ()),
        example=example,
        details=details,
        see=see,
    )


CODE_PAGES = tuple(_code(name, text) for name, text in CODES.items())


_AUDIT = f"{PROGRAM} audit --help"
_THE_AUDIT = "the audit, from the capture's packets against the policies as RFC 2401 has them"
_NETBSD = "NetBSD's own stack (2016 sources), run as a user-space kernel"
_AUDIT_RUNS: dict[str, tuple[RunName, ...]] = {
    "reply-in-clear-2003": ("verdicts",),
    "rst-in-clear-2003": ("verdicts", "random"),
    "shared-sa": ("verdicts", "random"),
    "policy-not-applied": ("linux-6.1",),
    "decapsulated-again": ("linux-6.1",),
}
_SEEN = {
    "reply-in-clear-2003": f"the analysis of 2003-08-18; {_NETBSD}",
    "rst-in-clear-2003": f"{_NETBSD}; netinet/tcp_subr.c, tcp_respond",
    "shared-sa": f"{_NETBSD}: its numbers on the wire are 1, 3, 5, 7",
    "policy-not-applied": "Linux 6.1 in QEMU, lo's sysctls at their defaults",
    "decapsulated-again": "Linux 6.1 in QEMU, a tunnel over lo",
}


def _audit_page(name: str, text: str) -> Page:
    details = [("weight", weight(name))]
    if name in AUDIT_FIXES:
        details.append(("fix", AUDIT_FIXES[name]))
    return Page(
        kind="audits",
        name=name,
        text=sentence(text),
        source=_SEEN.get(name, _THE_AUDIT),
        sure="measured" if name in _AUDIT_RUNS else "ours",
        runs=_AUDIT_RUNS.get(name, ()),
        example=_AUDIT,
        details=tuple(details),
    )


AUDIT_PAGES = (
    Page(
        kind="audits",
        name="unsure",
        text=sentence(AUDIT_OUTCOMES["unsure"]),
        source=_THE_AUDIT,
        sure="ours",
        example=_AUDIT,
        see=("clean", "leak"),
    ),
    *(_audit_page(name, text) for name, text in AUDIT_CODES.items()),
)
