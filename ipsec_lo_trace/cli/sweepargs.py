"""The arguments of ``sweep``, and what is wrong with them."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.cli.runargs import given, refuse


class SweepArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    cases: int
    seed: int
    jobs: int
    resume: str | None
    format_: str
    quiet: bool
    color: str | None
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        is_text = self.format_ == "text"
        refuse(given(self, color="--color"), f"is for text, not for --format {self.format_}", if_=not is_text)
