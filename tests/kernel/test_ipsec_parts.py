"""Does every part of an IPsec decision count?  Cases of a table differ in one part."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_AUTHIPHDR, M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, OUT_DONE, m_tag_prepend, tdb_ident
from ipsec_lo_trace.kernel.netinet.ip_output import loop_detection
from ipsec_lo_trace.kernel.netipsec.ipsec import (
    COUNT_MAX,
    ipsec4_checkpolicy,
    ipsec_get_reqlevel,
    ipsec_in_reject,
    ipsec_updatereplay,
)
from ipsec_lo_trace.kernel.state import Sysctl
from ipsec_lo_trace.machine.stage import CALL
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType
from ipsec_lo_trace.model.sa import Replay, SecurityAssociation, TdbIdent
from ipsec_lo_trace.wire import ah
from tests import handmade
from tests.kernel.bench import AH_KEYS, ESP_KEYS, ONE_ESP, OUT_ESP, Bench, echo, header


def mbuf(data: bytes = b"") -> Mbuf:
    """Put bytes in a fresh mbuf."""
    return Mbuf(data, echo=1, packet="P1")


@pytest.mark.parametrize("rule", ["esp/transport", "esp/tunnel/127.0.0.1-127.0.0.1"])
@pytest.mark.parametrize("proto", ["esp", "ah"])
@pytest.mark.parametrize("knob", ["esp_trans_deflev", "esp_net_deflev", "ah_trans_deflev", "ah_net_deflev"])
def test_each_default_level_is_for_one_protocol_and_mode(rule: str, proto: str, knob: str) -> None:
    """One sysctl of four says require: it does so for its own protocol and mode."""
    bench = Bench(
        f"spdadd 127.0.0.1 127.0.0.1 any -P in ipsec {rule.replace('esp', proto)} ;",
        sysctl=structs.replace(Sysctl(), **{knob: Level.REQUIRE}),
        build=Build(ah_default_level="sysctl"),
    )
    mode = "net" if "tunnel" in rule else "trans"
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    wanted = Level.REQUIRE if knob == f"{proto}_{mode}_deflev" else Level.USE
    assert ipsec_get_reqlevel(bench.kernel, sp.requests[0]) is wanted


@pytest.mark.parametrize(
    ("kind", "refused", "error"),
    [
        (PolicyType.NONE, False, ""),
        (PolicyType.BYPASS, False, ""),
        (PolicyType.DISCARD, True, "-EINVAL"),
        (PolicyType.ENTRUST, True, "-EINVAL"),
    ],
)
def test_a_default_policy_without_ipsec(kind: PolicyType, *, refused: bool, error: str) -> None:
    """None and bypass let a packet pass both ways; any other kind drops it, outbound with a count."""
    bench = Bench(sysctl=Sysctl(def_policy=kind))
    sp = bench.kernel.ip4_def_policy[Direction.IN]
    assert ipsec_in_reject(bench.kernel, sp, mbuf(echo()), gate="gate-1") is refused
    bench.kernel.moved = {}
    assert ipsec4_checkpolicy(bench.kernel, mbuf(echo()), socket=False) == (None, error)
    assert bench.kernel.moved == ({"ips_out_polvio": 1} if refused else {})


def inbound(rules: str, *cached: SecurityAssociation | None) -> tuple[Bench, Policy]:
    """Boot with an inbound policy, whose requests have these SAs cached."""
    bench = Bench(f"spdadd 127.0.0.1 127.0.0.1 any -P in ipsec {rules} ;")
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    for isr, sav in zip(sp.requests, cached, strict=True):
        isr.sav = sav
    return bench, sp


ESP, AH = "esp/transport//require", "ah/transport//require"
SEALED = Bench(ONE_ESP).sa
UNSEALED = Bench('add 127.0.0.1 127.0.0.1 esp 0x1000 -E 3des-cbc "123456789012345678901234" ;').sa


@pytest.mark.parametrize(
    ("rules", "cached", "refused"),
    [
        (ESP, [SEALED], True),
        (ESP, [UNSEALED], False),
        (ESP, [None], False),
        (f"{AH} {ESP}", [None, SEALED], False),
        (f"{ESP} {AH}", [SEALED, None], True),
        (f"{AH.replace('require', 'use')} {ESP}", [None, SEALED], True),
        (AH, [SEALED], False),
    ],
)
def test_when_the_datagram_must_be_authenticated(
    rules: str, cached: list[SecurityAssociation | None], *, refused: bool
) -> None:
    """M_AUTHIPDGM is asked for by ESP with an authenticating SA cached, unless AH was required before."""
    bench, sp = inbound(rules, *cached)
    m = mbuf(echo())
    m_set_flag(m, M_DECRYPTED)
    m_set_flag(m, M_AUTHIPHDR)
    assert ipsec_in_reject(bench.kernel, sp, m, gate="gate-1") is refused


USED = TdbIdent(50, 0x1000, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "tag", "detect", "cached", "skips"),
    [
        (OUT_DONE, USED, "last-used-sa", True, True),
        (IN_DONE, USED, "last-used-sa", True, False),
        (OUT_DONE, USED._replace(proto=51), "last-used-sa", True, False),
        (OUT_DONE, USED._replace(spi=0x1001), "last-used-sa", True, False),
        (OUT_DONE, USED._replace(dst="10.9.9.1"), "last-used-sa", True, False),
        (OUT_DONE, USED, "last-used-sa", False, False),
        (OUT_DONE, None, "last-used-sa", False, True),
        (OUT_DONE, USED, "own-sa", False, True),
        (IN_DONE, USED, "own-sa", False, False),
        (OUT_DONE, USED._replace(spi=0x1001), "own-sa", True, False),
        (OUT_DONE, USED._replace(spi=0x1001), "any-out-done", False, True),
        (IN_DONE, USED, "any-out-done", False, False),
    ],
)
def test_which_tag_says_that_ipsec_is_done(
    name: str,
    tag: TdbIdent | None,
    detect: Any,  # noqa: ANN401 -- a switch's value
    *,
    cached: bool,
    skips: bool,
) -> None:
    """The tag's name, its three parts, the switch and the cached SA each decide."""
    bench = Bench(ONE_ESP + OUT_ESP, build=Build(loop_detect=detect))
    (sp,) = bench.kernel.db.sptree[Direction.OUT]
    sp.requests[0].sav = bench.sa if cached else None
    m = mbuf(echo())
    m_tag_prepend(m, name, tag)
    assert loop_detection(bench.kernel, m, sp)[0] is skips


def test_a_tag_that_names_no_sa_has_no_identity() -> None:
    """NetBSD's tag of 2015 reads as protocol 0, SPI 0, nowhere."""
    m = mbuf()
    m_tag_prepend(m, OUT_DONE)
    assert tdb_ident(m.tags[0]) == TdbIdent(0, 0, "")


@pytest.mark.parametrize(
    ("count", "cyclic", "after"),
    [
        (COUNT_MAX - 1, False, COUNT_MAX),
        (COUNT_MAX, False, None),
        (COUNT_MAX, True, 0),
    ],
)
def test_where_a_number_wraps(count: int, after: int | None, *, cyclic: bool) -> None:
    """The last number may still be given; then AH's sender and any receiver ask whether the SA is cyclic."""
    flag = "" if cyclic else "-f nocyclic-seq"
    bench = Bench(f"add 127.0.0.1 127.0.0.1 ah 0x1001 {flag} {AH_KEYS} ;" + OUT_ESP.replace("esp/", "ah/"))
    replay = bench.sa.replay
    assert replay is not None
    replay.count = count
    step = bench.enter(defs.ip_output, mbuf(echo()), defs.Output(), via=CALL)[2]
    assert step.reason == ("sequence-wrap" if after is None else "")
    if after is not None:
        assert ah.read(bytes.fromhex(step.bytes or "")).seq == after
    received = Replay(count=count)
    assert ipsec_updatereplay(1, received, cyclic=cyclic) is (after is not None)


@pytest.mark.parametrize(
    ("auth", "window", "stage"),
    [
        ('-A hmac-md5 "0123456789abcdef"', "-r 4", "esp_input"),
        ("", "-r 4", "esp_input_cb"),
        ('-A hmac-md5 "0123456789abcdef"', "", None),
        ("", "", None),
    ],
)
def test_where_esp_finds_a_replay(auth: str, window: str, stage: str | None) -> None:
    """An SA with an authenticator looks before it decrypts, one without only after; both need a window."""
    keys = ESP_KEYS.split(" -A")[0]
    bench = Bench(f"add 127.0.0.1 127.0.0.1 esp 0x1000 {window} {keys} {auth} ;")
    xform = bench.kernel.esp(bench.sa)
    sealed = xform.seal(
        spi=0x1000, seq=1, iv=bytes(8), next_header=1, payload=echo()[20:], padding=bytes(range(1, 7))
    )
    packet = handmade.write(header()._replace(proto=50), sealed)
    bench.receive(packet)
    again = [step for step in bench.receive(packet) if step.reason == "replay"]
    assert [step.stage for step in again] == ([stage] if stage else [])
    assert bench.counters.get("esps_replay", 0) == len(again)
    assert [step.errno for step in again] == ["ENOBUFS"] * len(again)
