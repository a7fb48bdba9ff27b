"""Is a case shrunk to what breaks the law, and no further?"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ipsec_lo_trace.sweep.shrink import breaks, shrink
from tests.sweep.support import AH, BACK, ESP, broken, case, policy

LOOP = case(
    AH,
    policies=(policy("out", "esp/transport//use", "ah/transport//use"),),
)


@pytest.mark.slow
def test_everything_needless_goes() -> None:
    """Other SAs, other policies, repeated requests and unusual sizes are left out; the law stays broken."""
    big = replace(
        LOOP,
        sas=(BACK, AH, "add 127.0.0.1 127.0.0.1 ah 0x1009 -A hmac-md5 0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a ;"),
        policies=(
            *LOOP.policies,
            policy("out", "esp/transport//require", ends="10.9.9.2 10.9.9.1"),
            policy("in", "esp/transport//use", "ah/transport//use"),
        ),
        count=2,
        preload=2,
        size=8,
    )
    [breach] = broken(big, "none")
    assert shrink(big, breach) == LOOP


def test_rules_of_a_bundle_go() -> None:
    """A bundle loses the rules that the law does not need."""
    leaks = case(ESP, AH, policies=(policy("out", "esp/transport//require", "ah/transport//require"),))
    [breach] = broken(leaks, "lo-exempt")
    small = shrink(leaks, breach)
    assert (small.sas, [len(each.rules) for each in small.policies]) == ((), [1])
    assert breaks(small, breach)


def test_what_is_shrunk_is_minimal() -> None:
    """Of what is left nothing more can go: shrinking it again changes nothing."""
    [breach] = broken(LOOP, "none")
    small = shrink(LOOP, breach)
    assert small == shrink(small, breach) == LOOP


@pytest.mark.slow
def test_the_same_law_under_the_same_fix_stays_broken() -> None:
    """A case that breaks the law under another fix only, or in another way, does not count."""
    [breach] = broken(LOOP, "none")
    assert breaks(LOOP, breach)
    assert not breaks(LOOP, breach._replace(fix="lo-exempt"))
    assert not breaks(LOOP, breach._replace(known="", code="loop"))
