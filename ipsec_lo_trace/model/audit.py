"""An audit's records: what crossed a real loopback, held against the policies of its host.

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
