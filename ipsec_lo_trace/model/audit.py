"""An audit's records and its codes: what crossed a real loopback, held against the policies of its host.

A ``run`` record, one ``packet`` record for each packet of the capture, a ``verdict`` record.  Zeros and
empties are written, never omitted.
"""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.operands import RequestRecord
from ipsec_lo_trace.model.trace import Packet

SCHEMA = "ipsec-lo-trace-audit/3"


class AuditSa(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An SA without its keys.

    ``auths`` are the ways in which its packets may be authenticated, by algorithm and bits of ICV as in
    "hmac-sha1-96", more than one where the configuration does not tell.  ``extended`` says that its sequence
    numbers have 64 bits.  ``opaque`` is why its packets cannot be opened, "" if they can.
    """

    proto: str
    spi: int
    src: str
    dst: str
    mode: str
    reqid: int
    cipher: str
    auths: tuple[str, ...]
    extended: bool
    opaque: str


class AuditPolicy(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A policy: ``dir`` is "in" or "out"; networks "" for any; ports None for any (of ICMP type and code).

    ``upper`` is 255 for any.  ``type`` is "ipsec", "none", "discard" or "unknown".  ``condition`` is what it
    hangs on that a capture does not show, "" if on nothing.
    """

    dir: str
    src: str
    dst: str
    src_port: int | None
    dst_port: int | None
    upper: int
    type: str
    requests: tuple[RequestRecord, ...]
    condition: str


class AuditRun(msgspec.Struct, tag="run", tag_field="kind", kw_only=True, gc=False):
    """The first record: what is audited, and against what.

    ``capture`` and ``config`` are the files' names without their folders; ``link_type`` as in "EN10MB (1)".
    ``policies_left_out`` counts policies that have no say on lo, or for one socket alone.
    """

    schema: str
    tool: str
    capture: str
    link_type: str
    config: list[str]
    sas: list[AuditSa]
    policies: list[AuditPolicy]
    policies_left_out: int


class AuditPacket(msgspec.Struct, tag="packet", tag_field="kind", gc=False):
    """One packet of the capture.

    ``number`` counts from 1, ``time_ns`` is the capture's (nanoseconds since 1970).  ``wire`` is what could
    be seen on the wire, ``inside`` what was in it once every IPsec header was taken off (None if nothing was
    taken off).  ``asked`` are the protocols that the outbound policy asks for, ``got`` is "clear", "esp",
    "ah", "esp+ah", "wrong" (it does not verify, or opens to nonsense), "opaque" (its SA cannot be read),
    "unopened", or "" (it says nothing by itself: no IP, a later fragment, key exchange).
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


class AuditCount(msgspec.Struct, frozen=True, gc=False):
    """How many packets show a code, and which is the first; ``detail`` is the SA or address, "" for none."""

    code: str
    detail: str
    first: int
    packets: int


class AuditUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What came by of one SA: how many packets opened, and how many did not, by code.

    ``first`` is the first that opened, 0 for none; ``shared`` says that their numbers went up by two;
    ``cut`` is the one of several cuts that fits, "" where the configuration tells.
    """

    name: str
    good: int
    bad: dict[str, int]
    first: int
    shared: bool
    cut: str


class AuditPart(msgspec.Struct, tag="part", tag_field="kind", kw_only=True, gc=False):
    """What one of ``shards`` processes found in its share of a capture, not yet summed up.

    ``shard`` counts from 1; ``digest`` is a checksum (CRC-32) over all packets.  ``packets`` counts all of
    the capture, which each process reads.  ``waiting`` are packets whose fragments did not all come,
    ``forgotten`` requests whose answer would not be known any more; ``crowded`` says that findings were
    counted together; ``met`` that a policy fitted a packet; ``sealed`` are the IP versions of which some
    packet had protection.  The rest is as in a verdict.
    """

    shard: int
    shards: int
    digest: int
    packets: int
    leaks: int
    got: dict[str, int]
    answered: int
    counts: list[AuditCount]
    uses: list[AuditUse]
    waiting: int
    forgotten: int
    crowded: bool
    met: bool
    sealed: list[str]
    trouble: str


AuditRecord = AuditRun | AuditPacket | AuditPart | AuditVerdict


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
        "nothing at all was protected although a policy asks for it: IPsec did not apply to this interface"
    ),
    "crossed-though-discarded": "the packet crossed although the outbound policy discards it",
    "accepted-in-clear": "a packet was answered that lacks what the inbound policy requires",
    "wrong-protection": "the packet is protected, but not by all that the outbound policy asks for",
    "clear-text": "the packet crossed in clear, and the outbound policy asks for protection",
}
"""Clear text where a policy asks for protection, the most telling code first."""

UNSURE_CODES = {
    "accepted-though-discarded": (
        "a packet was answered that the inbound policy discards: its receiver did not ask the policy"
    ),
    "in-policy-unmet": (
        "the packet lacks what the inbound policy requires: its receiver should refuse it, and a capture does"
        " not show whether it did"
    ),
    "wrong-key": "no packet of an SA verifies or opens: is the key another one?",
    "maybe-decapsulated": (
        "the packet crossed in clear, and may be what a packet before it had inside that could not be opened"
    ),
    "authenticator-missing": (
        "the packet ends in an ICV, and its SA has no authenticator: is its -A or auth line missing?"
    ),
    "opaque-sa": "the packet's SA cannot be read, so its inside is not known",
    "policy-unsure": (
        "what a policy asks for here could not be read, or hangs on something that a capture does not show"
    ),
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
    "in-policy-discards": "the inbound policy discards the packet: its receiver should not answer",
    "icv-length": "which of the cuts that the configuration allows the packets have",
    "ike": "key exchange, or what keeps a NAT's mapping for it: its sockets bypass the policies",
    "ping-wakes-itself": (
        "NetBSD's ping(8) wakes itself up once a second by an empty echo reply, which bypasses the policies"
    ),
    "fragment": "the packet is a fragment",
    "not-ip": "the packet is neither IPv4 nor IPv6, so policies do not speak of it",
    "no-policy-fits": "policies there are, and none fits a packet of this capture",
    "tables-full": "more was open at once than is kept, and the oldest was forgotten",
    "policies-left-out": (
        "the configuration has policies, and none with a say on lo: everything may cross in clear"
    ),
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
        "Linux's lo leaves IPv4 out by default:"
        " sysctl net.ipv4.conf.lo.disable_xfrm=0 net.ipv4.conf.lo.disable_policy=0"
    ),
    "wrong-key": "give the keys that the host had when the capture was made",
    "authenticator-missing": "give the SA's authenticator with its key",
    "opaque-sa": "the notes on stderr say why; give the SA with its keys if those were hidden",
    "policy-unsure": "the notes on stderr say which policy, and why",
    "unknown-spi": "give the configuration that the host had when the capture was made",
    "cut-short": "capture with tcpdump -s 0",
}
"""What would mend it."""


def weight(code: str) -> str:
    """Say how much a code weighs: "leak", "unsure" or "note"."""
    if code in LEAK_CODES:
        return "leak"
    return "unsure" if code in UNSURE_CODES else "note"
