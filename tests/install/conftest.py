"""One repository and one environment with tools for all tests of installing, and a home for each."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.install.support import Shell
from tests.test_project import ROOT, tracked_files

TOOLS = ("pipx", "pre-commit", "uv")
GIT = (
    "git",
    "-c",
    "user.name=Nobody",
    "-c",
    "user.email=nobody@example.org",
    "-c",
    "init.defaultBranch=main",
)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commit this tree as it is now to a git repository of its own."""
    folder = tmp_path_factory.mktemp("repository")
    for path in tracked_files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Make a folder a git repository of one commit."""
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "as it is"]):
        subprocess.run([*GIT, *arguments], cwd=folder, check=True)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment with the tools; skip where no package index can be reached."""
    tools = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    done = subprocess.run(
        [tools / "bin" / "pip", "install", "-q", *TOOLS], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("installing: no package index can be reached")
    return tools


@pytest.fixture
def shell(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a test a shell, whose home is empty."""
    return Shell(tmp_path_factory.mktemp("home"), tools)
