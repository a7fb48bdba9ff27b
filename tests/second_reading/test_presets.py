"""The presets: the early return, the input of 2018, and what each is called."""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.fixes.fix import all_fixes, find_fix, known_fix
from ipsec_lo_trace.pages.index import find
from ipsec_lo_trace.tracer.tracing import Trace

DISCARD = """
add 127.0.0.1 127.0.0.1 esp 0x1001 -E 3des-cbc "123456789012345678901234" ;
spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;
"""
ONE_WAY = """
add 10.9.9.1 10.9.9.2 esp 0x2001 -E 3des-cbc "123456789012345678901234" ;
spdadd 10.9.9.1 10.9.9.2 any -P out ipsec esp/transport//require ;
spdadd 10.9.9.2 10.9.9.1 any -P out discard ;
"""


def trace(fix: str, config: str | None = None, **settings: str) -> Trace:
    """Ping under a fix."""
    return ping(Setup(config=config, case=None if config else "lo-esp", fix=fix, settings=settings))


def one_way(fix: str, **settings: str) -> Trace:
    """Ping from A to B, which only the request's policy protects; the reply's discards."""
    setup = Setup(
        config=ONE_WAY,
        fix=fix,
        source="10.9.9.1",
        host="10.9.9.2",
        local=("10.9.9.1", "10.9.9.2"),
        settings=settings,
    )
    return ping(setup)


def test_netbsd_2015_returns_early_before_any_policy_lookup() -> None:
    """Where OUT_DONE is there ipsec4_output looks for no policy; a FreeBSD-like kernel looks first."""
    kept = {"icmp_reflect": "keep", "looutput": "keep"}
    early = one_way("netbsd-2015", **kept).verdict
    late = one_way("freebsd-13", **kept).verdict
    assert (early.received, early.counters.get("ips_out_polvio", 0)) == (1, 0)
    assert (late.received, late.counters["ips_out_polvio"]) == (0, 1)


@pytest.mark.parametrize("fix", ["netbsd-2015", "netbsd-9", "netbsd-current"])
def test_the_early_return_asks_for_the_tag_alone(fix: str) -> None:
    """After IPsec ip_output's one question, the filter's apart, is about the tag."""
    [last] = [step for step in trace(fix).steps if step.stage == "ip_output" and step.packet == "P1"][1:]
    assert [check.id for check in last.checks] == ["loop-detection", "packet-filter-out"]
    assert last.decision == "skip"


@pytest.mark.parametrize("fix", ["netbsd-9", "netbsd-current"])
def test_the_input_of_2018_leaves_no_in_done_and_gives_packets_on_at_once(fix: str) -> None:
    """Policy by address in ipsec4_common_input_cb, which calls the protocol's input itself."""
    ran = trace(fix)
    assert ran.verdict.outcome == "clean"
    assert ran.verdict.counters["ips_total"] == 2
    assert not any(mark.name == "IN_DONE" for step in ran.steps for mark in step.marks)
    given = [step for step in ran.steps if step.stage == "ipsec4_common_input_cb"]
    assert {step.to for step in given} == {"icmp_input"}
    assert {check.id for step in given for check in step.checks} >= {"gate-1-policy"}


def test_the_input_of_2018_counts_what_its_policy_refuses() -> None:
    """A packet that came by AH under a policy for ESP is dropped there, and ips_in_polvio tells."""
    config = """
    add 127.0.0.1 127.0.0.1 ah 0x1001 -A hmac-sha1 "01234567890123456789" ;
    spdadd 127.0.0.1 127.0.0.1 any -P out ipsec ah/transport//require ;
    spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport//require ;
    """
    ran = trace("netbsd-current", config)
    assert (ran.steps[-1].stage, ran.steps[-1].reason) == ("ipsec4_common_input_cb", "in-policy")
    assert ran.verdict.counters["ips_in_polvio"] == 1


def test_netbsd_9_strips_in_both_places() -> None:
    """NetBSD's looutput strips tags in every version read from November 2003 to September 2025."""
    for fix in all_fixes():
        if fix.name.startswith("netbsd-") and fix.date > "2003-11":
            assert fix.build.looutput == "tags", fix.name
            assert fix.build.icmp_reflect == "tags", fix.name


def test_linux_is_no_column_and_lo_exempt_speaks_of_no_out_done() -> None:
    """The column says what it is; its page tells of the real Linux's 87 runs."""
    assert find_fix("linux") is None
    assert known_fix("lo-exempt").knobs == {"lo_ipsec": "off"}
    [page] = find("lo-exempt")
    words = f"{page.text} {page.source} {page.details}"
    assert "OUT_DONE" not in words
    assert "87 runs of a real Linux" in words


def test_xnu_is_kame_of_2021() -> None:
    """The kernel of macOS 11 has kame's switches exactly."""
    xnu, kame = known_fix("xnu"), known_fix("kame")
    assert (xnu.knobs, xnu.date) == (kame.knobs, "2021")
    assert "macOS 11" in xnu.source


def test_dragonflys_ipsec_ended_about_2017() -> None:
    """Its page says so."""
    assert "2017" in known_fix("dragonfly").note


@pytest.mark.parametrize("fix", [fix.name for fix in all_fixes()])
def test_no_fixs_page_claims_the_netbsd_2_0_branch_for_another_system(fix: str) -> None:
    """What "read" means fits a source of any system."""
    from ipsec_lo_trace.pages.page import SURE  # noqa: PLC0415

    [page] = [page for page in find(fix) if page.kind == "fixes"]
    assert not SURE[page.sure].startswith("read in kernel source of the NetBSD")


def pf_answers(fix: str) -> list[tuple[str, str]]:
    """Give what pf_test found of each packet, where pf runs."""
    return [
        (step.packet, check.answer)
        for step in trace(fix, pf="tagging").steps
        for check in step.checks
        if check.id == "pf-tag"
    ]


def test_freebsds_pf_skips_what_bears_its_tag_so_freebsd_13_and_pf_2021_part() -> None:
    """With the persistent tag of 13 pf passes the whole reply unseen; since 2021 it sees the reply."""
    assert pf_answers("freebsd-13") == [
        ("P1", "seen"), ("P1", "skipped"), ("P2", "skipped"), ("P2", "skipped"),
    ]  # fmt: skip
    assert pf_answers("freebsd-pf-2021") == [("P1", "seen"), ("P1", "seen"), ("P2", "seen"), ("P2", "seen")]
    kept, gone = (trace(fix, pf="tagging").verdict for fix in ("freebsd-13", "freebsd-pf-2021"))
    assert (kept.outcome, kept.code) == ("stale", "pf-skipped")
    assert gone.outcome == "clean"
