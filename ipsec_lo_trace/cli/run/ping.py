"""Run a ping and write its trace in the form that was asked for."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from ipsec_lo_trace.cli.choice import Choice, take_choice
from ipsec_lo_trace.cli.files import STDOUT, complain, output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, setup_of
from ipsec_lo_trace.cli.run.traces import (
    LAYERS,
    as_expected,
    dissector,
    expectation,
    read_configuration,
)
from ipsec_lo_trace.cli.run.written import shown_live, write_trace
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.tracer.setup import planned
from ipsec_lo_trace.tracer.tracing import Tracing

EVERY_ORDER = "all"
"""What --schedule says for every order: no schedule of a run."""


class PingArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    setup: Setup
    show_config: bool
    bisect: bool
    every_order: bool
    format_: str
    choice: Choice
    detail: str | None
    show_bytes: str | None
    color: str | None
    glyphs: str | None
    quiet: bool
    verbose: bool
    pause: bool
    output: str
    expect: str | None

    @property
    def flags(self) -> list[str]:
        """How much text is asked for, by its short options."""
        return [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]

    @property
    def shown(self) -> list[str]:
        """What says which part of the text is shown, and how."""
        paused = ["--pause"] if self.pause else []
        return [*given(self, detail="--detail", show_bytes="--bytes"), *self.choice.options, *paused]

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.setup.check()
        if self.quiet and self.verbose:
            raise click.UsageError("-q and -v exclude each other")
        looks = given(self, color="--color", glyphs="--glyphs")
        text_only = [*self.shown, *looks, *self.flags]
        self._refuse_beside_show_config(text_only)
        self._refuse_beside_bisect()
        self._refuse_beside_every_order()
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(self.shown, "has nothing to act on: -q prints one line", if_=self.quiet)
        paused = ["--pause"] if self.pause else []
        layout = [*given(self, show_bytes="--bytes"), *self.flags, *paused]
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")
        refuse(paused, "waits for keys, and -o writes a file", if_=self.output != STDOUT)

    def _refuse_beside_bisect(self) -> None:
        """Refuse what is about one run: a bisection makes many."""
        options = [*self.shown, *given(self, expect="--expect"), *self.flags]
        options += ["--drop-mark"] if self.setup.drop_mark else []
        options += ["--show-config"] if self.show_config else []
        options += [f"--format {self.format_}"] if self.format_ not in ("text", "json") else []
        refuse(options, "is about one run, and --bisect makes one for each row", if_=self.bisect)

    def _refuse_beside_every_order(self) -> None:
        """Refuse what is about one run: every order is a run."""
        options = [*self.shown, *self.flags]
        options += ["--bisect"] if self.bisect else []
        options += ["--show-config"] if self.show_config else []
        options += [f"--format {self.format_}"] if self.format_ not in ("text", "json") else []
        why = f"is about one run, and --schedule {EVERY_ORDER} makes one for each order"
        refuse(options, why, if_=self.every_order)

    def _refuse_beside_show_config(self, text_only: list[str]) -> None:
        """Refuse what is about a run: there is none."""
        options = (
            text_only + given(self, expect="--expect") + (["--drop-mark"] if self.setup.drop_mark else [])
        )
        named = f"-o {self.output}" if self.output.endswith(f".{self.format_}") else "--format"
        options += [named] if self.format_ != "text" else []
        refuse(options, "has nothing to act on: --show-config prints and stops", if_=self.show_config)


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    every_order = values.get("schedule") == EVERY_ORDER
    if every_order:
        del values["schedule"]
    arguments = PingArguments(
        setup=setup_of(values), every_order=every_order, choice=take_choice(values), **values
    )
    arguments.check()
    return run_ping(arguments)


def run_ping(arguments: PingArguments) -> int:
    """Run it; give the exit code."""
    arguments = msgspec.structs.replace(
        arguments, expect=expectation(arguments.expect), choice=arguments.choice.named(())
    )
    refuse_own_input(arguments.output, arguments.setup.file)
    if arguments.bisect:
        from ipsec_lo_trace.cli.run.bisect import run_bisect  # noqa: PLC0415 -- few runs bisect

        return run_bisect(
            arguments.setup, format_=arguments.format_, path=arguments.output, color=arguments.color
        )
    if arguments.every_order:
        from ipsec_lo_trace.cli.run.orders import run_orders  # noqa: PLC0415 -- few runs try every order

        return run_orders(
            arguments.setup,
            format_=arguments.format_,
            path=arguments.output,
            color=arguments.color,
            expect=arguments.expect,
        )
    read = read_configuration(arguments.setup, to_run=not arguments.show_config)
    plan = planned(arguments.setup, read)
    if arguments.show_config:
        from ipsec_lo_trace.setkey.write import write  # noqa: PLC0415 -- few runs print their configuration

        with output(arguments.output) as out:
            out.write(write(read.db).encode())
        return 0
    tracing = Tracing(plan, read)
    try:
        verdict = (
            _paused(arguments, tracing)
            if arguments.pause
            else write_trace(arguments, arguments.format_, tracing, arguments.setup)
        )
    finally:
        tracing.crossings.close()
    for cut in tracing.idle_cuts:
        complain(f"--drop-mark {cut} deleted nothing: no packet came out of that stage bearing it")
    return as_expected(arguments.expect, verdict)


def _paused(arguments: PingArguments, tracing: Tracing) -> Verdict:
    """Show it row by row; give the verdict, to which it runs however far it was shown."""
    from ipsec_lo_trace.cli.pause import check_terminal, keyboard, walk  # noqa: PLC0415 -- few runs wait
    from ipsec_lo_trace.cli.terminal import text_choice  # noqa: PLC0415

    check_terminal()
    choice = text_choice(arguments, dissector(tracing.keys) if arguments.show_bytes == LAYERS else None)
    with shown_live(tracing, passes=choice.passes) as trace, keyboard() as key:
        walk(trace, choice, key)
        return trace.verdict
