"""Does what the documentation shows in Python run?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXAMPLE = DOCS / "examples" / "test_lo0.py"
PYTHON = re.compile(r"^```python\n((?:from|import) .*?)^```", re.DOTALL | re.MULTILINE)
SHOWN = [
    (page, number)
    for page in sorted(DOCS.rglob("*.md"))
    for number, block in enumerate(PYTHON.findall(page.read_text(encoding="utf-8")))
]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with this tree's package, far from this tree's settings for tests."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def outcome_of(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the example as its page says, in a folder of its own."""
    shutil.copy(DOCS / "examples" / "loopback.conf", folder)
    plugins = ("-p", "no:cacheprovider", "-p", "ipsec_lo_trace.pytest_plugin")
    return run("-m", "pytest", "-q", *plugins, EXAMPLE.name, cwd=folder)


@pytest.mark.slow
def test_the_example_passes(tmp_path: Path) -> None:
    """The module that a project may copy passes beside its configuration, and skips nothing."""
    shutil.copy(EXAMPLE, tmp_path)
    done = outcome_of(tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\d+ passed in", done.stdout, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ours", "failing"),
    [
        ("{}", "test_our_own_policy_holds"),
        ('{"icmp_reflect": "tags"}', "test_a_reset_is_protected"),
        ('{"looutput": "all"}', "test_what_the_flags_still_let_in"),
    ],
)
def test_the_example_can_fail(ours: str, failing: str, tmp_path: Path) -> None:
    """Under switches that do not do what the module asserts, the test that asserts it fails."""
    text = EXAMPLE.read_text(encoding="utf-8")
    changed = re.sub(r"^OURS = .*$", f"OURS: dict[str, str] = {ours}", text, flags=re.MULTILINE)
    assert changed != text
    (tmp_path / EXAMPLE.name).write_text(changed, encoding="utf-8")
    done = outcome_of(tmp_path)
    assert done.returncode == 1
    assert f"FAILED {EXAMPLE.name}::{failing}" in done.stdout


@pytest.mark.slow
def test_the_example_has_types(tmp_path: Path) -> None:
    """``mypy --strict`` has nothing to say about the example."""
    pytest.importorskip("mypy")
    done = run(
        *("-m", "mypy", "--strict", "--config-file", os.devnull, "--cache-dir", str(tmp_path)),
        str(EXAMPLE),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "number"), SHOWN, ids=[f"{page.relative_to(DOCS).as_posix()}-{number}" for page, number in SHOWN]
)
def test_shown_python_runs(page: Path, number: int, tmp_path: Path) -> None:
    """Each block of Python that begins with an import runs as a script of its own, beside the examples."""
    block = PYTHON.findall(page.read_text(encoding="utf-8"))[number]
    shutil.copytree(DOCS / "examples", tmp_path, dirs_exist_ok=True)
    (tmp_path / "shown.py").write_text(block, encoding="utf-8")
    done = run("shown.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_name_is_documented() -> None:
    """The page on the Python interface describes each name that the package offers."""
    import ipsec_lo_trace  # noqa: PLC0415 -- beside the scripts above, which run elsewhere

    text = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
    names = [name for name in ipsec_lo_trace.__all__ if not name.startswith("_")]
    assert [name for name in names if f"### {name}\n" not in text] == []
