"""What stands above the rows (the verdicts in short) and below them (verdicts, marks, what was run)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ipsec_lo_trace.render.diff.ends import counts_text
from ipsec_lo_trace.render.header import header_lines, verdict_lines
from ipsec_lo_trace.render.html.markup import element, facts, linked, table, words
from ipsec_lo_trace.render.html.sides import Side, Sides
from ipsec_lo_trace.render.ledger import ledger_lines
from ipsec_lo_trace.render.marks import crossing_text
from ipsec_lo_trace.render.styles import Line, outcome_style

SHOWN_CROSSINGS, MOST_LIVES = 4, 500


def summary_html(sides: Sides) -> str:
    """Return each side's verdict in large, and what crossed lo0."""
    cards = "".join(element("section", _card(side), class_="card") for side in sides.columns)
    return element("div", cards, class_="sides cards")


def _card(side: Side) -> str:
    verdict = side.trace.verdict
    style = outcome_style(verdict.outcome)
    title = element("h2", words(side.name or "Verdict"), class_="name")
    outcome = element("strong", words(verdict.outcome.upper()), class_=f"outcome {style}")
    named = element("span", words(f"({verdict.code})"), class_="quiet")
    said = element("p", f"{outcome} {named}") + element("p", words(verdict.text))
    crossings = verdict.lo0[:SHOWN_CROSSINGS]
    chips = ", ".join(
        f"{words(one.packet)} as {element('a', words(crossing_text(one)), href=f'#{side.letter}{one.row}')}"
        for one in crossings
    )
    more = f" and {len(verdict.lo0) - len(crossings)} more" if len(verdict.lo0) > len(crossings) else ""
    crossed = element("p", f"On lo0: {chips or 'nothing'}{more}", class_="crossed")
    return title + said + crossed


def end_html(sides: Sides) -> Iterator[str]:
    """Yield the sections below the rows, a piece at a time."""
    yield from _section("verdict", "Result", sides, _verdict)
    yield _counts(sides)
    yield from _section("marks", "All marks, from birth to end", sides, _ledger)
    yield from _section("run", "What was run", sides, _run)


def _section(name: str, title: str, sides: Sides, say: Callable[[Side], Iterable[str]]) -> Iterator[str]:
    """Yield a section with a column for each side."""
    heading = element("h2", words(title), id=f"{name}-title")
    yield f'<section id="{name}" aria-labelledby="{name}-title">{heading}<div class="sides">'
    for side in sides.columns:
        yield f'<div class="side">{element("p", words(side.name), class_="name") if side.name else ""}'
        yield from say(side)
        yield "</div>"
    yield "</div></section>"


def _verdict(side: Side) -> Iterator[str]:
    yield _labelled(verdict_lines(side.trace.run, side.trace.verdict), side)


def _ledger(side: Side) -> Iterator[str]:
    _title, *lines = ledger_lines(side.follow.ledger.entries())
    yield '<ul class="ledger">'
    yield from (element("li", linked(line, side.letter)) for line in lines[:MOST_LIVES])
    left = len(lines) - MOST_LIVES
    yield "</ul>" if lines else "</ul><p>No mark was made.</p>"
    if left > 0:
        yield element("p", words(f"and {left:,} more: show --detail full lists them"))


def _run(side: Side) -> Iterator[str]:
    yield _labelled(header_lines(side.trace.run, assumptions=True), side)


def _labelled(lines: Iterable[Line], side: Side) -> str:
    return facts((line.lead.lower(), linked(line, side.letter)) for line in lines)


def _counts(sides: Sides) -> str:
    """Count the rows that are the same and that are not; every row must have been compared."""
    comparison = sides.comparison
    if comparison is None:
        return ""
    said = element("p", words(f"Rows: {counts_text(comparison)}."))
    rows = [(words(one.name), str(one.a), str(one.b)) for one in comparison.counters]
    counted = table(("counter", "A", "B"), rows, caption="Counters that differ", class_="counters")
    title = element("h2", "Where the two differ", id="counts-title")
    return element(
        "section", title + said + (counted if rows else ""), id="counts", aria_labelledby="counts-title"
    )
