"""A sweep that several processes ran, each its share, comes to what one would have found."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ipsec_lo_trace import run_sweep
from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.sweep import Sweep, SweepPart
from ipsec_lo_trace.render.sweep_text import sweep_jsonl, sweep_text
from ipsec_lo_trace.sweep import run
from ipsec_lo_trace.sweep.drawn import DrawnCase
from ipsec_lo_trace.sweep.examine import Examined
from ipsec_lo_trace.sweep.laws import Breach
from ipsec_lo_trace.sweep.merge import merged
from tests.cli.support import Done, assert_refused, invoke
from tests.sweep.support import PLAIN

KINDS = (
    ("worse-than-none", "", "stale-flag"),
    ("worse-than-none", "any-out-done", "lost"),
    ("exception", "", "X"),
)
SEED = "37"
"""A sweep whose sixty cases break laws in several ways, two of them first in the same case."""


def _made_up(case: DrawnCase, fixes: list[str]) -> Examined:
    """Break laws at random, by the case's number, which stands in its size."""
    dice = Random(case.size)  # noqa: S311 -- to play with
    broken = [
        Breach(law, fix, code, known, f"case {case.size}")
        for fix in fixes
        for law, known, code in KINDS
        if dice.random() < 0.01
    ]
    return Examined([(fix, dice.choice(list(OUTCOMES))) for fix in fixes], broken)


def report(sweep: Sweep) -> tuple[list[bytes], list[str]]:
    """Return both reports."""
    return list(sweep_jsonl(sweep)), [line.plain for line in sweep_text(sweep, width=80)]


def run_share(shard: Shard, cases: int, *stops: int) -> SweepPart:
    """Run a share, stopped and gone on with at some numbers of cases."""
    part = run.begin(0, shard)
    assert isinstance(part, SweepPart)
    for stop in (*sorted(stops), cases):
        run.go_on(part, stop)
    return part


@given(
    cases=st.integers(1, 300),
    shards=st.integers(1, 20),
    stops=st.lists(st.integers(1, 300), max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_shares_come_to_the_same_as_the_whole(
    cases: int, shards: int, stops: list[int], order: Random
) -> None:
    """Whatever is broken, in however many shares, stopped wherever, read in any order: the same report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "examine", _made_up)
        patch.setattr(run, "draw", lambda _seed, number: replace(PLAIN, size=number))
        patch.setattr(run, "shrink", lambda case, _breach: case)
        patch.setattr(run, "breaks", lambda _case, breach: breach)
        whole = run.begin(0)
        ran = run.go_on(whole, cases)
        parts = [
            run_share(Shard(number, shards), cases, *(stop for stop in stops if stop <= cases))
            for number in range(1, shards + 1)
        ]
    assert ran == cases
    order.shuffle(parts)
    assert merged(parts) == whole
    assert report(merged(parts)) == report(whole)
    assert merged(parts).fault() == ""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a small sweep in three shares, once."""
    folder = tmp_path_factory.mktemp("parts")
    for number in (1, 2, 3):
        done = share(f"{number}/3", "-o", str(folder / f"{number}"))
        assert (done.code, done.out, done.err) == (0, b"", "")
    return folder


def share(which: str, *options: str, cases: str = "60") -> Done:
    """Run a share of the small sweep."""
    return invoke("sweep", "--cases", cases, "--seed", SEED, "-q", "--shard", which, *options)


def merge(folder: Path, *names: str, options: tuple[str, ...] = ()) -> Done:
    """Put some parts together."""
    return invoke("sweep", "--merge", *(str(folder / name) for name in names), *options)


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--format", "jsonl"), ("--color", "always")])
def test_merged_parts_print_what_one_sweep_prints(parts: Path, options: tuple[str, ...]) -> None:
    """The same bytes and exit code, the minimised first case of each kind among them, in any order."""
    whole = invoke("sweep", "--cases", "60", "--seed", SEED, "-q", *options)
    both = merge(parts, "3", "1", "2", options=options)
    assert (both.code, both.out, both.err) == (whole.code, whole.out, "")
    assert whole.out.count(b"worse-than-none") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("first", ["7", "45"])
def test_a_share_is_resumed(first: str, parts: Path, tmp_path: Path) -> None:
    """A share that was stopped and resumed is the same part, and so is the file that it was kept in."""
    state = str(tmp_path / "state")
    assert share("1/3", "--resume", state, cases=first).code == 0
    assert share("1/3", "--resume", state).out == (parts / "1").read_bytes() == Path(state).read_bytes()


@pytest.mark.slow
def test_a_share_goes_on_in_several_processes(parts: Path) -> None:
    """-j shares a share out; the part is the same bytes, and the rate counts the share's cases alone."""
    assert share("2/3", "-j", "2").out == (parts / "2").read_bytes()
    told = invoke("sweep", "--cases", "60", "--seed", SEED, "--shard", "2/3")
    assert told.err.startswith("ipsec-lo-trace: 20 cases in ")


@pytest.mark.slow
def test_a_share_of_another_kind_is_not_resumed(parts: Path, tmp_path: Path) -> None:
    """What is kept of one share is not another's, and not a whole sweep's."""
    state = tmp_path / "state"
    state.write_bytes((parts / "1").read_bytes())
    assert_refused(share("2/3", "--resume", str(state)), "the sweep in it is share 1/3")
    assert_refused(invoke("sweep", "--seed", SEED, "--resume", str(state)), "no sweep to resume")
    assert invoke("sweep", "--cases", "1", "--seed", SEED, "-q", "-o", str(tmp_path / "x")).code == 0
    whole = invoke("sweep", "--cases", "1", "--seed", SEED, "-q", "--resume", str(tmp_path / "whole"))
    assert whole.code == 0
    assert_refused(share("1/3", "--resume", str(tmp_path / "whole")), "no sweep to resume")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("1", "2"), "part 3/3 is missing"),
        (("2", "3", "2", "1"), "part 2/3 stands there twice"),
        (("1", "2", "further"), "not of the same sweep as "),
        (("1", "2", "seed"), "--seed, --cases, version and N must be the same"),
        (("1", "2", "lying"), "part 4/3: there is no such one"),
        (("1", "2", "none"), "no part of a sweep: "),
        (("1", "2", "old"), "its schema is x, not ipsec-lo-trace-sweep/1"),
        (("1", "2", "much"), "cases are done, of 100000000 at most"),
        (("1", "2", "odd"), "no part of a sweep: its outcomes are not those of its fixes"),
        (("1", "2", "nowhere"), "no such file"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    names: tuple[str, ...], reason: str, parts: Path
) -> None:
    """A missing part, one twice, one of another sweep or as far as another, and what is none: exit 2, why."""
    third = json.loads((parts / "3").read_bytes())
    changes: dict[str, dict[str, object]] = {
        "further": {"done": 61},
        "seed": {"seed": 5},
        "lying": {"shard": 4},
        "none": {"kind": "sweep"},
        "old": {"schema": "x"},
        "much": {"done": 100_000_001},
        "odd": {"outcomes": {}},
    }
    for name, change in changes.items():
        (parts / name).write_text(json.dumps({**third, **change}), encoding="utf-8")
    assert_refused(merge(parts, *names), reason)


@pytest.mark.slow
def test_parts_that_count_more_than_there_is_are_refused(parts: Path) -> None:
    """Parts that together have more runs than cases were run are no sweep's."""
    third = json.loads((parts / "3").read_bytes())
    third["outcomes"]["none"]["leak"] += 50 - sum(third["outcomes"]["none"].values())
    (parts / "more").write_text(json.dumps(third), encoding="utf-8")
    assert_refused(merge(parts, "1", "2", "more"), "no parts of a sweep: the outcomes under none")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shard", "0/2"), "--shard '0/2' is no share of a sweep, such as 1/4, of 9999 at most"),
        (("--shard", "3/2"), "is no share of a sweep"),
        (("--shard", "1/2", "--color", "always"), "--color has no say in a part, which is JSON Lines"),
        (("--merge", "x", "--shard", "1/2"), "--shard is said where the parts are made"),
        (("--merge", "x", "--cases", "200"), "--cases is said where the parts are made"),
        (("--merge", "x", "--seed", "0"), "--seed is said where"),
        (("--merge", "x", "-j", "1"), "-j is said where"),
        (("--merge", "x", "--resume", "y"), "--resume is said where"),
        (("--merge",), "--merge wants the files that --shard wrote"),
        (("--merge", "-"), "--merge reads files, not standard input"),
        (("x",), "x is one argument too many: files are for --merge"),
    ],
)
def test_what_contradicts_is_refused(options: tuple[str, ...], words: str) -> None:
    """What has no say together is told in one message, before anything runs."""
    assert_refused(invoke("sweep", *options), words)


@pytest.mark.slow
def test_a_report_does_not_replace_a_part(parts: Path) -> None:
    """-o may not name a file that --merge reads."""
    done = merge(parts, "1", "2", "3", options=("-o", str(parts / "2")))
    assert_refused(done, "-o names a file that is read")


def test_the_interface_runs_the_same_sweep() -> None:
    """run_sweep gives the sweep, tells how far it is, and refuses cases that there are not."""
    told: list[int] = []
    sweep = run_sweep(3, 7, progress=told.append)
    assert (sweep.done, sweep.seed, told) == (3, 7, [3])
    whole = run.begin(7)
    run.go_on(whole, 3)
    assert sweep == whole
    with pytest.raises(UserError, match="cases 0: not from 1 to "):
        run_sweep(0)
    with pytest.raises(UserError, match="seed -1: not from 0 to "):
        run_sweep(1, -1)
