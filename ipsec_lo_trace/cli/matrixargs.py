"""The arguments of ``matrix``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec

from ipsec_lo_trace.cli.runargs import given, refuse


class MatrixArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    only: str | None
    commands: bool
    format_: str
    jobs: int
    color: str | None
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        refuse(
            given(self, color="--color"),
            f"is for text, not for --format {self.format_}",
            if_=self.format_ != "text",
        )
        refuse(["--commands"] if self.commands else [], "prints text", if_=self.format_ != "text")
        if len(set(self.columns)) < len(self.columns):
            raise click.UsageError("--columns names a fix twice")
