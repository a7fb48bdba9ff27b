"""A table that several processes filled, each its share of the rows, is what one would have filled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace import Matrix
from ipsec_lo_trace.matrix import all_rows, run
from ipsec_lo_trace.matrix.parts import fault, merged, rows_of, run_part
from ipsec_lo_trace.model.matrix import Row
from ipsec_lo_trace.model.pieces import Shard
from tests.cli.support import Done, assert_refused, invoke
from tests.matrix.support import run_row_once

SOME = [row for row in all_rows() if row.program.startswith("probe tcp")]
TWO = ("none", "netbsd-2.0")
TCP = ("--rows", "tcp-*", "--columns", "none", "--columns", "netbsd-2.0")


@pytest.fixture(autouse=True)
def _each_cell_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run_row", run_row_once)


@given(rows=st.lists(st.sampled_from(all_rows()), unique_by=lambda row: row.name), shards=st.integers(1, 99))
def test_each_row_is_in_one_share(rows: list[Row], shards: int) -> None:
    """Of however many shares each row is in one, and no share has more than one row more than another."""
    dealt = [rows_of(rows, Shard(number, shards)) for number in range(1, shards + 1)]
    assert sorted(row.name for share in dealt for row in share) == sorted(row.name for row in rows)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


@pytest.mark.parametrize("shards", [1, 3, 20])
def test_shares_are_put_together_in_order(shards: int) -> None:
    """The parts of a table are the table, also if there are more shares than rows."""
    parts = [run_part(SOME, TWO, Shard(number, shards)) for number in range(1, shards + 1)]
    assert merged(parts) == run.run_matrix(SOME, TWO)
    assert [fault(part) for part in parts] == [""] * shards
    empty = [run_part([], TWO, Shard(number, shards)) for number in range(1, shards + 1)]
    assert merged(empty) == Matrix([], list(TWO), [])


@pytest.fixture(name="folder")
def made_folder(tmp_path: Path) -> Path:
    """Fill a small table in three shares."""
    for number in (1, 2, 3):
        done = invoke("matrix", *TCP, "--shard", f"{number}/3", "-o", str(tmp_path / f"{number}"))
        assert (done.code, done.out, done.err) == (0, b"", "")
    return tmp_path


def merge(folder: Path, *names: str, options: tuple[str, ...] = ()) -> Done:
    """Put some parts together."""
    return invoke("matrix", "--merge", *(str(folder / name) for name in names), *options)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-v",),
        ("--commands",),
        ("--only", "leak"),
        ("--only", "panic", "--format", "json"),
        ("--format", "json"),
        ("--format", "md"),
        ("--format", "html"),
        ("--color", "always", "--glyphs", "unicode"),
    ],
    ids=" ".join,
)
def test_merged_parts_print_what_one_matrix_prints(options: tuple[str, ...], folder: Path) -> None:
    """The same bytes in every form, in whichever order the parts are named."""
    whole = invoke("matrix", *TCP, *options)
    both = merge(folder, "2", "3", "1", options=options)
    assert (both.code, both.out, both.err) == (whole.code, whole.out, "") == (0, whole.out, "")
    assert whole.out


def _cell(part: dict[str, Any], **change: object) -> None:
    part["cells"][0][0].update(change)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "part 3/3 is missing"),
        ("2", "part 2/3 stands there twice"),
        ("columns", "not of the same matrix as "),
        ("tool", "--rows, --columns, version and N must be the same"),
        ("schema", "its schema is x, not ipsec-lo-trace-matrix/1"),
        ("shard", "part 4/3: there is no such one"),
        ("row", "no part of a matrix: its rows are not this version's"),
        ("twice", "its rows are not this version's"),
        ("fix", "its fixes are not this version's"),
        ("fewer", "its cells are not those of its rows and fixes"),
        ("outcome", "no cell of tcp-closed lo-bundle under none is so"),
        ("code", "no cell of tcp-closed lo-bundle under none is so"),
        ("finding", "no cell of tcp-closed lo-bundle under none is so"),
        ("command", "no cell of tcp-closed lo-bundle under none is so"),
        ("none", "no part of a matrix: "),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(name: str, words: str, folder: Path) -> None:
    """A missing part, one twice, one of another table, and what no run gives: exit 2, and why."""
    third = json.loads((folder / "3").read_bytes())
    changes: dict[str, Any] = {
        "tool": lambda: third.update(tool="x"),
        "schema": lambda: third.update(schema="x"),
        "shard": lambda: third.update(shard=4),
        "row": lambda: third["rows"][0].update(title="x"),
        "twice": lambda: third["rows"].append(third["rows"][0]),
        "fix": lambda: third.update(fixes=["none", "x"]),
        "fewer": third["cells"].pop,
        "outcome": lambda: _cell(third, outcome="x"),
        "code": lambda: _cell(third, code="x"),
        "finding": lambda: _cell(third, findings=["x"]),
        "command": lambda: _cell(third, command="rm"),
        "none": lambda: third.update(kind="sweep"),
        "columns": lambda: (third["fixes"].pop(), [cells.pop() for cells in third["cells"]]),
    }
    if name in changes:
        changes[name]()
        (folder / name).write_text(json.dumps(third), encoding="utf-8")
    assert_refused(merge(folder, "1", "2", *([name] if name else [])), words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shard", "x"), "--shard 'x' is no share of a matrix, such as 1/4, of 9999 at most"),
        (("--shard", "1/2", "--format", "html"), "--format html has no say in a part, which is JSON"),
        (("--shard", "1/2", "--only", "leak"), "--only has no say in a part"),
        (("--shard", "1/2", "--commands"), "--commands has no say in a part"),
        (("--shard", "1/2", "--glyphs", "ascii"), "--glyphs has no say in a part"),
        (("--shard", "1/2", "-v"), "-v has no say in a part"),
        (("--merge", "x", "--rows", "tcp-*"), "--rows is said where the parts are made"),
        (("--merge", "x", "--columns", "none"), "--columns is said where"),
        (("--merge", "x", "-j", "2"), "-j is said where"),
        (("--merge", "x", "--shard", "1/2"), "--shard is said where"),
        (("--merge",), "--merge wants the files that --shard wrote"),
        (("--merge", "x", "-"), "--merge reads files, not standard input"),
        (("x",), "x is one argument too many: files are for --merge"),
    ],
)
def test_what_contradicts_is_refused(options: tuple[str, ...], words: str) -> None:
    """What has no say together is told in one message, before anything runs."""
    assert_refused(invoke("matrix", *options), words)


def test_a_table_does_not_replace_a_part(folder: Path) -> None:
    """-o may not name a file that --merge reads."""
    done = merge(folder, "1", "2", "3", options=("-o", str(folder / "2")))
    assert_refused(done, "-o names a file that is read")
