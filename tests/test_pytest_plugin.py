"""The plugin for pytest: the fixture, golden traces as tests, and how little it costs who does not use it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.run import check
from tests.test_project import DEAR, ROOT, installed

pytest_plugins = ["pytester"]
EXAMPLES = ROOT / "docs" / "examples"
PLUGIN = "ipsec_lo_trace.pytest_plugin"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Make a project with the examples, which are text and golden trace, and this plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    shutil.copytree(EXAMPLES, pytester.path, dirs_exist_ok=True)
    (pytester.path / "test_lo0.py").unlink()
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest in the project; what is imported above is not loaded a second time, which ciphers refuse."""
    return project.runpytest_inprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def test_the_fixture_traces(project: pytest.Pytester) -> None:
    """``ipsec_trace`` runs a ping or the setup's probe, and a test that passes reports nothing of it."""
    project.makepyfile("""
        from ipsec_lo_trace import Setup

        def test_both(ipsec_trace):
            assert ipsec_trace(Setup()).verdict.outcome == "leak"
            assert ipsec_trace(Setup(probe="tcp-open", fix="strict")).run.probe == "tcp-open"
    """)
    done = run(project)
    done.assert_outcomes(passed=1)
    assert "ipsec_trace" not in done.stdout.str()


def test_a_failure_shows_its_traces(project: pytest.Pytester) -> None:
    """The report of a failed test has the timeline of each of its traces, and of no other test's."""
    project.makepyfile("""
        from ipsec_lo_trace import Setup

        def test_other(ipsec_trace):
            ipsec_trace(Setup(fix="strict"))

        def test_wrong(ipsec_trace):
            assert ipsec_trace(Setup(count=2)).verdict.outcome == "clean"
    """)
    done = run(project)
    done.assert_outcomes(passed=1, failed=1)
    assert done.stdout.str().count("- Captured ipsec_trace call -") == 1
    done.stdout.fnmatch_lines(
        ["*- Captured ipsec_trace call -*", "*NetBSD FAST_IPSEC of August 2003, not patched", "LEAK *"]
    )


def test_golden_traces_are_tests(project: pytest.Pytester) -> None:
    """With --ipsec-golden a golden trace is one test; other texts are none, and without it nothing is."""
    done = run(project, "--ipsec-golden", "-v")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(["site.txt::golden PASSED*"])
    assert run(project).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_golden_trace_that_is_not_met(project: pytest.Pytester) -> None:
    """The failure is told as ``check`` tells it: the line of the file, what came instead, how to rerun it."""
    site = project.path / "site.txt"
    site.write_text(site.read_text(encoding="utf-8").replace(" -> covered", " -> none", 1), encoding="utf-8")
    done = run(project, "--ipsec-golden")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "FAIL ping --patched -f two-addresses.conf*",
            "  *site.txt:5: minimal trace, line 3",
            "  rerun with *",
        ]
    )
    assert "Traceback" not in done.stdout.str()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# ipsec-lo-trace pong\nverdict leak\nreplies 1\n", "broken.txt:1: run: pong*"),
        ("# ipsec-lo-trace ping\n1 P1 ip_output\n", "broken.txt:2: the minimal trace has no verdict*"),
    ],
    ids=["no command", "no verdict"],
)
def test_a_golden_trace_that_cannot_be_run(text: str, told: str, project: pytest.Pytester) -> None:
    """A faulty file fails with its place and the reason, and no traceback."""
    (project.path / "broken.txt").write_text(text, encoding="utf-8")
    done = run(project, "--ipsec-golden", "broken.txt")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines([f"*{told}"])
    assert "Traceback" not in done.stdout.str()


def test_what_is_no_text_is_no_golden_trace(project: pytest.Pytester) -> None:
    """A file that ends in .txt and is not UTF-8 is left to others."""
    (project.path / "bytes.txt").write_bytes(b"# ipsec-lo-trace ping \xff\n")
    (project.path / "site.txt").unlink()
    assert run(project, "--ipsec-golden").ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.slow
def test_a_fault_of_ours_keeps_its_traceback(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no mistake of the file is shown as pytest shows any exception."""

    def broken(_wanted: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(check, "run_all", broken)
    done = run(project, "--ipsec-golden")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*ZeroDivisionError: ours"])


@pytest.mark.slow
def test_it_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    """To load the plugin imports neither click nor what the model needs."""
    code = f"import sys, {PLUGIN}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = done.stdout.split()
    assert "pytest" in loaded
    assert {"click", "msgspec", *DEAR}.isdisjoint(loaded)


def test_pytest_finds_it() -> None:
    """An installed package offers the plugin by its entry point; this project's own tests leave it out."""
    offered = {one.name: one.value for one in installed().entry_points if one.group == "pytest11"}
    assert offered == {"ipsec-lo-trace": PLUGIN}
    assert list(entry_points(group="pytest11", name="ipsec-lo-trace"))
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"-p", "no:ipsec-lo-trace"' in config
