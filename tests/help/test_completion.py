"""Shell completion: what is offered, what it loads, and whether a real shell gets it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.complete import ROLES
from ipsec_lo_trace.cli.main import COMMANDS, COMPLETE_VARIABLE
from ipsec_lo_trace.render.reasons import ROLES as REASON_ROLES
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
        (["diff", "@un"], ["@unpatched"]),
        (["diff", "@patched", "@open"], ["@openbsd-2002", "@openbsd-now"]),
        (["show", "@netbsd-9"], ["@netbsd-9"]),
        (["export", "@p"], ["@patched"]),
        (["why", "cause", "@p"], ["@patched"]),
        (["why", "un"], ["unseen"]),
        (["why", "icmp_re"], ["icmp_reflect"]),
        (["ping", "--expect", "lea"], ["leak"]),
        (["ping", "--expect", "clea"], ["clean", "clear-text", "clear-accepted"]),
        (["ping", "--set", "looutput=t"], ["looutput=tags"]),
        (["ping", "--set", "pf"], ["pf=none", "pf=tagging"]),
        (["ping", "--stage", "icmp_r"], ["icmp_reflect"]),
        (["ping", "--mark", "in_"], ["IN_DONE"]),
        (["ping", "--drop-mark", "m_auth"], ["M_AUTHIPHDR@", "M_AUTHIPDGM@"]),
        (["ping", "--drop-mark", "OUT_DONE@loo"], ["OUT_DONE@looutput"]),
        (["matrix", "--rows", "tcp"], ["tcp-closed*", "tcp-open*"]),
        (
            ["prove", ""],
            ["daemon", "daemon-tags", "no-clear", "no-accept", "no-stale", "answered", "never-worse"],
        ),
        (["prove", "no-c"], ["no-clear"]),
        (["prove", "daemon", "nev"], ["never-worse"]),
        (["prove", "--scope", ""], ["whole", "quick", "first"]),
        (["prove", "--probe", "tcp"], ["tcp-closed", "tcp-open"]),
        (["prove", "--format", ""], ["text", "md", "jsonl"]),
        (["list", "cl"], ["claims"]),
    ],
)
def test_words(words: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Options, choices, names, kinds and topics are completed."""
    assert offered(monkeypatch, *words) == expected


def test_the_rows_of_a_stored_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a stored trace --rows is completed to the rows that its verdict names, for none to nothing."""
    path = tmp_path / "a.jsonl"
    assert invoke("ping", "-o", str(path)).code == 0
    verdict = json.loads(path.read_bytes().splitlines()[-1])
    named = [str(verdict[role]) for role in ROLES if verdict[role] is not None]
    assert len(named) > 1
    assert offered(monkeypatch, "show", str(path), "--rows", "") == named
    assert offered(monkeypatch, "show", "@patched", "--rows", "") == []
    assert offered(monkeypatch, "show", str(tmp_path / "none"), "--rows", "") == []
    path.write_text("no trace", encoding="ascii")
    assert offered(monkeypatch, "show", str(path), "--rows", "") == []


def test_a_trace_may_be_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a trace is asked for, files are completed as long as no @ stands there."""
    assert offered(monkeypatch, "show", "my") == ["my"]
    assert invoke().lines == ["file,my"]
    every = offered(monkeypatch, "show", "")
    assert every[:3] == ["", "@unpatched", "@patched"]


@pytest.mark.parametrize(
    ("option", "after"),
    [("--expect", ""), ("--set", ""), ("--stage", ""), ("--mark", ""), ("--drop-mark", "OUT_D")],
)
def test_what_is_offered_is_taken(option: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word that is offered after an option is one that the command takes."""
    names = offered(monkeypatch, "ping", option, after)
    monkeypatch.delenv(COMPLETE_VARIABLE)
    assert len(names) > 5
    assert len(names) == len({*names})
    for name in names:
        done = invoke("ping", "--show-config" if option == "--set" else "-v", option, name)
        assert done.code in (0, 1), done.err


def test_roles_are_the_verdict_s() -> None:
    """``why`` is completed to the rows that a verdict names, all of them and in their order."""
    assert tuple(ROLES) == REASON_ROLES


@pytest.mark.parametrize(
    "words",
    [
        ["ping", "-f", "my"],
        ["ping", "-o", "my"],
        ["schema", "-o", "my"],
        ["prove", "--check", "my"],
        ["prove", "--merge", "my"],
        ["prove", "--merge", "part.1", "my"],
    ],
)
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
        " complete -p ipsec-lo-trace >/dev/null && COMP_LINE='ipsec-lo-trace explain OUT_ x' COMP_POINT=27 &&"
        ' _ipsec_lo_trace_completion ipsec-lo-trace; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    assert in_shell("bash", tmp_path, script) == ["OUT_DONE", "OUT_CRYPTO_NEEDED"]


WORDS = {
    "diff @un": "@unpatched",
    "show @netbsd-9": "@netbsd-9",
    "ping --expect lea": "leak",
    "ping --expect=lea": "--expect=leak",
    "ping --set looutput=t": "looutput=tags",
    "ping --stage icmp_ref": "icmp_reflect",
    "ping --mark M_DEC": "M_DECRYPTED",
    "ping --drop-mark OUT_DONE@loo": "OUT_DONE@looutput",
    "matrix --rows tcp-o": "tcp-open*",
    "why unse": "unseen",
    "ping --coun": "--count",
}
"""What is typed, and the one word that it is completed to."""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_words_in_a_real_bash(tmp_path: Path) -> None:
    """In a real bash each of these is completed; of a word with @ or = the rest alone, as readline has it."""
    asked = "\n".join(f"try 'ipsec-lo-trace {words}'" for words in WORDS)
    script = f"""\
eval "$({COMPLETE_VARIABLE}=bash_source ipsec-lo-trace)"
try() {{
    COMP_LINE=$1 COMP_POINT=${{#1}} COMPREPLY=()
    _ipsec_lo_trace_completion ipsec-lo-trace
    printf "%s\\n" "${{COMPREPLY[@]}}"
}}
{asked}"""
    assert in_shell("bash", tmp_path, script) == [re.split("[@=]", word)[-1] for word in WORDS.values()]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
@pytest.mark.parametrize(("words", "completed"), WORDS.items())
def test_words_in_a_real_fish(words: str, completed: str, tmp_path: Path) -> None:
    """In a real fish each of these is completed to one word."""
    script = f"{COMPLETE_VARIABLE}=fish_source ipsec-lo-trace | source; complete -C 'ipsec-lo-trace {words}'"
    assert in_shell("fish", tmp_path, script)[:1] == [completed]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
@pytest.mark.parametrize(("words", "completed"), WORDS.items())
def test_words_in_a_real_zsh(words: str, completed: str, tmp_path: Path) -> None:
    """In a real zsh each of these is completed to one word, which its function hands to compadd."""
    given = " ".join(shlex.quote(word) for word in ("ipsec-lo-trace", *words.split()))
    script = f"""\
autoload -Uz compinit && compinit -u -d zcompdump
eval "$({COMPLETE_VARIABLE}=zsh_source ipsec-lo-trace)"
compadd() {{ print -rl -- $completions }}
_describe() {{ print -rl -- ${{completions_with_descriptions%%:*}} }}
words=({given}) CURRENT=${{#words}}
_ipsec_lo_trace_completion"""
    assert in_shell("zsh", tmp_path, script)[:1] == [completed]


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
