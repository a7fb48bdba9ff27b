"""The difference of two traces as text: what is the same folded, what differs field by field or in columns.

A field that differs is shown as ``A => B``.

``=`` rows that are the same, ``~`` a row that differs, ``-`` a row that only A has, ``+`` only B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest

from rich.text import Text

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Pair
from ipsec_lo_trace.render.diff.ends import end_lines, head_lines
from ipsec_lo_trace.render.diff.fold import Again, Folded, fold
from ipsec_lo_trace.render.diff.words import label, sides
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.rows import STAGE_COLUMNS
from ipsec_lo_trace.render.styles import STYLES, Line
from ipsec_lo_trace.render.timeline import packet_text

SIGNS = {SAME: "=", CHANGED: "~", REMOVED: "-", ADDED: "+"}
OP_STYLES = {SAME: "quiet", CHANGED: "pointer", REMOVED: "bad", ADDED: "add"}
FIRST = "<== FIRST DIFFERENCE"
INDENT = 10
FIELD_COLUMNS = 10
PACKET = "wire."
AGAIN = "as in the row above"

ShowPair = Callable[[Pair, bool, int], Iterable[Text]]
"""Shows a pair in lines of a width; the flag says whether it is the first that differs."""


def diff_text(comparison: Comparison, *, width: int, context: int) -> Iterator[Text]:
    """Return the text, line by line, with ``context`` rows that are the same around those that differ."""
    return frame(comparison, width, context, _Rows())


def frame(comparison: Comparison, width: int, context: int, show: ShowPair) -> Iterator[Text]:
    """Yield the whole view: what was compared, the rows as ``show`` shows them, the results."""
    for line in head_lines(comparison):
        yield from line.wrap(width)
    yield Text("")
    many = max(comparison.a.run.requests, comparison.b.run.requests) > 1
    echo = 0
    named = False
    for item in fold(comparison.echoes(), context):
        if not isinstance(item, Pair):
            yield from fold_line(item).wrap(width)
            continue
        if many and item.step.echo != echo:
            echo = item.step.echo
            yield from Line().say(f"echo {echo}", "heading").wrap(width)
        is_first = item.op is not SAME and not named
        named = named or is_first
        yield from show(item, is_first, width)
    yield Text("")
    for line in end_lines(comparison):
        yield from line.wrap(width)


def fold_line(item: Folded | Again) -> Line:
    """Say what was folded."""
    return Line("~ " if isinstance(item, Again) else "= ", style="quiet").say(fold_text(item), "quiet")


def fold_text(item: Folded | Again) -> str:
    """Say in words what was folded."""
    if isinstance(item, Again):
        echoes = f"echo {item.first}" if item.first == item.last else f"echoes {item.first} to {item.last}"
        return f"{echoes}: in the same rows and fields as echo {item.first - 1}"
    rows = "1 row" if item.count == 1 else f"{item.count} rows"
    ends = zip(_rows(item.first), _rows(item.last), strict=True)
    in_a, in_b = (str(first) if first == last else f"{first}-{last}" for first, last in ends)
    return f"{rows} the same: {in_a} of A, {in_b} of B"


def _rows(pair: Pair) -> list[int]:
    return [step.row for step in (pair.a, pair.b) if step is not None]


class _Rows:
    """Shows pairs; a field that differs as it did in the row above is named and not repeated."""

    def __init__(self) -> None:
        self._above: dict[str, tuple[str, str]] = {}
        self._rows = (0, 0)

    def __call__(self, pair: Pair, is_first: bool, width: int) -> Iterator[Text]:  # noqa: FBT001 -- as ShowPair says
        line = _row(pair)
        if is_first:
            line.glue(FIRST, "pointer")
        yield from line.wrap(width)
        rows = (pair.a.row if pair.a else 0, pair.b.row if pair.b else 0)
        if rows != (self._rows[0] + 1, self._rows[1] + 1):
            self._above = {}
        self._rows = rows
        found = {name: sides(pair, name) for name in pair.fields}
        packet = {name: said for name, said in found.items() if name.startswith(PACKET)}
        if packet:
            yield from self._packet(packet).wrap(width)
        for name, said in found.items():
            if name not in packet:
                line = _lead(label(name))
                again = self._above.get(name) == said
                yield from (line.say(AGAIN, "quiet") if again else _arrow(line, said)).wrap(width)
        self._above = found

    def _packet(self, found: dict[str, tuple[str, str]]) -> Line:
        line = _lead("packet")
        if all(self._above.get(name) == said for name, said in found.items()):
            return line.say(AGAIN, "quiet")
        last = next(reversed(found))
        for name, (a, b) in found.items():
            line.say(name.removeprefix(PACKET), "quiet")
            _arrow(line, (a, b if name == last else f"{b},"))
        return line


def _lead(name: str) -> Line:
    return Line(f"{'':{INDENT}}{name:<{FIELD_COLUMNS - 1}} ", hang=INDENT + FIELD_COLUMNS)


def _arrow(line: Line, said: tuple[str, str]) -> Line:
    return line.say(said[0], "bad").say("=>", "quiet").say(said[1], "add")


def _row(pair: Pair) -> Line:
    step, op = pair.step, pair.op
    numbers = " ".join(f"{one.row if one else '-':>3}" for one in (pair.a, pair.b))
    line = Line(f"{SIGNS[op]} {numbers} ", hang=INDENT, style=OP_STYLES[op])
    line.glue(f"{step.stage:<{STAGE_COLUMNS}}").glue(step.packet)
    if op is CHANGED:
        return line
    line.glue(packet_text(step.wire))
    for change in step.changes:
        line.glue(f"{'+' if change.op == 'add' else '-'} {change.mark.name}")
    asked = {check.mark.name: check.mark for check in step.checks if check.mark is not None}
    for mark in asked.values():
        line.glue(f"{sign(mark)} {mark.name}", "stale" if mark.stale else "keep")
    return line.say(step.text)


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
