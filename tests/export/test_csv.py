"""export --to csv: a table for spreadsheets and databases, read by a reader that shares no line with it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.export.csv import write_csv
from ipsec_lo_trace.render.store import StoredTrace
from tests.export.support import export, stored

CELL = r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))'
LINE = re.compile(rf"{CELL}(?:,{CELL})*\r\n")
RUNS = {
    "leak": (),
    "bundle": ("--proto", "esp+ah", "--patched"),
    "fragments": ("-s", "40000", "-c", "2", "-l", "2", "--proto", "ah"),
}
WIRE = ("src", "dst", "len", "ident", "ttl", "offset", "info")
STEP = ("row", "echo", "analysis", "packet", "stage", "visit", "via", "decision", "to", "reason", "text")
STARTERS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")


def table(path: str) -> list[dict[str, str]]:
    """Read an export by the grammar of RFC 4180: every byte must belong to a line of cells."""
    text = export(path, "--to", "csv").decode()
    lines, at = [], 0
    while at < len(text):
        line = LINE.match(text, at)
        assert line, text[at : at + 200]
        cells = re.findall(rf"{CELL}(?:,|$)", line[0].removesuffix("\r\n"))
        lines.append([(quoted or bare).replace('""', '"') for quoted, bare in cells[: _count(line[0])]])
        at = line.end()
    names, *rows = lines
    assert {len(row) for row in rows} == {len(names)}
    return [dict(zip(names, row, strict=True)) for row in rows]


def _count(line: str) -> int:
    """Count the cells of a line: the commas outside of quotes, and one."""
    return re.sub(r'"(?:[^"]|"")*"', "", line).count(",") + 1


def steps(path: str) -> list[dict[str, Any]]:
    """Read the step records of a stored trace."""
    return [json.loads(line) for line in Path(path).read_text(encoding="ascii").splitlines()[1:-1]]


def words(marks: list[dict[str, Any]]) -> str:
    """Name marks as the table does."""
    return " ".join(mark["name"] + ("!" if mark["stale"] else "") for mark in marks)


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_line_says_what_its_row_says(run: tuple[str, ...], tmp_path: Path) -> None:
    """Every row is a line, and every column that has the name of a field has what the field has."""
    path = stored(tmp_path, *run)
    for line, step in zip(table(path), steps(path), strict=True):
        wire = step["wire"]
        assert {name: line[name] for name in STEP} == {name: str(step[name]) for name in STEP}
        assert {name: line[name] for name in WIRE} == {name: str(wire[name]) for name in WIRE}
        assert [int(spi, 16) for spi in line["spi"].split()] == wire["spi"]
        assert [int(number) for number in line["seq"].split()] == wire["seq"]
        assert (line["proto"].split(), line["more"]) == (wire["proto"], str(wire["more"]).lower())
        assert (line["errno"], line["returned"]) == (step["errno"] or "", step["returned"] or "")
        assert dict(pair.split("=") for pair in line["counters"].split()) == {
            name: str(by) for name, by in step["counters"].items()
        }


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_stale_marks_have_their_sign(run: tuple[str, ...], tmp_path: Path) -> None:
    """A stale mark is followed by an exclamation mark, and so is the answer of a check that it settled."""
    path = stored(tmp_path, *run)
    for line, step in zip(table(path), steps(path), strict=True):
        added, removed = (
            words([change["mark"] for change in step["changes"] if change["op"] == op])
            for op in ("add", "remove")
        )
        assert (line["marks"], line["added"], line["removed"]) == (words(step["marks"]), added, removed)
        assert line["checks"].split() == [
            f"{check['id']}={check['answer']}" + ("!" if (check["mark"] or {}).get("stale") else "")
            for check in step["checks"]
        ]


def test_the_rows_of_the_verdict_are_named(tmp_path: Path) -> None:
    """The last column has the verdict's names of a row: cause, effect, and where it went unseen."""
    named = {line["verdict"]: line["stage"] for line in table(stored(tmp_path)) if line["verdict"]}
    assert named == {"CAUSE": "icmp_reflect", "EFFECT": "ip_output", "UNSEEN": "rip_input"}


def test_ports_and_changed_bytes(tmp_path: Path) -> None:
    """Ports stand where the trace has them, and rows whose bytes changed are told apart."""
    path = stored(tmp_path)
    changed = [line["changed"] for line in table(path)]
    assert changed == ["true" if step["bytes"] else "false" for step in steps(path)]
    udp = export("@unpatched", "--probe", "udp-echo", "--to", "csv").decode()
    assert ",49152 7," in udp


def told_as(path: Path, text: str) -> str:
    """Give a trace's first row another text, and export it; return the cell as a reader of CSV has it."""
    lines = path.read_text(encoding="ascii").splitlines()
    step = json.loads(lines[1])
    step["text"] = text
    path.write_text("\n".join([lines[0], json.dumps(step), *lines[2:], ""]), encoding="ascii")
    return table(str(path))[0]["text"]


@pytest.mark.parametrize("starter", STARTERS)
def test_no_cell_starts_a_formula(starter: str, tmp_path: Path) -> None:
    """What a spreadsheet would take for a formula gets an apostrophe; without its first it is the text."""
    path = Path(stored(tmp_path))
    text = f'{starter}HYPERLINK("http://192.0.2.1/","a, b")'
    assert told_as(path, text) == f"'{text}"
    assert told_as(path, f" {text}") == f" {text}"


def test_no_text_ends_its_cell(tmp_path: Path) -> None:
    """Commas and quotes are quoted, line ends and other control characters escaped: a row is a line."""
    path = Path(stored(tmp_path))
    assert told_as(path, 'a "b", c') == 'a "b", c'
    assert told_as(path, "\t=1\r\n=2\x00") == r"\x09=1\x0d\x0a=2\x00"


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_our_own_texts_need_no_apostrophe(run: tuple[str, ...], tmp_path: Path) -> None:
    """No cell of a trace of ours looks like a formula."""
    lines = table(stored(tmp_path, *run))
    assert not [cell for line in lines for cell in line.values() if cell.startswith(STARTERS)]


def test_rows_are_written_as_they_are_read(tmp_path: Path) -> None:
    """A long trace needs no room: each row is out before the next is read."""
    out = io.BytesIO()
    written = []

    class Watched(StoredTrace):
        def steps(self) -> Iterator[Step]:
            for step in super().steps():
                written.append(out.tell())
                yield step

    write_csv(Watched(io.BytesIO(Path(stored(tmp_path)).read_bytes())), out)
    assert len(written) > 1
    assert written == sorted(set(written))
