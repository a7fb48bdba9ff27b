"""Policies of a setkey(8) file of today, read for an audit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.host import UNKNOWN, HostPolicy, HostRule
from ipsec_lo_trace.setkey.host import load

ESP_RULE = HostRule(proto=50, mode="transport")


def policies(text: str) -> list[HostPolicy]:
    """Return a text's policies."""
    return load(text, "f").policies


PRIORITIES = ["high + 5", "high", "high - 5", "5", "def", "- 5", "low + 9", "low", "low - 1"]
"""From the first that is asked to the last."""


@given(st.permutations(PRIORITIES), st.permutations(["priority", "prio"]))
def test_policies_are_asked_by_priority(drawn: list[str], words: list[str]) -> None:
    """The highest priority goes first, whatever the order of the file; without one it is the default."""
    lines = [
        f"spdadd 10.0.0.{PRIORITIES.index(one)} 10.0.0.9 any -P out {words[0]} {one} none;" for one in drawn
    ]
    asked = policies("\n".join(lines))
    assert [str(one.src) for one in asked] == [f"10.0.0.{place}/32" for place in range(len(PRIORITIES))]


def test_policies_of_one_priority_are_asked_in_their_order() -> None:
    """Among equals, and a policy without priority is one of the default, the older goes first."""
    words = ["", "prio def ", "", "prio 1 "]
    lines = [f"spdadd 10.0.0.{n} 10.0.0.9 any -P in {word}none;" for n, word in enumerate(words)]
    assert [str(one.src)[:8] for one in policies("".join(lines))] == [
        "10.0.0.3",
        "10.0.0.0",
        "10.0.0.1",
        "10.0.0.2",
    ]


def test_spdupdate_takes_the_place_of_a_policy() -> None:
    """What is there goes; what is not there is added."""
    selector = "10.0.0.1 10.0.0.2 any -P out"
    asked = policies(
        f"spdadd {selector} none; spdupdate {selector} discard; spdupdate 10.0.0.3 10.0.0.4 any -P in none;"
    )
    assert [(one.direction, one.kind) for one in asked] == [("out", "discard"), ("in", "none")]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("ipsec esp/beet//require", "1:46: beet where transport or tunnel should be"),
        ("ipsec gre/transport//require", "1:42: gre where a rule should be"),
        ("ipsec esp/transport//always", "1:57: always where a level should be"),
        ("allow", "1:36: allow where discard, none or ipsec should be"),
        (
            "ipsec esp/tunnel/gw1-gw2/require",
            "1:53: gw1 is not an address (here only numbers are taken)",
        ),
        ("prio top none", "1:41: top where a priority should be (low, def or high, or a number)"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_kept(policy: str, reason: str) -> None:
    """Its addresses and direction are known, and what it asks for is not."""
    read = load(f"spdadd 10.0.0.1 10.0.0.2 any -P in {policy};", "f")
    [kept] = read.policies
    assert (kept.direction, kept.kind, str(kept.src), kept.rules) == ("in", UNKNOWN, "10.0.0.1/32", ())
    assert read.notes == [f"f:{reason}: what this policy asks for is not known"]


def test_ports_in_a_rule_are_passed_over() -> None:
    """A tunnel in UDP has ports behind its ends, which change nothing for what it protects."""
    rules = "ipsec esp/tunnel/10.0.0.1{}-10.0.0.2{}/require"
    [bare], [with_ports] = (
        policies(f"spdadd 10.0.0.1 10.0.0.2 any -P in {rules.format(port, port)};") for port in ("", "[4500]")
    )
    assert with_ports == bare


def test_a_policy_about_a_name_may_be_about_any_packet() -> None:
    """What a name stood for is not in the file, so the policy hangs on it."""
    read = load("spdadd gw.example.org/24[any] 10.0.0.2 tcp -P out discard;", "f")
    [kept] = read.policies
    assert (kept.src, str(kept.dst), kept.condition) == (None, "10.0.0.2/32", "a name")
    [note] = read.notes
    assert note.startswith("f:1:8: gw.example.org: names are not resolved")


def test_a_policy_with_a_label_hangs_on_it() -> None:
    """A security context is not in a packet."""
    [kept] = policies('spdadd 10.0.0.1 10.0.0.2 any -ctx 1 1 "u:r:t:s0" -P out discard;')
    assert kept.condition == "a security context"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("10.0.0.1 10.0.0.2 icmp 8,0", (8, None, 1)),
        ("10.0.0.1[ftp] 10.0.0.2[smtp] tcp", (21, 25, 6)),
        ("10.0.0.1 10.0.0.2 esp", (None, None, 50)),
        ("10.0.0.1 10.0.0.2 gre 65537", (1, 1, 47)),
        ("::1 ::1 icmp6 128", (128, None, 58)),
        ("::1 ::1 ipv6-icmp", (None, None, 58)),
        ("fe80::1%lo0/64 ::/0 mobility-header 5", (5, None, 135)),
    ],
)
def test_selectors_of_later_times_are_read(
    selector: str, expected: tuple[int | None, int | None, int]
) -> None:
    """Types and codes, keys, services over TCP and every protocol by name are taken."""
    [kept] = policies(f"spdadd {selector} -P out none;")
    assert (kept.src_port, kept.dst_port, kept.upper) == expected
