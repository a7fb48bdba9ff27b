"""The arguments of ``export``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec

from ipsec_lo_trace.cli.diffargs import ON_THE_SPOT, STDIN, given_run_options
from ipsec_lo_trace.cli.runargs import RunArguments, refuse
from ipsec_lo_trace.render.export.formats import FORMATS, Format

PAIR = 2


class ExportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    traces: tuple[str, ...]
    run: RunArguments
    to: str
    wire: bool
    no_keys: bool
    output: str

    @property
    def form(self) -> Format:
        """The form that --to names."""
        return FORMATS[self.to]

    def check(self, context: click.Context) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.run.check()
        if len(self.traces) > (PAIR if self.form.pair else 1):
            many = ", ".join(name for name, form in FORMATS.items() if form.pair)
            raise click.UsageError(f"{len(self.traces)} traces: --to {self.to} takes one ({many} takes two)")
        refuse(["--wire"] if self.wire else [], "is for --to pcapng", if_=not self.form.wire)
        refuse(["--no-keys"] if self.no_keys else [], "is for captures", if_=not self.form.capture)
        if [*self.traces, self.run.config].count(STDIN) > 1:
            raise click.UsageError("standard input can be read once, and - is named twice")
        if not any(name.startswith(ON_THE_SPOT) for name in self.traces):
            self._check_stored(given_run_options(context))

    def _check_stored(self, options: list[str]) -> None:
        """Refuse options about a run; -f may give a capture's keys."""
        if self.form.capture and not self.no_keys:
            options = [option for option in options if option not in ("-f", "--config")]
        refuse(options, "has nothing to act on: what is exported is stored", if_=True)
