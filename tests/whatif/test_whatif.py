"""What if a mark had been deleted there?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ipsec_lo_trace.cli.main import run
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.whatif import Cut
from ipsec_lo_trace.tracer.whatif import parse_cut
from tests.support import PATCHED, UNPATCHED, trace


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line; give exit code, standard output and standard error."""
    code = run(["ping", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def bisected(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:  # noqa: ANN401 -- JSON
    """Bisect and read the JSON."""
    code, out, _err = told(capsys, "--bisect", "--format", "json", *arguments)
    assert code == 0
    return json.loads(out)


def test_deleting_out_done_at_lo0_flips_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the request's OUT_DONE behind lo0 the reply is encrypted; a stale IN_DONE remains."""
    code, out, _err = told(capsys, "--drop-mark", "OUT_DONE@looutput", "-q")
    assert (code, out.split()[1:3]) == (0, ["STALE", "(packet-filter-skipped)"])


def test_the_cut_is_a_change_of_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    """The trace says in its header and at the row what was cut, and lists it among the row's changes."""
    _code, out, _err = told(capsys, "--drop-mark", "tags@icmp_reflect", "--format", "jsonl")
    records = [json.loads(line) for line in out.splitlines()]
    (reflected,) = [record for record in records if record.get("stage") == "icmp_reflect"]
    assert records[0]["what_if"] == ["tags@icmp_reflect"]
    assert [(change["op"], change["mark"]["name"]) for change in reflected["changes"]] == [
        ("remove", "IN_DONE"),
        ("remove", "OUT_DONE"),
    ]
    assert "what if: IN_DONE, OUT_DONE deleted here" in reflected["text"]


def test_a_cut_in_icmp_reflect_is_the_fix_of_2003() -> None:
    """Deleting the tags right after icmp_reflect gives the patched kernel's marks, decisions and bytes."""
    cut = trace("lo-esp", UNPATCHED, cuts=(Cut("tags", "icmp_reflect"),))
    patched = trace("lo-esp", PATCHED)
    assert [(step.stage, step.marks, step.decision, step.bytes) for step in cut.steps] == [
        (step.stage, step.marks, step.decision, step.bytes) for step in patched.steps
    ]


def test_flags_can_be_cut_too() -> None:
    """With the flags cleared at lo0 the clear reply is still sent, and then refused."""
    traced = trace("lo-esp", UNPATCHED, cuts=(Cut("flags", "looutput"),))
    assert traced.lo0 == ["esp:1001#1", "icmp"]
    assert (traced.verdict.ping, traced.steps[-1].reason) == ("loss", "socket-policy")


def test_a_visit_counts_the_echos_visits_of_a_stage() -> None:
    """A cut at the second visit of looutput leaves the first alone."""
    traced = trace("lo-esp", UNPATCHED, cuts=(Cut("marks", "looutput", 2),))
    first, second = traced.at("looutput")
    assert [mark.name for mark in first.marks] == ["OUT_DONE"]
    assert second.marks == ()
    assert len(second.changes) == 3


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("OUT_DONE", "not of the form"),
        ("OUT_DONE@looutput:0", "not of the form"),
        ("OUT_DONE@looutput:x", "not of the form"),
        ("OUTDONE@looutput", "no mark OUTDONE"),
        ("OUT_DONE@lo", "no stage lo"),
    ],
)
def test_a_cut_that_cannot_be_made_is_refused(text: str, complaint: str) -> None:
    """Form, mark and stage are checked before anything runs."""
    with pytest.raises(UserError, match=complaint):
        parse_cut(text)


@pytest.mark.parametrize("name", ["tags", "flags", "marks", *ORDER])
def test_every_group_and_flag_can_be_named(name: str) -> None:
    """Groups and marks are accepted with every stage, and say themselves again."""
    for stage in link_table():
        assert str(parse_cut(f"{name}@{stage}:2")) == f"{name}@{stage}:2"


def test_bisect_names_the_interval(capsys: pytest.CaptureFixture[str]) -> None:
    """Unpatched, one SA: one interval of rows, and icmp_reflect and looutput are inside."""
    found = bisected(capsys)
    ((first, last),) = found["intervals"]
    inside = {each["stage"] for each in found["tries"] if first <= each["row"] <= last}
    assert {"icmp_reflect", "looutput"} <= inside
    assert all(each["prevents"] for each in found["tries"] if first <= each["row"] <= last)


def test_bisect_says_where_a_fix_would_break_something(capsys: pytest.CaptureFixture[str]) -> None:
    """Deleting the tags before the second pass of ip_output makes the request go through IPsec again."""
    broken = [each["stage"] for each in bisected(capsys)["tries"] if each["changes_request"]]
    assert broken == ["ipsec_process_done"]


def test_bisect_as_text_says_earliest_and_latest(capsys: pytest.CaptureFixture[str]) -> None:
    """The text ends with the interval in words."""
    _code, out, _err = told(capsys, "--bisect")
    words = " ".join(out.split())
    assert "prevented (leak) from row 7 (ip_output, the earliest) to row 17 (icmp_send, the latest)" in words
    assert "breaks something else" in words


def test_bisect_of_a_clean_run_has_nothing_to_find(capsys: pytest.CaptureFixture[str]) -> None:
    """With the fix there is nothing to find, and it says so."""
    _code, out, _err = told(capsys, "--bisect", "--patched")
    assert "There is nothing to find: the run was clean." in out
    assert bisected(capsys, "--patched")["tries"] == []


def test_bisect_may_find_that_no_row_helps(capsys: pytest.CaptureFixture[str]) -> None:
    """A send error has nothing to do with tags: every try ends the same."""
    config = "ipsec_lo_trace/cases/configurations/use-no-sa.conf"
    _code, out, _err = told(capsys, "--bisect", "-f", config)
    assert "At no row does deleting the tags prevent it." in out


@pytest.mark.parametrize(
    "options",
    [
        ["-q"],
        ["--detail", "full"],
        ["--expect", "leak"],
        ["--drop-mark", "tags@looutput"],
        ["--format", "jsonl"],
    ],
)
def test_bisect_refuses_what_is_about_one_run(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Options about one run contradict --bisect: exit 2."""
    code, out, err = told(capsys, "--bisect", *options)
    assert (code, out) == (2, "")
    assert "--bisect makes one for each row" in err
