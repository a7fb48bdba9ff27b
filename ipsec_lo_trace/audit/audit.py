"""An audit from its head to its verdict, record by record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ipsec_lo_trace import __version__
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.judged import Judged, described
from ipsec_lo_trace.audit.verdict import conclude
from ipsec_lo_trace.capture.errors import CaptureError
from ipsec_lo_trace.capture.read import Capture
from ipsec_lo_trace.model.audit import SCHEMA, AuditPacket, AuditRun, AuditVerdict
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.records import policy_records, sa_records


class Audit:
    """An audit in progress: ``run`` is its head, ``packets()`` are its rows, ``verdict()`` comes last.

    A capture that breaks off is audited as far as it goes; ``error`` then says where and why.
    """

    def __init__(self, capture: Capture, db: Databases, *, capture_name: str, config: list[str]) -> None:
        """Take a capture and the databases of its host; the names are for the head."""
        self.run = AuditRun(
            schema=SCHEMA,
            tool=f"ipsec-lo-trace {__version__}",
            capture=capture_name,
            link_type=capture.link_type,
            config=config,
            sas=sa_records(db),
            policies=policy_records(db),
        )
        self.error: CaptureError | None = None
        self._auditor = Auditor(self.run, db)
        self._judged = self._judge(capture)

    def packets(self) -> Iterator[AuditPacket]:
        """Judge each packet and describe it."""
        return map(described, self._judged)

    def verdict(self) -> AuditVerdict:
        """Judge what is left of the capture without describing it, and sum up."""
        deque(self._judged, maxlen=0)
        return conclude(self._auditor, self.error.reason if self.error else "")

    def _judge(self, capture: Capture) -> Iterator[Judged]:
        try:
            yield from map(self._auditor.see, capture)
        except CaptureError as error:
            self.error = error
