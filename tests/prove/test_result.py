"""What does a proof come to: what is broken, the least that cures it, and what do the known fixes do?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.proof import CLAIMS, Case, Proof, Result, read_proof
from ipsec_lo_trace.prove.proof import begun, go_on, merged, prove
from ipsec_lo_trace.prove.result import results

pytestmark = pytest.mark.slow
STRIPS = ("looutput=all", "icmp_reflect=all")
"""What cures alone."""
WITH_FLAGS = {f"{place}=tags" for place in ("icmp_input", "icmp_reflect", "looutput")}
"""What cures where if_output clears the flags."""


@pytest.fixture(scope="module")
def first() -> Proof:
    """Prove every claim over the hosts that were tried first."""
    return prove(scope="first")


@pytest.fixture(scope="module")
def quick() -> Proof:
    """Prove every claim over one address, and over one policy for both ways."""
    return prove(scope="quick")


def of(proof: Proof, claim: str) -> Result:
    """Return what a proof says of a claim."""
    return next(result for result in results(proof) if result.claim == claim)


def kinds(result: Result) -> set[str]:
    """Name the ways in which a claim is broken."""
    return {case.kind for case in result.kinds}


def test_the_least_cures_of_the_first_scope(first: Proof) -> None:
    """Tags and flags in one place cure, or cleared flags with one strip of the tags; and nothing less."""
    [cure] = of(first, "daemon").cures
    assert cure.hosts == 625
    cleared = {text.replace("if_output=flags", "").strip() for text in cure.least if "flags" in text}
    assert cleared == WITH_FLAGS
    assert {text for text in cure.least if "flags" not in text} == {*STRIPS}


def test_what_no_strip_cures_is_the_socket_gate(first: Proof) -> None:
    """A process's socket refuses requests of 4 of the 25 pairs of request policies, whatever comes back."""
    [cure] = of(first, "daemon").cures
    assert cure.incurable == 4 * 25
    gate = next(case for case in of(first, "daemon").kinds if case.kind == "socket-gate")
    assert gate.cases == 4 * 25 * 54


def test_the_fix_of_2003_leaves_stale_flags(first: Proof) -> None:
    """Beside the socket gate's 100 hosts the fix of 2003 leaves 48; strict and freebsd leave none."""
    left = {fix.fix: fix.broken - 100 for fix in of(first, "daemon").fixes}
    assert (left["netbsd-2003-08"], left["strict"], left["freebsd"]) == (48, 0, 0)


def test_no_clear_text_between_two_addresses_of_their_own(first: Proof, quick: Proof) -> None:
    """With a policy and an SA for each way nothing leaks; with one of both for both ways a stale tag does."""
    assert not of(first, "no-clear").broken
    assert kinds(of(quick, "no-clear")) == {"stale-out-done"}
    for cure in of(quick, "no-clear").cures:
        assert not cure.incurable
        assert len(cure.least) == 4
        assert all(len(text.split()) == 1 for text in cure.least)


def test_a_fix_can_be_worse_than_none(quick: Proof) -> None:
    """What a stale tag spared the reply, an error or a loop, comes back with the tag gone."""
    assert kinds(of(quick, "never-worse")) == {"leak-to-loop", "stale-to-lost"}


@pytest.mark.parametrize("claim", list(CLAIMS))
def test_the_smallest_case_shows_it(quick: Proof, claim: str) -> None:
    """The configuration and the options of each smallest case, run as anyone would, break the claim so."""
    for case in of(quick, claim).kinds:
        assert case.command.startswith(f"echo '{case.config.strip()}' | ipsec-lo-trace ping -f -")
        shown = ran(case)
        if claim in {"no-clear", "no-stale"}:
            assert case.kind in shown


def ran(case: Case) -> list[str]:
    """Run a case's command by its options; give the codes of what it found."""
    words = case.command.rpartition("| ")[2].split()
    source = words[words.index("-I") + 1] if "-I" in words else None
    fix = next((word.strip("-") for word in words if word in {"--patched", "--unpatched"}), None)
    if "--fix" in words:
        fix = words[words.index("--fix") + 1]
    sets = [words[at + 1] for at, word in enumerate(words) if word == "--set"]
    setup = Setup(
        config=case.config,
        local=("10.9.9.1", "10.9.9.2"),
        source=source,
        host="10.9.9.2" if source else "10.9.9.1",
        fix=fix,
        settings=dict(one.split("=", 1) for one in sets),
    )
    return [finding.code for finding in ping(setup).findings]


def shared(proof: Proof, shares: int) -> Sequence[Proof]:
    """Make a proof again in shares."""
    parts = []
    for number in range(1, shares + 1):
        part = begun(
            proof.head.claims,
            programs=proof.head.programs,
            scope=proof.head.scope,
            shard=Shard(number, shares),
        )
        go_on(part)
        parts.append(read_proof(part.encoded()))
    return parts


def test_shares_come_to_the_same_certificate(first: Proof) -> None:
    """A certificate is the same bytes from two or five shares, in any order, as from one run."""
    for shares in (2, 5):
        assert merged(list(reversed(shared(first, shares)))).encoded() == first.encoded()


def test_a_certificate_is_read_as_it_was_written(quick: Proof) -> None:
    """What was written is read back, and written again it is the same bytes."""
    again = read_proof(quick.encoded())
    assert again.head == quick.head
    assert again.encoded() == quick.encoded()
