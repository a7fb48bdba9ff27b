"""The reasons of a row, as text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ipsec_lo_trace.render.header import labelled
from ipsec_lo_trace.render.marks import mark_text
from ipsec_lo_trace.render.reasons import MADE_FOR, Asked, Settled, Why
from ipsec_lo_trace.render.styles import STYLES, Line

INDENT = " " * 4
LABEL_COLUMNS = 10
GAP = 2


def why_lines(why: Why, width: int) -> Iterator[Text]:
    """Yield the whole text, line by line."""
    for line in _head(why):
        yield from line.wrap(width)
    for number, asked in enumerate(why.questions, start=1):
        yield Text("")
        yield from _question(number, asked, width)
    if not why.questions:
        yield Text("")
        yield from Line().say("Nothing is asked in this row.").wrap(width)
    yield Text("")
    for line in _later(why):
        yield from line.wrap(width)
    yield from labelled("next").say(_next(why)).wrap(width)


def _head(why: Why) -> Iterator[Line]:
    head = Line(f"row {why.row} ", style="heading").say(why.stage, "heading")
    yield head.say(f"packet {why.packet} of echo {why.echo}")
    for name, reason in why.roles.items():
        yield labelled(f" {name}").glue(f"<== {name.upper()}", "pointer").say(reason)
    yield labelled(" in").say(why.file or "a stage that this version does not know")
    yield labelled(" did").say(why.did or "nothing but hand the packet on")
    for change in why.changes:
        stale = " (stale)" if change.mark.stale else ""
        op, style = ("made", "add") if change.op == "add" else ("removed", "remove")
        yield labelled(" mark").say(f"{op} {mark_text(change.mark)}{stale}", style)
    ending = " ".join(word for word in (why.decision, why.reason, why.errno) if word)
    if ending:
        yield labelled(" so").say(ending)


def _question(number: int, asked: Asked, width: int) -> Iterator[Text]:
    yield from Line(f"{number} ", style="heading").say(f"{asked.id}:", "heading").say(asked.text).wrap(width)
    yield from labelled(" by").say(f"{asked.by}, {asked.file}" if asked.by else "").wrap(width)
    yield from _operands(asked, width)
    yield from labelled(" answer").say(asked.said, "heading").wrap(width)
    if asked.settled_by is not None:
        yield from settled_line(asked.settled_by).wrap(width)
        if asked.settled_by.mark.stale and asked.stale_code:
            yield from labelled(" code").say(asked.stale_code, "stale").wrap(width)


def settled_line(settled: Settled) -> Line:
    """Tell about the mark that settled a question."""
    mark = settled.mark
    line = labelled(" mark").say(mark_text(mark), "stale" if mark.stale else "")
    line.say("in").refer([mark.row]).say(f"({settled.stage})")
    if settled.stale_since is not None:
        line.say("and stale since", "stale").refer([settled.stale_since], style="stale")
        line.say(f"({settled.stale_stage})", "stale")
    return line


def _operands(asked: Asked, width: int) -> Iterator[Text]:
    """Put the operands side by side, or below each other where the width does not allow that."""
    rows = [(part.label, part.left, part.relation, part.right) for part in asked.parts]
    rows = [("", asked.left_is, "", asked.right_is), *rows]
    label, left, relation, right = (max(len(row[at]) for row in rows) for at in range(4))
    label = max(label, LABEL_COLUMNS)
    if len(INDENT) + label + left + relation + right + 3 * GAP <= width:
        widths = (label, left, relation)
        for row in rows:
            cells = [f"{text:<{columns}}" for text, columns in zip(row, widths, strict=False)]
            said = INDENT + (" " * GAP).join([*cells, row[3]])
            yield Text().append(said.rstrip(), style=_bug(row[0], asked))
        return
    for name, first, sign, second in rows:
        line = Line(f"{INDENT}{name:<{label}}" if name else INDENT, hang=len(INDENT) + GAP)
        between = sign or ("and" if first and second and name in ("", "tag") else "")
        yield from line.say(first).say(between).say(second).wrap(width)


def _bug(label: str, asked: Asked) -> str:
    """Colour the one thing that nobody compares, where it is stale: that is the bug."""
    stale = asked.settled_by is not None and asked.settled_by.mark.stale
    return STYLES["stale"] if stale and label == MADE_FOR else ""


def _later(why: Why) -> Iterator[Line]:
    yield Line(style="heading").say(
        "What depends on it" if why.later else "No later row depends on it.", "heading"
    )
    for later in why.later:
        yield Line(f" row {later.row} ", hang=5).say(f"{later.stage}: {later.how}")


def _next(why: Why) -> str:
    names = [asked.id for asked in why.questions] or [why.stage]
    return ", ".join(f"ipsec-lo-trace explain {name}" for name in dict.fromkeys(names))
