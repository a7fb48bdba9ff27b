"""The text: the same each time, from a live run or a stored one, at every width, on every stream."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.terminal import TextChoice, write_text
from ipsec_lo_trace.render.rows import ASCII
from ipsec_lo_trace.render.store import StoredTrace
from tests.cli.support import invoke, ping, spawn

FULL = ["-v", "--detail", "full", "--bytes", "all"]
VIEWS = [
    [],
    ["-q"],
    ["-v"],
    ["--detail", "minimal"],
    ["--detail", "full"],
    ["--bytes", "changed"],
    ["--bytes", "all"],
    FULL,
]
LARGE = [["-s", "40000"], ["-s", "65507"]]
RUNS = [
    ["--unpatched"],
    ["--patched"],
    ["--proto", "esp+ah", "--mode", "tunnel", "-c", "2"],
    ["-c", "3", "-l", "3"],
    *LARGE,
    ["-R"],
]
STORED = [
    pytest.param(view, run, marks=[pytest.mark.slow] if run in LARGE else [])
    for view in VIEWS
    for run in RUNS
    if run not in LARGE or view == FULL or "--bytes" not in view
]
"""Of a large packet the dumps are megabytes: they are compared once, with everything else about it."""
ROW = re.compile(r" *\d+[ >X] [a-z][a-z0-9_]+(?: |$)")


@pytest.mark.slow
@pytest.mark.parametrize("options", [*VIEWS, ["--format", "jsonl"], ["--format", "json"]], ids=" ".join)
def test_two_processes_agree(options: list[str], tmp_path: Path) -> None:
    """A process with another hash seed, folder and locale writes the same bytes as this one."""
    ours = ping("-c", "2", *options)
    theirs = spawn("ping", "-c", "2", *options, PYTHONHASHSEED="1", LC_ALL="C", TZ="Asia/Tokyo", cwd=tmp_path)
    assert theirs == ours


def test_seed_changes_ivs_and_nothing_else() -> None:
    """Another seed gives other ciphertext and IP identifications, and the same history."""
    zero, one = (ping("--format", "jsonl", "--seed", seed).records for seed in ("0", "1"))
    changed = [
        (old["stage"], name)
        for old, new in zip(zero[1:-1], one[1:-1], strict=True)
        for name in old
        if old[name] != new[name]
    ]
    assert ("esp_output", "bytes") in changed
    assert {name for _stage, name in changed} == {"bytes", "wire"}


@pytest.mark.parametrize(("view", "run"), STORED, ids=" ".join)
def test_stored_equals_live(view: list[str], run: list[str], tmp_path: Path) -> None:
    """Text rendered from a stored trace equals the text of the live run, byte for byte."""
    path = tmp_path / "trace.jsonl"
    ping(*run, "--format", "jsonl", "-o", str(path))
    choice = TextChoice(
        width=80,
        colour=False,
        detail=view[view.index("--detail") + 1] if "--detail" in view else "summary",
        show_bytes=view[view.index("--bytes") + 1] if "--bytes" in view else "none",
        quiet="-q" in view,
        assumptions="-v" in view,
        glyphs=ASCII,
    )
    text = io.StringIO()
    with path.open("rb") as lines:
        write_text(StoredTrace(lines, str(path)), choice, text)
    assert text.getvalue() == ping(*run, *view).text


def at_width(width: int, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines of ping's text at a width."""
    monkeypatch.setenv("COLUMNS", str(width))
    return ping(*arguments).lines


@pytest.mark.parametrize("run", RUNS[:4], ids=" ".join)
@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_no_line_is_too_long(run: list[str], width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than asked, but for one word (beside its row's number) that no line could hold."""
    lines = at_width(width, [*run, *FULL], monkeypatch)
    assert len(rows(lines)) > 20
    assert any(0.9 * width < len(line) <= width for line in lines), "the width is not made use of"
    long = [line.split() for line in lines if len(line) > width]
    assert long == [] or width < 60
    assert long != [] or width > 20
    assert [words for words in long if len(words) > 1 + words[0].rstrip(">X").isdigit()] == []


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS[:4], ids=" ".join)
@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_nothing_is_cut(run: list[str], width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow text has every word of a wide one, as often, and every row."""
    view = ["-v", "--detail", "full"]
    wide = at_width(99, [*run, *view], monkeypatch)
    narrow = at_width(width, [*run, *view], monkeypatch)
    assert words(narrow) == words(wide)
    assert rows(narrow) == rows(wide) == list(range(1, len(rows(wide)) + 1))


def words(lines: list[str]) -> Counter[str]:
    """Count a text's words; signs and the letters of lanes are none."""
    signs = re.compile("[-+|=:!x*#.,]+|[a-l]{1,4}")
    return Counter(word for word in " ".join(lines).split() if not signs.fullmatch(word))


@pytest.mark.parametrize("width", [20, 40, 60])
def test_no_byte_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every width the dumps show the same bytes with the same marks."""
    view = ["-s", "100", "--bytes", "all"]
    assert dumped(at_width(width, view, monkeypatch)) == dumped(at_width(200, view, monkeypatch))


def rows(lines: list[str]) -> list[int]:
    """Return the row numbers that a text has, in order: three columns or more before a stage's name."""
    return [int(re.split("[ >X]", line.strip())[0]) for line in lines if ROW.match(line)]


def dumped(lines: list[str]) -> str:
    """Put all dumps of a text together."""
    dumps = (re.fullmatch(r" *[0-9a-f]{4,} ((?:[ *][0-9a-f]{2})+)", line) for line in lines)
    return "".join(match[1] for match in dumps if match)


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb"},
        {"TERM": ""},
        {"HOME": "/nonexistent"},
    ],
    ids=str,
)
def test_poor_environments(variables: dict[str, str], tmp_path: Path) -> None:
    """An ASCII locale, a dumb terminal or no home change nothing, and a name that is not ASCII is escaped."""
    config = tmp_path / "caf\u00e9.conf"
    config.write_bytes(ping("--show-config").out)
    done = spawn("ping", "-f", str(config), *FULL, cwd=tmp_path, **variables)
    assert (done.code, done.err) == (0, "")
    assert r"config  -f caf\xe9.conf" in done.text


def test_terminal_sequences_in_a_name_are_escaped(tmp_path: Path) -> None:
    """A configuration's name cannot steer the terminal that shows the text."""
    config = tmp_path / "a\x1b[31m  b.conf"
    config.write_bytes(ping("--show-config").out)
    assert r"config  -f a\x1b[31m  b.conf" in ping("-f", str(config)).lines


def test_quiet_is_the_verdict_line() -> None:
    """-q prints the verdict's line and no other."""
    text = ping("-q").text
    assert text.count("\n") == 1
    assert " ".join(text.split()[1:4]).lower() in " ".join(ping().text.split()).lower()
    assert text.startswith("VERDICT LEAK (stale-out-done) ")
    assert "cause" not in text


def test_verbose_lists_every_assumption() -> None:
    """Without -v the header counts the assumptions, with it the header has each of them."""
    assumptions = ping("--format", "jsonl").records[0]["assumptions"]
    assert f"{len(assumptions)} assumptions" in ping().lines[-2]
    words = " ".join(ping("-v").text.split())
    assert all(f"assumed {assumption}" in words for assumption in assumptions)


def test_header_says_what_was_chosen() -> None:
    """The header says whether the run is patched; with -v also that unpatched was the default."""
    assert ping().lines[0].endswith(", not patched")
    assert ping("--patched").lines[0].endswith(", patched")
    assert "fix none (the default: unpatched)" in ping("-v").text
    assert "fix none (--unpatched)" in ping("--unpatched", "-v").text
    assert "fix netbsd-2003-08 (--patched)" in ping("--patched", "-v").text


def test_show_config_reads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What --show-config prints is a configuration that runs the same way."""
    shape = ["--proto", "esp+ah", "--mode", "tunnel", "--level", "unique", "--enc", "rijndael-cbc"]
    config = ping("--show-config", *shape).out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(config)))
    own = ping("-f", "-", "--format", "jsonl").records
    built_in = ping(*shape, "--format", "jsonl").records
    said = [[run.pop(name) for name in ("source", "config", "shape")] for run in (own[0], built_in[0])]
    values = dict(zip((option.removeprefix("--") for option in shape[::2]), shape[1::2], strict=True))
    assert said == [["file", ["-"], {}], ["built-in", [], values]]
    assert own == built_in


def test_preload_beyond_count() -> None:
    """The header does not promise more requests at once than there are."""
    assert "2 requests, the first 2 at once" in " ".join(
        ping("-c", "2", "-l", "5", "--pinger", "plain").text.split()
    )


def test_rows_that_the_verdict_names_are_pointed_at() -> None:
    """Each row that the verdict names bears its pointer, and no other row does."""
    verdict = ping("--format", "jsonl").records[-1]
    pointed = {
        name: int(re.split("[ >X]", line.strip())[0])
        for line in ping().lines
        for name in ("CAUSE", "EFFECT", "SEEN", "UNSEEN")
        if name in line.split()
    }
    assert pointed == {
        name.upper(): verdict[name] for name in ("cause", "effect", "seen", "unseen") if verdict[name]
    }


@pytest.mark.slow
def test_long_text_is_written() -> None:
    """Thousands of rows go through the spool on disk without harm."""
    done = invoke("ping", "-c", "300")
    assert done.code == 0
    assert rows(done.lines)[-1] == 300 * 22
