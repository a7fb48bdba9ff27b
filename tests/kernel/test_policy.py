"""Which policy, which SA, and is the packet good enough?"""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_AUTHIPDGM, M_AUTHIPHDR, M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.netipsec.ipsec import (
    COUNT_MAX,
    ipsec_chkreplay,
    ipsec_get_reqlevel,
    ipsec_in_reject,
    ipsec_setspidx,
    ipsec_updatereplay,
)
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSP, KEY_ALLOCSP2
from ipsec_lo_trace.kernel.state import Sysctl
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import ULPROTO_ANY, Direction, Level
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Replay, SaState, TdbIdent
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.kernel.bench import ESP_KEYS, ONE_ESP, Bench, echo, header


def mbuf(packet: bytes) -> Mbuf:
    """Put a packet in a fresh mbuf."""
    return Mbuf(packet, echo=1, packet="P1")


@pytest.mark.parametrize(
    ("packet", "ul_proto", "ports"),
    [
        (echo(), 1, (0, 0)),
        (handmade.write(header()._replace(proto=IPPROTO_ESP), bytes(8)), IPPROTO_ESP, (0, 0)),
        (handmade.write(header()._replace(proto=IPPROTO_AH), bytes(24)), ULPROTO_ANY, (0, 0)),
        (handmade.write(header()._replace(proto=17), b"\0\7\0\x35" + bytes(4)), 17, (7, 53)),
        (echo(off=ip.IP_MF), ULPROTO_ANY, (0, 0)),
        (echo(off=3), ULPROTO_ANY, (0, 0)),
    ],
)
def test_a_packets_selector(packet: bytes, ul_proto: int, ports: tuple[int, int]) -> None:
    """AH packets and fragments count as "any"; UDP and TCP have ports; the rest are themselves."""
    selector = ipsec_setspidx(mbuf(packet))
    assert (selector.ul_proto, (selector.src_port, selector.dst_port)) == (ul_proto, ports)


@pytest.mark.parametrize(
    ("policy", "hits"),
    [
        ("127.0.0.1/32 127.0.0.1/32 any", True),
        ("127.0.0.0/8 0.0.0.0/0 any", True),
        ("127.0.0.1 127.0.0.1 icmp", True),
        ("127.0.0.1 127.0.0.1 tcp", False),
        ("127.0.0.1[80] 127.0.0.1 any", False),
        ("127.0.0.1 127.0.0.1[80] any", False),
        ("127.0.0.2 127.0.0.1 any", False),
        ("127.0.0.1 127.0.0.2 any", False),
    ],
)
def test_a_policy_covers_a_packet_by_protocol_ports_and_prefixes(policy: str, hits: bool) -> None:
    """Every part of the selector must fit: one that does not is enough for no match."""
    bench = Bench(f"spdadd {policy} -P out none ;")
    found = KEY_ALLOCSP(bench.kernel, ipsec_setspidx(mbuf(echo())), Direction.OUT)
    assert (found is not None) is hits


def test_the_first_policy_in_the_list_wins() -> None:
    """Two policies cover the packet: the one that was added first is taken."""
    bench = Bench(
        "spdadd 0.0.0.0/0 0.0.0.0/0 any -P out discard ; spdadd 127.0.0.1 127.0.0.1 any -P out none ;"
    )
    found = KEY_ALLOCSP(bench.kernel, ipsec_setspidx(mbuf(echo())), Direction.OUT)
    assert found is bench.kernel.db.sptree[Direction.OUT][0]


@pytest.mark.parametrize(
    ("upper", "used", "hits"), [("50", True, True), ("any", True, False), ("50", False, False)]
)
def test_a_tag_leads_to_a_policy_for_its_own_protocol_number_that_used_its_sa(
    upper: str,
    used: bool,
    hits: bool,
) -> None:
    """KEY_ALLOCSP2 wants the policy's protocol to be 50 and its cached SA to be the tag's; else it misses."""
    bench = Bench(ONE_ESP + f"spdadd 127.0.0.1 127.0.0.1 {upper} -P out ipsec esp/transport//use ;")
    (sp,) = bench.kernel.db.sptree[Direction.OUT]
    sp.requests[0].sav = bench.sa if used else None
    tdbi = TdbIdent(IPPROTO_ESP, 0x1000, "127.0.0.1")
    assert (KEY_ALLOCSP2(bench.kernel, tdbi, Direction.OUT) is sp) is hits
    assert KEY_ALLOCSP2(bench.kernel, tdbi._replace(spi=0x1001), Direction.OUT) is None
    assert KEY_ALLOCSP2(bench.kernel, tdbi._replace(dst="127.0.0.2"), Direction.OUT) is None


LEVELS = [
    ("esp/transport//use", Level.USE),
    ("esp/transport//require", Level.REQUIRE),
    ("esp/transport//unique:7", Level.REQUIRE),
    ("esp/transport", Level.REQUIRE),
    ("esp/tunnel/127.0.0.1-127.0.0.1", Level.USE),
    ("ah/transport", Level.USE),
    ("ah/transport//require", Level.REQUIRE),
]


@pytest.mark.parametrize(("rule", "level"), LEVELS)
def test_effective_levels(rule: str, level: Level) -> None:
    """UNIQUE is REQUIRE; DEFAULT is the sysctl's for ESP, and always USE for AH, whose case falls through."""
    sysctl = Sysctl(esp_trans_deflev=Level.REQUIRE, esp_net_deflev=Level.USE, ah_trans_deflev=Level.REQUIRE)
    bench = Bench(f"spdadd 127.0.0.1 127.0.0.1 any -P in ipsec {rule} ;", sysctl=sysctl)
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    assert ipsec_get_reqlevel(bench.kernel, sp.requests[0]) is level


def test_a_senseless_default_level_is_corrected_to_require() -> None:
    """A default level other than USE and REQUIRE counts as REQUIRE."""
    bench = Bench(
        "spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport ;",
        sysctl=Sysctl(esp_trans_deflev=Level.UNIQUE),
    )
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    assert ipsec_get_reqlevel(bench.kernel, sp.requests[0]) is Level.REQUIRE


FLAGS = (M_AUTHIPHDR, M_DECRYPTED, M_AUTHIPDGM)


@pytest.mark.parametrize(
    ("policy", "wants"),
    [
        ("none", set()),
        ("ipsec esp/transport//use", set()),
        ("ipsec esp/transport//require", {M_DECRYPTED}),
        ("ipsec ah/transport//require", {M_AUTHIPHDR}),
        ("ipsec esp/transport//require ah/transport//require", {M_DECRYPTED, M_AUTHIPHDR}),
        ("ipsec esp/transport//use ah/transport//require", {M_AUTHIPHDR}),
        ("discard", None),
    ],
)
@pytest.mark.parametrize("bits", range(8))
def test_an_inbound_policy_goes_by_the_flags_alone(policy: str, wants: set[str] | None, bits: int) -> None:
    """A packet is refused exactly if a flag is missing that a require-level rule asks for, or by discard."""
    bench = Bench(f"spdadd 127.0.0.1 127.0.0.1 any -P in {policy} ;")
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    m = mbuf(echo())
    borne = {name for bit, name in enumerate(FLAGS) if bits >> bit & 1}
    for name in borne:
        m_set_flag(m, name)
    assert ipsec_in_reject(bench.kernel, sp, m, gate="gate-1") is (wants is None or not wants <= borne)


def test_a_cached_sa_that_authenticates_would_ask_for_m_authipdgm() -> None:
    """The test that never fires inbound: with an SA cached in the request, ESP alone is not enough."""
    bench = Bench(ONE_ESP + "spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport//require ;")
    (sp,) = bench.kernel.db.sptree[Direction.IN]
    sp.requests[0].sav = bench.sa
    m = mbuf(echo())
    m_set_flag(m, M_DECRYPTED)
    assert ipsec_in_reject(bench.kernel, sp, m, gate="gate-1")
    m_set_flag(m, M_AUTHIPDGM)
    assert not ipsec_in_reject(bench.kernel, sp, m, gate="gate-1")


def test_the_newest_sa_is_used_and_the_others_die() -> None:
    """Two SAs of one head: the newer serves the request, and the older is marked DEAD by that."""
    bench = Bench(
        f"add 127.0.0.1 127.0.0.1 esp 0x1002 {ESP_KEYS} ; add 127.0.0.1 127.0.0.1 esp 0x1001 {ESP_KEYS} ;"
        "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;"
    )
    states = {sav.spi: sav for head in bench.kernel.db.sahtree for sav in head.savs}
    bench.receive(echo())
    assert (states[0x1001].state, states[0x1002].state) == (SaState.MATURE, SaState.DEAD)


class NaiveWindow:
    """The anti-replay window as RFC 2401 says it: the numbers seen, and how far back one may come."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.seen: set[int] = set()

    def may_come(self, seq: int) -> bool:
        """Tell whether the number is new, and within the window behind the highest one."""
        if seq == 0:
            return False
        return seq not in self.seen and seq > max(self.seen, default=0) - self.window


@given(
    window_bytes=st.integers(min_value=1, max_value=4),
    numbers=st.lists(st.one_of(st.integers(0, 80), st.integers(0, COUNT_MAX)), max_size=60),
)
def test_the_replay_window_is_that_of_the_rfc(window_bytes: int, numbers: list[int]) -> None:
    """Whatever numbers come, the bitmap accepts exactly those that a set of seen numbers would."""
    replay, naive = Replay(window_bytes=window_bytes), NaiveWindow(window_bytes * 8)
    for seq in numbers:
        may = naive.may_come(seq)
        assert ipsec_chkreplay(seq, replay) is may
        assert ipsec_updatereplay(seq, replay, cyclic=True) is may
        if may:
            naive.seen.add(seq)


def test_without_a_window_every_number_may_come_and_is_counted() -> None:
    """Window 0 checks nothing, and still moves the count that output gives out."""
    replay = Replay()
    assert all(ipsec_chkreplay(seq, replay) for seq in (0, 1, 1))
    assert all(ipsec_updatereplay(seq, replay, cyclic=True) for seq in (0, 1, 1))
    assert replay.count == 3


@pytest.mark.parametrize("cyclic", [True, False])
def test_the_count_wraps_only_if_the_sa_is_cyclic(cyclic: bool) -> None:
    """At 2^32 - 1 a cyclic SA starts again at 0, another refuses."""
    replay = Replay(count=COUNT_MAX)
    assert ipsec_updatereplay(1, replay, cyclic=cyclic) is cyclic
    assert replay.count == (0 if cyclic else COUNT_MAX)


def test_an_sa_is_found_whatever_the_source_says() -> None:
    """Inbound, the SA is chosen by destination, protocol and SPI; a packet from elsewhere finds it too."""
    bench = Bench(ONE_ESP)
    sav = bench.sa
    xform = bench.kernel.esp(sav)
    sealed = xform.seal(
        spi=sav.spi, seq=1, iv=bytes(8), next_header=1, payload=echo()[20:], padding=bytes(range(1, 7))
    )
    elsewhere = header(IPv4Address("10.9.9.1"))._replace(proto=IPPROTO_ESP)
    assert bench.receive(handmade.write(elsewhere, sealed))[1].to == "esp_input"


@pytest.mark.parametrize(
    ("numbers", "taken"),
    [
        ([5, 5], [True, False]),
        ([5, 4, 4], [True, True, False]),
        ([5, 3, 4, 3, 4], [True, True, True, False, False]),
        ([9, 1], [True, False]),
        ([9, 2, 2], [True, True, False]),
        ([9, 2, 10, 2, 3, 9], [True, True, True, False, True, False]),
        ([9, 17, 10, 9], [True, True, True, False]),
        ([0, 1], [False, True]),
        ([1, 100, 93, 92, 1], [True, True, True, False, False]),
    ],
)
def test_a_window_of_eight(numbers: list[int], taken: list[bool]) -> None:
    """Each number may come once, from the highest down to seven before it, in any order."""
    replay = Replay(window_bytes=1)
    assert [ipsec_updatereplay(seq, replay, cyclic=True) for seq in numbers] == taken
