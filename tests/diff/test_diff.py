"""``ipsec-lo-trace diff``: what it says of two traces, and by which exit code."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipsec_lo_trace.render.diff.compare import pair
from ipsec_lo_trace.render.diff.words import sides
from tests.cli.support import Done, assert_refused, invoke, ping, spawn
from tests.support import trace


def diff(*arguments: str) -> Done:
    """Compare in this process; nothing may be said on standard error."""
    done = invoke("diff", *arguments)
    assert done.err == ""
    return done


def document(*arguments: str) -> Any:  # noqa: ANN401 -- JSON
    """Compare and read the JSON document."""
    return json.loads(diff(*arguments, "--format", "json").out)


@pytest.fixture
def stored(tmp_path: Path) -> tuple[str, str]:
    """Store a trace of each kernel."""
    paths = str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")
    ping("--unpatched", "-c", "2", "--format", "jsonl", "-o", paths[0])
    ping("--patched", "-c", "2", "--format", "jsonl", "-o", paths[1])
    return paths


def test_the_two_kernels_part_in_icmp_reflect() -> None:
    """The rows before icmp_reflect are folded, it is named as the first difference, and diff exits 1."""
    done = diff()
    assert done.code == 1
    lines = done.lines
    first = lines.index("= 15 rows the same: 1-15 of A, 1-15 of B")
    assert "part at   row 16 of A, row 16 of B: icmp_reflect of P2, echo 1" in lines[:first]
    assert lines[first + 1].split()[:4] == ["~", "16", "16", "icmp_reflect"]
    assert not [line for line in lines[:first] if line.startswith(("~", "-", "+"))]


def test_counters_that_differ() -> None:
    """The counters that differ are those that one more pass through ESP moves; others are not shown."""
    found = {name: (one["a"], one["b"]) for name, one in document()["counters"].items()}
    assert found == {
        "ips_total": (3, 4),
        "ips_delivered": (3, 4),
        "esps_output": (1, 2),
        "esps_input": (1, 2),
        "esps_ibytes": (72, 144),
        "esps_obytes": (64, 128),
        "if_ibytes": (204, 240),
        "if_obytes": (204, 240),
    }
    text = [line.split() for line in diff().lines]
    assert all([name, str(a), str(b), f"{b - a:+}"] in text for name, (a, b) in found.items())


def test_verdicts_come_first() -> None:
    """The text begins with both verdicts and the place where the traces part, and ends with the counters."""
    words = " ".join(diff().text.split())
    assert words.startswith("A @unpatched LEAK (stale-out-done) ")
    assert (
        words.index("B @patched CLEAN (clean)") < words.index("part at") < words.index("= 15 rows the same")
    )
    assert words.index("~ 22 32 rip_input") < words.index("counters A B B-A")


def test_the_default_difference_is_one_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two kernels differ in at most 45 lines of 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")
    assert 30 < len(diff().lines) <= 45


def test_a_row_has_the_lanes_of_both_sides() -> None:
    """The marks of A and of B stand in the row that has them, stale ones with another sign."""
    rows = {line.split()[2]: line for line in diff().lines if line.startswith(("~", "+"))}
    assert ": : :  x : x" in rows["16"]
    assert "! : :  . : ." in rows["18"]
    assert "esp_output                    . : . encrypts" in rows["20"]


def test_questions_that_differ_have_a_line_each() -> None:
    """What was answered otherwise, or asked on one side alone, is said; what was answered alike is not."""
    words = " ".join(diff().text.split())
    assert "loop-detection: yes: done already, by a stale OUT_DONE => not asked" in words
    assert "gate-2-flag: satisfied, by a stale M_DECRYPTED => satisfied" in words
    assert "out-policy:" not in words
    assert "spi none => 0x1000" in words


@pytest.mark.parametrize("view", [[], ["--unified"], ["--side-by-side"], ["--brief"], ["--format", "md"]])
@pytest.mark.parametrize("fix", ["@patched", "@unpatched", "@none"])
def test_same_says_nothing(view: list[str], fix: str) -> None:
    """A trace compared with itself prints nothing and exits 0."""
    assert diff(fix, fix, *view) == Done(0, b"", "")


def test_same_in_json() -> None:
    """The JSON document of a trace and itself has no difference and says that they are the same."""
    same = document("@patched", "@patched")
    assert (same["same"], same["differences"], same["counters"]) == (True, [], {})
    assert same["rows"] == {"same": 32, "changed": 0, "removed": 0, "added": 0}


def test_other_options_are_said_first(tmp_path: Path) -> None:
    """Where what was run differs, the head says in what, before any row."""
    path = str(tmp_path / "a.jsonl")
    ping("-s", "100", "--level", "use", "--format", "jsonl", "-o", path)
    lines = diff(path, "@unpatched").lines
    head = lines[: lines.index("")]
    assert "size      100 => 56" in head
    assert any(line.startswith("policies  in 127.0.0.1/32") for line in head)


def test_a_fix_that_changes_nothing() -> None:
    """Where another fix changes no row, the text says that the runs differ and the rows do not; exit 0."""
    done = diff("--case", "out-discard")
    assert done.code == 0
    assert "fix       none => netbsd-2003-08" in done.lines
    assert "the same, and so are counters and verdicts" in done.text


def with_row_in_front(data: bytes) -> bytes:
    """Insert a row at the front of a trace and number all others anew."""
    run, first, *others = [json.loads(line) for line in data.splitlines()]
    rows = [first | {"stage": "sosend", "row": 1, "counters": {}}, first, *others[:-1]]
    for number, row in enumerate(rows[1:], start=2):
        row["row"] = number
        for mark in [
            *row["marks"],
            *(one["mark"] for one in (*row["changes"], *row["checks"]) if one["mark"]),
        ]:
            mark["row"] += 1
    return b"".join(json.dumps(record).encode() + b"\n" for record in (run, *rows, others[-1]))


@pytest.mark.parametrize("options", [[], ["-c", "3"], ["-c", "4", "-l", "3"], ["-s", "40000"]], ids=" ".join)
def test_a_row_inserted_at_the_front(options: list[str], tmp_path: Path) -> None:
    """A row that only one trace has, in front of all others, is the one difference that is found."""
    data = ping(*options, "--format", "jsonl").out
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(data)
    b.write_bytes(with_row_in_front(data))
    for one, other, op in ((a, b, "added"), (b, a, "removed")):
        [found] = document(str(one), str(other))["differences"]
        assert (found["op"], found["key"]["stage"]) == (op, "sosend")


def test_a_second_echo(stored: tuple[str, str], tmp_path: Path) -> None:
    """A second echo in one trace is rows that only it has; the first echo is the same."""
    single = str(tmp_path / "single.jsonl")
    ping("--patched", "--format", "jsonl", "-o", single)
    found = document(single, stored[1])
    assert found["rows"] == {"same": 32, "changed": 0, "removed": 0, "added": 32}
    assert {one["key"]["echo"] for one in found["differences"]} == {2}
    assert found["run"] == {"count": {"a": 1, "b": 2}}


def test_echoes_that_run_side_by_side() -> None:
    """With -l the rows of several echoes are mixed, and each is still compared with its own echo."""
    mixed = document("-c", "4", "-l", "3", "--pinger", "plain")
    apart = document("-c", "4", "--pinger", "plain")
    assert mixed["rows"]["removed"] == apart["rows"]["removed"] == 0
    assert mixed["rows"]["added"] == apart["rows"]["added"] == 40


def test_echoes_that_differ_alike_are_folded() -> None:
    """Echoes that differ in the same rows and fields as the one before are one line of the text."""
    lines = diff("-c", "30").lines
    assert "~ echoes 3 to 30: in the same rows and fields as echo 2" in lines
    assert [line for line in lines if line.startswith("echo ")] == ["echo 1", "echo 2"]


def test_context() -> None:
    """-U shows so many of the rows that are the same beside each that differs."""
    lines = diff("-U", "2").lines
    assert "= 13 rows the same: 1-13 of A, 1-13 of B" in lines
    assert [line.split()[1] for line in lines if line.startswith("=")][1:] == ["14", "15"]


def test_json_differences() -> None:
    """A difference has its op, its key, its rows and each field that differs, with both values."""
    found = document()
    assert found["schema"] == "ipsec-lo-trace-diff/1"
    assert found["run"] == {"fix": {"a": "none", "b": "netbsd-2003-08"}}
    first, *others = found["differences"]
    assert (first["op"], first["a"], first["b"]) == ("changed", 16, 16)
    assert first["key"] == {"echo": 1, "packet": "P2", "stage": "icmp_reflect", "visit": 1}
    assert set(first["fields"]) == {"marks", "changes"}
    assert [mark["name"] for mark in first["fields"]["marks"]["b"]] == ["M_DECRYPTED"]
    assert "row" not in first["fields"]["marks"]["a"][0]
    added = [one for one in others if one["op"] == "added"]
    assert len(added) == found["rows"]["added"] == 10
    assert all(one["a"] is None and one["fields"] == {} for one in added)
    assert [found["verdicts"][side]["outcome"] for side in "ab"] == ["leak", "clean"]
    assert found["same"] is False


def test_brief_is_one_line() -> None:
    """--brief names the first difference and both outcomes in one line."""
    done = diff("--brief")
    assert (done.code, len(done.lines)) == (1, 1)
    for words in ("icmp_reflect", "LEAK (stale-out-done) | CLEAN (clean)", "10 only in B"):
        assert words in done.text


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["-c", "3"], ["--proto", "esp+ah"], ["-s", "40000"]], ids=" ".join)
@pytest.mark.parametrize("context", ["0", "1", "3", "1000"])
def test_unified_holds_both_minimal_forms(options: list[str], context: str) -> None:
    """A unified diff applied to A's minimal form gives B's."""
    minimal = [ping(kernel, "--detail", "minimal", *options).lines for kernel in ("--unpatched", "--patched")]
    lines = diff("--unified", "-U", context, *options).lines
    assert lines[:2] == ["--- @unpatched", "+++ @patched"]
    assert applied(minimal[0], lines[2:]) == minimal[1]


def applied(text: list[str], hunks: list[str]) -> list[str]:
    """Apply a unified diff strictly: every line of a hunk must be where its head says."""
    result: list[str] = []
    at = 0
    for line in hunks:
        sign, words = line[0], line[1:]
        if sign == "@":
            start, _, count = line.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            result += text[at:begin]
            at = begin
            begin_b, _, count_b = line.split()[2][1:].partition(",")
            assert int(begin_b) - (count_b != "0") == len(result)
        elif sign == "+":
            result.append(words)
        else:
            assert text[at] == words
            at += 1
            result += [words] if sign == " " else []
    return result + text[at:]


def test_unified_says_if_it_has_nothing_to_show(tmp_path: Path) -> None:
    """Where only what the minimal form leaves out differs, standard error says so, and the code is 1."""
    path = str(tmp_path / "seed.jsonl")
    ping("--seed", "1", "--format", "jsonl", "-o", path)
    done = invoke("diff", "--unified", path, "@unpatched")
    assert (done.code, done.out) == (1, b"")
    assert "the minimal forms are the same" in done.err
    assert "seed      1 => 0" in diff(path, "@unpatched").lines


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("view", [[], ["--side-by-side"]], ids=["text", "columns"])
def test_no_line_is_too_long(width: int, view: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than asked, but for a word that no line could hold; every row is there."""
    monkeypatch.setenv("COLUMNS", str(width))
    lines = diff(*view).lines
    assert [line for line in lines if len(line) > max(width, 60)] == []
    assert width > 100 or any(len(line) > 0.8 * width for line in lines), "the width is not made use of"
    assert all(stage in " ".join(lines) for stage in ("icmp_reflect", "ipsec4_common_input_cb", "rip_input"))


def test_side_by_side_signs() -> None:
    """Between the columns stands | for a row that differs and > for one that only B has."""
    text = diff("--side-by-side").text
    gutter = [line[39] for line in text.splitlines() if len(line) > 39 and line[38] == " " == line[40:41]]
    assert {"|", ">"} <= set(gutter)


def test_markdown_is_escaped() -> None:
    """Every row of a Markdown table has as many cells as its head."""
    heads = [0]
    for line in diff("--format", "md", "-c", "3", "--proto", "esp+ah").lines:
        cells = line.replace("\\|", "").count("|")
        heads = [0] if not cells else heads if heads[0] else [cells]
        assert cells == heads[0]


def test_stored_equals_on_the_spot(stored: tuple[str, str]) -> None:
    """Stored traces differ as runs on the spot do."""
    files, runs = document(*stored), document("-c", "2")
    assert [files.pop("traces"), runs.pop("traces")]
    assert files == runs


def test_standard_input(stored: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the traces, or the configuration, may come from standard input."""
    data = Path(stored[0]).read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert diff("-", stored[0]).code == 0
    config = ping("--show-config").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(config)))
    assert diff("-f", "-", "--brief").text == diff("--brief").text


def test_neither_scapy_nor_cryptography_for_files(stored: tuple[str, str]) -> None:
    """Comparing two files imports no scapy, no cryptography and no kernel."""
    code = (
        "import sys; from ipsec_lo_trace.cli.main import run; "
        f"code = run(['diff', {stored[0]!r}, {stored[1]!r}]); "
        "print(code, [name for name in sys.modules if name.split('.')[0] in ('scapy', 'cryptography')"
        " or name.startswith('ipsec_lo_trace.kernel')])"
    )
    done = spawn_python(code)
    assert done.splitlines()[-1] == "1 []"


def spawn_python(code: str) -> str:
    """Run Python code in a process of its own; give what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def broken(data: bytes, how: str) -> bytes:
    """Break a stored trace."""
    lines = data.splitlines(keepends=True)
    return {
        "empty": b"",
        "truncated": data[: len(data) // 2],
        "no JSON": b"leak\n",
        "binary": bytes(range(256)),
        "other schema": data.replace(b"ipsec-lo-trace/3", b"ipsec-lo-trace/9", 1),
        "no verdict": b"".join(lines[:-1]),
        "no run": b"".join(lines[1:]),
        "a row is no JSON": b"".join([*lines[:9], b"{\n", *lines[10:]]),
    }[how]


BROKEN = [
    "empty",
    "truncated",
    "no JSON",
    "binary",
    "other schema",
    "no verdict",
    "no run",
    "a row is no JSON",
]


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("view", [[], ["--unified"], ["--brief"], ["--format", "json"]], ids=str)
def test_a_broken_file(how: str, view: list[str], stored: tuple[str, str], tmp_path: Path) -> None:
    """A file that is no whole trace is one message that names it, exit 2, and no half a difference."""
    path = tmp_path / "broken.jsonl"
    path.write_bytes(broken(Path(stored[0]).read_bytes(), how))
    assert_refused(invoke("diff", stored[1], str(path), *view), "broken.jsonl")
    assert_refused(invoke("diff", str(path), "@patched", *view), "broken.jsonl")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.jsonl", "@patched"], ["cannot read missing.jsonl: no such file"]),
        (["tests", "@patched"], ["cannot read tests: it is a directory"]),
        (["@patched"], ["1 given"]),
        (["a", "b", "c"], ["3 given"]),
        (["@pached", "@none"], ["@pached", "did you mean @patched?"]),
        (["-", "-"], ["standard input can be read once"]),
        (["-", "@none", "-f", "-"], ["standard input can be read once"]),
        (["a.jsonl", "b.jsonl", "-c", "2"], ["-c has nothing to act on"]),
        (["--unified", "--brief"], ["exclude each other"]),
        (["--brief", "--format", "md"], ["--brief is for text"]),
        (["--brief", "-U", "2"], ["-U has nothing to act on"]),
        (["--format", "json", "-U", "2"], ["-U has nothing to act on"]),
        (["--format", "md", "--color", "always"], ["--color is for text"]),
    ],
)
def test_usage(arguments: list[str], words: list[str]) -> None:
    """What makes no sense is refused in one message, exit 2."""
    assert_refused(invoke("diff", *arguments), *words)


def test_colour_repeats_what_words_say() -> None:
    """--color always adds sequences and no words."""
    for view in ([], ["--unified"], ["--side-by-side"]):
        coloured = diff("--color", "always", *view).out
        assert b"\x1b[" in coloured
        assert re.sub(rb"\x1b\[[0-9;]*m", b"", coloured) == diff(*view).out


@pytest.mark.slow
def test_two_processes_agree() -> None:
    """Two processes with other hash seeds write the same bytes."""
    one = spawn("diff", "-c", "2", PYTHONHASHSEED="1")
    assert one.code == 1
    assert one == spawn("diff", "-c", "2", PYTHONHASHSEED="2")


def test_output_file(tmp_path: Path) -> None:
    """-o writes what standard output would get, and the exit code is the same."""
    path = tmp_path / "diff.txt"
    assert invoke("diff", "--glyphs", "ascii", "-o", str(path)) == Done(1, b"", "")
    assert path.read_bytes() == diff().out


def test_strange_names(tmp_path: Path) -> None:
    """A file's name that is no UTF-8, or has control characters, is escaped in every form."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/a\xff\x1b[31m.jsonl")
    Path(path).write_bytes(ping("--format", "jsonl").out)
    for view in ([], ["--unified"], ["--side-by-side"], ["--format", "md"], ["--color", "always"]):
        text = diff(path, "@patched", *view).text
        assert "x1b" in text
        assert "\x1b[31m.jsonl" not in text
    assert document(path, "@patched")["traces"]["a"]["name"].endswith("a\\udcff\x1b[31m.jsonl")


def edited(data: bytes, row: int, **fields: object) -> bytes:
    """Change fields of one row of a stored trace."""
    lines = data.splitlines(keepends=True)
    lines[row] = json.dumps(json.loads(lines[row]) | fields).encode() + b"\n"
    return b"".join(lines)


def test_an_echo_that_differs_otherwise_is_shown(tmp_path: Path) -> None:
    """Behind echoes that were folded, one that differs in other fields is shown whole."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(ping("-c", "6", "--format", "jsonl").out)
    data = a.read_bytes()
    for echo in range(6):
        data = edited(data, 22 * echo + 9, decision="x")
    b.write_bytes(edited(data, 22 * 3 + 9, via="y", decision="x"))
    lines = diff(str(a), str(b), "-U", "1").lines
    assert [line for line in lines if line.startswith("echo ")] == ["echo 1", "echo 4", "echo 5"]
    assert "~ echoes 2 to 3: in the same rows and fields as echo 1" in lines
    assert "~ echo 6: in the same rows and fields as echo 5" in lines


def test_a_difference_that_short_words_hide(tmp_path: Path) -> None:
    """Where marks differ in their SA or in their order alone, they are shown so that one sees it."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(ping("--format", "jsonl").out)
    marks = ping("--format", "jsonl").records[14]["marks"]
    b.write_bytes(edited(a.read_bytes(), 14, marks=[marks[0] | {"spi": 7}, *marks[1:]]))
    assert "IN_DONE esp 0x00000007 to 127.0.0.1" in " ".join(diff(str(a), str(b)).text.split())
    b.write_bytes(edited(a.read_bytes(), 14, marks=marks[::-1]))
    words = " ".join(diff(str(a), str(b)).text.split())
    assert "IN_DONE, OUT_DONE, M_DECRYPTED => M_DECRYPTED, OUT_DONE, IN_DONE" in words


def test_bytes_that_one_trace_does_not_change(tmp_path: Path) -> None:
    """Where a stage changes the packet in one trace alone, the text says so."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(ping("--format", "jsonl").out)
    b.write_bytes(edited(a.read_bytes(), 2, bytes=None))
    assert "=> not changed here" in " ".join(diff(str(a), str(b)).text.split())


def test_verdicts_alone_differ(tmp_path: Path) -> None:
    """Traces whose rows are the same but whose verdicts are not differ: exit 1."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_bytes(ping("--format", "jsonl").out)
    b.write_bytes(a.read_bytes().replace(b'"outcome":"leak"', b'"outcome":"stale"'))
    assert diff(str(a), str(b)).code == 1
    assert "rows the same, verdicts differ" in diff("--brief", str(a), str(b)).text


def test_other_sas_are_said(tmp_path: Path) -> None:
    """SAs that only one run has are named in the head."""
    path = str(tmp_path / "ah.jsonl")
    ping("--proto", "ah", "--format", "jsonl", "-o", path)
    head = " ".join(diff(path, "@unpatched").text.partition("\n\n")[0].split())
    assert re.search(
        r"SAs 0x\w+ ah .* hmac-sha1, both ways => 0x\w+ esp .* 3des-cbc hmac-md5, both ways", head
    )


def test_fragments_differ_field_by_field() -> None:
    """A packet that is a fragment in one trace is said to differ in offset and in whether more follow."""
    a = trace("lo-esp").steps[0]
    b = msgspec.structs.replace(a, wire=msgspec.structs.replace(a.wire, more=True, offset=8))
    assert sides(pair(a, b), "wire.more") == ("no", "yes")
    assert sides(pair(a, b), "wire.offset") == ("0", "8")


def test_a_pipe_is_a_file(stored: tuple[str, str]) -> None:
    """A trace can come through a named pipe, which can be read once."""
    pipe = stored[0] + ".pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["/bin/sh", "-c", 'cat "$0" > "$1"', stored[0], pipe]):
        assert diff(pipe, stored[0]).code == 0


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without standard input, a dash is one message."""
    monkeypatch.setattr("sys.stdin", None)
    assert_refused(invoke("diff", "-", "@patched"), "cannot read standard input: it is closed")
