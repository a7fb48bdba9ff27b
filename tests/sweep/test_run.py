"""Is the report the same however it came about, and does it say what it must?"""

from __future__ import annotations

import json
import shlex
from ipaddress import IPv4Address
from pathlib import Path
from typing import NoReturn

import pytest

from ipsec_lo_trace.kernel.netinet import ip_icmp
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.sweep import LAWS, TRUTHS
from ipsec_lo_trace.sweep import run as sweep_run
from ipsec_lo_trace.sweep.examine import Examined
from ipsec_lo_trace.sweep.run import Piece
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.cli.support import Done, assert_refused, invoke, shell, spawn

pytestmark = pytest.mark.slow

CASES = 45
SWEEP = ("sweep", "--seed", "3", "--cases", str(CASES))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make room for the state of the small sweep, which a report needs no second run for."""
    return tmp_path_factory.mktemp("sweep") / "state"


@pytest.fixture(scope="module")
def report(state: Path) -> Done:
    """Run a small sweep once."""
    return invoke(*SWEEP, "-q", "--format", "jsonl", "--resume", str(state))


def test_it_finds_nothing_of_ours(report: Done) -> None:
    """With the code as it is no law of ours is broken: exit 0; what is known is named and explained."""
    assert (report.code, report.err) == (0, "")
    sweep, *broken = report.records
    assert (sweep["kind"], sweep["done"], sweep["seed"], sweep["broken"]) == ("sweep", CASES, 3, [])
    assert all(sum(counts.values()) == CASES for counts in sweep["outcomes"].values())
    assert broken
    for each in broken:
        assert (each["kind"], each["law"] in LAWS, each["known"] in TRUTHS) == ("broken", True, True)
        assert sum(each["fixes"].values()) >= 1


@pytest.mark.slow
def test_it_is_the_same_in_two_processes(report: Done) -> None:
    """The same seed and number of cases give the same bytes from two processes; stderr has the rate."""
    done = spawn(*SWEEP, "-j", "2", "--format", "jsonl")
    assert done.out == report.out
    assert done.err.count("\n") == 1
    assert "cases a second" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("first", ["1", "20", "33"])
def test_it_is_the_same_when_resumed(first: str, report: Done, tmp_path: Path) -> None:
    """A sweep that was stopped anywhere and resumed gives the same bytes as one that was not."""
    state = str(tmp_path / "state")
    assert invoke("sweep", "--seed", "3", "--cases", first, "-q", "--resume", state).code == 0
    assert invoke(*SWEEP, "-q", "--format", "jsonl", "--resume", state).out == report.out
    assert json.loads(Path(state).read_bytes())["done"] == CASES
    assert list(tmp_path.iterdir()) == [tmp_path / "state"]


@pytest.mark.slow
def test_an_interrupted_sweep_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was done before the end came is in the file, and is not done again."""
    state = tmp_path / "state"
    real = sweep_run.run_piece

    def stops(fixes: list[str], piece: Piece) -> list[Examined]:
        if piece.first > 40:
            raise KeyboardInterrupt
        return real(fixes, piece)

    monkeypatch.setattr(sweep_run, "run_piece", stops)
    done = invoke(*SWEEP, "-q", "--resume", str(state))
    assert (done.code, done.out) == (130, b"")
    assert json.loads(state.read_bytes())["done"] == 40


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("seed", 4, "of another seed"),
        ("fixes", ["none"], "about other fixes"),
        ("programs", ["ping"], "about other probes"),
        ("tool", "ipsec-lo-trace 0", "written by another version"),
        ("done", CASES + 1, f"{CASES + 1} cases are done already"),
        ("outcomes", [], "no sweep to resume"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(field: str, value: object, words: str, tmp_path: Path) -> None:
    """A file of another sweep is refused in one message, and left alone."""
    state = tmp_path / "state"
    assert invoke("sweep", "--seed", "3", "--cases", "1", "-q", "--resume", str(state)).code == 0
    state.write_text(json.dumps({**json.loads(state.read_text()), field: value}))
    before = state.read_bytes()
    assert_refused(invoke(*SWEEP, "--resume", str(state)), words)
    assert state.read_bytes() == before


def test_other_bad_input_is_refused(tmp_path: Path) -> None:
    """A report over the file that is resumed, colour for JSON, and an unreadable state are refused."""
    state = tmp_path / "state"
    state.write_text("no JSON")
    assert_refused(invoke(*SWEEP, "--resume", str(state)), "no sweep to resume")
    assert_refused(invoke(*SWEEP, "--resume", str(state), "-o", str(state)), "-o names a file that is read")
    assert_refused(invoke(*SWEEP, "--resume", str(tmp_path)), "cannot read ", ": it is a directory")
    assert_refused(invoke(*SWEEP, "--resume", "-"), "it is no regular file")
    assert_refused(invoke(*SWEEP, "--format", "jsonl", "--color", "always"), "--color is for text")


def _fails(*_arguments: object) -> NoReturn:
    msg = "planted"
    raise ValueError(msg)


def _misleads(_k: Kernel, m: Mbuf, what: str) -> str:
    if what != "keep":
        header = ip.read(m.data)
        body = m.data[header.header_len :]
        m.data = handmade.write(header._replace(dst=IPv4Address("192.0.2.9")), body)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "fault", "law", "code"),
    [
        ("reply_source", _fails, "exception", "ValueError"),
        ("strip", _misleads, "worse-than-none", "no-route"),
    ],
)
def test_a_planted_fault_is_reported(
    name: str, fault: object, law: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that is broken makes the exit code 1, and the report names law, code and the smallest case."""
    monkeypatch.setattr(ip_icmp, name, fault)
    done = invoke("sweep", "--cases", "8", "-q", "--format", "jsonl")
    [found] = [each for each in done.records[1:] if (each["law"], each["code"]) == (law, code)]
    assert done.code == 1
    assert (found["known"], found["config"]) == ("", "spdflush ;\n")
    text = invoke("sweep", "--cases", "8", "-q")
    assert text.code == 1
    assert f"BROKEN {law}: {LAWS[law]}"[:60] in text.text


@pytest.mark.slow
def test_the_commands_show_what_was_found(report: Done) -> None:
    """Each command of the report runs in a shell and comes to the code that the report names."""
    for each in report.records[1:]:
        done = shell(each["commands"][-1].replace("| ipsec-lo-trace", "| $T") + " -q")
        assert done.code == 0
        assert f"({each['code']})" in done.text
        assert shlex.split(each["commands"][-1])[-1] == each["fix"]


def test_text_says_the_same(report: Done, state: Path) -> None:
    """The text has the counts of every fix, and for each broken law its words, counts and commands."""
    done = invoke(*SWEEP, "-q", "--resume", str(state))
    sweep, *broken = report.records
    text = " ".join(done.text.split())
    assert (
        f"{CASES} random cases of seed 3, each under {len(sweep['fixes'])} fixes: no broken laws of ours"
        in text
    )
    for fix, counts in sweep["outcomes"].items():
        assert " ".join([fix, *map(str, counts.values())]) in text
    for each in broken:
        assert (
            f"known {each['law']}: {LAWS[each['law']]} but {each['known']}: {TRUTHS[each['known']]}" in text
        )
        assert all(" ".join(command.split()) in text for command in each["commands"])
