"""Lines that were taken out, commented out or garbled: what is left says that something is missing."""

from __future__ import annotations

import re

import pytest

from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.xfrm.load import load, load_all
from ipsec_lo_trace.xfrm.shapes import is_blank, is_xfrm
from tests.xfrm.support import entries_of, printed, said

STATE, POLICY = printed("ab-esp.state"), printed("ab-esp.policy")
GAPS = [
    "...",
    "[...]",
    "<removed>",
    "(snip)",
    "\u2026",
    "--- cut here ---",
    "... 2 more lines ...",
    "# removed",
]
HEADS = ["szc ", "Src ", " ", "; src ", "**src** ", "# src ", "* src "]


def kinds(read: HostConfiguration) -> set[tuple[str, str]]:
    """Return the ends and kinds of the policies that have been read."""
    return {(f"{one.src} {one.dst} {one.direction}", one.kind) for one in read.policies}


@pytest.mark.parametrize("indent", ["", "\t"])
@pytest.mark.parametrize("gap", GAPS)
def test_what_is_taken_out_of_a_policy_may_have_been_anything(gap: str, indent: str) -> None:
    """A policy of which lines are replaced by a mark keeps its place, and asks for what nobody knows."""
    text = re.sub(r"\ttmpl.*\n.*\n", f"{indent}{gap}\n", POLICY)
    read = load(text, "f")
    assert {kind for _ends, kind in kinds(read)} == {"unknown"}
    assert {ends for ends, _kind in kinds(read)} == {ends for ends, _kind in kinds(load(POLICY, "f"))}
    assert len(read.notes) == len(read.policies)


@pytest.mark.parametrize("comment", ["#", "# ", "## ", "; ", "//", "#\t", "- "])
@pytest.mark.parametrize("line", ["tmpl", "proto", "mark", "level"])
def test_what_is_commented_out_of_a_policy_is_missed(comment: str, line: str) -> None:
    """A line behind a comment's sign is no heading, but one that the policy had."""
    text = entries_of(POLICY)[0].replace("\ttmpl", "\tmark 0x1/0xff \n\ttmpl") + "\t\tlevel use \n"
    (one,) = load(re.sub(rf"^(\s+{line} )", rf"{comment}\1", text, flags=re.MULTILINE), "f").policies
    assert one.kind == "unknown"


@pytest.mark.parametrize("apart", ["\n", "root@h:~# date\n", "== policies ==\n"])
@pytest.mark.parametrize("gap", GAPS)
def test_a_mark_behind_an_entry_is_none_of_its_lines(gap: str, apart: str) -> None:
    """Behind a blank line, a prompt with a command or a heading it costs no entry anything."""
    read = load(f"{STATE}{apart}{gap}\n{apart}{POLICY}{apart}{gap}\n", "f")
    assert (said(read), read.lost_sas) == (said(load(STATE + POLICY, "f")), False)


def test_a_policy_that_goes_on_behind_a_mark_misses_lines() -> None:
    """What stands between two lines of one entry was part of it, whatever else stands there."""
    text = entries_of(POLICY)[0]
    for between in ("\n...\n", "root@h:~# \n[...]\n", "\n# \ttmpl src 10.9.9.1 dst 10.9.9.1\n"):
        (one,) = load(text.replace("\ttmpl", f"{between}\ttmpl"), "f").policies
        assert one.kind == "unknown"


def test_an_entry_that_is_commented_out_whole_is_none() -> None:
    """It costs the one before it nothing."""
    commented = "".join(f"# {line}\n" for line in POLICY.splitlines())
    assert said(load(POLICY + commented + STATE, "f")) == said(load(POLICY + STATE, "f"))
    assert is_blank(commented)


@pytest.mark.parametrize("line", ["auth-trunc", "enc", "replay-window"])
@pytest.mark.parametrize("mark", [*GAPS, "#{}", "zork"])
def test_an_sa_that_misses_what_opens_its_packets_is_opaque(mark: str, line: str) -> None:
    """Without one of its algorithms, or what says how it numbers, its packets are not opened."""
    text = re.sub(rf"^(\t{line} .*)$", mark.replace("{}", r"\1"), STATE, flags=re.MULTILINE)
    read = load(text, "f")
    assert all(sa.opaque for sa in read.sas)
    assert len(read.sas) == len(load(STATE, "f").sas)


def test_an_sa_that_misses_nothing_that_opens_its_packets_is_as_it_was() -> None:
    """A mark for other lines, or a line that nobody knows, leaves a whole SA as it is, with a note."""
    for mark in ("...", "# sel src 10.9.9.1/32 dst 10.9.9.2/32", "sideways"):
        text = re.sub(r"^\tsel .*$", f"\t{mark}", STATE, flags=re.MULTILINE)
        read = load(text, "f")
        assert said(read) == said(load(STATE, "f"))
        assert len(read.notes) == len(read.sas)


def test_an_sa_without_a_readable_algorithm_is_not_larval() -> None:
    """It is there, and its packets are known for its."""
    text = re.sub(r"^\t(auth-trunc|enc) .*$", "\tzork", STATE, flags=re.MULTILINE)
    assert all(sa.opaque for sa in load(text, "f").sas)


@pytest.mark.parametrize(
    ("head", "oneline"),
    [(head, oneline) for head in HEADS for oneline in (False, True) if not (oneline and head == "# src ")],
)
def test_a_policy_without_its_first_line_may_be_about_anything(head: str, *, oneline: bool) -> None:
    """Its lines stand for a policy of any addresses, in its direction, wherever the text stands."""
    text = head + entries_of(POLICY)[0].removeprefix("src ")
    text = text.strip("\n").replace("\n", "\\") + "\\\n" if oneline else text
    alone = load_all([(STATE, "f"), (text, "g")])
    assert kinds(alone) == {("None None in", "unknown")}
    assert is_xfrm(text)
    assert said(load(STATE + text, "f"))[:2] == said(alone)[:2]
    assert said(load(text + STATE, "f"))[:2] == said(alone)[:2]


def test_a_policy_whose_direction_is_missing_too_stands_in_both() -> None:
    """A template alone is the rest of a policy."""
    rest = entries_of(POLICY)[0].split("\n", 2)[2]
    assert kinds(load_all([(STATE, "f"), (rest, "g")])) == {
        ("None None in", "unknown"),
        ("None None out", "unknown"),
    }


def test_two_policies_in_one_are_two() -> None:
    """Where a first line is missing without a trace, nobody knows which policy the lines are of."""
    for new in ("dir fwd\n\tdir in", "dir in\n\tsocket in"):
        read = load(entries_of(POLICY)[0].replace("dir in", new), "f")
        assert {kind for _ends, kind in kinds(read)} == {"unknown"}
        assert {one.direction for one in read.policies if one.src is not None} == {"in", "out"}
        assert len(read.notes) >= 2


@pytest.mark.parametrize("head", HEADS)
def test_an_sa_without_its_first_line_is_lost(head: str) -> None:
    """That it is lost is told, wherever the text stands; others are as they were."""
    first, second = entries_of(STATE)[:2]
    second = head + second.removeprefix("src ")
    for texts in ([first + second], [second + first], [first, second], [POLICY, first + second]):
        read = load_all([(text, f"f{number}") for number, text in enumerate(texts)])
        assert read.lost_sas
        assert [sa for sa in read.sas if not sa.opaque] == load(first, "f").sas
        assert read.notes


def test_other_texts_that_begin_as_lines_do_are_no_entries() -> None:
    """A word is not enough: the rest must be a line of ip xfrm too."""
    for line in ("mark my words", "security is hard", "add 10.0.0.1", "proto kernel", "deadbeef", "level 3"):
        read = load(f"{line}\n{STATE}{POLICY}", "f")
        assert (said(read), read.lost_sas) == (said(load(STATE + POLICY, "f")), False)
        assert not is_xfrm(line)


def test_statistics_do_not_say_how_an_sa_numbers() -> None:
    """The line that counts what a replay window refused begins as the window's own does."""
    stats = "\tstats:\n\t  replay-window 0 replay 0 failed 0\n"
    text = re.sub(r"^\treplay-window .*$", "\t...", entries_of(STATE)[0], flags=re.MULTILINE) + stats
    assert [bool(sa.opaque) for sa in load(text, "f").sas] == [True]


@pytest.mark.parametrize(
    "more", ["", "\ttmpl src 10.9.9.1 dst 10.9.9.2\n\t\tproto ah reqid 0 mode transport\n"]
)
def test_a_template_that_looks_like_an_sa_is_missed(more: str) -> None:
    """Without its first word it begins as an SA does; the policy is not one that lets everything pass."""
    text = entries_of(POLICY)[0].replace("tmpl src", "src") + more
    read = load(text + STATE, "f")
    assert ("10.9.9.2/32 10.9.9.1/32 in", "unknown") in kinds(read)
    assert {kind for _ends, kind in kinds(read)} == {"unknown"}
    assert read.sas == load(STATE, "f").sas
