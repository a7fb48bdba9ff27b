"""Does what the how-to page says about CI work as it stands there?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.check.support import passes
from tests.cli.support import ROOT, environment

DOCS = ROOT / "docs"
PAGE = DOCS / "how-to" / "smoke-test-in-ci.md"


def blocks(language: str) -> list[str]:
    """Return the page's fenced blocks of a language, but those that tests/install tries."""
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"(?<! -->\n)^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a folder with the page's files, and a program ``ipsec-lo-trace`` in ``bin``."""
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    program = tmp_path / "bin" / "ipsec-lo-trace"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ipsec_lo_trace "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's runner does: with ``sh -e``, and with CI set."""
    variables = environment(CI="true")
    variables["PATH"] = f"{folder / 'bin'}:{variables['PATH']}"
    command = ["/bin/sh", "-e", "-c", script]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("script", blocks("sh"))
def test_the_shell_scripts_run(script: str, project: Path) -> None:
    """Each script of the page exits 0 where the page's files are."""
    done = run(script, project)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_steps_run(project: Path) -> None:
    """Each step of a job that runs the program exits 0; tests/install tries the rest."""
    steps = re.findall(r"run: (ipsec-lo-trace .*)$", "".join(blocks("yaml")), re.MULTILINE)
    assert len(steps) == 3
    for step in steps:
        done = run(step, project)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_update_is_refused_in_ci_and_works_at_home(project: Path) -> None:
    """The command that the page gives for wanted changes does what the page says about it."""
    [text] = [block for block in blocks("text") if "--update" in block]
    step = text.splitlines()[0]
    before = (project / "site.txt").read_bytes()
    (project / "site.txt").write_bytes(before.replace(b": apply", b": skip", 1))
    assert run(step, project).returncode == 2
    assert run(f"unset CI; {step}", project).returncode == 0
    assert (project / "site.txt").read_bytes() == before


def test_the_examples_pass() -> None:
    """The check files beside the pages hold, but the one that shows a failure."""
    passes(DOCS / "examples" / "site.toml", DOCS / "examples" / "site.txt")


@pytest.mark.parametrize(
    "page", [PAGE, DOCS / "reference" / "check-files.md"], ids=lambda page: str(page.name)
)
def test_what_is_shown_is_what_is_run(page: Path) -> None:
    """The TOML and the golden trace that the pages print are in the files that they run."""
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert shown
    for each in shown:
        assert each in (DOCS / "examples" / "site.toml").read_text(encoding="utf-8")
    for head, tail in re.findall(r"^```text\n(# .*?)\.\.\.\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        golden = (DOCS / "examples" / "site.txt").read_text(encoding="utf-8")
        assert golden.startswith(head)
        assert golden.endswith(tail)
