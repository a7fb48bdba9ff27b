"""Shell completion: what is offered, what it loads, and whether a real shell gets it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.main import COMMANDS, COMPLETE_VARIABLE
from tests.cli.support import COMMAND, ROOT, environment, invoke

SHELLS = ["bash", "zsh", "fish"]
DEAR = ("scapy", "rich", "cryptography", "hypothesis")


def offered(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Return what bash is offered for the last of these words."""
    monkeypatch.setenv(COMPLETE_VARIABLE, "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(["ipsec-lo-trace", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    done = invoke()
    assert (done.code, done.err) == (0, "")
    return [line.partition(",")[2] for line in done.lines if line]


def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first word is completed to the commands."""
    assert sorted(offered(monkeypatch, "")) == sorted(COMMANDS)
    assert offered(monkeypatch, "expl") == ["explain"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ping", "--mo"], ["--mode"]),
        (["ping", "--mode", ""], ["transport", "tunnel"]),
        (["why", "18", "--format", ""], ["text", "json"]),
        (["explain", "OUT_D"], ["OUT_DONE"]),
        (
            ["explain", "packet_tag_ipsec_o"],
            ["PACKET_TAG_IPSEC_OUT_DONE", "PACKET_TAG_IPSEC_OUT_CRYPTO_NEEDED"],
        ),
        (["list", "co"], ["counters", "codes"]),
        (["probe", "tcp"], ["tcp-closed", "tcp-open"]),
        (["ping", "--case", "lo-esp"], ["lo-esp", "lo-esp-icmp", "lo-esp-tunnel"]),
        (["probe", "tcp-closed", "--fix", "netbsd-20"], ["netbsd-2003-08", "netbsd-2015"]),
        (["matrix", "--columns", "open"], ["openbsd-2002", "openbsd-now"]),
        (["help", "exi"], ["exit-codes"]),
        (["learn", "ca"], ["cause", "capture"]),
        (["ping", "-q", "--pat"], ["--patched", "--pattern"]),
    ],
)
def test_words(words: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Options, choices, names, kinds and topics are completed."""
    assert offered(monkeypatch, *words) == expected


@pytest.mark.parametrize("words", [["ping", "-f", "my"], ["ping", "-o", "my"], ["schema", "-o", "my"]])
def test_files_are_the_shell_s_business(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a file's name, the shell is told to complete files."""
    assert offered(monkeypatch, *words) == ["my"]
    assert invoke().lines == ["file,my"]


@pytest.mark.parametrize(
    "words", [["list", "nonsense"], ["explain", "nonsense"], ["ping", "--no-such-option", "x"]]
)
def test_nothing_to_offer(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing fits nothing is offered, and no error is shown in the middle of a prompt."""
    assert offered(monkeypatch, *words) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_source(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shell gets a script that asks the program under its name."""
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    monkeypatch.setenv(COMPLETE_VARIABLE, f"{shell}_source")
    done = invoke()
    assert (done.code, done.err) == (0, "")
    assert f"{COMPLETE_VARIABLE}={shell}_complete" in done.text
    assert "ipsec-lo-trace" in done.text


def test_an_unknown_shell_is_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instruction that nobody knows fails, as in click, without a word in the middle of a prompt."""
    monkeypatch.setenv(COMPLETE_VARIABLE, "csh_source")
    done = invoke()
    assert done.code != 0
    assert done.out == b""


@pytest.mark.slow
@pytest.mark.parametrize("words", ["", "ping --", "explain OUT", "list ", "why 1 --", "probe "])
def test_completing_loads_nothing_dear(words: str) -> None:
    """A completion imports neither scapy nor rich nor cryptography."""
    variables = {
        COMPLETE_VARIABLE: "bash_complete",
        "COMP_WORDS": f"ipsec-lo-trace {words}",
        "COMP_CWORD": str(len(f"{words}|".split())),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:]],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint(DEAR)


def program(folder: Path) -> Path:
    """Put a program of this name into a folder, which runs this tree's command line."""
    path = folder / "ipsec-lo-trace"
    path.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n', encoding="ascii")
    path.chmod(0o755)
    return path


def in_shell(shell: str, folder: Path, script: str) -> list[str]:
    """Run a script in a real shell in which the program is on the PATH; give its lines."""
    program(folder)
    found = environment(PATH=f"{folder}:{environment()['PATH']}", HOME=str(folder))
    done = subprocess.run(
        [shutil.which(shell) or shell, "-c", script],
        cwd=folder,
        env=found,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_real_bash(tmp_path: Path) -> None:
    """In a real bash, the function that is set up offers the tags for ``explain OUT``."""
    script = (
        f'eval "$({COMPLETE_VARIABLE}=bash_source ipsec-lo-trace)" &&'
        " complete -p ipsec-lo-trace >/dev/null && COMP_WORDS=(ipsec-lo-trace explain OUT_) COMP_CWORD=2 &&"
        ' _ipsec_lo_trace_completion ipsec-lo-trace; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert in_shell("bash", tmp_path, script) == ["OUT_DONE", "OUT_CRYPTO_NEEDED"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_real_zsh(tmp_path: Path) -> None:
    """A real zsh takes the script, and registers its function."""
    script = (
        "autoload -Uz compinit && compinit -u -d zcompdump &&"
        f' eval "$({COMPLETE_VARIABLE}=zsh_source ipsec-lo-trace)" && print -r -- $_comps[ipsec-lo-trace]'
    )
    assert in_shell("zsh", tmp_path, script) == ["_ipsec_lo_trace_completion"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_real_fish(tmp_path: Path) -> None:
    """A real fish completes ``explain OUT_`` to the tags."""
    script = (
        f"{COMPLETE_VARIABLE}=fish_source ipsec-lo-trace | source; complete -C 'ipsec-lo-trace explain OUT_'"
    )
    assert [word for word in in_shell("fish", tmp_path, script) if word.startswith("OUT_")] == [
        "OUT_CRYPTO_NEEDED",
        "OUT_DONE",
    ]
