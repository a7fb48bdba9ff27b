"""Do the ways to install work, from another directory, as the pages have them?"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

import ipsec_lo_trace
from tests.install.conftest import commit
from tests.install.support import Shell, tried
from tests.test_project import ROOT

INSTALL, SERVER = "docs/how-to/install.md", "docs/how-to/smoke-test-in-ci.md"
EXAMPLES = ROOT / "docs" / "examples"
ALL_PASSED = re.compile(r"^\d+ passed, 0 failed$", re.MULTILINE)
pytestmark = [pytest.mark.interop, pytest.mark.slow]


def of(repository: Path, script: str) -> str:
    """Put the repository where a page says what the reader has to replace."""
    return script.replace("GIT_URL@COMMIT", "GIT_URL@main").replace("GIT_URL", repository.as_uri())


@pytest.mark.parametrize("way", ["git", "pipx", "uv", "wheel"])
def test_a_way_to_install_works(way: str, repository: Path, shell: Shell, tmp_path: Path) -> None:
    """What the page says, from an empty folder, installs a program that passes its own check."""
    done = shell.run(of(repository, tried(INSTALL)[way]), tmp_path)
    assert done.returncode == 0, done.stderr
    assert ALL_PASSED.search(done.stdout), done.stdout


def test_uvx_runs_it(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """Without installing it for good, uvx shows the bug."""
    done = shell.run(of(repository, tried(INSTALL)["uvx"]), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "LEAK (stale-out-done)" in done.stdout


def test_every_shown_way_is_tried() -> None:
    """Each block of commands on the page is one of those above."""
    assert tried(INSTALL).keys() == {"git", "pipx", "uv", "uvx", "wheel"}


def test_a_server_runs_check_files(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """The lines for any CI server install one commit and run the check files of the reader's checkout."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    done = shell.run(of(repository, tried(SERVER)["server"]), tmp_path)
    assert done.returncode == 0, done.stderr
    assert ALL_PASSED.search(done.stdout), done.stdout


def test_pytest_finds_the_plugin(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """Installed beside pytest, the fixture and --ipsec-golden are there without a word of configuration."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    done = shell.run(of(repository, tried("docs/how-to/assert-in-your-own-tests.md")["pytest"]), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    alone, golden = map(int, re.findall(r"^=+ (\d+) passed in ", done.stdout, re.MULTILINE))
    assert golden == alone + 1


def test_the_package_is_what_a_release_needs(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """The sdist and the wheel pass ``twine check --strict``, and each works in an empty environment."""
    shutil.copytree(repository, tmp_path / "tree")
    version = ipsec_lo_trace.__version__
    done = shell.run(f"bash .ci/package {version}", tmp_path / "tree")
    assert done.returncode == 0, done.stdout + done.stderr
    checked = [line for line in done.stdout.splitlines() if line.startswith("Checking ")]
    assert len(checked) == len(["wheel", "sdist"])
    assert all("PASSED" in line for line in checked)
    assert len(ALL_PASSED.findall(done.stdout)) == len(["wheel", "sdist"])


def test_the_hook_runs(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """With the page's configuration pre-commit passes the examples, and fails once one is not met."""
    text = (ROOT / SERVER).read_text(encoding="utf-8")
    [block] = re.findall(r"```yaml\n(repos:\n.*?)```", text, re.DOTALL)
    url = block.replace("GIT_URL", repository.as_uri()).replace("COMMIT", "main")
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / ".pre-commit-config.yaml").write_text(url, encoding="utf-8")
    commit(tmp_path)
    done = shell.run("pre-commit run --all-files", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ipsec-lo-trace check" in done.stdout
    site = tmp_path / "site.toml"
    site.write_text(site.read_text(encoding="utf-8").replace('"clean"', '"leak"', 1), encoding="utf-8")
    done = shell.run("pre-commit run --all-files", tmp_path)
    assert done.returncode == 1
    assert "FAIL both directions are protected" in done.stdout


INSTRUCTION = re.compile(r"^([A-Z]+) (.*)$", re.MULTILINE)


def test_the_container_is_made_of_what_is_there(repository: Path, shell: Shell, tmp_path: Path) -> None:
    """What the Containerfile copies is there, what it runs works, what it starts is ours."""
    text = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")
    found = dict(INSTRUCTION.findall(text))
    assert [*found] == ["FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"]
    [python] = re.findall(r"^docker\.io/library/python:(3\.\d+)-slim$", found["FROM"])
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"Python :: {python}" in config
    built = of(repository, tried(INSTALL)["wheel"].splitlines()[0])
    pattern, target = found["COPY"].split()
    inside = tmp_path / "inside"
    steps = [
        built,
        f"python3 -m venv {tmp_path}/container",
        f"mkdir -p {inside}{target} && cp wheels/{pattern} {inside}{target}",
        f"PATH={tmp_path}/container/bin:$PATH",
        found["RUN"].replace("/tmp/", f"{inside}/tmp/"),  # noqa: S108 -- the image's
        " ".join([*json.loads(found["ENTRYPOINT"]), "check"]),
    ]
    done = shell.run("\n".join(steps), tmp_path)
    assert done.returncode == 0, done.stderr
    assert ALL_PASSED.search(done.stdout)
    assert not (inside / "tmp" / "wheel").exists()
