"""The table as text: a line for each fix down to its column, every row with one letter a fix."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from rich.text import Text

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.matrix import Cell, Matrix, Row
from ipsec_lo_trace.render.matrix_words import BAD, Tally, headline, key_points, sentences, tallies
from ipsec_lo_trace.render.rows import Glyphs
from ipsec_lo_trace.render.styles import STYLES, Line

LETTERS = {"clean": ".", "stale": "s", "lost": "-", "error": "e", "leak": "L", "loop": "O", "panic": "P"}
CELL_STYLES = {"clean": "quiet", "stale": "stale-outcome", **dict.fromkeys(BAD, "bad")}
"""Other outcomes are plain: nothing came, and nothing was seen."""
CELL_COLUMNS = 2


def matrix_text(matrix: Matrix, *, width: int, glyphs: Glyphs, words: bool = False) -> Iterator[Text]:
    """Yield the lines of the table; with ``words`` also what each fix cures and leaves.

    Columns that the width has no room for are named below the table.
    """
    yield from Line(hang=2, style="heading").say(headline(matrix), "heading").wrap(width)
    if not matrix.rows:
        return
    if words:
        for point in key_points(matrix):
            yield from Line(hang=2).say(f"- {point}").wrap(width)
    yield Text("")
    names = max(len(row.name) for row in matrix.rows)
    room = max((width - names - 1) // CELL_COLUMNS, 1)
    yield from _heads(matrix, names, room, width, glyphs)
    yield from _rows(matrix, names, room, glyphs)
    yield Text("")
    yield from _legend(matrix, width)
    if left_out := matrix.fixes[room:]:
        said = f"left out, for want of room: {', '.join(left_out)}; --columns chooses"
        yield from Line(hang=2).say(said, "bad").wrap(width)
    if words:
        yield Text("")
        for sentence in sentences(matrix):
            yield from Line(hang=2).say(sentence).wrap(width)


def _heads(matrix: Matrix, names: int, room: int, width: int, glyphs: Glyphs) -> Iterator[Text]:
    """Lead from each fix's name, and its results in numbers, down to its column."""
    for column, tally in enumerate(tallies(matrix)[:room]):
        lead = " " * (names + 1) + f"{glyphs.stem} " * column + f"{glyphs.corner} "
        line = Line(lead, hang=names + CELL_COLUMNS).glue(tally.fix, "heading")
        for outcome, count in _counts(tally):
            line.glue(f"{LETTERS[outcome]}{count}", CELL_STYLES.get(outcome, ""))
        yield from line.wrap(width)


def _counts(tally: Tally) -> Iterator[tuple[str, int]]:
    return ((outcome, count) for outcome, count in tally.counts.items() if count)


def _rows(matrix: Matrix, names: int, room: int, glyphs: Glyphs) -> Iterator[Text]:
    """Yield the rows, with a line between those that run different things."""
    pairs = zip(matrix.rows, matrix.cells, strict=True)
    length = names + CELL_COLUMNS * min(room, len(matrix.fixes))
    for _group, members in groupby(pairs, key=lambda pair: _group_of(pair[0])):
        yield Text().append(glyphs.rule * length, style=STYLES["quiet"])
        for row, cells in members:
            line = Text(f"{row.name:<{names}}")
            for cell in cells[:room]:
                style = STYLES[CELL_STYLES.get(cell.outcome, "keep")]
                line.append(" ").append(LETTERS[cell.outcome], style=style)
            yield line


def _group_of(row: Row) -> str:
    """Name what a row is one of: pings, pings that a process answers, or probes of one kind."""
    return f"{row.program} {row.reflector}".partition("-")[0]


def _legend(matrix: Matrix, width: int) -> Iterator[Text]:
    """Explain the letters that occur."""
    occurring = {cell.outcome for cells in matrix.cells for cell in cells}
    line = Line(hang=2, style="quiet")
    for outcome, letter in LETTERS.items():
        if outcome in occurring:
            line.glue(f"{letter} {outcome}", CELL_STYLES.get(outcome, ""))
    return iter(line.wrap(width))


def command_lines(matrix: Matrix) -> Iterator[Text]:
    """Yield each cell's command, with its result as a comment."""
    if not matrix.rows:
        yield Text(f"# {headline(matrix)}")
    for cells in matrix.cells:
        for cell in cells:
            yield Text(f"{cell.command}  # {cell.outcome} ({cell.code})")


STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; }
th, td { border: 1px solid #8886; padding: 0.25rem 0.5rem; text-align: left; white-space: nowrap; }
thead th { position: sticky; top: 0; background: Canvas; }
tbody th { font-weight: 500; }
td.leak, td.panic { font-weight: 700; background: #d334; }
td.stale { background: #db03; }
td.clean { background: #2a52; }
code { font-size: 0.9em; }
"""


def matrix_md(matrix: Matrix) -> Iterator[str]:
    """Yield the table as Markdown lines; a cell says outcome and code."""
    yield f"**{headline(matrix)}**"
    yield ""
    for point in key_points(matrix):
        yield f"- {point}"
    yield ""
    yield "| row | " + " | ".join(matrix.fixes) + " |"
    yield "|---" * (len(matrix.fixes) + 1) + "|"
    for row, cells in zip(matrix.rows, matrix.cells, strict=True):
        yield f"| {row.name} | " + " | ".join(_words(cell) for cell in cells) + " |"
    yield ""
    for sentence in sentences(matrix):
        yield f"- {sentence}"


def _words(cell: Cell) -> str:
    outcome = f"**{cell.outcome}**" if cell.outcome in BAD else cell.outcome
    return outcome if cell.code == cell.outcome else f"{outcome} ({cell.code})"


def matrix_html(matrix: Matrix) -> Iterator[str]:
    """Yield the table as the lines of one page, without scripts; a cell's tooltip is its command."""
    title = "IPsec over lo0: every case under every fix"
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>"
    yield from STYLE.strip().splitlines()
    yield "</style></head><body><main>"
    yield f"<h1>{title}</h1><p><strong>{escape(headline(matrix))}</strong></p>"
    yield f"<ul>{''.join(f'<li>{escape(point)}</li>' for point in key_points(matrix))}</ul>"
    outcomes = "; ".join(f"<strong>{name}</strong>: {escape(text)}" for name, text in OUTCOMES.items())
    yield f"<p>{outcomes}.</p>"
    yield '<div class="table" tabindex="0" role="region" aria-label="Outcomes"><table>'
    heads = "".join(f'<th scope="col">{escape(fix)}</th>' for fix in matrix.fixes)
    yield f'<thead><tr><th scope="col">row</th>{heads}</tr></thead><tbody>'
    for row, cells in zip(matrix.rows, matrix.cells, strict=True):
        head = f'<th scope="row" title="{escape(row.title)}">{escape(row.name)}</th>'
        yield f"<tr>{head}{''.join(map(_td, cells))}</tr>"
    yield "</tbody></table></div><h2>In words</h2><ul>"
    yield from (f"<li>{escape(sentence)}</li>" for sentence in sentences(matrix))
    yield "</ul></main></body></html>"


def _td(cell: Cell) -> str:
    code = "" if cell.code == cell.outcome else f" <small>{escape(cell.code)}</small>"
    return f'<td class="{cell.outcome}" title="{escape(cell.command)}">{cell.outcome}{code}</td>'
