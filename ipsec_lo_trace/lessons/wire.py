"""What crossed lo0 in a lesson's runs, as a capture of it, and the audit of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipsec_lo_trace import __version__
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.conclude import conclude, part_of
from ipsec_lo_trace.audit.describe import described, policy_record, sa_record
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.lessons.lesson import Lesson
from ipsec_lo_trace.model.audit import SCHEMA, AuditPacket, AuditRun, AuditVerdict
from ipsec_lo_trace.model.pieces import WHOLE
from ipsec_lo_trace.setkey import host
from ipsec_lo_trace.tracer.tracing import Trace


def frames(traces: Iterable[Trace]) -> Iterator[Frame]:
    """Yield the packets that crossed lo0, of one run after the other, counted from 1."""
    crossings = ((trace, crossing) for trace in traces for crossing in trace.crossings)
    for number, (trace, crossing) in enumerate(crossings, start=1):
        data = trace.steps[crossing.row - 1].data
        yield Frame(number, 0, data, len(data), len(data))


def audited(lesson: Lesson, traces: Iterable[Trace]) -> tuple[list[AuditPacket], AuditVerdict]:
    """Audit what crossed lo0 against the lesson's configuration."""
    configured = host.load(lesson.configuration, lesson.name)
    auditor = Auditor(configured)
    packets = [described(auditor.see(frame)) for frame in frames(traces)]
    head = AuditRun(
        schema=SCHEMA,
        tool=f"ipsec-lo-trace {__version__}",
        capture=lesson.name,
        link_type="",
        config=[lesson.name],
        sas=list(map(sa_record, configured.sas)),
        policies=list(map(policy_record, configured.policies)),
        policies_left_out=configured.policies_left_out,
    )
    return packets, conclude(head, part_of(auditor, WHOLE, ""))
