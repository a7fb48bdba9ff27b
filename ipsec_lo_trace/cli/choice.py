"""Which rows of a trace to show: the options that choose them, and the names that they may have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.cli.params import AFTER, Rows
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS
from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, listed, same
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.chosen import Chosen, mark_names


class Choice(msgspec.Struct, frozen=True):
    """What the command line says of rows; empty where it says nothing."""

    rows: tuple[Rows, ...]
    stages: tuple[str, ...]
    marks: tuple[str, ...]
    packets: tuple[str, ...]
    echoes: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]

    @property
    def options(self) -> dict[str, str]:
        """Each option that is given, with its values as the user would write them."""
        ranges = [",".join(_span(a, b) for a, b in rows) for rows in self.rows]
        steps = [_span(steps[0], steps[-1]) if steps[0] else AFTER for steps in self.steps]
        values = {
            "--rows": ranges,
            "--stage": self.stages,
            "--mark": self.marks,
            "--packet": self.packets,
            "--echo": [str(echo) for echo in self.echoes],
            "--step": steps,
        }
        return {option: " or ".join(named) for option, named in values.items() if named}

    @property
    def chosen(self) -> Chosen | None:
        """What a view is to show; None for everything."""
        if not self.options:
            return None
        return Chosen(
            rows=tuple(span for spans in self.rows for span in spans),
            stages=frozenset(self.stages),
            marks=frozenset(self.marks),
            packets=frozenset(self.packets),
            echoes=frozenset(self.echoes),
            steps=frozenset(step for steps in self.steps for step in steps),
            words=" ".join(f"{option} {named}" for option, named in self.options.items()),
        )

    def named(self, steps: Iterable[Step]) -> Choice:
        """Return it with stages and marks spelt as the kernel or these rows have them, ignoring case.

        UserError for a name that neither has.
        """
        stages = {symbol.name for symbol in vars(defs).values() if isinstance(symbol, Symbol)}
        marks = {*TAGS, *ORDER}
        if stages.issuperset(self.stages) and marks.issuperset(self.marks):
            return self
        for step in steps:  # a trace of a later version may have others
            stages.add(step.stage)
            marks |= mark_names(step)
        return msgspec.structs.replace(
            self,
            stages=tuple(_spelt("stage", name, stages) for name in self.stages),
            marks=tuple(_spelt("mark", name, marks) for name in self.marks),
        )


def take_choice(values: dict[str, Any]) -> Choice:
    """Take what chooses rows out of a command's values."""
    return Choice(*(values.pop(name) for name in Choice.__struct_fields__))


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _spelt(what: str, name: str, known: set[str]) -> str:
    found = same(name, known)
    if not found:
        where = hint(name, sorted(known), listed(f"{what}s"))
        raise UserError(f"--{what} {name}: no such {what}", hint=where)
    return found
