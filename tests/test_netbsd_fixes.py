"""Do the fixes do on lo0 what they did in NetBSD's own stack?

NetBSD's network stack (2016 sources, run as a user-space kernel) sent two pings under each of four treatments
(icmp_reflect strips the tags or not, looutput strips them or not) and with both comparisons of OUT_DONE: per
SA as in 2003, and as a boolean as from 2015 on.  Ping got every reply.  Here is what crossed lo0 then.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.render.marks import crossing_text

STRIPS = [("tags", "tags"), ("keep", "tags"), ("tags", "keep"), ("keep", "keep")]
COMPARE = {
    "2003": {"loop_detect": "last-used-sa", "done_tag": "per-sa"},
    "2016": {"loop_detect": "any-out-done", "done_tag": "boolean"},
}
PROTECTED = {
    "lo-esp": "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7",
    "lo-esp-tunnel": "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7",
    "lo-ah": "ah:1001#1 ah:1001#3 ah:1001#5 ah:1001#7",
    "lo-ah-tunnel": "ah:1001#1 ah:1001#3 ah:1001#5 ah:1001#7",
    "ab-esp": "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3",
    "ab-esp-tunnel": "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3",
    "ab-ah": "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3",
    "ab-ah-tunnel": "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3",
    "lo-bundle": "ah:1011#1/esp:1001#1 ah:1011#3/esp:1001#3 ah:1011#5/esp:1001#5 ah:1011#7/esp:1001#7",
    "ab-bundle": "ah:2011#1/esp:2001#1 ah:2012#1/esp:2002#1 ah:2011#3/esp:2001#3 ah:2012#3/esp:2002#3",
    "lo-two-sas": "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7",
}
LEAKED = {
    name: f"{wire.split()[0]} icmp {wire.split()[1 if name.startswith('lo') else 2]} icmp"
    for name, wire in PROTECTED.items()
}
"""The requests alone are numbered then, so a shared SA's second number is 3, as a request's own is."""


@pytest.mark.parametrize("compare", COMPARE)
@pytest.mark.parametrize(("icmp_reflect", "looutput"), STRIPS)
@pytest.mark.parametrize("case", PROTECTED)
def test_what_crossed_lo0_is_what_netbsd_sent(
    case: str, icmp_reflect: str, looutput: str, compare: str
) -> None:
    """Stripping in either place protects the replies; without, the comparisons part where SAs are two."""
    settings = {"icmp_reflect": icmp_reflect, "looutput": looutput, **COMPARE[compare]}
    trace = ping(Setup(case=case, settings=settings, count=2))
    kept = (icmp_reflect, looutput) == ("keep", "keep")
    leaks = kept and (case.startswith("lo") or compare == "2016")
    expected = LEAKED[case] if leaks else PROTECTED[case]
    assert " ".join(map(crossing_text, trace.crossings)) == expected
    assert (trace.verdict.ping, trace.verdict.outcome == "leak") == ("ok", leaks)


def test_with_the_flags_cleared_at_lo0_the_clear_reply_is_refused() -> None:
    """Tags kept and flags cleared: the reply is still sent in clear, and then refused, so ping loses it."""
    trace = ping(Setup(case="lo-esp", settings={"if_output": "flags"}))
    assert [crossing_text(crossing) for crossing in trace.crossings] == ["esp:1001#1", "icmp"]
    assert trace.verdict.ping == "loss"
    assert trace.steps[-1].reason == "socket-policy"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fix", "icmp_reflect", "looutput", "compare"),
    [
        ("none", "keep", "keep", "2003"),
        ("netbsd-2003-08", "tags", "keep", "2003"),
        ("netbsd-2.0", "tags", "tags", "2003"),
        ("looutput-only", "keep", "tags", "2003"),
        ("netbsd-2015", "tags", "tags", "2016"),
    ],
)
def test_the_presets_are_the_treatments_that_ran(
    fix: str, icmp_reflect: str, looutput: str, compare: str
) -> None:
    """A preset puts the same on lo0 as the switches it stands for, over every case that NetBSD ran."""
    settings = {"icmp_reflect": icmp_reflect, "looutput": looutput, **COMPARE[compare]}
    for case in PROTECTED:
        by_name = ping(Setup(case=case, fix=fix, count=2))
        by_hand = ping(Setup(case=case, settings=settings, count=2))
        assert by_name.crossings == by_hand.crossings


@pytest.mark.parametrize("fix", ["strict", "openbsd-now", "freebsd", "freebsd-13", "freebsd-pf-2021"])
@pytest.mark.parametrize("case", ["asymmetric", "bundle-request"])
def test_a_fix_that_clears_the_flags_has_the_reply_refused(case: str, fix: str) -> None:
    """With the flags gone too, a reply with less protection than is asked for is refused, not accepted."""
    assert ping(Setup(case=case, fix="netbsd-2003-08")).verdict.code == "stale-flag"
    trace = ping(Setup(case=case, fix=fix))
    assert trace.verdict.outcome == "lost"
    assert [mark.name for mark in trace.at("looutput", "P2")[-1].marks if mark.name.startswith("M_")] == []


def test_pf_s_tag_outlives_a_fix_where_it_is_persistent() -> None:
    """The tag of a packet filter crosses lo0 under freebsd-13, and ends there under freebsd-pf-2021."""
    for fix, kept in (("freebsd-13", ["PF"]), ("freebsd-pf-2021", [])):
        trace = ping(Setup(case="lo-esp", fix=fix, settings={"pf": "tagging"}))
        assert [mark.name for mark in trace.at("looutput", "P2")[-1].marks] == kept
