"""Does each law notice what breaks it, and is each kernel truth told from a fault?"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NoReturn

import pytest

from ipsec_lo_trace.findings import required
from ipsec_lo_trace.kernel.net import if_loop
from ipsec_lo_trace.kernel.netinet import ip_icmp, ip_output
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.sweep import LAWS, TRUTHS
from ipsec_lo_trace.sweep.drawn import DrawnCase, DrawnPolicy
from ipsec_lo_trace.sweep.known import KNOWN
from ipsec_lo_trace.userland.ping import Ping
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.support import A, B
from tests.sweep.support import AH, BACK, ESP, ONE_SA, PLAIN, broken, case, policy


def _keeps(_k: Kernel, _m: Mbuf, _what: str) -> str:
    return ""


def _misleads(_k: Kernel, m: Mbuf, what: str) -> str:
    if what != "keep":
        header = ip.read(m.data)
        body = m.data[header.header_len :]
        m.data = handmade.write(header._replace(dst=IPv4Address("192.0.2.9")), body)
    return ""


def _fails(*_arguments: object) -> NoReturn:
    msg = "planted"
    raise ValueError(msg)


def _nothing_missing(*_arguments: object) -> tuple[str, ...]:
    return ()


def _not_yet(*_arguments: object) -> tuple[bool, str]:
    return False, "planted"


ASYMMETRIC = case(
    ESP,
    policies=(
        policy("out", "esp/transport//require"),
        policy("in", "esp/transport//require", ends="10.9.9.2 10.9.9.1"),
    ),
)
PLANTED = {
    "clean-with-clear-accepted": (
        required,
        "lacking",
        _nothing_missing,
        case(policies=(policy("in", "ah/transport//require"),)),
        "lo-exempt",
    ),
    "clean-with-clear-text": (
        required,
        "unmet",
        _nothing_missing,
        case(policies=(policy("out", "ah/transport//require"),)),
        "lo-exempt",
    ),
    "clean-without-answer": (Ping, "deliver", _nothing_missing, PLAIN, "none"),
    "exception": (ip_icmp, "reply_source", _fails, ONE_SA, "strict"),
    "packet-loop": (ip_output, "loop_detection", _not_yet, ONE_SA, "none"),
    "stale-after-lo0": (if_loop, "strip", _keeps, ASYMMETRIC, "strict"),
    "stale-tag-after-strip": (ip_icmp, "strip", _keeps, ONE_SA, "netbsd-2003-08"),
    "worse-than-none": (ip_icmp, "strip", _misleads, PLAIN, "netbsd-2003-08"),
}
"""Where to plant what, and the case and the fix under which the law is broken then."""


@pytest.mark.parametrize("law", PLANTED)
def test_a_planted_fault_breaks_the_law(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that holds is broken, for no known reason, once the fault is in place."""
    place, name, fault, of, fix = PLANTED[law]
    assert law not in [breach.law for breach in broken(of, fix)]
    monkeypatch.setattr(place, name, fault)
    found = [breach for breach in broken(of, fix) if breach.law == law]
    assert [(breach.fix, breach.known) for breach in found] == [(fix, "")]
    assert found[0].text


WILD = "0.0.0.0/0 0.0.0.0/0"
NET = "10.9.9.0/24 10.9.9.0/24"
TO_GROUP = policy("out", "ah/transport//use", ends=WILD)
TRUE = {
    "any-out-done": (
        case(
            AH,
            policies=(
                policy("out", "ah/transport//require", upper="icmp"),
                policy("out", "esp/transport//require", ends=WILD),
                policy("in", "esp/transport//require", ends=WILD),
            ),
        ),
        "freebsd-13",
    ),
    "bundle-loop": (case(AH, policies=(policy("out", "esp/transport//use", "ah/transport//use"),)), "none"),
    "goes-further": (
        case(
            ESP,
            policies=(
                policy("out", "esp/transport//use", "ipcomp/transport//use"),
                policy("in", "ah/transport//require"),
            ),
        ),
        "netbsd-2015",
    ),
    "no-ipsec-on-lo": (case(policies=(policy("out", "esp/transport//require"),)), "lo-exempt"),
    "policy-by-address": (
        case(
            AH,
            policies=(
                policy("out", "ah/transport//require"),
                DrawnPolicy("in", f"{A} {B}", "any", "discard"),
            ),
        ),
        "netbsd-9",
    ),
    "tag-spared-an-error": (case(ESP, policies=(policy("out", "esp/transport//use", ends=NET),)), "strict"),
}
"""For each truth a case and a fix under which it breaks its law."""


@pytest.mark.parametrize("truth", TRUTHS)
def test_a_kernel_truth_is_known(truth: str) -> None:
    """A case in which a kernel truth breaks a law is reported under that truth's name."""
    of, fix = TRUE[truth]
    expected = [each.law for each in KNOWN if each.truth == truth]
    assert [(breach.law, breach.known) for breach in broken(of, fix)] == [(expected[0], truth)]


@pytest.mark.parametrize("program", ["timestamp-option", "source-route"])
@pytest.mark.parametrize("fix", ["netbsd-2015", "netbsd-9"])
def test_options_that_ah_takes_rightly_go_further(program: str, fix: str) -> None:
    """A request whose IP options AH takes wrongly arrives where that is mended, and its answer leaks.

    It does not matter that the two runs look different before.
    """
    of = case(
        AH,
        policies=(
            policy("out", "ah/transport//require"),
            policy("in", "ah/transport//require", ends=f"{B} {A}"),
        ),
        program=program,
    )
    assert [(breach.law, breach.known) for breach in broken(of, fix)] == [("worse-than-none", "goes-further")]


def test_every_law_and_truth_is_tried() -> None:
    """Nothing that a report can name is without a test here."""
    assert {*PLANTED, "clean-with-errno"} == set(LAWS)
    assert set(TRUE) == set(TRUTHS) == {each.truth for each in KNOWN}


@pytest.mark.parametrize(
    "of", [ONE_SA, PLAIN, case(ESP, BACK, policies=(policy("out", "esp/transport//require"),))]
)
def test_the_usual_cases_break_no_law_of_ours(of: DrawnCase) -> None:
    """The analysis's own case, no IPsec at all, and protection one way: nothing but what is known."""
    assert all(breach.known for breach in broken(of, "none", "netbsd-2003-08", "lo-exempt", "strict"))
