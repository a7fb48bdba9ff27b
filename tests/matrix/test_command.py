"""The command matrix: what it runs, how it shows it, what it refuses."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.matrix import all_rows, run
from ipsec_lo_trace.model.codes import OUTCOMES
from tests.cli.support import COMMAND, ROOT, assert_refused, environment, invoke, spawn
from tests.matrix.support import run_row_once, table

EVERY = 40
VOID = {"meta", "br", "hr", "img", "link", "input"}
TCP = ("--rows", "tcp-*", "--columns", "none", "--columns", "strict")


def matrix(*arguments: str) -> str:
    """Run ``ipsec-lo-trace matrix``; nothing may be said on standard error, which is no terminal."""
    done = invoke("matrix", *arguments)
    assert (done.code, done.err) == (0, "")
    return done.out.decode()


@pytest.fixture(autouse=True)
def _each_cell_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_row", run_row_once)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
def test_jobs_and_hash_seeds_change_no_byte() -> None:
    """The whole table is the same bytes from one process and from two, whatever seeds Python's hashes."""
    two = spawn("matrix", "--format", "json", "-j", "2", PYTHONHASHSEED="1")
    assert (two.code, two.err) == (0, "")
    assert two.out == matrix("--format", "json", "-j", "1").encode("ascii")


@pytest.mark.slow
def test_json_is_the_table() -> None:
    """JSON has every row, fix and cell, and the words that the text has."""
    told = json.loads(matrix("--format", "json"))
    assert [row["name"] for row in told["matrix"]["rows"]] == [row.name for row in table().rows]
    assert told["matrix"]["fixes"] == table().fixes
    for cells, ours in zip(told["matrix"]["cells"], table().cells, strict=True):
        for cell, our in zip(cells, ours, strict=True):
            assert (cell["outcome"], cell["code"], cell["findings"]) == (our.outcome, our.code, our.findings)
            assert cell["command"] == our.command
    text = " ".join(matrix("-v").split())
    for words in (told["headline"], *told["points"], *told["words"]):
        assert words in text


def test_rows_and_columns() -> None:
    """--rows takes patterns and --columns fixes; both may be repeated."""
    told = json.loads(matrix(*TCP, "--rows", "ping lo-esp", "--format", "json"))["matrix"]
    names = [row["name"] for row in told["rows"]]
    assert names == [
        row.name for row in all_rows() if row.name.startswith("tcp-") or row.name == "ping lo-esp"
    ]
    assert told["fixes"] == ["none", "strict"]


@pytest.mark.slow
@pytest.mark.parametrize("outcome", list(OUTCOMES))
def test_only(outcome: str) -> None:
    """--only keeps the rows that come to an outcome under some fix that is shown."""
    lines = matrix("--only", outcome, "--commands").splitlines()
    assert lines == [
        f"{cell.command}  # {cell.outcome} ({cell.code})"
        for cells in table().kept(outcome).cells
        for cell in cells
    ] or [f"# no row has the outcome {outcome}"]


def test_only_with_nothing_left() -> None:
    """A table without rows says so, and is still JSON or a page where that is asked for."""
    assert matrix(*TCP, "--only", "panic") == "no row has the outcome panic\n"
    assert json.loads(matrix(*TCP, "--only", "panic", "--format", "json"))["matrix"]["rows"] == []
    page = matrix(*TCP, "--only", "panic", "--format", "html")
    assert page.startswith("<!DOCTYPE html>")
    assert "<td" not in page
    assert "no row" in page or "0 rows" in page


@pytest.mark.slow
@pytest.mark.parametrize("number", range(0, len(all_rows()) * len(all_fixes()), EVERY))
def test_a_command_gives_its_cell(number: int) -> None:
    """A command that --commands prints runs as it stands, and comes to what its cell says."""
    cell = [cell for cells in table().cells for cell in cells][number]
    program, *arguments = shlex.split(f"{cell.command}  # {cell.outcome}", comments=True)
    assert program == "ipsec-lo-trace"
    done = invoke(*arguments, "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    verdict = done.records[-1]
    assert (verdict["outcome"], verdict["code"]) == (cell.outcome, cell.code)
    assert [finding["code"] for finding in verdict["findings"]] == cell.findings


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "no-*"], ["--rows no-*", "no row"]),
        (["--rows", "tcp-*", "--rows", "x"], ["--rows x"]),
        (["--columns", "strickt"], ["--columns strickt", "strict"]),
        (["--columns", "none", "--columns", "none"], ["--columns", "twice"]),
        (["--only", "bad"], ["--only", "leak"]),
        (["-j", "0"], ["-j"]),
        (["--format", "json", "--color", "always"], ["--color"]),
        (["--format", "html", "--commands"], ["--commands"]),
        (["--format", "yaml"], ["--format"]),
        (["extra"], ["extra"]),
        (["--only", "leak", "--only", "stale"], ["--only"]),
    ],
    ids=" ".join,
)
def test_refused(arguments: list[str], words: list[str]) -> None:
    """What cannot be is refused in one message with exit code 2, and nothing is printed."""
    assert_refused(invoke("matrix", *arguments), *words)


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_text_fits(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than asked; at 120 columns every fix is named above its own column."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = matrix("-v").splitlines()
    assert len(lines) > len(table().rows)
    assert [line for line in lines if len(line) > width] == []
    heads = [line for line in lines if ",- " in line]
    names = [fix.name for fix in all_fixes()]
    if width >= 120:
        assert [line.split(",- ")[1].split()[0] for line in heads] == names
    assert ("left out, for want of room: " in "\n".join(lines)) == (width == 40)


def test_words_are_for_v() -> None:
    """What each fix cures and leaves is said with -v, and without it the table stands alone."""
    assert "strict cures" not in matrix(*TCP)
    assert "strict cures" in matrix(*TCP, "-v")


def test_colours() -> None:
    """A leak is red, a clean run dim, and rows that run other things stand apart."""
    text = matrix("--rows", "forward", "--rows", "ping lo-esp", "--color", "always")
    assert "\x1b[1;31mL\x1b[0m" in text
    assert "\x1b[2m.\x1b[0m" in text
    assert (
        sum(set(line) == {"-"} for line in matrix("--rows", "forward", "--rows", "ping lo-esp").splitlines())
        == 2
    )


def test_colour_adds_nothing_else() -> None:
    """Without its ANSI sequences, the coloured table is the plain one."""
    coloured = matrix(*TCP, "--color", "always")
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == matrix(*TCP, "--color", "never")


@pytest.mark.slow
def test_markdown() -> None:
    """Markdown has a table whose rows all have as many cells as its head."""
    lines = [line for line in matrix("--format", "md").splitlines() if line.startswith("|")]
    assert len(lines) == len(table().rows) + 2
    assert {line.count("|") for line in lines} == {len(table().fixes) + 2}


class Page(HTMLParser):
    """Checks that what is opened is closed, and gathers what would fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.style = ""
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that was opened."""
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [
            name for name, _value in attrs if name in ("src", "href", "srcset", "data", "action")
        ]
        self.fetched += [tag] if tag in ("script", "link", "img", "iframe", "object") else []
        if tag == "td":
            self.cells.append(dict(attrs)["title"] or "")

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the style sheet."""
        if self.open and self.open[-1] == "style":
            self.style += data


@pytest.mark.slow
def test_html_is_one_whole_page() -> None:
    """The page is well formed, has every cell with its command, fetches nothing and runs no script."""
    page = Page()
    text = matrix("--format", "html")
    page.feed(text)
    page.close()
    assert text.startswith("<!DOCTYPE html>\n")
    assert page.open == []
    assert page.cells == [cell.command for cells in table().cells for cell in cells]
    assert page.fetched == []
    assert not re.search(r"https?:|//|url\(|@import", text)


def test_html_has_a_style_sheet_that_css_can_read() -> None:
    """The style sheet has rules that begin with a selector, as many as it opens and closes."""
    page = Page()
    page.feed(matrix(*TCP, "--format", "html"))
    assert "\\" not in page.style
    selectors = re.findall(r"([^{}]*)\{[^{}]*\}", page.style)
    assert len(selectors) == page.style.count("{") == page.style.count("}") > 5
    assert all(re.fullmatch(r"\s*[a-z:.][a-z:., ]*\s*", selector) for selector in selectors)


def test_into_a_file(tmp_path: Path) -> None:
    """-o writes what standard output would have got."""
    assert matrix(*TCP, "-o", str(tmp_path / "m")) == ""
    assert (tmp_path / "m").read_text(encoding="utf-8") == matrix(*TCP, "--glyphs", "unicode")
    assert_refused(invoke("matrix", *TCP, "-o", str(tmp_path)), "cannot write")


def watched(*arguments: str) -> tuple[bytes, bytes]:
    """Run matrix with a terminal for standard error alone; give both outputs."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "matrix", *arguments],
        cwd=ROOT,
        env=environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with process:
        try:
            while data := os.read(ours, 65536):
                shown += data
        except OSError:  # how Linux says that the other end is closed
            pass
        assert process.stdout is not None
        out = process.stdout.read()
    os.close(ours)
    assert process.returncode == 0, shown
    return out, shown


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_progress_is_for_terminals(jobs: str) -> None:
    """A terminal on standard error gets a bar, which is wiped at the end; standard output is as ever."""
    out, shown = watched(*TCP, "-j", jobs)
    assert b"rows" in shown
    assert b"100%" in shown
    assert shown.rstrip().endswith(b"\x1b[2K")
    assert out.decode("ascii") == matrix(*TCP)
