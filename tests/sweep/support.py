"""Cases by hand, for what the drawn ones would show too late."""

from __future__ import annotations

from typing import Any

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep.drawn import LOCAL, DrawnCase, DrawnPolicy
from ipsec_lo_trace.sweep.examine import examine, planned
from ipsec_lo_trace.sweep.laws import Breach
from ipsec_lo_trace.tracer.tracing import Trace, taken_apart, trace

LOCALHOST, A, B = LOCAL
ESP_KEY, AH_KEY = f"0x{'3c' * 8}", f"0x{'5a' * 16}"
ESP = f"add {A} {B} esp 0x1001 -E des-cbc {ESP_KEY} ;"
AH = f"add {A} {B} ah 0x1002 -A hmac-md5 {AH_KEY} ;"
BACK = f"add {B} {A} esp 0x1003 -E des-cbc {ESP_KEY} ;"
THERE_AND_BACK = ("10.9.9.0/24 10.9.9.0/24", f"{A} {B}", f"{B} {A}")


def policy(direction: str, *rules: str, ends: str = f"{A} {B}", upper: str = "any") -> DrawnPolicy:
    """Make an ipsec policy."""
    return DrawnPolicy(direction, ends, upper, "ipsec", rules)


def case(*sas: str, policies: tuple[DrawnPolicy, ...], **what: Any) -> DrawnCase:  # noqa: ANN401 -- fields
    """Make a case from A to B."""
    return DrawnCase(sas=sas, policies=policies, src=A, dst=B, **what)


def broken(of: DrawnCase, *fixes: str) -> list[Breach]:
    """Return the laws that a case breaks under some fixes."""
    return examine(of, fixes).broken


def traced(of: DrawnCase, fix: str) -> Trace:
    """Trace a case under a fix as the commands do: whole, and with nothing kept from another run."""
    return taken_apart(trace(planned(of, known_fix(fix)), load(of.text, "drawn")))


ONE_SA = DrawnCase(
    sas=(f"add {A} {A} esp 0x1001 -E des-cbc {ESP_KEY} ;",),
    policies=(
        policy("out", "esp/transport//require", ends=f"{A} {A}"),
        policy("in", "esp/transport//require", ends=f"{A} {A}"),
    ),
    src=A,
    dst=A,
)
"""The analysis's own case."""
PLAIN = case(policies=())
"""Nothing is protected."""
