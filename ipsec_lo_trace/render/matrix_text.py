"""The table as text: each fix's tally, then every row with one letter a fix, then the whole in words."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from rich.text import Text

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.matrix import Cell, Matrix
from ipsec_lo_trace.render.matrix_words import BAD, Tally, headline, key_points, sentences, tallies
from ipsec_lo_trace.render.styles import Line, outcome_style

LETTERS = {"clean": ".", "stale": "s", "lost": "-", "error": "e", "leak": "L", "loop": "O", "panic": "P"}
CELL_COLUMNS = 3
WORD_COLUMNS = 7


def matrix_text(matrix: Matrix, *, width: int) -> Iterator[Text]:
    """Yield the lines of the table."""
    yield from Line("", hang=2).say(headline(matrix), "heading").wrap(width)
    if not matrix.rows:
        return
    for point in key_points(matrix):
        yield from Line("", hang=2).say(f"- {point}").wrap(width)
    yield Text("")
    yield from _legend(matrix, width)
    yield Text("")
    yield from _rows(matrix)
    yield Text("")
    for sentence in sentences(matrix):
        yield from Line("", hang=2).say(sentence).wrap(width)


def _legend(matrix: Matrix, width: int) -> Iterator[Text]:
    """Give each column its number, and count the results of the fix."""
    names = max(len(name) for name in ("fix", *matrix.fixes))
    head = f"{'':>{CELL_COLUMNS}} {'fix':<{names}}" + "".join(f"{name:>{WORD_COLUMNS}}" for name in OUTCOMES)
    yield Text(head)
    for number, tally in enumerate(tallies(matrix), start=1):
        yield _counted(number, tally, names)
    letters = ", ".join(f"{letter} {name}" for name, letter in LETTERS.items())
    yield from Line("", hang=2).say(f"In the rows below: {letters}.", "quiet").wrap(width)


def _counted(number: int, tally: Tally, names: int) -> Text:
    line = Text(f"{number:>{CELL_COLUMNS}} {tally.fix:<{names}}")
    for name, count in tally.counts.items():
        style = outcome_style(name) if count else ""
        line.append(f"{count:>{WORD_COLUMNS}}", style=style)
    return line


def _rows(matrix: Matrix) -> Iterator[Text]:
    names = max(len(row.name) for row in matrix.rows)
    numbers = "".join(f"{number:>{CELL_COLUMNS}}" for number in range(1, len(matrix.fixes) + 1))
    yield Text(f"{'':<{names}} {numbers}")
    for row, cells in zip(matrix.rows, matrix.cells, strict=True):
        line = Text(f"{row.name:<{names}} ")
        for cell in cells:
            line.append(f"{LETTERS[cell.outcome]:>{CELL_COLUMNS}}", style=outcome_style(cell.outcome))
        yield line


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
