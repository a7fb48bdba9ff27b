"""Does the built-in smoke set pass, and does it notice?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ipsec_lo_trace.cli.checking.files import BUILTIN
from ipsec_lo_trace.kernel.kern import uipc_mbuf2
from ipsec_lo_trace.kernel.netinet import raw_ip
from ipsec_lo_trace.kernel.netipsec import ipsec_input, ipsec_output, xform_ah, xform_esp
from tests.check.support import SMOKE, Table, check, passes, smoke_copy

WORDS = {"outcome": "panic", "code": "no-sa", "ping": "loss", "errno": "EINVAL"}


class Flip(NamedTuple):
    """One expectation of one check of the smoke set, turned into something else."""

    table: Table
    where: str
    expected: str
    got: str


def flips(table: Table) -> Iterator[Flip]:
    """Yield every expectation of a check but its minimal trace, each flipped alone."""
    for key, wrong in WORDS.items():
        yield Flip(table | {key: wrong}, key, wrong, table[key] or "(nothing)")
    for at, word in enumerate(table["lo0"]):
        wrong = "esp:666#1" if word == "icmp" else "icmp"
        lo0 = [*table["lo0"][:at], wrong, *table["lo0"][at + 1 :]]
        yield Flip(table | {"lo0": lo0}, f"lo0[{at}]", wrong, word)
    counters = table.get("counters", {})
    for name, number in counters.items():
        changed = counters | {name: number + 1}
        yield Flip(table | {"counters": changed}, name, str(number + 1), str(number))


FLIPS = {f"{table['name']}: {flip.where}": flip for table in SMOKE for flip in flips(table)}


def test_the_smoke_set_passes_as_shipped() -> None:
    """Without a FILE every built-in check passes, a line for each, and the sum comes last."""
    done = passes()
    assert done.lines == [*(f"PASS {table['name']}" for table in SMOKE), f"{len(SMOKE)} passed, 0 failed"]


def test_the_smoke_set_covers_what_it_should() -> None:
    """Each shape is run unpatched and patched, and says its outcome, its code and what crosses lo0."""
    shapes = (
        "the eight steps",
        "one ESP SA",
        "one AH SA",
        "a bundle of ESP and AH",
        "an ESP tunnel",
        "two SAs",
    )
    names = [
        f"{shape}, {kernel}"
        for shape in (*shapes, "an asymmetric policy")
        for kernel in ("unpatched", "patched")
    ]
    assert [table["name"] for table in SMOKE] == names
    assert all(table.keys() >= {"outcome", "code", "lo0"} for table in SMOKE)
    assert all(table.keys() >= {"counters", "minimal"} for table in SMOKE[:2])


@pytest.mark.slow
@pytest.mark.parametrize("name", FLIPS)
def test_a_flipped_expectation_is_noticed(name: str, tmp_path: Path) -> None:
    """Any one expectation turned wrong exits 1, with its place, both values and the row that shows it."""
    flip = FLIPS[name]
    path = smoke_copy(tmp_path, flip.table)
    done = check(path)
    assert (done.code, done.err) == (1, "")
    failed, place, expected, got, row, rerun, total = done.lines
    assert failed == f"FAIL {flip.table['name']}"
    assert place.startswith(f"  {path}:")
    assert place.endswith(f": {flip.where}")
    assert expected == f"    expected {flip.expected}"
    assert got == f"    got      {flip.got}"
    assert row.startswith("    row ")
    assert "ipsec-lo-trace ping" in rerun
    assert total == "0 passed, 1 failed"


@pytest.mark.slow
@pytest.mark.parametrize("table", SMOKE[:2], ids=lambda table: str(table["name"]))
def test_every_minimal_line_is_noticed(table: Table, tmp_path: Path) -> None:
    """Any line of a minimal trace altered, left out or doubled exits 1, and the first difference is told."""
    path = smoke_copy(tmp_path, table)
    golden = tmp_path / str(table["minimal"])
    lines = golden.read_text(encoding="ascii").splitlines(keepends=True)
    for at, line in enumerate(lines[:-2]):
        for instead in (["x" + line], [], [line, line]):
            golden.write_text("".join([*lines[:at], *instead, *lines[at + 1 :]]), encoding="ascii")
            done = check(path)
            assert done.code == 1
            assert f"{golden}:" in done.text
            assert "  expected " in done.text
            assert "    row " in done.text
    golden.write_text("".join([*lines[:3], "x" + lines[3], *lines[4:]]), encoding="ascii")
    assert (
        f"{golden}:4: minimal trace, line 4\n    expected x{lines[3]}    got      {lines[3]}"
        in check(path).text
    )


FAULTS = {
    "ESP forgets M_DECRYPTED": (xform_esp, "m_set_flag", "one ESP SA, unpatched"),
    "AH forgets its flags": (xform_ah, "m_set_flag", "one AH SA, unpatched"),
    "process_done forgets OUT_DONE": (ipsec_output, "m_tag_prepend", "the eight steps, patched"),
    "input forgets IN_DONE": (ipsec_input, "m_tag_prepend", "the eight steps, unpatched"),
    "the fix strips nothing": (uipc_mbuf2, "m_tag_delete_nonpersistent", "one ESP SA, patched"),
    "gate 2 lets everything in": (raw_ip, "ipsec4_in_reject", "an asymmetric policy, unpatched"),
}
"""A stage's module, the duty that it does not do, and a check of the smoke set that must not pass then."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_stage_is_noticed(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that does not do one of its duties makes the smoke set exit 1, with rows and reasons."""
    module, duty, name = FAULTS[fault]
    # One check of the set: without OUT_DONE a packet is wrapped until no packet can hold it.
    [table] = [table for table in SMOKE if table["name"] == name]
    monkeypatch.setattr(module, duty, lambda *_args, **_options: None)
    done = check(smoke_copy(tmp_path, table))
    assert (done.code, done.err) == (1, "")
    assert f"FAIL {name}\n" in done.text
    assert "    expected " in done.text
    assert "    row " in done.text


def test_a_check_that_cannot_be_judged_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that breaks off with an exception exits 3, and nothing is reported as passed."""

    def broken(*_args: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(xform_esp, "m_set_flag", broken)
    done = check()
    assert (done.code, done.out) == (3, b"")


def test_the_smoke_set_names_files_that_it_brings() -> None:
    """Every file beside the smoke set is used by it."""
    text = BUILTIN.read_text(encoding="ascii")
    others = [path.name for path in BUILTIN.parent.iterdir() if path != BUILTIN]
    assert others
    assert [name for name in others if name not in text] == []
