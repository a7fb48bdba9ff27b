"""Show a stored trace."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ipsec_lo_trace import defs
from ipsec_lo_trace.cli.output import refuse_own_input
from ipsec_lo_trace.cli.showargs import ShowArguments
from ipsec_lo_trace.cli.text import ascii_stream, text_choice, write_text
from ipsec_lo_trace.cli.traces import opened, whole_output
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS
from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.chosen import Chosen, mark_names
from ipsec_lo_trace.render.store import StoredTrace


def run_show(arguments: ShowArguments) -> int:
    """Show it; give the exit code."""
    refuse_own_input(arguments.output, arguments.trace)
    with opened(arguments.trace) as trace:
        _check_names(arguments, trace)
        choice = text_choice(arguments, _chosen(arguments))
        with whole_output(arguments.output) as out:
            write_text(trace, choice, ascii_stream(out))
    return 0


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
