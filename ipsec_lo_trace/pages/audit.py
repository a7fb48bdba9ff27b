"""What an audit can find; the words are those of ``model.audit_codes``."""

from __future__ import annotations

from ipsec_lo_trace.model.audit_codes import AUDIT_CODES, AUDIT_FIXES, AUDIT_OUTCOMES, weight
from ipsec_lo_trace.pages.page import PROGRAM, Page, sentence

_EXAMPLE = f"{PROGRAM} audit --help"
_OURS = "the audit, from the capture's packets against the policies as RFC 2401 has them"
_NETBSD = "NetBSD's own stack (2016 sources), run as a user-space kernel"
_MEASURED = {
    "reply-in-clear-2003": f"the analysis of 2003-08-18; {_NETBSD}",
    "rst-in-clear-2003": f"{_NETBSD}; netinet/tcp_subr.c, tcp_respond",
    "shared-sa": f"{_NETBSD}: its numbers on the wire are 1, 3, 5, 7",
}
"""What was seen there."""
_LINUX = {
    "policy-not-applied": "Linux 6.1 in QEMU, lo's sysctls at their defaults",
    "decapsulated-again": "Linux 6.1 in QEMU, a tunnel over lo",
}


def _page(name: str, text: str) -> Page:
    details = [("weight", weight(name))]
    if name in AUDIT_FIXES:
        details.append(("fix", AUDIT_FIXES[name]))
    return Page(
        kind="audits",
        name=name,
        text=sentence(text),
        source=_MEASURED.get(name) or _LINUX.get(name) or _OURS,
        sure="measured" if name in _MEASURED else "ours",
        example=_EXAMPLE,
        details=tuple(details),
    )


AUDIT_PAGES = (
    Page(
        kind="audits",
        name="unsure",
        text=sentence(AUDIT_OUTCOMES["unsure"]),
        source=_OURS,
        sure="ours",
        example=_EXAMPLE,
        see=("clean", "leak"),
    ),
    *(_page(name, text) for name, text in AUDIT_CODES.items()),
)
