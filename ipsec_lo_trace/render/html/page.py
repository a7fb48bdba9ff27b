"""The page itself: its head with style and script, the rows in their groups, what stands around."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import IO

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import Pair
from ipsec_lo_trace.render.facts import program_text, title_text
from ipsec_lo_trace.render.html.cells import Cells, missing
from ipsec_lo_trace.render.html.ends import end_html, summary_html
from ipsec_lo_trace.render.html.markup import element, words
from ipsec_lo_trace.render.html.nav import columns, nav_html
from ipsec_lo_trace.render.html.sides import Side, Sides, anchor
from ipsec_lo_trace.render.html.start import start_html, start_row
from ipsec_lo_trace.render.store import StoredTrace

FIRST = "<== FIRST DIFFERENCE"
_LINK = re.compile(r'href="#([ab])(\d+)"')


def write_html(a: StoredTrace, b: StoredTrace | None, out: IO[bytes]) -> None:
    """Write a trace, or two side by side, as one HTML page in UTF-8, an echo at a time.

    UserError if there are more rows than a browser could show.
    """
    sides = Sides(a, b)
    for piece in _page(sides):
        # A file's name may be no UTF-8.
        out.write(_shown(piece, sides).encode("utf-8", "backslashreplace"))


def _shown(piece: str, sides: Sides) -> str:
    """Lead links to rows that are folded away to the row behind which they are."""
    follow = sides.columns[0].follow
    if not follow.folded:
        return piece
    return _LINK.sub(lambda link: f'href="#{link[1]}{follow.stand_in(int(link[2]))}"', piece)


def _page(sides: Sides) -> Iterator[str]:
    nav = list(nav_html(sides))  # also finds the first difference, which the top of the page names
    yield from _head(_name(sides))
    yield '<body><a class="skip" href="#rows">Skip to the rows</a>'
    yield element("header", _masthead(sides))
    yield '<div class="desk">'
    yield from nav
    yield f'<main id="rows" aria-label="Rows" data-start="{start_row(sides)}">'
    yield _part("controls.html")
    for pairs in sides.echoes():
        yield from _echo(sides, pairs)
    yield '</main></div><div class="after">'
    yield from end_html(sides)
    yield _part("legend.html")
    yield f"</div>{element('footer', element('p', words(sides.columns[0].trace.run.tool)))}"
    yield f"<script>{_part('page.js')}</script></body></html>\n"


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _head(name: str) -> Iterator[str]:
    """Open the document; its policy lets in this style and this script, and nothing from anywhere."""
    style, script = _part("page.css"), _part("page.js")
    allowed = f"style-src {_digest(style)}; script-src {_digest(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"{element('title', words(name))}<style>{style}</style></head>"


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _name(sides: Sides) -> str:
    run = sides.columns[0].trace.run
    both = " and ".join(side.trace.name or f"fix {side.trace.run.fix}" for side in sides.columns)
    return f"{title_text(run)}: {both}"


def _masthead(sides: Sides) -> str:
    run = sides.columns[0].trace.run
    heading = element(
        "h1", f"{words(program_text(run))} {words(run.src)} \N{RIGHTWARDS ARROW} {words(run.dst)}"
    )
    return heading + start_html(sides) + summary_html(sides)


def _echo(sides: Sides, pairs: list[Pair]) -> Iterator[str]:
    cells = [Cells(*one) for one in zip(sides.columns, columns(pairs, len(sides.columns)), strict=True)]
    for group in sides.groups(pairs):
        echo, name = sides.headings.group(group[0].step)
        yield f'<section class="step" data-step="{words(name.removeprefix("P"))}" data-echo="{echo}">'
        yield element("h2", _step_title(sides, group[0]))
        for pair in group:
            yield _pair(sides, pair, cells)
        yield "</section>"


def _step_title(sides: Sides, pair: Pair) -> str:
    """Give the text view's heading, of each side if they are not the same."""
    rows = ((side.letter.upper(), row) for side, row in sides.halves(pair) if row is not None)
    headings = {letter: sides.headings.heading(row) for letter, row in rows}
    number, said = sides.headings.heading(pair.step)
    if len(set(headings.values())) > 1:
        said = "; ".join(f"{letter}: {heading.words}" for letter, heading in headings.items())
    return words(f"{number}: {said}" if number else said)


def _pair(sides: Sides, pair: Pair, cells: list[Cells]) -> str:
    op = sides.op(pair)
    said = words(sides.op_words(pair))
    if sides.comparison is not None and pair is sides.comparison.first:
        said += f" {element('strong', words(FIRST), class_='pointer')}"
    head = element("h3", words(pair.step.stage), tabindex="-1")
    head += element("p", said, class_="op") if op else ""
    halves = zip(sides.halves(pair), cells, strict=True)
    body = "".join(_half(side, step, cell) for (side, step), cell in halves)
    content = head + element("div", body, class_="sides")
    if again := sides.again(pair):
        content += element("p", words(again), class_="again")
    return element("article", content, class_=f"pair {op}".strip(), data_row=anchor(pair))


def _half(side: Side, step: Step | None, cell: Cells) -> str:
    if step is None:
        return element("div", missing(side), class_=f"side {side.letter} none")
    return element("div", cell.cell(step), class_=f"side {side.letter}", id=f"{side.letter}{step.row}")
