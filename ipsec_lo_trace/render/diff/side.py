"""The difference of two traces in two columns: A on the left, B on the right.

Between them stands ``|`` if a row differs, ``<`` if only A has it, ``>`` if only B has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from rich.text import Text

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Pair
from ipsec_lo_trace.render.diff.text import FIRST, OP_STYLES, frame
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.styles import STYLES, Line
from ipsec_lo_trace.render.timeline import packet_text

GUTTER = {SAME: " ", CHANGED: "|", REMOVED: "<", ADDED: ">"}


def diff_side_by_side(comparison: Comparison, *, width: int, context: int) -> Iterator[Text]:
    """Return the two columns, line by line, with ``context`` same rows around those that differ."""
    return frame(comparison, width, context, _pair_lines)


def _pair_lines(pair: Pair, is_first: bool, width: int) -> Iterator[Text]:  # noqa: FBT001 -- as ShowPair says
    column = (width - 3) // 2
    left = _cell(pair.a, column)
    right = _cell(pair.b, column)
    gutter = Text(f" {GUTTER[pair.op]} ", style=STYLES[OP_STYLES[pair.op]])
    if is_first:
        yield from Line().glue(FIRST, "pointer").wrap(width)
    for one, other in zip_longest(left, right, fillvalue=Text("")):
        line = Text("")
        line.append_text(one)
        line.append(" " * (column - len(one)))
        line.append_text(gutter)
        line.append_text(other)
        line.rstrip()
        yield line


def _cell(step: Step | None, column: int) -> list[Text]:
    if step is None:
        return []
    line = Line(f"{step.row:>3} ").glue(step.stage).glue(packet_text(step.wire)).glue(step.packet)
    line.say(" ".join(f"{sign(mark)}{mark.name}" for mark in step.marks) or "(none)", "quiet")
    if step.decision:
        line.glue(f": {step.decision}")
    line.say(step.reason).say(step.errno or "")
    return line.say(step.text).wrap(column)
