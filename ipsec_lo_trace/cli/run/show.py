"""Show a stored trace."""

from __future__ import annotations

from collections import deque
from typing import Any

import click
import msgspec

from ipsec_lo_trace.cli.choice import Choice, take_choice
from ipsec_lo_trace.cli.files import refuse_own_input
from ipsec_lo_trace.cli.options import CONFIG_OPTIONS, given, refuse, setup_of
from ipsec_lo_trace.cli.run.traces import LAYERS, ON_THE_SPOT, dissector, one_trace, whole_output
from ipsec_lo_trace.cli.terminal import text_choice, text_stream, write_text
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.render.dump import Dissect
from ipsec_lo_trace.render.store import StoredTrace


class ShowArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    trace: str
    choice: Choice
    detail: str | None
    show_bytes: str | None
    setup: Setup
    color: str | None
    glyphs: str | None
    quiet: bool
    verbose: bool
    output: str

    def check(self, given_options: list[str]) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.setup.check()
        if not self.trace.startswith(ON_THE_SPOT):
            self._check_stored(given_options)
        refuse(["-q"] if self.quiet else [], "and -v exclude each other", if_=self.verbose)
        whole = given(self, detail="--detail", show_bytes="--bytes") + list(self.choice.options)
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")

    def _check_stored(self, options: list[str]) -> None:
        """Refuse options about a run; -f may give the keys for --bytes layers."""
        if self.setup.file is not None and self.show_bytes != LAYERS:
            raise click.UsageError("-f has nothing to act on: it is for --bytes layers")
        of_keys = CONFIG_OPTIONS if self.setup.file is not None else ()
        others = [option for option in options if option not in of_keys]
        refuse(others, f"has nothing to act on: {self.trace} is stored", if_=True)


def run(given_options: list[str], **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options, of which ``given_options`` are about a run, and run; return the exit code."""
    arguments = ShowArguments(choice=take_choice(values), setup=setup_of(values), **values)
    arguments.check(given_options)
    return run_show(arguments)


def run_show(arguments: ShowArguments) -> int:
    """Show it; give the exit code."""
    refuse_own_input(arguments.output, arguments.trace, arguments.setup.file)
    with one_trace(arguments.trace, arguments.setup) as trace:
        arguments = msgspec.structs.replace(arguments, choice=arguments.choice.named(trace.steps()))
        dissect = _dissector(arguments, trace) if arguments.show_bytes == LAYERS else None
        choice = text_choice(arguments, dissect)
        if arguments.quiet:
            deque(trace.steps(), maxlen=0)  # a line of a trace that is broken would be no verdict
        with whole_output(arguments.output) as out:
            write_text(trace, choice, text_stream(out))
    return 0


def _dissector(arguments: ShowArguments, trace: StoredTrace) -> Dissect:
    """Return what lists layers, with the keys that -f gives, or those of a built-in configuration."""
    from ipsec_lo_trace.cli.run.keys import keys_of  # noqa: PLC0415 -- loads the algorithms
    from ipsec_lo_trace.setkey.load import read_file  # noqa: PLC0415 -- few who show have keys

    config = arguments.setup.file
    read = None if config is None else read_file(config, strict=arguments.setup.strict)
    return dissector(keys_of(trace, read))
