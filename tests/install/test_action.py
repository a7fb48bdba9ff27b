"""The GitHub action, its steps run in bash as a runner would: inputs, environment, summary, output."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.install.support import Shell
from tests.test_project import ROOT

EXAMPLES = ROOT / "docs" / "examples"
HERE = Path(".github/actions/check")
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")
pytestmark = [pytest.mark.interop, pytest.mark.slow]


INSTALLS, CHECKS = slice(0, 1), slice(1, None)
"""The action's steps: to install, which every test shares, and those after it."""


class Ran(NamedTuple):
    """What a runner has when the action is over."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]


class Runner(NamedTuple):
    """A runner, as far as the action needs one."""

    shell: Shell
    action: Path
    temp: Path
    steps: list[dict[str, Any]]
    defaults: dict[str, str]

    def use(self, workspace: Path, steps: slice = CHECKS, **inputs: str) -> Ran:
        """Run steps of the action with these inputs, until one fails."""
        values = {f"inputs.{name}": text for name, text in (self.defaults | inputs).items()}
        files = {name: self.temp / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        given = {name: str(file) for name, file in files.items()}
        given |= {"RUNNER_TEMP": str(self.temp), "GITHUB_ACTION_PATH": str(self.action)}
        log, code = "", 0
        for step in self.steps[steps]:
            assert step["shell"] == "bash"
            assert not EXPRESSION.search(step["run"])  # an input is data, and never part of a script
            own = {
                name: EXPRESSION.sub(lambda found: values[found[1]], text)
                for name, text in step.get("env", {}).items()
            }
            done: subprocess.CompletedProcess[str] = self.shell.run(step["run"], workspace, **given, **own)
            log, code = log + done.stdout + done.stderr, done.returncode
            if code:
                break
        summary, told = (file.read_text(encoding="utf-8") for file in files.values())
        return Ran(code, log, summary, dict(line.split("=", 1) for line in told.splitlines()))


def read_yaml(shell: Shell, text: str, folder: Path) -> Any:  # noqa: ANN401 -- whatever the text has
    """Read a YAML text with a real reader, which is among the tools."""
    (folder / "text.yml").write_text(text, encoding="utf-8")
    reader = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    done = shell.run(f"python3 -c '{reader}' <text.yml", folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def runner(repository: Path, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Read the action from the repository that a workflow names, and let it install the program."""
    action, temp = repository / HERE, tmp_path_factory.mktemp("runner")
    shell = Shell(temp, tools)
    read = read_yaml(shell, (action / "action.yml").read_text(encoding="utf-8"), temp)
    assert read["runs"]["using"] == "composite"
    assert read["outputs"]["exit-code"]["value"] == "${{ steps.check.outputs.exit-code }}"
    assert [step.get("id") for step in read["runs"]["steps"]] == [None, "check"]
    defaults = {name: one["default"] for name, one in read["inputs"].items()}
    made = Runner(shell, action, temp, read["runs"]["steps"], defaults)
    installed = made.use(temp, INSTALLS)
    assert installed.code == 0, installed.log
    return made


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a checkout of another project, which has check files; installing it would fail."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pyproject.toml").write_text("not a project", encoding="utf-8")
    return tmp_path


def test_checks_that_are_met(runner: Runner, workspace: Path) -> None:
    """Check files of the caller's checkout pass, one a line; the summary has the report."""
    ran = runner.use(workspace, files="site.toml\nsite.txt\n")
    assert (ran.code, ran.outputs) == (0, {"exit-code": "0"})
    assert "PASS both directions are protected\n" in ran.summary
    assert "\n4 passed, 0 failed\n" in ran.summary


def test_a_check_that_is_not_met(runner: Runner, workspace: Path) -> None:
    """The job fails, the log has the annotation, and the summary the report without it."""
    ran = runner.use(workspace, files="site.toml\nwrong.toml\n")
    assert (ran.code, ran.outputs) == (1, {"exit-code": "1"})
    assert "::error file=wrong.toml,line=4," in ran.log
    assert "FAIL two echoes are protected\n" in ran.summary
    assert "::error" not in ran.summary


def test_a_file_that_is_not_there(runner: Runner, workspace: Path) -> None:
    """The exit code 2 comes through, and the summary says why."""
    ran = runner.use(workspace, files="no such file.toml")
    assert (ran.code, ran.outputs) == (2, {"exit-code": "2"})
    assert "no such file.toml" in ran.summary


def test_no_files(runner: Runner, workspace: Path) -> None:
    """Without files the program's smoke set runs; a file's name that is a command does not."""
    assert "\n14 passed, 0 failed\n" in runner.use(workspace).summary
    assert runner.use(workspace, files="$(touch made)").code == 2
    assert not (workspace / "made").exists()


def test_the_page_s_workflow(runner: Runner, workspace: Path) -> None:
    """Each use of the action in the how-to page's job gives inputs that it has, and passes."""
    page = (ROOT / "docs" / "how-to" / "smoke-test-in-ci.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```yaml\n(name: (?:(?!```).)*?actions/check@.*?)```", page, re.DOTALL)
    steps = read_yaml(runner.shell, block, runner.temp)["jobs"]["check"]["steps"]
    uses = [step.get("with", {}) for step in steps if f"/{HERE}@" in step["uses"]]
    assert len(uses) == 2
    for inputs in uses:
        assert inputs.keys() <= runner.defaults.keys()
        assert runner.use(workspace, **inputs).code == 0
