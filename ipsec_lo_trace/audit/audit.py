"""An audit from its head to its verdict, record by record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ipsec_lo_trace import __version__
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.conclude import conclude, part_of
from ipsec_lo_trace.audit.describe import described, policy_record, sa_record
from ipsec_lo_trace.audit.judgement import Judged
from ipsec_lo_trace.audit.shard import ShareAuditor
from ipsec_lo_trace.capture.frame import CaptureError
from ipsec_lo_trace.capture.read import Capture
from ipsec_lo_trace.model.audit import SCHEMA, AuditPacket, AuditPart, AuditRun, AuditVerdict
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.model.pieces import WHOLE, Shard


class Audit:
    """An audit in progress: ``run`` is its head, ``packets()`` are its rows, ``verdict()`` comes last.

    A capture that breaks off is audited as far as it goes; ``error`` then says where and why.
    """

    def __init__(
        self,
        capture: Capture,
        host: HostConfiguration,
        *,
        capture_name: str,
        config: list[str],
        shard: Shard = WHOLE,
    ) -> None:
        """Take a capture and what its host was configured with; the names are for the head.

        Only the share of ``shard`` is judged.
        """
        self.run = AuditRun(
            schema=SCHEMA,
            tool=f"ipsec-lo-trace {__version__}",
            capture=capture_name,
            link_type=capture.link_type,
            config=config,
            sas=list(map(sa_record, host.sas)),
            policies=list(map(policy_record, host.policies)),
            policies_left_out=host.policies_left_out,
        )
        self.error: CaptureError | None = None
        self._shard = shard
        self._auditor = Auditor(host) if shard == WHOLE else ShareAuditor(host, shard)
        self._judged = self._judge(capture)

    def packets(self) -> Iterator[AuditPacket]:
        """Judge each packet and describe it."""
        return map(described, self._judged)

    def part(self) -> AuditPart:
        """Judge what is left of the capture without describing it, and say what was found."""
        deque(self._judged, maxlen=0)
        return part_of(self._auditor, self._shard, self.error.reason if self.error else "")

    def verdict(self) -> AuditVerdict:
        """Judge what is left of the capture without describing it, and sum up."""
        return conclude(self.run, self.part())

    def _judge(self, capture: Capture) -> Iterator[Judged]:
        try:
            auditor = self._auditor
            if isinstance(auditor, ShareAuditor):
                yield from filter(None, map(auditor.share, capture))
            else:
                yield from map(auditor.see, capture)
        except CaptureError as error:
            self.error = error
