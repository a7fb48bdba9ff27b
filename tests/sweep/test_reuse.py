"""Is a run that stands for other fixes what theirs would have been, and does no run leave its traces?"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import pytest

from ipsec_lo_trace.fixes.fix import UNPATCHED, all_fixes, known_fix
from ipsec_lo_trace.machine.run import ROW_LIMIT
from ipsec_lo_trace.model.build import Build, values
from ipsec_lo_trace.model.databases import Configuration, Databases
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep import examine as examine_module
from ipsec_lo_trace.sweep.asked import Asked, answers
from ipsec_lo_trace.sweep.draw import draw
from ipsec_lo_trace.sweep.drawn import DrawnCase
from ipsec_lo_trace.sweep.examine import Examined, Runs, Untouched, examine, planned
from ipsec_lo_trace.sweep.kept import ROOM, KeptEsp
from ipsec_lo_trace.sweep.laws import breaches
from ipsec_lo_trace.sweep.ran import Ran, Rows, ran
from ipsec_lo_trace.tracer.packets import all_sas
from ipsec_lo_trace.tracer.tracing import trace
from ipsec_lo_trace.wire.esp import EspTransform
from tests.sweep.support import AH, ESP, ONE_SA, case, policy, traced

FIXES = [fix.name for fix in all_fixes()]
LOOP = case(AH, policies=(policy("out", "esp/transport//use", "ah/transport//use"),))
"""Its packet gets one AH after another, until it is too long."""
BY_HAND = [ONE_SA, case(ESP, AH, policies=(policy("out", "esp/transport//require", "ah/transport//use"),))]
SOME = [draw(5, number) for number in range(1, 31)]


def facts(of: Ran) -> tuple[object, ...]:
    """Give all that the laws look at; of the verdict, which has words too, what they ask of it."""
    verdict = of.verdict
    return (
        of.ways,
        of.crossed,
        of.settled,
        of.reflected,
        of.accepted,
        of.loop,
        of.detected,
        of.by_tag,
        of.policies,
        of.sas,
        (verdict.outcome, verdict.code, verdict.errno, verdict.sent, verdict.received),
        [(found.code, found.row, found.since, found.echoes) for found in verdict.findings],
        verdict.counters,
    )


def whole(of: DrawnCase, fix: str) -> Ran:
    """Run a case by itself, as the commands do, and gather what the laws look at."""
    made = traced(of, fix)
    return ran(made.run, made.steps, made.verdict)


def differing(cases: list[DrawnCase], fixes: list[str]) -> Iterator[tuple[DrawnCase, str]]:
    """Yield each case and fix whose run in a sweep is not what it is by itself, or breaks other laws."""
    for of in cases:
        runs = Runs(of)
        alone = {fix: whole(of, fix) for fix in fixes}
        broken = [breach for fix, one in alone.items() for breach in breaches(fix, one, alone[UNPATCHED])]
        examined = Examined([(fix, one.verdict.outcome) for fix, one in alone.items()], broken)
        for fix in fixes:
            if facts(runs.under(fix)) != facts(alone[fix]):
                yield of, fix
        if examine(of, fixes) != examined:
            yield of, "examined"


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 161, 40))
def test_a_run_that_stands_for_others_is_what_they_are(first: int) -> None:
    """Of 160 cases every fix's run in a sweep, its own or not, is row by row what the tracer makes of it."""
    assert not list(differing([draw(3, number) for number in range(first, first + 40)], FIXES))


def test_it_is_so_of_a_few() -> None:
    """The same of the analysis's own case and of a bundle, under every fix."""
    assert not list(differing(BY_HAND, FIXES))


@pytest.mark.slow
def test_it_is_so_of_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of a packet that goes round thousands of times, followed as far as the tracer follows it."""
    monkeypatch.setattr(examine_module, "ROW_LIMIT", ROW_LIMIT)
    assert not list(differing([LOOP], [UNPATCHED, "strict", "freebsd-13", "netbsd-2015", "lo-exempt"]))


def test_a_loop_that_is_cut_breaks_the_same_law() -> None:
    """A sweep follows it 2,000 rows, and says of it what the whole run says but for how it ends."""
    cut, alone = Runs(LOOP).under(UNPATCHED), whole(LOOP, UNPATCHED)
    assert (cut.verdict.outcome, alone.verdict.outcome) == ("loop", "lost")
    laws = [[(breach.law, breach.way) for breach in breaches(UNPATCHED, one, one)] for one in (cut, alone)]
    assert laws[0] == laws[1]


def _forgets(names: str) -> object:
    real = Asked.alike

    def alike(asked: Asked, quoted: int) -> dict[str, frozenset[str]]:
        return {one: same for one, same in real(asked, quoted).items() if one not in names.split()}

    return alike


SWITCHES = ["icmp_reflect", "looutput", "if_output", "lo_ipsec", "loop_detect done_tag", "in_done requeue"]
"""Switches that fixes tell apart: those of a pair are turned together, so one alone would not be missed."""


@pytest.mark.slow
@pytest.mark.parametrize("switch", SWITCHES)
def test_a_forgotten_switch_is_noticed(switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If what was asked of a switch, or of two, were forgotten, runs would differ: the check can fail."""
    monkeypatch.setattr(Asked, "alike", _forgets(switch))
    assert list(differing(SOME, FIXES))


def test_most_fixes_do_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the fixes of 30 cases less than a third run: the others could not be told from one that did."""
    runs: list[Rows] = []

    class Counted(Rows):
        def __init__(self) -> None:
            super().__init__()
            runs.append(self)

    monkeypatch.setattr(examine_module, "Rows", Counted)
    for of in SOME:
        examine(of, FIXES)
    assert len(SOME) < len(runs) < len(SOME) * len(FIXES) / 3


def test_a_comparison_tells_its_answer_and_no_more() -> None:
    """Kernels answer alike if a comparison comes out the same there; what was never asked may be anything."""
    asked = Asked(Build(icmp_reflect="all"))
    assert asked.build.loop_detect != "early-return"
    assert asked.build.done_tag == "per-sa"
    alike = asked.alike()
    assert alike == {"done_tag": {"per-sa"}, "loop_detect": set(values("loop_detect")) - {"early-return"}}
    assert answers(Build(loop_detect="own-sa", icmp_reflect="keep"), alike)
    assert not answers(Build(loop_detect="early-return"), alike)


@pytest.mark.parametrize("use", [hash, lambda value: value.upper()])
def test_any_other_use_tells_all(use: Callable[[object], object]) -> None:
    """A switch whose value is used otherwise than by a comparison must be the same for a run to be."""
    asked = Asked(Build(def_policy="discard"))
    use(asked.build.def_policy)
    assert asked.alike() == {"def_policy": {"discard"}}


@pytest.mark.parametrize("put", [str, "{}".format])
def test_words_tell_only_where_they_are_quoted(put: Callable[[object], str]) -> None:
    """A switch that is put into a row's words must be the same only if that row is quoted."""
    asked = Asked(Build(looutput="tags"))
    asked.by_row(lambda: 7)
    assert put(asked.build.looutput) == "tags"
    assert asked.alike() == asked.alike(6) == {}
    assert asked.alike(7) == {"looutput": {"tags"}}


def _dump(db: Databases) -> bytes:
    db.covering.clear()
    return pickle.dumps(db)


def test_a_run_leaves_the_databases_as_they_were() -> None:
    """What a run changes in SAs and rules is put back, whatever the fix."""
    changed = 0
    for of in (*BY_HAND, *SOME):
        db = load(of.text, "drawn").db
        # Of what it says once, an object keeps the words: they are there before the first look.
        _words = [str(each) for sps in db.sptree.values() for sp in sps for each in (sp, *sp.requests)]
        before, untouched = _dump(db), Untouched(db)
        for fix in ("none", "netbsd-9"):
            trace(planned(of, known_fix(fix)), Configuration(of.text, db))
        changed += _dump(db) != before
        untouched.restore()
        assert _dump(db) == before
    assert changed > len(SOME) / 3


def test_remembered_packets_are_the_same() -> None:
    """An ESP transform that remembers gives the bytes of one that does not, before and after it is full."""
    [sav] = all_sas(load(ESP, "a test").db)
    kept = KeptEsp(sav)
    for number in (1, 2, 1, 3, 3):
        plain, made = (
            bytes([number]) * (ROOM // 2 - ROOM // 2 % 8 - 2),
            EspTransform("des-cbc", sav.enc_key, "", b""),
        )
        sealed = [
            one.seal(spi=1, seq=number, iv=bytes(8), next_header=1, payload=plain, padding=b"")
            for one in (kept, made)
        ]
        assert sealed[0] == sealed[1]
        assert kept.decrypt(sealed[0]) == made.decrypt(sealed[0])
