"""The trace on disk: its records, its names, its schema; and what is no trace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped, unused-ignore]
import msgspec
import pytest

from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Run, Step, Verdict
from tests.render.support import opened, stored
from tests.support import PATCHED, UNPATCHED

TRACES = [
    stored(fix, proto=proto, mode=mode, count=2)
    for fix in (UNPATCHED, PATCHED)
    for proto, mode in (("esp", "transport"), ("ah", "tunnel"), ("esp+ah", "transport"))
] + [stored(size=40000), stored(size=65507)]


@pytest.fixture(params=range(len(TRACES)))
def data(request: pytest.FixtureRequest) -> bytes:
    """Return one trace after the other."""
    number: int = request.param
    return TRACES[number]


def records(data: bytes) -> list[Any]:
    """Read JSON Lines with the standard library."""
    return [json.loads(line) for line in data.splitlines()]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- whatever JSON holds
    """Yield every number, string and null of a record with the name that it has there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, value


def test_order_of_records(data: bytes) -> None:
    """A trace is one run record, steps with rows counting from 1, and one verdict."""
    run, *steps, verdict = records(data)
    assert (run["kind"], run["schema"], verdict["kind"]) == ("run", "ipsec-lo-trace/3", "verdict")
    assert {step["kind"] for step in steps} == {"step"}
    assert [step["row"] for step in steps] == list(range(1, len(steps) + 1))


def test_run_record(data: bytes) -> None:
    """The run record has what other tools read: kernel, fix, seed, assumptions."""
    run = records(data)[0]
    assert run["kernel"] == "netbsd-2003-08"
    assert run["fix"] in ("none", "netbsd-2003-08")
    assert run["seed"] == 0
    assert run["assumptions"]
    assert all(isinstance(assumption, str) for assumption in run["assumptions"])


def test_step_records(data: bytes) -> None:
    """A step record has what other tools read, with values that make sense together."""
    run, *steps, _verdict = records(data)
    visits: dict[tuple[int, str, str], int] = {}
    for step in steps:
        assert 1 <= step["echo"] <= run["count"]
        assert step["analysis"] in range(9)
        assert re.fullmatch(r"P\d+(/\d+)?", step["packet"])
        place = (step["echo"], step["packet"], step["stage"])
        visits[place] = visits.get(place, 0) + 1
        assert step["visit"] == visits[place]
        assert step["via"]
        assert step["text"]
        assert isinstance(step["decision"], str)
        assert all(isinstance(by, int) and by for by in step["counters"].values())
        check_marks(step)


def check_marks(step: dict[str, Any]) -> None:
    """Check the marks of a row, and that those that it added are among those that it has."""
    packet = step["packet"].partition("/")[0]
    for mark in step["marks"]:
        assert 1 <= mark["row"] <= step["row"]
        assert mark["stale"] is (mark["made_for"] != packet)
        tag = mark["name"] in ("IN_DONE", "OUT_DONE")
        assert (mark["proto"] in (50, 51)) is tag
        assert (isinstance(mark["spi"], int) and mark["dst"] == "127.0.0.1") is tag
    for change in step["changes"]:
        assert (change["op"], change["mark"] in step["marks"]) in (("add", True), ("remove", False))


def test_changes_add_up(data: bytes) -> None:
    """A packet's marks are those of its mbuf's row before, with this row's changes made."""
    before: dict[tuple[int, str], set[tuple[str, int]]] = {}
    for step in records(data)[1:-1]:
        mbuf = step["echo"], step["packet"].partition("/")[2]
        marks = before.get(mbuf, set())
        for change in step["changes"]:
            key = change["mark"]["name"], change["mark"]["row"]
            marks = marks | {key} if change["op"] == "add" else marks - {key}
        before[mbuf] = {(mark["name"], mark["row"]) for mark in step["marks"]}
        assert before[mbuf] == marks


def test_verdict_record(data: bytes) -> None:
    """The verdict has what other tools read, and agrees with the steps."""
    _run, *steps, verdict = records(data)
    assert verdict["outcome"] in OUTCOMES
    assert verdict["code"] in CODES
    assert verdict["ping"] in ("ok", "loss", "error")
    assert (verdict["errno"] is None) is (verdict["ping"] != "error")
    for name in ("cause", "effect", "seen", "unseen"):
        assert verdict[name] is None or 1 <= verdict[name] <= len(steps)
    totals: dict[str, int] = {}
    for step in steps:
        for name, by in step["counters"].items():
            totals[name] = totals.get(name, 0) + by
    assert {name: value for name, value in verdict["counters"].items() if value} == totals


def test_what_crossed_lo0(data: bytes) -> None:
    """The verdict's lo0 lists the looutput rows in order, with what their packets were."""
    _run, *steps, verdict = records(data)
    rows = [step for step in steps if step["stage"] == "looutput"]
    assert [one["row"] for one in verdict["lo0"]] == [step["row"] for step in rows]
    for one, step in zip(verdict["lo0"], rows, strict=True):
        names = ("proto", "spi", "seq", "src", "dst", "len")
        assert {name: one[name] for name in names} == {name: step["wire"][name] for name in names}
        assert (one["echo"], one["packet"]) == (step["echo"], step["packet"])


def test_no_floats_and_no_paths(data: bytes) -> None:
    """A trace has no float, no clock's time and no path in it."""
    for name, value in (leaf for record in records(data) for leaf in leaves(record)):
        assert not isinstance(value, float)
        assert not re.search(r"time|date|clock|host|user$|pid", name)
        assert not (isinstance(value, str) and re.match(r"/|~|[A-Za-z]:\\", value))


def test_round_trip(data: bytes) -> None:
    """Decoding every record strictly and encoding it again gives the same bytes: nothing is left out."""
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Run | Step | Verdict, strict=True)
    again = b"".join(msgspec.json.encode(decoder.decode(line)) + b"\n" for line in data.splitlines())
    assert again == data


@pytest.mark.slow
def test_schema_holds(data: bytes) -> None:
    """An independent validator finds every record valid under the JSON Schema of the record types."""
    schema = msgspec.json.schema(Run | Step | Verdict)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for record in records(data):
        validator.validate(record)


def test_schema_refuses() -> None:
    """The schema that holds for traces is not one that holds for anything."""
    validator = jsonschema.Draft202012Validator(msgspec.json.schema(Run | Step | Verdict))
    step = records(stored())[1]
    for name, value in (("row", "1"), ("changes", None), ("wire", {}), ("kind", "stop")):
        assert not validator.is_valid(step | {name: value})


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_document_has_the_same_records(fix: str) -> None:
    """The json form holds the very records of the jsonl form."""
    run, *steps, verdict = records(stored(fix, count=2))
    document = json.loads(stored(fix, count=2, document=True))
    assert document == {"run": run, "steps": steps, "verdict": verdict}


def test_reading_gives_back_the_trace(data: bytes) -> None:
    """A stored trace can be read, and read again."""
    trace = opened(data)
    assert trace.run.schema == "ipsec-lo-trace/3"
    assert [step.row for step in trace.steps()] == [step.row for step in trace.steps()]
    assert len(list(trace.steps())) == data.count(b"\n") - 2
    trace.close()


def test_last_newline_may_be_missing() -> None:
    """A trace whose last line has lost its newline is whole."""
    assert opened(stored().rstrip(b"\n")).verdict.outcome == "leak"


FIRST, SECOND, *_REST, LAST = stored().splitlines(keepends=True)
BROKEN = {
    "empty": (b"", 1, "no record"),
    "blank": (b"\n\n", 1, "no record"),
    "no JSON": (b"trace\n", 1, "not a trace record"),
    "zeros": (bytes(100), 1, "not a trace record"),
    "JSON of another kind": (b'{"a": 1}\n', 1, "not a trace record"),
    "other schema": (b'{"kind":"run","schema":"ipsec-lo-trace/1"}\n' + LAST, 1, "'ipsec-lo-trace/3'"),
    "no run": (SECOND + LAST, 1, "begins with its run record"),
    "run alone": (FIRST, 1, "incomplete"),
    "no verdict": (FIRST + SECOND, 2, "incomplete"),
    "cut": (FIRST + SECOND + LAST[:50], 3, "not a trace record"),
    "cut in the middle": (FIRST + SECOND[:50] + b"\n" + LAST, 2, "not a trace record"),
    "blank in the middle": (FIRST + b"\n" + LAST, 2, "no record"),
    "unknown kind": (FIRST + b'{"kind":"stop"}\n' + LAST, 2, "not a trace record"),
    "float": (FIRST + SECOND.replace(b'"row":1,', b'"row":1.5,') + LAST, 2, "not a trace record"),
    "two traces": (FIRST + SECOND + LAST + FIRST + SECOND + LAST, 3, "a second run or verdict record"),
    "not UTF-8": (FIRST.replace(b'"lo0"', b'"\xff"') + LAST, 1, "not a trace record"),
    "deep": (b'{"kind":"run","deep":' + b"[" * 100_000 + b"\n" + LAST, 1, "not a trace record"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_trace(name: str) -> None:
    """What is no whole trace is refused with its file and line, and with the reason."""
    data, line, reason = BROKEN[name]
    with pytest.raises(UserError) as refusal:
        list(opened(data).steps())
    assert (refusal.value.file, refusal.value.line) == ("trace.jsonl", line)
    assert reason in refusal.value.reason
    assert "\n" not in str(refusal.value)
