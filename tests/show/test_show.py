"""``ipsec-lo-trace show``: a stored trace is the text of its run, whole or in part."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import ROOT, Done, assert_refused, invoke, ping

VIEWS = [
    [],
    ["-q"],
    ["-v"],
    ["--detail", "minimal"],
    ["--detail", "full"],
    ["--bytes", "changed"],
    ["--bytes", "all"],
    ["--bytes", "layers"],
    ["-v", "--detail", "full", "--bytes", "all", "--color", "always"],
]
RUNS = [["--unpatched"], ["--patched"], ["-c", "3", "-l", "2"], ["--proto", "esp+ah", "-s", "40000"]]
SHOWN = [(run, view) for run in RUNS for view in VIEWS if not ("40000" in run and "all" in view)]
"""Every dump of a packet of 40,000 bytes takes long, and tests of the live text have it."""
ROW = re.compile(r" *(\d+)[ >X] [a-z][a-z0-9_]+ ")


def store(path: Path, *run: str) -> str:
    """Store a run's trace."""
    ping(*run, "--format", "jsonl", "-o", str(path))
    return str(path)


@pytest.fixture
def patched(tmp_path: Path) -> str:
    """Store two echoes under the patched kernel."""
    return store(tmp_path / "trace.jsonl", "--patched", "-c", "2")


def show(*arguments: str) -> Done:
    """Show in this process; nothing may be said on standard error."""
    done = invoke("show", *arguments)
    assert (done.code, done.err) == (0, "")
    return done


def shown(done: Done) -> list[int]:
    """Return the numbers of the rows that a text shows."""
    return [int(match[1]) for line in done.lines if (match := ROW.match(line))]


def steps(trace: str) -> list[dict[str, Any]]:
    """Read a stored trace's rows."""
    return Done(0, Path(trace).read_bytes(), "").records[1:-1]


@pytest.mark.slow
@pytest.mark.parametrize(("run", "view"), SHOWN, ids=" ".join)
def test_show_equals_live(run: list[str], view: list[str], tmp_path: Path) -> None:
    """The text of a stored trace is that of the run itself, byte for byte, under every option."""
    assert show(store(tmp_path / "trace.jsonl", *run), *view).out == ping(*run, *view).out


def test_standard_input(patched: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads the trace from standard input."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path(patched).read_bytes())))
    assert show("-").out == show(patched).out


FILTERS: list[tuple[list[str], Any]] = [
    (["--rows", "3-7,9"], lambda row: row["row"] in (3, 4, 5, 6, 7, 9)),
    (["--rows", "3", "--rows", "60-99"], lambda row: row["row"] == 3 or row["row"] >= 60),
    (["--stage", "ip_output"], lambda row: row["stage"] == "ip_output"),
    (["--stage", "ip_output", "--stage", "looutput"], lambda row: row["stage"] in ("ip_output", "looutput")),
    (
        ["--mark", "OUT_DONE"],
        lambda row: "OUT_DONE" in str(row["marks"]) or "OUT_DONE" in str(row["changes"]),
    ),
    (["--packet", "P2"], lambda row: row["packet"] == "P2"),
    (["--echo", "2"], lambda row: row["echo"] == 2),
    (["--step", "8", "--step", "after"], lambda row: row["analysis"] in (8, 0)),
    (["--stage", "ip_input", "--echo", "1"], lambda row: row["stage"] == "ip_input" and row["echo"] == 1),
    (["--stage", "ah_input"], lambda _row: False),
    (["--echo", "77"], lambda _row: False),
]


@pytest.mark.parametrize(("options", "fits"), FILTERS, ids=[" ".join(options) for options, _fits in FILTERS])
def test_filters(options: list[str], fits: Any, patched: str) -> None:  # noqa: ANN401 -- a lambda
    """Filters of one kind add rows, of different kinds both hold; the text counts what it shows."""
    wanted = [row["row"] for row in steps(patched) if fits(row)]
    done = show(patched, *options)
    assert shown(done) == wanted
    assert f"{len(wanted)} of 64 rows shown (" in " ".join(done.text.split())
    assert "CLEAN (" in done.text


@pytest.mark.parametrize(
    ("options", "there"),
    [
        (["--packet", "P9"], "there are packets P1, P2"),
        (["--echo", "77"], "there are echoes 1, 2"),
        (["--rows", "900"], "there are rows 1 to 64"),
        (["--mark", "PF"], "there are marks OUT_DONE, M_DECRYPTED, IN_DONE"),
        (["--echo", "7", "--step", "1"], "there are echoes 1, 2; steps 1, 2, 3, 4, 5, 6, 7, 8, after"),
        (["--stage", "ah_input"], "there are stages rip_output, ip_output, ipsec4_process_packet,"),
    ],
)
def test_a_filter_without_a_row_says_what_there_is(options: list[str], there: str, patched: str) -> None:
    """Where no row fits, the text says by what rows of this trace could be chosen; long lists end in dots."""
    for detail in ("summary", "minimal"):
        words = " ".join(show(patched, "--detail", detail, *options).text.split())
        assert f"0 of 64 rows shown ({' '.join(options)}): {there}" in words
        assert ("..." in words) == ("--stage" in options)
    assert "there are" not in show(patched, "--rows", "3").text


def test_filters_say_themselves(patched: str) -> None:
    """The text says which filters chose its rows."""
    words = " ".join(show(patched, "--rows", "3-7,9", "--step", "after", "--step", "2").text.split())
    assert "(--rows 3-7,9 --step after or 2)" in words


def test_fragments_of_a_packet(tmp_path: Path) -> None:
    """--packet P1 shows its fragments too, --packet P1/2 that fragment alone."""
    path = store(tmp_path / "trace.jsonl", "-s", "40000")
    names = {number: row["packet"] for number, row in enumerate(steps(path), start=1)}
    assert {names[row] for row in shown(show(path, "--packet", "P1"))} == {"P1", "P1/2"}
    assert {names[row] for row in shown(show(path, "--packet", "P1/2"))} == {"P1/2"}


def test_filtered_minimal_form(patched: str) -> None:
    """The minimal form can be filtered, and says so."""
    lines = show(patched, "--detail", "minimal", "--stage", "looutput").lines
    assert len([line for line in lines if " looutput crosses lo0 " in line]) == 4
    assert "4 of 64 rows shown (--stage looutput)" in lines


def test_bytes_behind_rows_that_are_left_out(patched: str) -> None:
    """The bytes of a row are those that it had, though the row that changed them is not shown."""
    text = show(patched, "--bytes", "all", "--stage", "esp_output_cb", "--echo", "1", "--packet", "P1").text
    [row] = [row for row in steps(patched) if row["stage"] == "esp_output" and row["row"] < 10]
    dumped = "".join(re.findall(r"^ +[0-9a-f]{4} ((?:[ *][0-9a-f]{2})+)", text, re.MULTILINE))
    assert re.sub(r"[ *]", "", dumped) == row["bytes"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--stage", "ip_outptu"], ["no such stage", "did you mean ip_output?"]),
        (["--mark", "out_don"], ["no such mark", "did you mean OUT_DONE?"]),
        (["--mark", "zzz"], ["no such mark", "one of ENCAP"]),
        (["--packet", "Q1"], ["no packet"]),
        (["--echo", "0"], ["count from 1"]),
        (["--step", "9"], ["1 to 8, a range such as 6-8, or after"]),
        (["--step", "7-6"], ["1 to 8, a range such as 6-8, or after"]),
        (["--rows", "x"], ["no list of rows"]),
        (["--rows", "7-3"], ["a range goes up"]),
        (["--rows", "0"], ["count from 1"]),
        (["-q", "-v"], ["exclude each other"]),
        (["-q", "--rows", "3"], ["--rows has nothing to act on"]),
        (["--detail", "minimal", "--bytes", "all"], ["not part of the minimal form"]),
    ],
)
def test_usage(options: list[str], words: list[str], patched: str) -> None:
    """What makes no sense is refused in one message, exit 2."""
    assert_refused(invoke("show", patched, *options), *words)


@pytest.mark.parametrize("data", [b"", b"leak\n", b"{}\n"])
def test_no_trace(data: bytes, tmp_path: Path) -> None:
    """A file that is no trace is one message that names it."""
    path = tmp_path / "broken.jsonl"
    path.write_bytes(data)
    assert_refused(invoke("show", str(path)), "broken.jsonl")
    assert_refused(invoke("show", str(tmp_path / "none")), "cannot read ", "none: no such file")


def test_a_fault_in_the_middle_shows_nothing(patched: str) -> None:
    """A row that is no record is one message and no half a text."""
    lines = Path(patched).read_bytes().splitlines(keepends=True)
    Path(patched).write_bytes(b"".join([*lines[:20], b"{\n", *lines[21:]]))
    assert_refused(invoke("show", patched), "trace.jsonl:21")


def test_neither_scapy_nor_cryptography(patched: str) -> None:
    """Showing a stored trace, filtered, imports neither scapy nor cryptography."""
    code = (
        "import sys; from ipsec_lo_trace.cli.main import run; "
        f"code = run(['show', {patched!r}, '--stage', 'looutput']); "
        "print(code, [name for name in sys.modules if name.split('.')[0] in ('scapy', 'cryptography')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_output_file(patched: str, tmp_path: Path) -> None:
    """-o writes what standard output would get."""
    path = tmp_path / "text"
    assert show(patched, "-o", str(path)).out == b""
    assert path.read_bytes() == show(patched, "--glyphs", "unicode").out


@pytest.mark.parametrize("view", [[], ["--color", "always"], ["--detail", "minimal"]], ids=" ".join)
def test_a_trace_cannot_steer_the_terminal(view: list[str], patched: str) -> None:
    """Control characters in a stored trace are escaped in its text."""
    data = Path(patched).read_bytes()
    Path(patched).write_bytes(
        data.replace(b'"decision":"apply"', b'"decision":"\\u001b[2J"').replace(
            b'"stage":"icmp_send"', b'"stage":"\\u001b[2J"'
        )
    )
    text = show(patched, *view).text
    assert "\\x1b[2J" in text
    assert "\x1b[2J" not in text


def test_layers_are_opened_by_keys_that_are_given(tmp_path: Path) -> None:
    """A trace of a file's configuration shows ESP closed, and with -f open, as its run did."""
    config = tmp_path / "own.conf"
    config.write_text(
        "add 127.0.0.1 127.0.0.1 esp 0x3000 -E des-cbc 0x0123456789abcdef ;"
        " spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;"
    )
    trace = store(tmp_path / "own.jsonl", "-f", str(config))
    closed, opened = (show(trace, "--bytes", "layers", *more) for more in ([], ["-f", str(config)]))
    assert closed.out.count(b"ESP trailer:") == 0
    assert opened.out.count(b"ESP trailer:") > 0
    assert opened.out == ping("-f", str(config), "--bytes", "layers").out


def test_keys_are_for_layers(patched: str) -> None:
    """-f without --bytes layers has nothing to act on."""
    assert_refused(invoke("show", patched, "-f", "own.conf"), "-f has nothing to act on")


def test_a_configuration_without_the_trace_s_keys_is_refused(patched: str, tmp_path: Path) -> None:
    """Keys of another configuration are no keys of this trace, and it says of which SA."""
    other = tmp_path / "other.conf"
    other.write_text("flush ;")
    done = invoke("show", patched, "--bytes", "layers", "-f", str(other))
    assert_refused(done, "the configuration has no SA esp 0x1000")
