"""The man pages: up to date, well formed, installed."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.cli.main import COMMANDS
from tests.cli.support import ROOT, invoke

DOCS = ROOT / "docs"
FILES = sorted((DOCS / "man").glob("*.1"))


def generator() -> Any:  # noqa: ANN401 -- the scripts beside the pages are no package with types
    """Import docs/man.py."""
    if str(DOCS) not in sys.path:
        sys.path.insert(0, str(DOCS))
    return importlib.import_module("man")


def test_pages_are_up_to_date() -> None:
    """The files are what ``python docs/generate.py`` would write now, one for each command and one more."""
    made = generator().pages()
    assert {path.name for path in made} == {path.name for path in FILES}
    assert len(made) == 1 + len(COMMANDS)
    for path, text in made.items():
        assert path.read_text(encoding="ascii") == text, path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_page_has_its_sections(path: Path) -> None:
    """A page has the usual sections in the usual order, and names a date nowhere."""
    sections = re.findall(r'^\.SH "?([A-Z ]+)"?$', path.read_text(encoding="ascii"), re.MULTILINE)
    assert sections[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert sections[-2:] == ["EXAMPLES", "SEE ALSO"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_page_has_every_option(name: str) -> None:
    """Each option that a command's --help shows has a paragraph in its page."""
    text = (DOCS / "man" / f"ipsec-lo-trace-{name}.1").read_text(encoding="ascii").replace("\\", "")
    options = re.findall(r"^  (-\S+?),? ", invoke(name, "--help").text, re.MULTILINE)
    assert options
    assert [option for option in options if f"\n.B {option}" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "linter",
    [["man", "--warnings=w", "-E", "ascii", "-l"], ["mandoc", "-Tlint", "-Wwarning"]],
    ids=["man", "mandoc"],
)
def test_pages_are_well_formed(linter: list[str]) -> None:
    """man(1) and mandoc(1), where installed, find nothing to warn of."""
    if shutil.which(linter[0]) is None:
        pytest.skip(f"{linter[0]} is not installed")
    for path in FILES:
        done = subprocess.run(
            [*linter, str(path)],
            env=os.environ | {"MANWIDTH": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        said = (
            [*done.stdout.splitlines(), *done.stderr.splitlines()]
            if linter[0] == "mandoc"
            else done.stderr.splitlines()
        )
        # The pages bear no date, so that they are the same on every day.
        assert [line for line in said if line and "missing date" not in line] == [], path.name


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_a_page() -> None:
    """man(1) shows the text, hyphens and all."""
    path = DOCS / "man" / "ipsec-lo-trace-why.1"
    done = subprocess.run(
        [shutil.which("man") or "man", "-E", "ascii", "-l", str(path)],
        env=os.environ | {"MANWIDTH": "80", "MANPAGER": "cat", "PAGER": "cat"},
        capture_output=True,
        text=True,
        check=False,
    )
    shown = re.sub(r".\x08", "", done.stdout)
    assert "--patched" in shown
    assert "ROW is a row's number" in " ".join(shown.split())


def test_pages_are_installed() -> None:
    """An installed distribution has the pages under share/man/man1."""
    try:
        files = {path.as_posix() for path in distribution("ipsec-lo-trace").files or ()}
    except PackageNotFoundError:
        pytest.skip("ipsec-lo-trace is not installed in this environment")
    if "ipsec_lo_trace/__init__.py" not in files:
        pytest.skip("installed for editing, which copies nothing")
    for path in FILES:
        assert any(name.endswith(f"share/man/man1/{path.name}") for name in files), path.name


def test_wheel_takes_the_pages() -> None:
    """The wheel is told to install docs/man as share/man/man1, and the folder holds nothing else."""
    assert '"docs/man" = "share/man/man1"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert {path.suffix for path in (DOCS / "man").iterdir()} == {".1"}
