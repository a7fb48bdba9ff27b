"""An audit's records and its codes: what crossed a real loopback, held against the policies of its host.

A ``run`` record, one ``packet`` record for each packet of the capture, a ``verdict`` record.  Zeros and
empties are written, never omitted.
"""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.trace import Packet, SaRecord

SCHEMA = "ipsec-lo-trace-audit/2"


class AuditRun(msgspec.Struct, tag="run", tag_field="kind", kw_only=True, gc=False):
    """The first record: what is audited, and against what.

    ``capture`` and ``config`` are the files' names without their folders; ``link_type`` as in "EN10MB (1)".
    """

    schema: str
    tool: str
    capture: str
    link_type: str
    config: list[str]
    sas: list[SaRecord]
    policies: list[PolicyRecord]


class AuditPacket(msgspec.Struct, tag="packet", tag_field="kind", gc=False):
    """One packet of the capture.

    ``number`` counts from 1, ``time_ns`` is the capture's (nanoseconds since 1970).  ``wire`` is what could
    be seen on the wire, ``inside`` what was in it once every IPsec header was taken off (None if nothing was
    taken off).  ``asked`` are the protocols that the outbound policy asks for, ``got`` is "clear", "esp",
    "ah", "esp+ah", "wrong" (it does not verify, or opens to nonsense), "unopened", or "" (it says nothing by
    itself: no IPv4, a later fragment).
    ``answers`` is the number of the packet that this one answers, 0 for none.  ``codes`` are stable.
    """

    number: int
    time_ns: int
    wire: Packet
    inside: Packet | None
    asked: tuple[str, ...]
    got: str
    answers: int
    codes: tuple[str, ...]
    text: str


class AuditFinding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that the capture shows: a stable code, in which packet first, in how many.

    ``weight`` is "leak", "unsure" or "note"; ``fix`` says what would mend it, "" if nothing is known.
    """

    code: str
    weight: str
    text: str
    first: int
    packets: int
    fix: str


class AuditVerdict(msgspec.Struct, tag="verdict", tag_field="kind", kw_only=True, gc=False):
    """The last record: the result of the capture.

    ``packets`` counts all, ``leaks`` those that crossed in clear where a policy asks for protection,
    ``got`` the packets by what they got, ``answered`` the requests whose answer was seen.  ``trouble`` is why
    the capture could not be read to its end, "" if it could.
    """

    outcome: str
    code: str
    text: str
    packets: int
    leaks: int
    got: dict[str, int]
    answered: int
    findings: list[AuditFinding]
    trouble: str


AuditRecord = AuditRun | AuditPacket | AuditVerdict


AUDIT_OUTCOMES = {
    "clean": "nothing crossed in clear where a policy asks for protection",
    "unsure": "nothing is known to have crossed in clear, but not every packet could be judged",
    "leak": "clear text crossed where a policy asks for protection",
}
"""Outcomes of an audit, least serious first."""

LEAK_CODES = {
    "reply-in-clear-2003": (
        "a protected ICMP request got its reply in clear, on the same addresses, identifier and number: the"
        " leak of 2003"
    ),
    "rst-in-clear-2003": "a protected TCP segment was answered by a RST in clear: the leak of 2003, for TCP",
    "policy-not-applied": (
        "nothing at all was protected although a policy asks for it: IPsec did not apply to this interface,"
        " as on Linux's lo by default"
    ),
    "accepted-in-clear": "a packet was answered that lacks what the inbound policy requires",
    "wrong-protection": "the packet is protected, but not by all that the outbound policy asks for",
    "clear-text": "the packet crossed in clear, and the outbound policy asks for protection",
}
"""Clear text where a policy asks for protection, the most telling code first."""

UNSURE_CODES = {
    "in-policy-unmet": (
        "the packet lacks what the inbound policy requires: its receiver should refuse it, and a capture does"
        " not show whether it did"
    ),
    "wrong-key": "no packet of an SA verifies or opens: is the key another one?",
    "wrong-icv": "the ICV is wrong: the packet was altered on its way, or made with another key",
    "not-opened": "the packet opens to nonsense, so its inside is not known",
    "unknown-spi": "no SA of the configuration has the packet's destination, protocol and SPI",
    "cut-short": "the capture holds the packet's beginning only",
    "malformed": "the packet's headers contradict its length",
    "fragments-missing": "not all fragments of a packet are there, so it cannot be verified or opened",
    "nothing-seen": "the capture has no packet of which anything can be said",
}
"""Packets about which more cannot be said."""

NOTE_CODES = {
    "request-in-clear": "a clear request got a protected reply",
    "replayed": "the sequence number came before",
    "out-of-order": "the sequence number is lower than one that came before",
    "shared-sa": (
        "the sequence numbers go up by two: the sender and the receiver of the SA share one counter, as they"
        " do on the lo0 of 2003"
    ),
    "decapsulated-again": (
        "the packet is what a tunnel packet before it had inside, byte for byte: Linux shows it on lo once"
        " more when the tunnel is taken off"
    ),
    "fragment": "the packet is a fragment",
    "not-ipv4": "the packet is not IPv4, so these policies do not speak of it",
    "tables-full": "more was open at once than is kept, and the oldest was forgotten",
    "no-policy": "no policy asks for protection: everything may cross in clear",
    "clean": "nothing crossed in clear where a policy asks for protection",
}
"""What is worth knowing, and no fault."""

AUDIT_CODES = LEAK_CODES | UNSURE_CODES | NOTE_CODES

AUDIT_FIXES = {
    "reply-in-clear-2003": (
        "strip the tags in icmp_reflect (fix netbsd-2003-08) or in looutput (looutput-only); netbsd-2.0 does"
        " both"
    ),
    "rst-in-clear-2003": (
        "strip the tags in looutput (fix netbsd-2.0); stripping them in icmp_reflect is no help"
    ),
    "policy-not-applied": (
        "on Linux: sysctl net.ipv4.conf.lo.disable_xfrm=0 net.ipv4.conf.lo.disable_policy=0"
    ),
    "wrong-key": "give the keys that the host had when the capture was made",
    "unknown-spi": "give the configuration that the host had when the capture was made",
    "cut-short": "capture with tcpdump -s 0",
}
"""What would mend it."""


def weight(code: str) -> str:
    """Say how much a code weighs: "leak", "unsure" or "note"."""
    if code in LEAK_CODES:
        return "leak"
    return "unsure" if code in UNSURE_CODES else "note"
