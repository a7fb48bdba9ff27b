"""Show a stored trace."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import click
import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.cli.files import refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse
from ipsec_lo_trace.cli.params import AFTER, Rows
from ipsec_lo_trace.cli.run.traces import LAYERS, dissector, opened, whole_output
from ipsec_lo_trace.cli.terminal import text_choice, text_stream, write_text
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS
from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.chosen import Chosen, mark_names
from ipsec_lo_trace.render.dump import Dissect
from ipsec_lo_trace.render.store import StoredTrace


class ShowArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    trace: str
    rows: tuple[Rows, ...]
    stages: tuple[str, ...]
    marks: tuple[str, ...]
    packets: tuple[str, ...]
    echoes: tuple[int, ...]
    steps: tuple[int, ...]
    detail: str | None
    show_bytes: str | None
    config: str | None
    color: str | None
    glyphs: str | None
    quiet: bool
    verbose: bool
    output: str

    @property
    def choice(self) -> dict[str, str]:
        """What chooses rows: each option that is given, with its values as the user would write them."""
        ranges = [",".join(str(a) if a == b else f"{a}-{b}" for a, b in rows) for rows in self.rows]
        steps = [str(step) if step else AFTER for step in self.steps]
        values = {
            "--rows": ranges,
            "--stage": self.stages,
            "--mark": self.marks,
            "--packet": self.packets,
            "--echo": [str(echo) for echo in self.echoes],
            "--step": steps,
        }
        return {option: " or ".join(named) for option, named in values.items() if named}

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        if self.config is not None and self.show_bytes != LAYERS:
            raise click.UsageError("-f has nothing to act on: it is for --bytes layers")
        refuse(["-q"] if self.quiet else [], "and -v exclude each other", if_=self.verbose)
        whole = given(self, detail="--detail", show_bytes="--bytes") + list(self.choice)
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    arguments = ShowArguments(**values)
    arguments.check()
    return run_show(arguments)


def run_show(arguments: ShowArguments) -> int:
    """Show it; give the exit code."""
    refuse_own_input(arguments.output, arguments.trace, arguments.config)
    with opened(arguments.trace) as trace:
        _check_names(arguments, trace)
        dissect = _dissector(arguments, trace) if arguments.show_bytes == LAYERS else None
        choice = text_choice(arguments, _chosen(arguments), dissect)
        with whole_output(arguments.output) as out:
            write_text(trace, choice, text_stream(out))
    return 0


def _dissector(arguments: ShowArguments, trace: StoredTrace) -> Dissect:
    """Return what lists layers, with the keys that -f gives, or those of a built-in configuration."""
    from ipsec_lo_trace.cli.run.keys import keys_of  # noqa: PLC0415 -- loads the algorithms
    from ipsec_lo_trace.setkey.load import read_file  # noqa: PLC0415 -- few who show have keys

    return dissector(keys_of(trace, read_file(arguments.config) if arguments.config is not None else None))


def _chosen(arguments: ShowArguments) -> Chosen | None:
    if not arguments.choice:
        return None
    return Chosen(
        rows=tuple(span for spans in arguments.rows for span in spans),
        stages=frozenset(arguments.stages),
        marks=frozenset(arguments.marks),
        packets=frozenset(arguments.packets),
        echoes=frozenset(arguments.echoes),
        steps=frozenset(arguments.steps),
        words=" ".join(f"{option} {named}" for option, named in arguments.choice.items()),
    )


def _check_names(arguments: ShowArguments, trace: StoredTrace) -> None:
    """Refuse names of stages and marks that neither the kernel nor the trace has."""
    stages = {symbol.name for symbol in vars(defs).values() if isinstance(symbol, Symbol)}
    marks = {*TAGS, *ORDER}
    if stages.issuperset(arguments.stages) and marks.issuperset(arguments.marks):
        return
    for step in trace.steps():  # a trace of a later version may have others
        stages.add(step.stage)
        marks |= mark_names(step)
    _check("--stage", "stage", arguments.stages, stages)
    _check("--mark", "mark", arguments.marks, marks)


def _check(option: str, what: str, names: Iterable[str], known: set[str]) -> None:
    every = sorted(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, every, n=1) or get_close_matches(name.upper(), every, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(every)}"
            raise UserError(f"{option} {name}: no such {what}", hint=hint)
