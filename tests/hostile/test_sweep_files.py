"""Is anything but a sweep's own file refused by --resume, in one message?"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipsec_lo_trace.cli.run import sweep as sweep_command
from ipsec_lo_trace.sweep.run import begin
from tests.cli.support import Done, assert_refused, invoke
from tests.fuzz.sweep import seeds
from tests.hostile.support import DATA, OBEYED

State = dict[str, Any]
CASES = 40


def resume(path: Path | str) -> Done:
    """Resume a sweep that would have nothing left to do."""
    return invoke("sweep", "--cases", str(CASES), "-q", "--resume", str(path))


def state() -> State:
    """Return a sweep that is done, with every law broken."""
    done: State = json.loads(list(seeds())[-1])
    return done


def test_a_sweep_that_is_done_is_resumed(tmp_path: Path) -> None:
    """What the other tests change would be taken as it is; exit 1, since it breaks laws of ours."""
    (tmp_path / "x.json").write_text(json.dumps(state()))
    done = resume(tmp_path / "x.json")
    assert (done.code, done.err) == (1, "")
    assert done.lines[0].startswith("40 random cases of seed 0")


@pytest.mark.parametrize("name", ["sweep-utf8.json", "sweep-deep.json", "sweep-no-outcome.json"])
def test_the_files_that_broke_it(name: str, tmp_path: Path) -> None:
    """No UTF-8, deep nesting, an outcome that is missing: each is no sweep to resume, and is left alone."""
    path = tmp_path / "x.json"
    path.write_bytes((DATA / name).read_bytes())
    assert_refused(resume(path), "x.json: ", "resume")
    assert path.read_bytes() == (DATA / name).read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 5_000,
        b"\xff\xfe",
        b'{"kind":"sweep"',
        b"[" * 200_000,
        b'{"kind":' * 100_000,
        b"9" * 100_000,
        b'"\\ud800"',
        b"null",
        b"[]",
        b"{}",
        b'{"kind":"sweep"}',
        b'{"kind":"broken"}',
    ],
)
def test_what_is_no_sweep_at_all(data: bytes, tmp_path: Path) -> None:
    """Whatever the bytes are, there is one message."""
    (tmp_path / "x.json").write_bytes(data)
    assert_refused(resume(tmp_path / "x.json"), "x.json: no sweep to resume: ")


ODD: tuple[Any, ...] = (None, True, -1, 1 << 70, 1.5, "", "x", [], {}, [[]], {"x": 1}, [{"x": 1}])


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("field", list(state()))
def test_a_field_of_another_kind(field: str, odd: object, tmp_path: Path) -> None:
    """Each field holds something else, or is not there: refused, unless it could have been so."""
    for changed in (
        {**state(), field: odd},
        {name: value for name, value in state().items() if name != field},
    ):
        (tmp_path / "x.json").write_text(json.dumps(changed))
        done = resume(tmp_path / "x.json")
        if (field, odd) == ("broken", []) and field in changed:
            assert done.code == 0
        elif field in ("schema", "kind") and field not in changed:
            assert done.code == 1
        else:
            assert_refused(done, "x.json: ")


def _lose_an_outcome(sweep: State) -> None:
    del sweep["outcomes"]["none"]["leak"]


def _lose_a_fix(sweep: State) -> None:
    del sweep["outcomes"]["none"]


def _gain_an_outcome(sweep: State) -> None:
    sweep["outcomes"]["none"]["x"] = 0


def _gain_a_fix(sweep: State) -> None:
    sweep["outcomes"]["x"] = sweep["outcomes"]["none"]


def _count_below_zero(sweep: State) -> None:
    sweep["outcomes"]["none"].update(leak=-1)


def _count_too_many(sweep: State) -> None:
    sweep["outcomes"]["none"].update(leak=CASES, lost=1)


def _break_another_law(sweep: State) -> None:
    sweep["broken"][0]["law"] = "x"


def _know_another_truth(sweep: State) -> None:
    sweep["broken"][0]["known"] = "x"


def _break_it_under_another_fix(sweep: State) -> None:
    sweep["broken"][0]["fixes"] = {"x": 1}


@pytest.mark.parametrize(
    "change",
    [
        _lose_an_outcome,
        _lose_a_fix,
        _gain_an_outcome,
        _gain_a_fix,
        _count_below_zero,
        _count_too_many,
        _break_another_law,
        _know_another_truth,
        _break_it_under_another_fix,
    ],
)
def test_what_no_sweep_has(change: Callable[[State], None], tmp_path: Path) -> None:
    """Counts, laws and fixes that do not fit together are no sweep to resume."""
    changed = state()
    change(changed)
    (tmp_path / "x.json").write_text(json.dumps(changed))
    assert_refused(resume(tmp_path / "x.json"), "x.json: no sweep to resume: ")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """Devices, pipes, and whatever is open under another name: refused before a byte is read."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path in ("/dev/zero", "/dev/null", "/dev/stdin", "/dev/fd/0", tmp_path / "fifo", tmp_path / "link"):
        if os.path.lexists(path):
            assert_refused(resume(path), f"{path}: it is no regular file")


def test_a_file_larger_than_a_state_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is refused; of a terabyte of nothing no more than the limit is read."""
    with (tmp_path / "x.json").open("wb") as sparse:
        sparse.truncate(1 << 40)
    monkeypatch.setattr(sweep_command, "MAX_STATE_LEN", 10_000)
    assert_refused(resume(tmp_path / "x.json"), "x.json: larger than 10000 bytes")


def test_a_state_is_far_below_the_limit() -> None:
    """A state with every law broken in every way takes a thousandth of what a file may have."""
    assert len(msgspec.json.encode(begin(0))) < sweep_command.MAX_STATE_LEN // 1000
    assert len(list(seeds())[-1]) < sweep_command.MAX_STATE_LEN // 1000


@pytest.mark.parametrize("planted", OBEYED, ids=ascii)
def test_texts_of_a_state_do_not_reach_the_terminal(planted: str, tmp_path: Path) -> None:
    """What a terminal would obey is escaped in the report, as text and as JSON, which says the same."""
    changed = state()
    changed["broken"][0].update(text=planted, config=planted, commands=[planted], code=planted, fix=planted)
    (tmp_path / "x.json").write_text(json.dumps(changed))
    assert resume(tmp_path / "x.json").text.isascii()
    done = invoke(
        "sweep", "--cases", str(CASES), "-q", "--resume", str(tmp_path / "x.json"), "--format", "jsonl"
    )
    assert planted not in done.out.decode()
    assert done.out.decode().replace("\n", "").isprintable()
    assert planted in {json.loads(line).get("text") for line in done.out.decode().splitlines()}
