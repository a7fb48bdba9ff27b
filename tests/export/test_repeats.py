"""Long repeats are folded in every export that people read, as in the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_lo_trace.machine import run
from ipsec_lo_trace.render.repeats import Repeat, folded
from ipsec_lo_trace.render.store import StoredTrace
from tests.cli.support import invoke
from tests.html.support import parsed

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
    said = repeat(stored).words
    assert text.count(said) == 1 or all(word in text for word in said.split())
    assert len(text.splitlines()) < longest


def test_a_repeat_on_the_page(stored: Path) -> None:
    """The page says it in the list of rows and behind the row; no link leads to a row that is not there."""
    page = parsed(exported(stored, "html").encode())
    assert [said.text for said in page.find("p", "again")].count(repeat(stored).words) == 2
    assert len(page.find("article")) < 80
    ids = {node.attributes["id"] for node in page.nodes() if "id" in node.attributes}
    assert {link.attributes["href"][1:] for link in page.find("a")} <= ids
