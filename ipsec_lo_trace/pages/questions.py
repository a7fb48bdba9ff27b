"""The questions that stages ask: where in the kernel, and what is held against what."""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.pages.page import PROGRAM, Page, fed


class Place(NamedTuple):
    """Where a question is asked: the kernel file, and what its two operands are."""

    file: str
    left: str
    right: str


PLACES = {
    "out-policy": Place("netipsec/ipsec.c", "the packet", "the policy"),
    "loop-detection": Place("netinet/ip_output.c", "the tag", "the policy's last SA"),
    "sa": Place("netipsec/key.c", "the request", "the SA"),
    "packet-filter-out": Place("netinet/ip_output.c", "the packet's protocol", "the hooks"),
    "packet-filter": Place("netinet/ip_input.c", "the packet's tag", "looked for"),
    "pf-tag": Place("net/pf.c", "the packet's tag", "looked for"),
    "gate-1-tag": Place("netinet/ip_input.c", "the tag", "looked for"),
    "gate-1-policy": Place("netinet/ip_input.c", "the packet", "the policy"),
    "gate-1-flag": Place("netinet/ip_input.c", "the packet's flag", "the policy's rule"),
    "in-sa": Place("netipsec/ipsec_input.c", "the packet's header", "the SA"),
    "encap": Place("netipsec/xform_ipip.c", "the packet's flag", "looked for"),
    "error-flag": Place("netinet/ip_icmp.c", "the packet's flag", "looked for"),
    "gate-2-policy": Place("netipsec/ipsec.c", "the packet", "the policy"),
    "gate-2-flag": Place("netipsec/ipsec.c", "the packet's flag", "the policy's rule"),
}

_NOTES = {
    "out-policy": (
        "The first policy in the SPD's order whose selector covers the packet is taken; the default if"
        " none does."
    ),
    "loop-detection": (
        "Protocol, SPI and destination are compared, and nothing else: not the source, and not for which"
        " packet the tag was made. The SA is the one that the policy used last, for whatever packet."
    ),
    "sa": (
        "Protocol, ends, reqid and mode are compared; of several SAs the newest is used and the others"
        " are marked dead."
    ),
    "packet-filter": (
        "A packet that came by IPsec was filtered before it was unwrapped, so the filter's hooks are"
        " skipped; the tag is not asked for which packet it was made."
    ),
    "packet-filter-out": (
        "The hooks see the packet as it goes to lo0: after IPsec, or in clear. No packet filter is loaded, so"
        " nothing follows from it."
    ),
    "pf-tag": (
        "Asked where a packet filter runs that tags (pf=tagging), as FreeBSD's does. On lo0 it sees a packet"
        " twice, on output and on input; a tag that outlives lo0 spares it the second look, and one that"
        " outlives icmp_reflect every look at the reply."
    ),
    "gate-1-tag": (
        "The policy's upper-layer protocol is compared with the SA's own number, 50 or 51, and an inbound"
        " policy has used no SA; so none is ever found, and the default policy is asked."
    ),
    "gate-1-policy": "Asked where there is no IN_DONE tag.",
    "gate-1-flag": "Neither SA nor SPI, mode or order is compared. A refusal moves no counter.",
    "in-sa": "Destination, protocol and SPI are compared; the source is not.",
    "encap": "Any of the three flags will do, whoever's it is.",
    "error-flag": (
        "An error would quote in clear what came encrypted. AH does not count, and whose flag it is does not"
        " either. icps_error has been counted before."
    ),
    "gate-2-policy": (
        "Asked by address, whatever tags the packet has, on behalf of rip_input, udp_input or tcp_input; a"
        " listening TCP socket does not ask."
    ),
    "gate-2-flag": "Neither SA nor SPI, mode or order is compared. A refusal is counted twice.",
}

_EXAMPLES = {
    "error-flag": f"{PROGRAM} probe udp-closed --detail minimal",
    "encap": f"{PROGRAM} ping --mode tunnel --detail minimal",
    "pf-tag": f"{PROGRAM} ping --fix freebsd-13 --set pf=tagging --detail minimal",
    "gate-1-policy": fed("spdflush ;", "--detail minimal"),
    "gate-1-flag": fed(
        "spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport//require ;", "--detail minimal"
    ),
}
_RUNS: dict[str, tuple[RunName, ...]] = {
    "loop-detection": ("verdicts", "random"),
    "gate-1-flag": ("further", "random"),
    "gate-2-flag": ("further", "random"),
}


def _page(name: str) -> Page:
    asked, place = QUESTIONS[name], PLACES[name]
    details = [("compares", f"{place.left} with {place.right}"), ("note", _NOTES[name])]
    if asked.stale_code:
        details.append(("if stale", f"a stale mark that settles it gives the code {asked.stale_code}"))
    return Page(
        kind="questions",
        name=name,
        text=f"{asked.text[0].upper()}{asked.text[1:]}",
        source=f"{place.file}, {asked.by}",
        sure="measured" if name in _RUNS else "read",
        runs=_RUNS.get(name, ()),
        example=_EXAMPLES.get(name, f"{PROGRAM} ping --detail minimal"),
        details=tuple(details),
        see=(asked.stale_code,) if asked.stale_code else (),
    )


QUESTION_PAGES = tuple(_page(name) for name in PLACES)
