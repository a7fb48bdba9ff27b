"""One pass over a column's rows: which are shown, and what is known of the marks and bytes by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.lanes import Borne, Lane, Lanes
from ipsec_lo_trace.render.ledger import Ledger
from ipsec_lo_trace.render.repeats import Hidden, Repeat, folded


class Following:
    """Follows rows through a pass; a row that is folded away is followed all the same.

    ``borne`` are each shown row's lanes.  ``repeats`` say what is folded behind a row, ``folded`` are the
    first and the last row of each such stretch with the row before it, and ``carried`` the bytes that changed
    in it, with the row of the change, for the first row of their mbuf after it.
    """

    def __init__(self, lanes: list[Lane]) -> None:
        """Begin a pass."""
        self.lanes = Lanes(lanes)
        self.ledger = Ledger()
        self.borne: dict[int, Borne] = {}
        self.repeats: dict[int, str] = {}
        self.folded: list[tuple[int, int, int]] = []
        self.carried: dict[int, tuple[bytes, int]] = {}
        self._pending: dict[tuple[int, str], tuple[bytes, int]] = {}

    def see(self, step: Step) -> None:
        """Follow a row that is shown."""
        self.ledger.see(step)
        self.borne[step.row] = self.lanes.borne(step)
        pending = self._pending.pop(_mbuf(step), None)
        if pending is not None:
            self.carried[step.row] = pending

    def shown(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Yield the rows that are shown, with all others followed."""
        row = 0
        for each in folded(steps):
            if isinstance(each, Hidden):
                self._pass_by(each.step)
            elif isinstance(each, Repeat):
                self.repeats[row] = each.words
                self.folded.append((each.first, each.last, row))
            else:
                self.see(each)
                row = each.row
                yield each

    def stand_in(self, row: int) -> int:
        """Return the row that shows a row: itself, or that behind which it is folded."""
        return next((shown for first, last, shown in self.folded if first <= row <= last), row)

    def _pass_by(self, step: Step) -> None:
        self.ledger.see(step)
        self.lanes.pass_by(step)
        if step.bytes is not None:
            self._pending[_mbuf(step)] = bytes.fromhex(step.bytes), step.row


def _mbuf(step: Step) -> tuple[int, str]:
    return step.echo, packet_name(step.packet).mbuf
