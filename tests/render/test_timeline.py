"""The timeline: what its lanes show is what the trace holds, and no built-in run is too wide for it."""

from __future__ import annotations

import io
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from ipsec_lo_trace import Setup, defs
from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.codes import REASONS
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.pages.index import KINDS, find
from ipsec_lo_trace.pages.steps import DIFFERS
from ipsec_lo_trace.render.lanes import LANES_OF_A_NAME, MAX_LANES, SIGNS, Lanes, lanes_of
from ipsec_lo_trace.render.phrases import ENDS, PHRASES, phrase
from ipsec_lo_trace.render.rows import ASCII, CHARACTERS, UNICODE
from ipsec_lo_trace.render.store import StoredTrace, write_jsonl
from ipsec_lo_trace.render.timeline import HELD, View, made_in_place, timeline
from ipsec_lo_trace.sweep.draw import draw
from ipsec_lo_trace.tracer.setup import configuration, planned
from ipsec_lo_trace.tracer.tracing import Tracing
from tests.cli.support import invoke
from tests.render.support import printed
from tests.sweep.support import traced as traced_case

PROBES = [page.name for page in KINDS["probes"][1]]
FAST = ("none", "netbsd-2003-08", "kame", "freebsd", "strict")
FIXES = [pytest.param(fix.name, marks=[] if fix.name in FAST else [pytest.mark.slow]) for fix in all_fixes()]
ROW = re.compile(r" *(\d+)[ >X] ([a-z]\w+) ")
OWN, STALE = {"new", "own", "decides"}, {"stale", "stale-decides"}


def traced(setup: Setup) -> StoredTrace:
    """Run a setup and store its trace."""
    read = configuration(setup)
    tracing, out = Tracing(planned(setup, read), read), io.BytesIO()
    with closing(tracing.crossings) as crossings:
        write_jsonl(tracing.stretches(), crossings.lines(), out)
    return StoredTrace(out)


def built_in(fix: str) -> Iterator[StoredTrace]:
    """Run every case and every probe under a fix, some of them as bundles or answered by a process."""
    setups = [Setup(case=case.name, fix=fix) for case in all_cases()]
    setups += [Setup(case=case.name, fix=fix, reflector="userspace") for case in all_cases()[:8]]
    setups += [Setup(fix=fix, count=3)]
    setups += [Setup(probe=probe, fix=fix) for probe in PROBES]
    setups += [Setup(probe=probe, fix=fix, case="lo-bundle") for probe in PROBES if probe != "ipcomp"]
    return map(traced, setups)


def named(marks: tuple[Mark, ...]) -> Counter[tuple[str, bool]]:
    """Count marks by name and staleness."""
    return Counter((mark.name, mark.stale) for mark in marks)


@pytest.mark.parametrize("fix", FIXES)
def test_no_row_of_a_built_in_run_wraps_at_80_columns(fix: str) -> None:
    """Every row of every case and probe fits into one line of 80 columns, and is there."""
    for trace in built_in(fix):
        lines = [line.plain(80) for line in timeline(trace, View(width=80))]
        rows = [line for line in lines if ROW.match(line[0])]
        assert len(rows) == len(list(trace.steps())) > 0
        assert [line for line in rows if len(line) > 1 or len(line[0]) > 80] == []


@pytest.mark.parametrize("fix", FIXES)
def test_the_lanes_show_exactly_the_marks_of_the_record(fix: str) -> None:
    """Every row has a lane for each mark that its packet bears, stale ones with a stale sign."""
    for trace in built_in(fix):
        shown = lanes_shown(list(trace.steps()))
        assert shown == [(step.row, named(step.marks)) for step in trace.steps()]


@pytest.mark.parametrize("fix", ["none", "netbsd-2003-08", "netbsd-current", "strict"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_lanes_of_random_configurations(seed: int, fix: str) -> None:
    """Whatever is configured, each mark has a lane with its sign, or is counted at the end of the row."""
    rows = 0
    for number in range(1, 26):
        steps = traced_case(draw(seed, number), fix).steps
        lanes = Lanes(lanes_of(steps))
        for step in steps:
            borne, marks = lanes.borne(step), named(step.marks)
            signs = zip(lanes.lanes, borne.signs, strict=True)
            shown = Counter((lane.name, sign in STALE) for lane, sign in signs if sign in OWN | STALE)
            assert shown <= marks
            left = [sum((marks - shown)[key] for key in marks if key[1] == stale) for stale in (False, True)]
            assert left == [borne.own, borne.stale]
            rows += 1
    assert rows > 300


def lanes_shown(steps: list[Step]) -> list[tuple[int, Counter[tuple[str, bool]]]]:
    """Read the marks of each row off its lanes; none may be left to the count at the end."""
    lanes = Lanes(lanes_of(steps))
    found = []
    for step in steps:
        borne = lanes.borne(step)
        assert (borne.own, borne.stale) == (0, 0)
        signs = zip(lanes.lanes, borne.signs, strict=True)
        found.append(
            (step.row, Counter((lane.name, sign in STALE) for lane, sign in signs if sign in OWN | STALE))
        )
    return found


def test_marks_without_a_lane_are_counted() -> None:
    """Of many marks of one name the first have lanes, the others are counted, own and stale ones apart."""
    marks = tuple(Mark("OUT_DONE", "P1", row, stale=row > 4) for row in range(9, 0, -1))
    step = next(iter(traced(Setup()).steps()))
    step.marks = marks
    lanes = lanes_of([step])
    assert len(lanes) == LANES_OF_A_NAME
    borne = Lanes(lanes).borne(step)
    assert (borne.signs, borne.own, borne.stale) == (("own",) * 4, 0, 5)


def test_there_is_room_for_so_many_lanes() -> None:
    """A row with more names than lanes shows as many as there is room for."""
    step = next(iter(traced(Setup()).steps()))
    step.marks = tuple(Mark(f"TAG{number}", "P1", 1, stale=False) for number in range(20))
    lanes = lanes_of([step])
    assert (len(lanes), Lanes(lanes).borne(step).own) == (MAX_LANES, 20 - MAX_LANES)


@pytest.mark.parametrize(
    ("stage", "fix", "signs"),
    [
        ("ipsec_process_done", "none", "new none none"),
        ("icmp_reflect", "none", "stale stale stale"),
        ("icmp_reflect", "patched", "gone stale gone"),
        ("rip_input", "none", "stale stale-decides stale"),
        ("rip_input", "patched", "own decides own"),
    ],
)
def test_signs(stage: str, fix: str, signs: str) -> None:
    """What becomes of a mark in a row has a sign of its own."""
    lanes, found = None, None
    steps = list(traced(Setup(fix=fix)).steps())
    lanes = Lanes(lanes_of(steps))
    for step in steps:
        borne = lanes.borne(step)
        found = borne.signs if step.stage == stage and (found is None or stage == "rip_input") else found
    assert [lane.name for lane in lanes.lanes] == ["OUT_DONE", "M_DECRYPTED", "IN_DONE"]
    assert found == tuple(signs.split())


def test_a_mark_that_decides_and_goes_has_a_sign() -> None:
    """KAME's output reads the tag and deletes it in one row."""
    steps = list(traced(Setup(fix="kame")).steps())
    lanes = Lanes(lanes_of(steps))
    assert "decides-gone" in {sign for step in steps for sign in lanes.borne(step).signs}


def test_the_unpatched_run_is_one_screen() -> None:
    """The first thing that anybody runs has at most 48 lines at 80 columns."""
    assert 40 < len(printed(traced(Setup()), View(width=80))) <= 48


def test_signs_and_characters_differ() -> None:
    """No two signs look alike, in Unicode or in ASCII, and ASCII is what it says."""
    for glyphs in (UNICODE, ASCII):
        assert len(set(glyphs.signs.values())) == len(SIGNS)
    drawn = "\n".join(printed(traced(Setup()), View(width=80, glyphs=ASCII)))
    assert drawn.isascii()
    beyond = set("\n".join(printed(traced(Setup()), View(glyphs=UNICODE))))
    assert {character for character in beyond if not character.isascii()} <= CHARACTERS


def test_the_legend_names_the_signs_that_occur_and_no_other() -> None:
    """The last line explains each sign that some row has, and each line of a row that it marks."""
    for setup in (Setup(), Setup(fix="patched"), Setup(case="out-discard"), Setup(fix="kame")):
        trace = traced(setup)
        steps = list(trace.steps())
        lanes = Lanes(lanes_of(steps))
        occurring = {sign for step in steps for sign in lanes.borne(step).signs} - {"none"}
        (legend,) = printed(trace, View(width=200))[-1:]
        told = {sign for sign, (_unicode, ascii_, words) in SIGNS.items() if f"{ascii_} {words}" in legend}
        assert told >= occurring
        assert ("X unprotected" in legend) == any(step.unmet for step in steps)


def test_the_line_between_two_packets_is_drawn_where_one_comes_of_the_other() -> None:
    """The kernel's reply begins in the request's mbuf, a process's in one of its own."""
    kernel, process = (printed(traced(Setup(reflector=who)), View()) for who in ("kernel", "userspace"))
    assert [line.strip("= ") for line in kernel if line.startswith("===")] == [
        "P1, the request, ends here; P2, the reply, begins in its mbuf"
    ]
    assert [line.strip("= ") for line in process if line.startswith("===")] == [
        "P1, the request, ends here; P2, the reply, begins in a mbuf of its own"
    ]


@pytest.mark.parametrize("fix", ["none", "netbsd-2003-08", "strict"])
def test_made_in_place_is_what_the_marks_say(fix: str) -> None:
    """A packet that is made in another's mbuf has that one's marks, and any other has none."""
    places = 0
    for trace in built_in(fix):
        last: dict[int, Step] = {}
        for step in trace.steps():
            before = last.get(step.echo)
            if before is not None and before.packet != step.packet and "/" not in step.packet + before.packet:
                borne = [mark for mark in step.marks if mark.row < step.row]
                removed = [change for change in step.changes if change.op == "remove"]
                if made_in_place(before, step):
                    places += 1
                    assert len(borne) + len(removed) == len(before.marks)
                elif step.stage != "ip_input":
                    assert not borne
            last[step.echo] = step
    assert places > 10


def test_every_stage_and_every_end_has_a_phrase() -> None:
    """The few words of a row are there for each stage that is modelled, and for each reason of a drop."""
    stages = {symbol.name for symbol in vars(defs).values() if isinstance(symbol, Symbol)}
    assert {*PHRASES} == stages
    assert {*ENDS} == {*REASONS}


def test_a_stage_of_a_later_version_says_what_the_kernel_said() -> None:
    """A row without a phrase of its own is not left without words."""
    step = next(iter(traced(Setup()).steps()))
    step.stage, step.text = "new_stage", "does what it does"
    assert phrase(step) == "does what it does"
    step.reason = "new-reason"
    assert phrase(step) == "does what it does"


@pytest.mark.parametrize(
    ("setup", "stage", "words"),
    [
        (Setup(), "rip_output", "the process wrote the header"),
        (Setup(pinger="plain"), "rip_output", "gets an IP header"),
        (Setup(), "looutput", "on lo0 as ESP"),
        (Setup(case="out-only"), "rip_input", "ping gets it"),
        (Setup(case="wildcard", both_ways=True), "ipsec_process_done", "+ OUT_DONE for 0x2002: WRONG SA"),
        (Setup(probe="df"), "ip_output", "too long, with DF: dropped"),
        (Setup(case="require-no-sa"), "ipsec4_process_packet", "no SA, and one is due: dropped"),
        (Setup(size=65507), "esp_output", "over 65535 bytes: EMSGSIZE"),
        (Setup(probe="multicast"), "ip_output", "to a group: a copy comes back"),
        (Setup(probe="ipcomp"), "ipsec4_common_input_cb", "IPComp gave no tag: PANIC"),
    ],
)
def test_phrases(setup: Setup, stage: str, words: str) -> None:
    """The words come from the row's facts."""
    said = [phrase(step) for step in traced(setup).steps() if step.stage == stage]
    assert words in said


@pytest.mark.parametrize(
    "options", [[], ["-c", "2"], ["--proto", "esp+ah", "--mode", "tunnel"], ["--fix", "strict"]]
)
@pytest.mark.parametrize("command", [["ping"], ["probe", "redirect"]])
def test_decisions_have_a_heading(
    command: list[str], options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a row says its decision, the column has its name, and begins where it does."""
    monkeypatch.setenv("COLUMNS", "140")
    done = invoke(*command, *options).out.decode().splitlines()
    [head] = [line for line in done if line.startswith("row  ")]
    column = head.index("decision")
    decided = [line for line in done if re.match(r" *\d+[^ ]? +\w", line) and len(line) > column]
    assert decided
    assert all(re.match(r" [a-z]", line[column - 1 :]) for line in decided)
    monkeypatch.setenv("COLUMNS", "119")
    assert "decision" not in invoke(*command, *options).out.decode()


def test_where_model_and_mail_differ_the_full_text_says_so() -> None:
    """Steps 2 and 4 have a note in --detail full, and explain has it too; the summary has none."""
    trace = traced(Setup())
    full = "\n".join(printed(trace, View(width=200, detail="full")))
    summary = "\n".join(printed(trace, View(width=200)))
    assert sorted(DIFFERS) == [2, 4]
    for number, note in DIFFERS.items():
        assert note in full
        assert note not in summary
        (page,) = find(f"step {number}")
        assert note in dict(page.details).values()


def test_roles_stand_in_the_rows_of_a_short_trace_alone() -> None:
    """A trace that is longer than what is looked at first shows its rows as they come, without roles."""
    short, long = (printed(traced(Setup(count=count)), View()) for count in (HELD // 22, HELD // 22 + 1))
    assert any(" CAUSE " in line for line in short)
    assert not any(" CAUSE " in line for line in long)
    assert any("row 16:" in line for line in long)


def test_what_to_run_next_runs() -> None:
    """The commands that a run ends with do not fail, whatever ran."""
    setups = [
        Setup(),
        Setup(fix="patched", count=2),
        Setup(case="ab-esp", seed=3, settings={"alloc_sp2": "mended"}),
        Setup(probe="tcp-closed"),
        Setup(proto="esp+ah", mode="tunnel", host="10.1.1.1", local=("10.1.1.1",)),
        Setup(case="in-discard"),
    ]
    commands = [command for setup in setups for command in proposed(setup)]
    assert len(commands) > len(setups)
    for command in commands:
        assert invoke(*shlex.split(command)[1:]).code == 0, command


def proposed(setup: Setup) -> list[str]:
    """Read the commands off a text that is wide enough for them."""
    (line,) = [line for line in printed(traced(setup), View(width=400)) if line.startswith("  next ")]
    return line.removeprefix("  next ").strip().split(" or ")


def test_a_case_that_is_gone_is_no_obstacle() -> None:
    """A trace of a case that this version does not know is shown, with the ends in the command."""
    trace = traced(Setup(case="ab-esp"))
    trace.run.case = "no-such-case"
    with pytest.raises(UserError):
        configuration(Setup(case="no-such-case"))
    assert any("--case no-such-case --local 10.9.9.1" in line for line in printed(trace, View(width=300)))


def test_why_names_a_row_once() -> None:
    """Reasons that lie in one row stand behind its number together."""
    trace = traced(Setup(case="null-sa"))
    (why,) = [line for line in printed(trace, View(width=1000)) if line.startswith("  why ")]
    assert why.count("row ") == len(set(re.findall(r"row (\d+)", why)))
