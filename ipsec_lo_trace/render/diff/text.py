"""The difference of two traces as text: verdicts and the place where they part, then what differs.

``=`` rows that are the same, ``~`` a row that differs, ``-`` a row that only A has, ``+`` only B.  What
differs is shown as ``A => B``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, zip_longest

from rich.text import Text

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Pair
from ipsec_lo_trace.render.diff.ends import end_lines, head_lines, parting_line
from ipsec_lo_trace.render.diff.fold import Again, Folded, fold
from ipsec_lo_trace.render.diff.rows import OP_STYLES, PairRows
from ipsec_lo_trace.render.lanes import Sign, lanes_of
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.rows import Glyphs
from ipsec_lo_trace.render.styles import STYLES, Line
from ipsec_lo_trace.render.timeline import HELD, packet_text

MIN_DIGITS = 2
"""Of a row's number, so that short traces look alike."""
ShowPair = Callable[[Pair, int], Iterable[Text]]
"""Shows a pair in lines of a width."""


def diff_text(comparison: Comparison, *, width: int, context: int, glyphs: Glyphs) -> Iterator[Text]:
    """Return the text, line by line, with ``context`` rows that are the same around those that differ."""
    held = [list(islice(trace.steps(), HELD)) for trace in (comparison.a, comparison.b)]
    lanes = dict.fromkeys(chain.from_iterable(map(lanes_of, held)))
    digits = max((len(str(steps[-1].row)) for steps in held if steps), default=1)
    rows = PairRows(list(lanes), glyphs, digits=max(digits, MIN_DIGITS))
    shown: dict[int, tuple[tuple[Sign, ...], ...]] = {}

    def echoes() -> Iterator[list[Pair]]:
        """Follow the marks of every row, also of those that are folded."""
        for pairs in comparison.echoes():
            for pair in pairs:
                signs = rows.pass_by(pair)
                if context or pair.op is not SAME:
                    shown[id(pair)] = signs
            yield pairs

    def show(pair: Pair, width: int) -> Iterator[Text]:
        for line in rows.lines(pair, shown.pop(id(pair))):
            yield from line.wrap(width)

    heads = [text for line in rows.head() for text in line.wrap(width)]
    yield from frame(comparison, width, fold(echoes(), context), show, heads)
    yield from rows.legend().wrap(width)


Item = Pair | Folded | Again


def frame(
    comparison: Comparison, width: int, items: Iterator[Item], show: ShowPair, heads: list[Text]
) -> Iterator[Text]:
    """Yield the whole view: verdicts and the parting row, the rows as ``show`` shows them, the counters."""
    for line in head_lines(comparison):
        yield from line.wrap(width)
    # Until they part, there are folded rows and their context: they can be kept.
    before: list[Item] = []
    for item in items:
        before.append(item)
        if isinstance(item, Pair) and item.op is not SAME:
            break
    yield from parting_line(comparison).wrap(width)
    yield Text("")
    yield from heads
    many = max(comparison.a.run.requests, comparison.b.run.requests) > 1
    echo = 0
    for item in chain(before, items):
        if not isinstance(item, Pair):
            yield from fold_line(item).wrap(width)
            continue
        if many and item.step.echo != echo:
            echo = item.step.echo
            yield from Line().say(f"echo {echo}", "heading").wrap(width)
        yield from show(item, width)
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


GUTTER = {SAME: " ", CHANGED: "|", REMOVED: "<", ADDED: ">"}


def diff_side_by_side(comparison: Comparison, *, width: int, context: int) -> Iterator[Text]:
    """Return the two columns, line by line, with ``context`` same rows around those that differ."""
    return frame(comparison, width, fold(comparison.echoes(), context), _pair_lines, [])


def _pair_lines(pair: Pair, width: int) -> Iterator[Text]:
    column = (width - 3) // 2
    left = _cell(pair.a, column)
    right = _cell(pair.b, column)
    gutter = Text(f" {GUTTER[pair.op]} ", style=STYLES[OP_STYLES[pair.op]])
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
