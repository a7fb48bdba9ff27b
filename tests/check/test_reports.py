"""The forms in which checks report."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ipsec_lo_trace.cli.checking.model import Mismatch
from ipsec_lo_trace.cli.junit import printable
from tests.check.junit import validate
from tests.check.support import ONE, SMOKE, WRONG, check, passes, toml, written
from tests.cli.support import assert_refused, spawn

NASTY = {
    "percent": "100%",
    "property": "a,b:c=d",
    "newline": "a\nb\r\nc",
    "command": "x\n::error file=b::c",
    "old command": "##[error]x",
    "control": "\x00\x1b[31m\x7f\x85",
    "markup": '<a href="b">&amp;</a> ]]> \'',
    "other scripts": "\u00e9 \u6f22 \U0001f600 \u202e \uffff",
}
"""Names for a check that could be taken for something else."""


def unescaped(text: str) -> str:
    """Read what GitHub's runner reads."""
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def commands(lines: list[str]) -> list[str]:
    """Return the lines that GitHub's runner takes for commands, of the new form or the old."""
    return [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def nasty(folder: Path, name: str, text: str = WRONG) -> Path:
    """Write a check with a nasty name."""
    table = {"name": NASTY[name], "run": "ping --unpatched", "outcome": "leak" if text == ONE else "clean"}
    return written(folder, toml(table).replace("\\ud83d\\ude00", "\\U0001f600"))


def test_text_ends_with_the_sum(tmp_path: Path) -> None:
    """One line for a check that passed; place, both values and row for one that failed; the sum last."""
    done = check(written(tmp_path, ONE), written(tmp_path, WRONG, "b.toml"))
    assert done.code == 1
    assert done.lines == [
        "PASS one",
        "FAIL one",
        f"  {tmp_path}/b.toml:4: outcome",
        "    expected clean",
        "    got      leak",
        done.lines[5],
        "  rerun with ipsec-lo-trace ping --unpatched",
        "1 passed, 1 failed",
    ]
    assert done.lines[5].startswith("    row 19   looutput P2: ") or "ip_output P2" in done.lines[5]


@pytest.mark.parametrize("name", NASTY)
def test_text_is_safe_for_terminals(name: str, tmp_path: Path) -> None:
    """Whatever a check is called, its line is one line of printable ASCII."""
    done = check(nasty(tmp_path, name))
    assert done.code == 1
    assert done.text.replace("\n", "").isprintable()
    assert len(done.lines) == 7


def test_junit_of_the_smoke_set_is_valid() -> None:
    """A suite with a case for each check, none failed; the same bytes each time."""
    done = passes("--format", "junit")
    root = ET.fromstring(done.out)  # noqa: S314 -- our own
    validate(root)
    assert [case.attrib["name"] for case in root.iter("testcase")] == [table["name"] for table in SMOKE]
    assert list(root.iter("failure")) == []
    assert passes("--format", "junit").out == done.out


def test_junit_has_a_suite_for_each_file(tmp_path: Path) -> None:
    """Files are suites in order, and failures have the place, both values and the row."""
    files = [written(tmp_path, ONE), written(tmp_path, ONE + WRONG.replace("one", "two"), "b.toml")]
    done = check("--format", "junit", *files)
    assert done.code == 1
    root = ET.fromstring(done.out)  # noqa: S314 -- our own
    validate(root)
    assert [suite.attrib["name"] for suite in root] == [str(file) for file in files]
    assert [suite.attrib["failures"] for suite in root] == ["0", "1"]
    [failure] = root.iter("failure")
    assert failure.attrib["message"] == "outcome: expected clean, got leak"
    assert failure.text
    assert failure.text.startswith(f"{files[1]}:8: outcome\n  expected clean\n  got      leak\n  row ")


@pytest.mark.parametrize("name", NASTY)
def test_junit_holds_any_name(name: str, tmp_path: Path) -> None:
    """Markup is escaped, what XML cannot hold is shown as an escape, and nothing else is changed."""
    for text in (ONE, WRONG):
        root = ET.fromstring(check("--format", "junit", nasty(tmp_path, name, text)).out)  # noqa: S314 -- our own
        validate(root)
        [case] = root.iter("testcase")
        assert case.attrib["name"] == printable(NASTY[name])


def test_junit_goes_to_a_file(tmp_path: Path) -> None:
    """With -o the report is in the file, also when a check failed, and nothing on standard output."""
    report = tmp_path / "report.xml"
    done = check("--format", "junit", "-o", report, written(tmp_path, WRONG))
    assert (done.code, done.out, done.err) == (1, b"", "")
    validate(ET.parse(report).getroot())  # noqa: S314 -- our own


def test_github_annotates_the_first_failure_only(tmp_path: Path) -> None:
    """However many checks fail there is one annotation, and the text with its sum comes after it."""
    path = written(tmp_path, ONE + WRONG.replace("one", "two") + WRONG.replace("one", "three"))
    done = check("--format", "github", path)
    text = check(path)
    assert (done.code, text.code) == (1, 1)
    assert commands(done.lines) == done.lines[:1]
    assert done.lines[1:] == text.lines
    head, message = done.lines[0].removeprefix("::error ").split("::")
    assert head == f"file={path},line=8,title=check failed%3A two"
    assert unescaped(message).startswith(f"{path}:8: outcome\n  expected clean\n  got      leak\n  row ")


def test_github_without_a_failure_is_text() -> None:
    """If all pass there is no annotation."""
    assert passes("--format", "github").out == passes().out


@pytest.mark.parametrize("name", NASTY)
def test_github_escapes(name: str, tmp_path: Path) -> None:
    """Whatever a check is called there is one annotation of one line, whose title reads as the name."""
    path = nasty(tmp_path, name)
    done = check("--format", "github", path)
    assert len(commands(done.lines)) == 1
    assert done.lines[0].count("::") == 2
    properties = done.lines[0].removeprefix("::error ").split("::")[0]
    file, line, title = (each.partition("=")[2] for each in properties.split(","))
    assert (unescaped(file), line) == (str(path), "4")
    shown = printable(NASTY[name]).replace("##[", "#\\x23[")
    assert unescaped(title) == f"check failed: {shown}".encode("ascii", "backslashreplace").decode()


def test_github_escapes_a_file_s_name(tmp_path: Path) -> None:
    """A colon, a comma and a percent sign in a path are escaped too."""
    path = written(tmp_path, WRONG, "a,b:100%.toml")
    done = check("--format", "github", path)
    assert "/a%2Cb%3A100%25.toml,line=4,title=" in done.lines[0]
    assert "::" + str(path).replace("%", "%25") + ":4: outcome%0A" in done.lines[0]


@pytest.mark.slow
def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    """A path with bytes that are no UTF-8 breaks no report."""
    path = written(tmp_path, WRONG, os.fsdecode(b"\xff.toml"))
    for form in ("text", "github", "junit"):
        done = spawn("check", "--format", form, path.name, cwd=tmp_path)
        assert done.code == 1, done
        assert "udcff.toml" in done.text
    validate(ET.fromstring(done.out))  # noqa: S314 -- our own


def test_unknown_forms_are_refused() -> None:
    """--format takes one of three."""
    assert_refused(check("--format", "xml"), "xml is not one of text, junit, github")


def test_a_mismatch_has_all_that_is_shown() -> None:
    """No report needs more than the record of a mismatch."""
    assert {"file", "line", "row", "event", "what", "expected", "got"} == set(Mismatch.__struct_fields__)
