"""Do the words about the table agree with its cells?"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given

from ipsec_lo_trace import Matrix
from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.render.matrix_text import LETTERS, command_lines, matrix_html, matrix_md, matrix_text
from ipsec_lo_trace.render.matrix_words import headline, key_points, sentences, tallies
from ipsec_lo_trace.render.rows import ASCII
from tests.matrix.support import BAD, table, tables

SEVERITY = list(OUTCOMES)
PATCHED = "netbsd-2003-08"


def outcome(matrix: Matrix, row: str, fix: str) -> str:
    """Look a cell's outcome up."""
    [cell] = [cell for cell in matrix.column(fix) if cell.row == row]
    return cell.outcome


def bad_rows(matrix: Matrix, fix: str) -> set[str]:
    """Name the rows that leak or panic under a fix."""
    return {cell.row for cell in matrix.column(fix) if cell.outcome in BAD}


@given(tables())
def test_tallies_are_true(matrix: Matrix) -> None:
    """What is counted as cured, left or made worse is so, and nothing that is so is missing."""
    names = {row.name for row in matrix.rows}
    for fix, tally in zip(matrix.fixes, tallies(matrix), strict=True):
        left = bad_rows(matrix, fix)
        assert tally.fix == fix
        assert sum(tally.counts.values()) == len(names)
        for name, count in tally.counts.items():
            assert count == sum(cell.outcome == name for cell in matrix.column(fix))
        assert {row for rows in tally.leaves.values() for row in rows} == left
        for code, rows in tally.leaves.items():
            assert {cell.code for cell in matrix.column(fix) if cell.row in rows} == {code}
        if "none" in matrix.fixes:
            assert {*tally.cures} == bad_rows(matrix, "none") - left
            worse = {
                row
                for row in names
                if SEVERITY.index(outcome(matrix, row, fix)) > SEVERITY.index(outcome(matrix, row, "none"))
            }
            assert {*tally.worse} == worse
        else:
            assert tally.cures == tally.worse == []


@given(tables())
def test_sentences_are_true(matrix: Matrix) -> None:
    """There is a sentence for each fix; its numbers are the table's, and it names no row that is fine."""
    for fix, sentence in zip(matrix.fixes, sentences(matrix), strict=True):
        assert sentence.startswith(f"{fix} ")
        assert sentence.endswith(".")
        left = bad_rows(matrix, fix)
        said = re.search(r"leaves (nothing|\d+)", sentence)
        assert said is not None
        assert said[1] == str(len(left) or "nothing")
        cured = re.search(r"cures (\d+)", sentence)
        assert (cured is None) is (fix == "none")
        if cured is not None and "none" in matrix.fixes:
            assert int(cured[1]) == len(bad_rows(matrix, "none") - left)


@given(tables())
def test_the_headline_is_true(matrix: Matrix) -> None:
    """The first line counts what is wrong without a fix, and names just the fixes that leave least."""
    text = headline(matrix)
    if not matrix.rows:
        assert "no row" in text
        return
    if "none" not in matrix.fixes:
        assert str(len(matrix.rows)) in text
        return
    ill = bad_rows(matrix, "none")
    if not ill:
        assert text.startswith("nothing leaks or panics ")
        return
    assert re.match(rf"{len(ill)} of {len(matrix.rows)} rows? ", text)
    left = {fix: len(bad_rows(matrix, fix)) for fix in matrix.fixes}
    named = re.search(r" left by ([^:]*)", text)
    assert named is not None
    assert {*named[1].split(", ")} == {fix for fix in matrix.fixes if left[fix] == min(left.values())}


@given(tables())
def test_the_points_are_true(matrix: Matrix) -> None:
    """What no fix is said to cure is bad in every column, and what 2003 leaves open is bad in its own."""
    incurable = set.intersection(*(bad_rows(matrix, fix) for fix in matrix.fixes))
    said: set[str] = set()
    for point in key_points(matrix):
        before, _, names = point.rpartition("cures " if "cures" in point else ": ")
        rows = {*names.split(", ")}
        if before.startswith("no fix"):
            assert rows == incurable
        else:
            assert before.startswith(PATCHED)
            said |= rows
    if PATCHED in matrix.fixes and len(matrix.fixes) > 1:
        assert said == bad_rows(matrix, PATCHED) - incurable


@given(tables())
def test_every_view_has_every_cell(matrix: Matrix) -> None:
    """Text has a letter, Markdown and HTML an outcome, and the commands a line for every cell."""
    if not matrix.rows:
        return
    cells = [cell for row in matrix.cells for cell in row]
    text = [line.plain for line in matrix_text(matrix, width=200, glyphs=ASCII)]
    for row, of_row in zip(matrix.rows, matrix.cells, strict=True):
        letters = " ".join(LETTERS[cell.outcome] for cell in of_row)
        assert any(line.split() == [*row.name.split(), *letters.split()] for line in text)
        assert any(
            line.startswith(f"| {row.name} | ") and line.count(" | ") == len(of_row)
            for line in matrix_md(matrix)
        )
    assert "\n".join(matrix_html(matrix)).count("<td ") == len(cells)
    assert [line.plain.partition("  # ")[0] for line in command_lines(matrix)] == [
        cell.command for cell in cells
    ]


@pytest.mark.slow
def test_the_first_screen_answers() -> None:
    """With -v the first 24 lines of 80 columns say which fixes leave least and what that of 2003 leaves."""
    text = matrix_text(table(), width=80, glyphs=ASCII, words=True)
    screen = "\n".join(line.plain for line in text).splitlines()[:24]
    words = " ".join(" ".join(screen).split())
    assert headline(table()) in words
    assert all(point in words for point in key_points(table()))
    assert "strict" in headline(table())
    assert any(point.startswith(f"{PATCHED} leaves open") for point in key_points(table()))


@given(tables())
def test_a_head_leads_to_each_column(matrix: Matrix) -> None:
    """Each fix is named above its column with its results in numbers; its letters stand below the sign."""
    if not matrix.rows:
        return
    text = [line.plain for line in matrix_text(matrix, width=400, glyphs=ASCII)]
    for number, fix in enumerate(matrix.fixes):
        (head,) = [line for line in text if f",- {fix} " in f"{line} "]
        at = head.index(",-")
        column = [cells[number] for cells in matrix.cells]
        names = tuple(row.name for row in matrix.rows)
        letters = [line[at] for line in text if line.startswith(names) and len(line) > at]
        assert letters == [LETTERS[cell.outcome] for cell in column]
        for outcome, count in Counter(cell.outcome for cell in column).items():
            assert f" {LETTERS[outcome]}{count}" in head


@given(tables())
def test_columns_without_room_are_named(matrix: Matrix) -> None:
    """At any width a fix is above the table or among those that are left out, and never both."""
    if not matrix.rows:
        return
    for width in (30, 60, 100):
        text = " ".join(line.plain for line in matrix_text(matrix, width=width, glyphs=ASCII))
        text = " ".join(text.split())
        headed = set(re.findall(r",- (\S+)", text))
        _before, _sign, said = text.partition("for want of room: ")
        left_out = {*said.partition("; --columns")[0].split(", ")} - {""}
        assert headed | left_out == {*matrix.fixes}
        assert not headed & left_out


def test_letters_differ() -> None:
    """Each outcome has a letter of its own, so that the table can be read without colour."""
    assert LETTERS.keys() == OUTCOMES.keys()
    assert len({*LETTERS.values()}) == len(LETTERS)
