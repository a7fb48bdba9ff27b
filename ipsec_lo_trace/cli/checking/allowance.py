"""How much the checks of one command may run: a stranger may have written them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ipsec_lo_trace.cli.checking.model import Check
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Record, Step

MAX_ROWS = 250_000
"""How many rows all checks of a command may make together."""
MAX_DIGITS = 1 << 29
"""How many hexadecimal digits of packets' bytes these rows may show: 256 MiB of them."""


class Allowance:
    """What is left for a command's checks."""

    def __init__(self) -> None:
        self._rows = MAX_ROWS
        self._digits = MAX_DIGITS

    def spent(self, check: Check, stretches: Iterable[Sequence[Record]]) -> Iterator[Sequence[Record]]:
        """Pass on a check's records; UserError with its place once there are too many."""
        for records in stretches:
            self._rows -= len(records)
            self._digits -= sum(len(each.bytes or "") for each in records if isinstance(each, Step))
            if self._rows < 0 or self._digits < 0:
                raise UserError(
                    f"check {check.name!r} runs too long",
                    file=check.file,
                    line=check.line("run", "setup"),
                    hint=f"all checks may make {MAX_ROWS:,} rows with {MAX_DIGITS >> 21} MiB of packets",
                )
            yield records
