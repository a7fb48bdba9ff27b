"""A check file that is faulty, or says too little, is an error and never a pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.support import ONE, check, passes, written
from tests.cli.support import assert_refused

VERDICT = "verdict leak (stale-out-done), ping ok\nreplies 1 of 1\n"

BAD_TOML = {
    "empty": ("", "a.toml: there is no [[check]] in it"),
    "comment only": ("# nothing\n", "there is no [[check]] in it"),
    "no list": ('[check]\nname = "x"\n', "there is no [[check]] in it"),
    "empty list": ("check = []\n", "there is no [[check]] in it"),
    "no TOML": (ONE + "code = \n", "a.toml:5:8: not TOML"),
    "deep": (ONE + "code = " + "[" * 100_000, "a.toml:5:40: nested more than 32 deep"),
    "unknown top key": (ONE + "[checks]\n", "a.toml:5: unknown key 'checks'"),
    "unknown key": (ONE + 'outcom = "leak"\n', "a.toml:5: ", "unknown field `outcom`"),
    "no name": (ONE.replace('name = "one"\n', ""), "a.toml:1: ", "required field `name`"),
    "no run": (ONE.replace("run =", "# run ="), "a.toml:1: ", "does not say what to run"),
    "empty name": (ONE.replace('"one"', '" "'), "a.toml:2: the name is empty"),
    "two of a name": (ONE + ONE, "a.toml:6: a second check with the name 'one'"),
    "no verdict": (ONE.replace("outcome", "# outcome"), "a.toml:1: ", "does not say how the run ends"),
    "only lo0": (ONE.replace('outcome = "leak"', "lo0 = []"), "does not say how the run ends"),
    "wrong outcome": (ONE.replace("leak", "leek"), "a.toml:4: outcome cannot be 'leek'", "leak"),
    "wrong code": (ONE + 'code = "x"\n', "a.toml:5: code cannot be 'x'"),
    "wrong ping": (ONE + 'ping = "x"\n', "a.toml:5: ping cannot be 'x'", "ok"),
    "wrong errno": (ONE + 'errno = "22"\n', "a.toml:5: errno cannot be '22'"),
    "a number for a word": (ONE + "code = 3\n", "a.toml:5: ", "Expected `str"),
    "words for a number": (ONE + 'counters = { ips_total = "3" }\n', "a.toml:5: ", "Expected `int`"),
    "no whole number": (ONE + "counters = { ips_total = 3.5 }\n", "Expected `int`"),
    "true": (ONE + "counters = { ips_total = true }\n", "Expected `int`"),
    "negative": (ONE + "counters.ips_total = -1\n", "a.toml:5: counter ips_total cannot be -1"),
    "unknown counter": (ONE + "[check.counters]\nips_totl = 1\n", "a.toml:6: unknown counter 'ips_totl'"),
    "no ICMP type": (ONE + '[check.counters]\n"icps_inhist[256]" = 1\n', "a.toml:6: unknown counter"),
    "no counters": (ONE + "[check.counters]\n", "a.toml:5: counters is empty"),
    "unused": (ONE + "counters_only = true\n", "a.toml:5: counters_only without counters"),
    "empty minimal": (ONE + 'minimal = ""\n', "a.toml:5: minimal is neither"),
    "odd path": (ONE + 'minimal = "a\\u0000b"\n', "a.toml:5: minimal is neither"),
    "no minimal file": (ONE + 'minimal = "none.txt"\n', "cannot read ", "none.txt: no such file"),
    "no whole trace": (ONE + 'minimal = """\nkernel\n"""\n', "a.toml:6: ", "no verdict"),
    "more than a trace": (ONE + f'minimal = """\nkernel\n{VERDICT}more\n"""\n', "a.toml:7: ", "must end"),
}


@pytest.mark.parametrize("case", BAD_TOML)
def test_a_faulty_toml_file_is_refused(case: str, tmp_path: Path) -> None:
    """One message with file and line, exit 2."""
    text, *words = BAD_TOML[case]
    assert_refused(check(written(tmp_path, text)), *words)


BAD_RUNS = {
    "": "it must be a ping or a probe command",
    "pong": "it must be a ping or a probe command",
    "ping --nonsense": "--nonsense",
    "ping --patched --unpatched": "exclude each other",
    "ping 'x": "No closing quotation",
    "ping --help": "--help",
    "ping -q": "-q has nothing to act on",
    "ping --format json": "--format has nothing to act on",
    "ping --expect leak": "--expect has nothing to act on",
    "ping --show-config": "--show-config has nothing to act on",
    "ping --bisect": "--bisect has nothing to act on",
    "ping -o x": "-o has nothing to act on",
    "ping -f -": "another file each time",
    "ping 10.9.9.1": "not local",
    "ping --drop-mark nonsense": "--drop-mark",
}


@pytest.mark.parametrize("run", BAD_RUNS)
def test_a_faulty_command_is_refused(run: str, tmp_path: Path) -> None:
    """The command is parsed as ping itself does; options that only say what is written are refused."""
    path = written(tmp_path, ONE.replace("ping --unpatched", run))
    assert_refused(check(path), "a.toml:3: run: ", BAD_RUNS[run])


def test_a_faulty_configuration_is_refused(tmp_path: Path) -> None:
    """The place of a mistake in a configuration is that in the configuration."""
    path = written(tmp_path, ONE.replace("--unpatched", "-f my.conf"))
    assert_refused(check(path), "cannot read ", "my.conf: no such file")
    written(tmp_path, "\nadd nonsense ;\n", "my.conf")
    assert_refused(check(path), "my.conf:2:")


HEAD = "# ipsec-lo-trace ping --unpatched\n"
BAD_GOLDEN = {
    "empty": ("", "a.txt:1: there is no command in its header"),
    "no command": ("# about\nkernel\n" + VERDICT, "a.txt:1: there is no command"),
    "command too late": ("kernel\n" + HEAD + VERDICT, "a.txt:1: there is no command"),
    "two commands": (HEAD + "# about\n" + HEAD + VERDICT, "a.txt:3: a second command"),
    "no trace": (HEAD, "no verdict"),
    "no verdict": (HEAD + "kernel\nping\n", "a.txt:3: ", "no verdict"),
    "cut short": (HEAD + "kernel\n" + VERDICT.partition("\n")[0], "a.txt:3: ", "must end"),
    "two traces": (HEAD + VERDICT + VERDICT, "a.txt:2: ", "must end"),
    "no ping": ("# ipsec-lo-trace diff\n" + VERDICT, "a.txt:1: run: diff: it must be a ping or a probe"),
}


@pytest.mark.parametrize("case", BAD_GOLDEN)
def test_a_faulty_golden_file_is_refused(case: str, tmp_path: Path) -> None:
    """A golden file without its command or its verdict is an error."""
    text, *words = BAD_GOLDEN[case]
    assert_refused(check(written(tmp_path, text, "a.txt")), *words)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder, bytes that are no text: one message each."""
    assert_refused(check(tmp_path / "none.toml"), "cannot read ", "none.toml: no such file")
    assert_refused(check(tmp_path), "cannot read ", "it is a directory")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    assert_refused(check(tmp_path / "bytes.toml"), "cannot read ", "bytes.toml: ")


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be a check file is refused before it fills the memory."""
    monkeypatch.setattr("ipsec_lo_trace.cli.checking.text.MAX_LEN", 10)
    assert_refused(check(written(tmp_path, ONE)), "larger than 10 bytes")


def test_a_faulty_file_stops_all(tmp_path: Path) -> None:
    """If one file is faulty nothing is run, so that a report never is of a part."""
    good, bad = written(tmp_path, ONE), written(tmp_path, "", "b.toml")
    assert_refused(check(good, bad), "b.toml")


def test_lines_in_a_text_are_no_keys(tmp_path: Path) -> None:
    """What stands inside a multi-line string does not shift the places of what comes after it."""
    text = ONE + "minimal = '''\n[[check]]\nping = 1\nverdict a\nreplies b'''\nping = \"x\"\n"
    assert_refused(check(written(tmp_path, text)), "a.toml:10: ping cannot be 'x'")


def test_an_inline_list_of_checks_is_read(tmp_path: Path) -> None:
    """Tables written in one line are checks too, though their lines are not known."""
    inline = 'check = [{name = "a", run = "ping", outcome = "leak"}]\n'
    assert passes(written(tmp_path, inline)).lines[-1] == "1 passed, 0 failed"
    assert "a.toml: outcome\n" in check(written(tmp_path, inline.replace("leak", "clean"))).text
    assert_refused(check(written(tmp_path, inline.replace("leak", "x"))), "a.toml: outcome cannot be 'x'")
