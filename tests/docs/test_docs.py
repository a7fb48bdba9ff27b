"""Do the documentation's words still fit the code?"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.cli.commands.help import TOPICS
from ipsec_lo_trace.cli.exits import EXIT_TROUBLE
from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from ipsec_lo_trace.matrix import run
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.pages.index import KINDS
from ipsec_lo_trace.render.store import schema_text
from ipsec_lo_trace.setkey.load import load
from tests.matrix.support import run_row_once

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
DOORS = sorted((ROOT / ".github").glob("*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^(?:\$ )?(ipsec-lo-trace .*)$", re.MULTILINE)
CONSOLE = re.compile(r"^```console$", re.MULTILINE)
GENERATED = re.compile(rf"<!-- generated: |{CONSOLE.pattern}", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
RUN_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/ipsec-lo-trace ping --unpatched"
)
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -q '.[test]' && .venv/bin/python -m pytest"


@pytest.fixture(autouse=True)
def _each_cell_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pages show parts of the matrix, and one command of theirs fills it."""
    monkeypatch.setattr(run, "run_row", run_row_once)


def script(name: str) -> Any:  # noqa: ANN401 -- the scripts beside the pages are no package with types
    """Import a script of docs/."""
    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    return importlib.import_module(name)


def name_of(page: Path) -> str:
    """Name a page in a test's id."""
    return page.relative_to(ROOT).as_posix()


def pages_with(pattern: re.Pattern[str]) -> list[Path]:
    """List the pages in which something is to be tested."""
    return [page for page in PAGES if pattern.search(page.read_text(encoding="utf-8"))]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def made_anew(page: Path) -> tuple[str, list[tuple[str, int]]]:
    """Make a page's generated parts, once; return the page, and the lines that were run with their codes."""
    console = script("console")
    ran: list[tuple[str, int]] = []

    def run(line: str, folder: Path) -> tuple[int, str]:
        code, printed = real(line, folder)
        ran.append((line, code))
        return code, printed

    real, console.run = console.run, run
    try:
        return script("generate").regenerated(page.read_text(encoding="utf-8")), ran
    finally:
        console.run = real


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(GENERATED), ids=name_of)
def test_generated_parts_are_up_to_date(page: Path) -> None:
    """What a page takes from the code is what ``python docs/generate.py`` would write now."""
    assert made_anew(page)[0] == page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(CONSOLE), ids=name_of)
def test_failures_are_announced(page: Path) -> None:
    """A command in a console block that exits other than 0 is followed by its exit code."""
    blocks = [
        block for language, block in FENCE.findall(page.read_text(encoding="utf-8")) if language == "console"
    ]
    typed = [re.findall(r"^\$ (.*)$", block, re.MULTILINE) for block in blocks]
    assert all(typed)
    pairs = [pair for lines in typed for pair in zip(lines, [*lines[1:], ""], strict=True)]
    expected = [
        (line, 0)
        for line, following in pairs
        if line.startswith("ipsec-lo-trace ") and following != "echo $?"
    ]
    assert [one for one in expected if one not in made_anew(page)[1]] == []


def test_schema_is_up_to_date() -> None:
    """The JSON Schema in the documentation is that of the records."""
    assert script("generate").SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_records_fit_the_schema(tmp_path: Path) -> None:
    """Every record of a trace validates against the JSON Schema in the documentation."""
    printed = script("console").run("ipsec-lo-trace ping --format jsonl", tmp_path)[1]
    schema = json.loads((DOCS / "reference" / "trace.schema.json").read_text(encoding="utf-8"))
    validator: Any = importlib.import_module("jsonschema").Draft202012Validator(schema)
    for line in printed.splitlines():
        validator.validate(json.loads(line))


def test_check_finds_what_is_out_of_date(tmp_path: Path) -> None:
    """A generated block that was changed by hand is made anew, and other words are left alone."""
    page = "words <!-- generated: outcomes -->\nwrong\n<!-- end --> words"
    made = script("generate").regenerated(page)
    assert "wrong" not in made
    assert "| `panic` |" in made
    assert made.startswith("words <!--")
    assert made.endswith("--> words")
    assert script("console").run("ipsec-lo-trace ping -f none.conf", tmp_path)[0] == EXIT_TROUBLE


def shown_commands() -> list[str]:
    """List the command lines that pages tell the reader to type, but those whose output they show."""
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    blocks = [block for text in texts for language, block in FENCE.findall(text) if language == "sh"]
    return list(dict.fromkeys(command for block in blocks for command in COMMAND.findall(block)))


def listed_commands() -> list[str]:
    """List the command lines of the README's table."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"\| `(ipsec-lo-trace [^`]*)` \|", text)


@pytest.mark.slow
@pytest.mark.parametrize("command", shown_commands())
def test_shown_commands_run(command: str, tmp_path: Path) -> None:
    """Each command that a page tells the reader to type exits 0."""
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    shutil.copy(DOCS / "examples" / "two-addresses.conf", tmp_path / "my.conf")
    code, printed = script("console").run(command, tmp_path)
    assert code == 0, printed


@pytest.mark.slow
@pytest.mark.parametrize("command", listed_commands())
def test_the_readme_s_table_works_as_it_stands(command: str, tmp_path: Path) -> None:
    """Each command of the README's table exits 0 in a folder that has a clone's examples and nothing else."""
    shutil.copytree(DOCS / "examples", tmp_path / "docs" / "examples")
    code, printed = script("console").run(command, tmp_path)
    assert code == 0, printed


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub does."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*pages_with(LINK), *DOORS], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and a heading that is in it."""
    for link in LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize(
    "page", [DOCS / "explanation" / "architecture.md", ROOT / ".github" / "CONTRIBUTING.md"], ids=name_of
)
def test_named_files_are_there(page: Path) -> None:
    """Each path of this tree that the page names exists; NAME stands for any name."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?<![\w./])((?:ipsec_lo_trace|tests|docs|\.ci|\.github)/[\w./-]*)", text)
    assert named
    assert [path for path in named if not any(ROOT.glob(path.rstrip("/.").replace("NAME", "*")))] == []


def test_index_names_every_page() -> None:
    """docs/README.md links to each page, so none is an orphan."""
    index = DOCS / "README.md"
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(prose(index))}
    assert set(PAGES[1:]) - {index} <= linked


@pytest.mark.parametrize(("mark", "command"), [("ci:run", RUN_COMMAND), ("ci:test", TEST_COMMAND)])
def test_readme_has_its_two_commands(mark: str, command: str) -> None:
    """Behind each marking comment stands a fenced block of exactly one command, on the first screen."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(rf"<!-- {mark} -->\n```\w*\n(.*?)\n```", text, re.DOTALL)
    assert block == command
    assert text[: text.index(block)].count("\n") < 25


def test_every_stage_is_described() -> None:
    """stages.md has a heading for each linked stage, and each docstring has a source and marks."""
    text = (DOCS / "reference" / "stages.md").read_text(encoding="utf-8")
    for name, stage in link_table().items():
        assert f"#### {name}\n" in text
        doc = inspect.getdoc(stage.function) or ""
        assert "Source: " in doc, name
        assert "Marks: " in doc, name


def test_every_transfer_is_known() -> None:
    """Each hand-off that a stage declares has a transfer in the documentation."""
    for stage in link_table().values():
        found = script("from_source").transfers(stage)
        assert found.keys() == stage.may_reach
        assert all(found.values()), stage.symbol.name


def test_every_code_is_listed() -> None:
    """codes.md lists each outcome, code and question."""
    text = (DOCS / "reference" / "codes.md").read_text(encoding="utf-8")
    assert [name for name in (*OUTCOMES, *CODES, *QUESTIONS) if f"| `{name}` |" not in text] == []


def test_every_decision_has_status_and_date() -> None:
    """Each record begins with its file's number, a title, a status that is known, and a date."""
    files = sorted((DOCS / "explanation" / "decisions").glob("[0-9]*.md"))
    found = list(script("decisions").decisions())
    assert [each.file for each in found] == [file.name for file in files]
    assert all(each.file.startswith(f"{int(each.number):04}-") for each in found)
    known = {each.number for each in found}
    assert len(known) == len(files) > 0
    for each in found:
        later = re.fullmatch(r"superseded by (\d+)", each.status)
        assert each.status in ("proposed", "accepted", "rejected") or (later and later[1] in known), each.file


def test_every_room_is_described() -> None:
    """architecture.md has each folder and file of the package as a room, with its words."""
    text = (DOCS / "explanation" / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "ipsec_lo_trace"
    names = {path.parent.name for path in package.glob("*/__init__.py")}
    names |= {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    assert {
        room for room, words in re.findall(r"^\| \d+ \| `(\w+)` \| (.+) \|$", text, re.MULTILINE) if words
    } == names


def test_every_fix_probe_and_case_is_listed() -> None:
    """fixes.md lists each fix, switch, probe and case that there is."""
    text = (DOCS / "reference" / "fixes.md").read_text(encoding="utf-8")
    names = [page.name for kind in ("fixes", "knobs", "probes", "cases") for page in KINDS[kind][1]]
    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_every_field_is_explained() -> None:
    """No field of a record is without a meaning in trace.md."""
    text = (DOCS / "reference" / "trace.md").read_text(encoding="utf-8")
    assert "| ? |" not in text


def test_every_exit_code_is_listed() -> None:
    """cli.md lists each exit code that the program has."""
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    codes = [code for code, _meaning in TOPICS["exit-codes"].rows]
    assert [code for code in codes if not re.search(rf"^\| {code} \|", text, re.MULTILINE)] == []


def test_example_files_are_read() -> None:
    """Each example file is a configuration, but the one that shows a mistake."""
    for path in sorted((DOCS / "examples").glob("*.conf")):
        if path.stem != "mistake":
            assert load(path.read_text(encoding="utf-8"), path.name).db.sahtree


def test_tutorial_shows_the_file_that_it_uses() -> None:
    """The configuration printed in the tutorial is the example file that its command reads."""
    text = (DOCS / "tutorial" / "first-trace.md").read_text(encoding="utf-8")
    example = (DOCS / "examples" / "two-addresses.conf").read_text(encoding="utf-8")
    assert example.partition("\n")[2].strip() in text


def test_no_page_names_a_machine() -> None:
    """No page and no script beside them has a path of the machine that it was written on."""
    machine = re.compile(r"/(?:work|home|root|Users|tmp)/")
    scripts = sorted(DOCS.rglob("*.py"))
    assert scripts
    assert [
        name_of(page) for page in PAGES + scripts if machine.search(page.read_text(encoding="utf-8"))
    ] == []
