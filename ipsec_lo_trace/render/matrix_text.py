"""The table as text: each fix's tally, then every row with one letter a fix, then the whole in words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.matrix import Matrix
from ipsec_lo_trace.render.matrix_words import Tally, headline, key_points, sentences, tallies
from ipsec_lo_trace.render.styles import Line, outcome_style

LETTERS = {"clean": ".", "stale": "s", "lost": "-", "error": "e", "leak": "L", "panic": "P"}
CELL_COLUMNS = 3
WORD_COLUMNS = 7


def matrix_text(matrix: Matrix, *, width: int) -> Iterator[Text]:
    """Give the lines of the table."""
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
    """Give each column its number, and count what the fix comes to."""
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
    """Give each cell's command, with what it comes to as a comment."""
    if not matrix.rows:
        yield Text(f"# {headline(matrix)}")
    for cells in matrix.cells:
        for cell in cells:
            yield Text(f"{cell.command}  # {cell.outcome} ({cell.code})")
