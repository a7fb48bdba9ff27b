"""Long repeats are folded in every export that people read, as in the text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_lo_trace.machine import run
from ipsec_lo_trace.render.repeats import Repeat, folded
from ipsec_lo_trace.render.store import StoredTrace
from tests.cli.support import invoke
from tests.html.support import parsed
from tests.second_reading.test_loops import USE_THEN_AH

LOOP = ("probe", "redirect", "--case", "forward-loop", "--fix", "looutput-only")


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Store a run that does not end by itself."""
    monkeypatch.setattr(run, "ROW_LIMIT", 400)
    path = tmp_path / "loop.jsonl"
    invoke(*LOOP, "-o", str(path))
    return path


def repeat(path: Path) -> Repeat:
    """Find the long one."""
    with path.open("rb") as lines:
        each = folded(StoredTrace(lines, "loop").steps())
        (found,) = [one for one in each if isinstance(one, Repeat) and one.rounds > 10]
    return found


def exported(path: Path, form: str) -> str:
    """Export a trace."""
    out = path.with_suffix(f".{form}")
    assert invoke("export", str(path), "-o", str(out)).code == 0
    return out.read_text("utf-8")


@pytest.mark.parametrize(("form", "longest"), [("md", 150), ("svg", 1500)])
def test_a_repeat_is_a_line(stored: Path, form: str, longest: int) -> None:
    """A table and a picture have one line for it, and are as short as that."""
    text = exported(stored, form)
    assert len(text.splitlines()) < longest
    # A picture breaks the line in two.
    lines = re.sub(r"</text>\n<text [^>]*>", " ", text)
    assert lines.count(repeat(stored).words) == 1


def test_a_repeat_on_the_page(stored: Path) -> None:
    """The page says it in the list of rows and behind the row; no link leads to a row that is not there."""
    page = parsed(exported(stored, "html").encode())
    assert [said.text for said in page.find("p", "again")].count(repeat(stored).words) == 2
    assert len(page.find("article")) < 80
    ids = {node.attributes["id"] for node in page.nodes() if "id" in node.attributes}
    assert {link.attributes["href"][1:] for link in page.find("a")} <= ids


def test_bytes_behind_a_repeat_are_those_of_the_packet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row of the page tells as many bytes as its packet has, behind the rows that are folded too."""
    monkeypatch.setattr(run, "ROW_LIMIT", 400)
    stored, config = tmp_path / "ah.jsonl", tmp_path / "ah.conf"
    config.write_text(USE_THEN_AH)
    ends = ("--local", "10.9.9.1", "--local", "10.9.9.2", "-I", "10.9.9.2", "10.9.9.1")
    assert invoke("ping", "-f", str(config), *ends, "-o", str(stored)).code == 0
    with stored.open("rb") as lines:
        lengths = {step.row: step.wire.len for step in StoredTrace(lines, "loop").steps()}
    rows = parsed(exported(stored, "html").encode()).find("article")
    told = {
        int(row.attributes["data-row"][1:]): int(found[1])
        for row in rows
        if (found := re.search(r"Bytes(\d+) bytes", row.text))
    }
    assert len(told) == len(rows)
    assert told == {row: lengths[row] for row in told}
