"""The arguments of ``replay``, and what is wrong with them."""

from __future__ import annotations

from ipaddress import IPv4Address

import click
import msgspec

from ipsec_lo_trace.cli.auditargs import one_stdin
from ipsec_lo_trace.cli.runargs import given, one_fix, refuse
from ipsec_lo_trace.model.build import read_setting


class ReplayArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    capture: str
    config: tuple[str, ...]
    unpatched: bool
    patched: bool
    fix: str | None
    settings: tuple[str, ...]
    local: tuple[IPv4Address, ...]
    seed: int
    format_: str
    detail: str | None
    show_bytes: str | None
    color: str | None
    quiet: bool
    verbose: bool
    output: str
    expect: str | None

    @property
    def turned(self) -> tuple[tuple[str, str], ...]:
        """The switches that --set turns."""
        return tuple(read_setting(text) for text in self.settings)

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        one_stdin(self.capture, *self.config)
        one_fix(patched=self.patched, unpatched=self.unpatched, fix=self.fix)
        names = [name for name, _value in self.turned]
        for name in names:
            if names.count(name) > 1:
                raise click.UsageError(f"--set {name}=... is given twice")
        refuse(["-q"] if self.quiet else [], "and -v exclude each other", if_=self.verbose)
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        whole = given(self, detail="--detail", show_bytes="--bytes")
        text_only = whole + given(self, color="--color") + flags
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")
