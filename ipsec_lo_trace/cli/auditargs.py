"""The arguments of ``audit``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec

from ipsec_lo_trace.cli.runargs import given, refuse

STDIN = "-"


class AuditArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    capture: str
    config: tuple[str, ...]
    format_: str
    color: str | None
    quiet: bool
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        one_stdin(self.capture, *self.config)
        text_only = given(self, color="--color") + (["-q"] if self.quiet else [])
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")


def one_stdin(*names: str) -> None:
    """Refuse to read standard input twice."""
    if names.count(STDIN) > 1:
        raise click.UsageError("of CAPTURE and -f only one can be standard input")
