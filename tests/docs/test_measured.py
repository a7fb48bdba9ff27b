"""Does each statement that is called measured name the run that it rests on?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.model.matrix import Row
from ipsec_lo_trace.pages.index import KINDS, PAGES
from ipsec_lo_trace.pages.page import SURE, Page
from tests.docs.test_docs import DOCS, GENERATED, ROOT, name_of, prose, script
from tests.docs.test_docs import PAGES as DOCUMENTS

RUNS = get_args(RunName)
CODE = ROOT / "ipsec_lo_trace"
MEASURED = re.compile(r"\bmeasured\b(?! on code)", re.IGNORECASE)
NAMED = re.compile("|".join(f"`{re.escape(run)}`" for run in RUNS))
ITEM = re.compile(r"\n\s*\n|\n(?=\s*(?:[-|#]|\d+\.) ?)")
DEFINITION = "| measured |"


def blocks(text: str) -> list[str]:
    """Take a page apart into paragraphs, items of lists, rows of tables and headings."""
    return [block.strip() for block in ITEM.split(text) if block.strip()]


def unnamed(text: str) -> list[str]:
    """Return the blocks that call something measured and name no run."""
    return [
        block
        for block in blocks(text)
        if MEASURED.search(block) and not NAMED.search(block) and not block.startswith(DEFINITION)
    ]


def strings_of(page: Page) -> Iterator[str]:
    """Yield what a page says in words of its own."""
    yield from (page.text, page.source, *(text for _label, text in page.details))


def test_a_statement_without_its_run_is_found() -> None:
    """The tests below would see a paragraph, an item or a row that names no run, and none that names one."""
    assert unnamed("It was measured.\n\n- measured by `random`\n- Measured.\n| x | measured |") == [
        "It was measured.",
        "- Measured.",
        "| x | measured |",
    ]


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_documents_name_the_run(page: Path) -> None:
    """Wherever the documentation says "measured", the same paragraph, item or row names a run of the list."""
    assert unnamed(prose(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=[f"{page.kind}-{page.name}" for page in PAGES])
def test_pages_name_the_run(page: Page) -> None:
    """A page of ``explain`` is measured if and only if it names runs of the list, each once."""
    assert (page.sure == "measured") == bool(page.runs)
    assert set(page.runs) <= set(RUNS)
    assert len(page.runs) == len(set(page.runs))
    assert [text for text in strings_of(page) if unnamed(text)] == []


def test_every_run_has_a_page_and_is_named() -> None:
    """The list has a page for every run, and every run is what some page and some document rest on."""
    assert tuple(page.name for page in KINDS["runs"][1]) == RUNS
    assert {run for page in PAGES for run in page.runs} == set(RUNS)
    told = "\n".join(block for page in DOCUMENTS for block in blocks(prose(page)) if MEASURED.search(block))
    assert [run for run in RUNS if f"`{run}`" not in told] == []


def test_the_tests_that_hold_the_model_are_there() -> None:
    """Every file that a run names as holding the model to it is in the project."""
    for page in KINDS["runs"][1]:
        files = re.findall(r"tests/[\w./]+", dict(page.details)["held by"])
        assert files, page.name
        assert [file for file in files if not (ROOT / file.rstrip(".")).exists()] == []


def test_ah_with_options_is_not_measured_for_2003() -> None:
    """Rows of IP options over AH are derived: the AH that ran was the mended one; so is a RST after AH."""
    known_of = script("retest")._known_of  # noqa: SLF001 -- what the pages are written from
    for probe in ("record-route", "timestamp-option", "tcp-closed"):
        told = {
            case: known_of(Row(f"{probe} {case}", "", f"probe {probe}", case), "probes")
            for case in ("lo-esp", "ab-esp", "lo-ah", "lo-bundle")
        }
        assert {case: text.partition(":")[0] for case, text in told.items()} == {
            "lo-esp": "measured",
            "ab-esp": "measured",
            "lo-ah": "derived",
            "lo-bundle": "derived",
        }


def test_explain_says_what_measured_means() -> None:
    """The word's meaning is that of the table in fidelity.md, whose list of runs is generated."""
    text = (DOCS / "reference" / "fidelity.md").read_text(encoding="utf-8")
    assert f"{DEFINITION} {SURE['measured']} |" in text
    assert "runs" in [name for _whole, name in re.findall(r"(<!-- generated: (\w+) -->)", text)]
    assert GENERATED.search(text)
