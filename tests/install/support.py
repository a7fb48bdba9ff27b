"""A repository to install from, an environment with the tools to do so, and a shell that has little else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.test_project import ROOT

FENCED = re.compile(r"(?:<!-- tried: (\w+) -->\n)?```sh\n(.*?)```", re.DOTALL)
PRIVATE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "GITHUB_", "GIT_", "COV_", "PYTEST_", "CI")
"""How the variables begin that are of this run and not of the reader's machine."""


class Shell(NamedTuple):
    """Where commands run: an empty home, and the PATH of a machine with Python, git and the tools."""

    home: Path
    tools: Path

    def run(self, script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub's runners and CI servers do: it ends where a command fails."""
        environment = {name: text for name, text in os.environ.items() if not name.startswith(PRIVATE)}
        environment |= {
            "PATH": f"{self.home}/bin:{self.tools}/bin:/usr/local/bin:/usr/bin:/bin",
            "PIPX_HOME": f"{self.home}/pipx",
            "PIPX_BIN_DIR": f"{self.home}/bin",
            "UV_TOOL_DIR": f"{self.home}/uv",
            "UV_TOOL_BIN_DIR": f"{self.home}/bin",
            "UV_PYTHON": sys.executable,
            "PRE_COMMIT_HOME": f"{self.home}/pre-commit",
        }
        return subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=folder,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )


def tried(page: str) -> dict[str, str]:
    """Return the scripts of a page's shell blocks, by the names that say which are one; "" are not tried."""
    scripts: dict[str, str] = {}
    for name, block in FENCED.findall((ROOT / page).read_text(encoding="utf-8")):
        scripts[name] = scripts.get(name, "") + block
    return scripts
