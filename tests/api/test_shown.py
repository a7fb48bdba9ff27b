"""A trace in Python shows itself, can be read back, and the package says what it offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import ipsec_lo_trace
from ipsec_lo_trace import Setup, Trace, UserError, load, ping
from tests.cli.support import invoke


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Trace the run of the mail."""
    return ping(Setup())


def test_printed_it_is_the_timeline(trace: Trace) -> None:
    """print(trace) shows what the command line shows."""
    assert f"{trace}\n".encode() == invoke("ping", "--glyphs", "unicode").out


def test_a_notebook_shows_the_picture(trace: Trace) -> None:
    """Jupyter asks for HTML and gets the SVG that export writes."""
    shown = trace._repr_html_()
    assert f"{shown}\n".encode() == invoke("export", "@unpatched", "--to", "svg").out
    assert ET.fromstring(shown).tag.endswith("svg")  # noqa: S314 -- our own


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_a_stored_trace_is_read_back(trace: Trace, form: str, tmp_path: Path) -> None:
    """Load gives the records that were stored, and each row its packet's bytes."""
    path = tmp_path / f"a.{form}"
    assert invoke("ping", "-o", str(path)).code == 0
    read = load(path)
    assert (read.run.fix, read.steps, read.verdict) == (trace.run.fix, trace.steps, trace.verdict)
    assert [step.data for step in read.steps] == [step.data for step in trace.steps]
    assert str(read).splitlines()[1:] == str(trace).splitlines()[1:]


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    """Load says what is wrong with a file, and that there is none."""
    path = tmp_path / "a.txt"
    path.write_text("no trace\n")
    with pytest.raises(UserError, match=r"a\.txt:1"):
        load(path)
    with pytest.raises(UserError, match="cannot read"):
        load(tmp_path / "none")


def test_dir_names_what_the_package_offers() -> None:
    """Every name of the interface is there before it is used, and nothing else."""
    asked = "import ipsec_lo_trace; print(*dir(ipsec_lo_trace))"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert said.split() == sorted(ipsec_lo_trace.__all__)
    assert all(hasattr(ipsec_lo_trace, name) for name in said.split())
