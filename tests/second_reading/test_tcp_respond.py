"""tcp_respond's choice of mbuf: what is sure, and what depends on the mbuf layout."""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, probe
from ipsec_lo_trace.tracer.tracing import Trace

A, B = "10.9.9.1", "10.9.9.2"
ENDS = ((A, B, "0x2001"), (B, A, "0x2002"))
SAS = "".join(
    f'add {src} {dst} esp {spi} -m any -E 3des-cbc "123456789012345678901234" ;'
    f'add {src} {dst} ah {spi} -m any -A hmac-sha1 "01234567890123456789" ;'
    for src, dst, spi in ENDS
)


def closed(rules: str, **settings: str) -> Trace:
    """Ask for a closed TCP port from A to B, each way under the same rules."""
    policies = "".join(
        f"spdadd {src} {dst} any -P out ipsec {rules} ;".replace("ENDS", f"{src}-{dst}")
        for src, dst, _spi in ENDS
    )
    # Any OUT_DONE will do, so that the RST shows by its protection whose mbuf it has.
    settings = {"loop_detect": "any-out-done", **settings}
    setup = Setup(config=SAS + policies, source=A, host=B, local=(A, B), settings=settings)
    return probe("tcp-closed", setup)


def leaks(trace: Trace) -> bool:
    """Tell whether the RST crossed lo0 in clear."""
    return trace.verdict.lo0[-1].proto == ["tcp"]


def depends(trace: Trace) -> bool:
    """Tell whether the run says that it depends on the mbuf layout."""
    return any(finding.code == "mbuf-layout" for finding in trace.verdict.findings)


ESP, AH = "esp/transport//require", "ah/transport//require"


@pytest.mark.parametrize("max_protohdr", ["60", "40"])
def test_a_rst_leaks_for_a_syn_by_esp_transport_for_sure(max_protohdr: str) -> None:
    """ESP in transport mode leaves the SYN in one mbuf, which is used again in every build."""
    ran = closed(ESP, max_protohdr=max_protohdr)
    assert (leaks(ran), depends(ran)) == (True, False)


@pytest.mark.parametrize("rules", [AH, f"{AH} {ESP}"])
@pytest.mark.parametrize(("max_protohdr", "leaking"), [("60", True), ("40", False)])
def test_by_ah_or_ah_esp_only_where_max_protohdr_is_60(
    rules: str, max_protohdr: str, *, leaking: bool
) -> None:
    """More than 40 bytes are pulled up there alone; the run says that it depends on that."""
    ran = closed(rules, max_protohdr=max_protohdr)
    assert (leaks(ran), depends(ran)) == (leaking, True)


@pytest.mark.parametrize("rules", [f"{ESP} {AH}", "esp/tunnel/ENDS/require", "ah/tunnel/ENDS/require"])
@pytest.mark.parametrize("max_protohdr", ["60", "40"])
def test_by_esp_ah_and_by_tunnels_not_in_the_builds_that_ran(rules: str, max_protohdr: str) -> None:
    """There the RST has a new mbuf and is protected; the run says that it depends on the mbuf layout."""
    ran = closed(rules, max_protohdr=max_protohdr)
    assert (leaks(ran), depends(ran)) == (False, True)
