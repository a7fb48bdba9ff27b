"""What becomes of packets: flags of the header, interfaces, ages of SAs, queues and limits, ports."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from ipsec_lo_trace import Setup, defs, ping, probe
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec_getpolicybyaddr
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_UDP
from ipsec_lo_trace.model.questions import GATE_1_POLICY
from ipsec_lo_trace.userland.icmp_exchange import MULTICAST_CONFIG
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.kernel.bench import Bench
from tests.support import LOCALHOST, A

TWO_SAS = """
add 127.0.0.1 127.0.0.1 ah 0x1001 -A hmac-sha1 "01234567890123456789" ;
add 127.0.0.1 127.0.0.1 ah 0x1002 -A hmac-sha1 "01234567890123456789" ;
spdadd 127.0.0.1 127.0.0.1 any -P out ipsec ah/transport//require ;
"""


def test_an_echo_reply_has_no_df_whatever_its_request_had() -> None:
    """The probe's request has DF; the reply, which this host makes, has none, and may be cut after ESP."""
    run = probe("df", Setup(size=32000))
    sent = {step.packet: ip.read(step.data).off & ip.IP_DF for step in run.steps if step.stage == "looutput"}
    assert sent == {"P1": ip.IP_DF, "P2": 0}


def test_a_tcp_segment_has_df_since_its_caller_asks_for_it() -> None:
    """tcp_output passes IP_MTUDISC, so the segment has DF from ip_output on."""
    row = probe("tcp-closed").at("ip_output")[0]
    assert ip.read(row.data).off == ip.IP_DF


def test_a_copy_looped_for_another_interface_is_refused_from_127() -> None:
    """ip_mloopback gives looutput the real interface, and ip_input wants 127/8 from a loopback one."""
    verdict = probe("multicast-out").verdict
    assert (verdict.lo0, verdict.received, verdict.counters["ips_badaddr"]) == ([], 0, 2)


def test_a_copy_looped_for_another_interface_passes_lo0_by() -> None:
    """From the interface's own address the copy is answered: only the reply crosses lo0."""
    config = MULTICAST_CONFIG.replace("127.0.0.1", "10.9.9.1")
    verdict = probe("multicast-out", Setup(config=config, host="10.9.9.1", local=("10.9.9.1",))).verdict
    assert ([crossing.proto for crossing in verdict.lo0], verdict.received) == ([["icmp"]], 1)
    counters = verdict.counters
    assert (counters["if_opackets"], counters["if_opackets(ex0)"]) == (1, 2)


@pytest.mark.parametrize(
    ("rcvif", "src", "refused"), [("ex0", LOCALHOST, True), ("ex0", A, False), ("lo0", LOCALHOST, False)]
)
def test_only_a_loopback_interface_receives_127(rcvif: str, src: IPv4Address, refused: bool) -> None:
    """A source of 127/8 and the interface decide together."""
    bench = Bench()
    header = handmade.fresh(IPPROTO_ICMP, src, A, ttl=64)
    m = Mbuf(handmade.write(header, bytes(8)), echo=1, packet="P1")
    m.rcvif = rcvif
    bench.enter(defs.ip_input, m, defs.Input())
    assert bench.counters.get("ips_badaddr", 0) == refused


@pytest.mark.parametrize("prefered_oldsa", ["0", "1"])
def test_prefered_oldsa_compares_whole_seconds(prefered_oldsa: str) -> None:
    """Two SAs of one file are of the same age, so the newest is used even where the oldest is preferred."""
    run = ping(Setup(config=TWO_SAS, settings={"prefered_oldsa": prefered_oldsa}, count=2))
    assert {spi for crossing in run.crossings for spi in crossing.spi} == {0x1002}


def test_the_ip_input_queue_holds_fifty_packets() -> None:
    """IFQ_MAXLEN is 50: of 51 packets that arrive at once the last finds it full."""
    bench = Bench()
    for echo in range(51):
        m = Mbuf(
            handmade.write(handmade.fresh(IPPROTO_ICMP, LOCALHOST, LOCALHOST, ttl=64), bytes(8)),
            echo=echo,
            packet="P1",
        )
        bench.machine.syscall(defs.looutput, m, "lo0")
        assert bench.kernel.ipintrq_len == min(echo + 1, 50)


def test_icmp_errors_are_limited_to_a_hundred_a_second() -> None:
    """The 101st error of a second is not sent; the next second has its own hundred."""
    bench = Bench()

    def error(echo: int) -> str:
        header = handmade.fresh(IPPROTO_UDP, LOCALHOST, LOCALHOST, ttl=64)
        m = Mbuf(handmade.write(header, bytes(8)), echo=echo, packet="P1")
        return bench.enter(defs.icmp_error, m, defs.IcmpError(3, 3), via="call")[0].reason

    assert [error(1) for _ in range(101)] == [""] * 100 + ["error-suppressed"]
    assert error(2) == ""


@pytest.mark.parametrize(("forwarding", "found"), [(True, False), (False, True)])
def test_ports_of_forwarded_packets_are_left_out(forwarding: bool, found: bool) -> None:
    """A policy for a port covers a datagram that this host sends, and none that it forwards."""
    bench = Bench("spdadd 127.0.0.1 127.0.0.1[9] udp -P out discard ;")
    header = handmade.fresh(IPPROTO_UDP, LOCALHOST, LOCALHOST, ttl=64)
    m = Mbuf(handmade.write(header, handmade.udp(header, 1024, 9, b"")), echo=1, packet="P1")
    sp = ipsec_getpolicybyaddr(bench.kernel, m, Direction.OUT, GATE_1_POLICY, forwarding=forwarding)
    assert (sp in bench.kernel.db.sptree[Direction.OUT]) is found


@pytest.mark.parametrize(("level", "sent_on", "kept"), [("none", 1, 0), ("ipsec esp/transport//use", 0, 1)])
def test_what_could_not_be_forwarded_counts_as_cantforward(level: str, sent_on: int, kept: int) -> None:
    """ips_forward counts what ip_output took; what it refused, here for want of an SA, is ips_cantforward."""
    bench = Bench(f"spdadd 0.0.0.0/0 192.0.2.0/24 any -P out {level} ;", build=Build(forwarding="1"))
    bench.kernel.outside = frozenset({IPv4Network("192.0.2.0/24")})
    header = handmade.fresh(IPPROTO_UDP, A, IPv4Address("192.0.2.1"), ttl=64)
    bench.receive(handmade.write(header, handmade.udp(header, 1024, 9, b"")))
    counters = bench.counters
    assert (counters.get("ips_forward", 0), counters.get("ips_cantforward", 0)) == (sent_on, kept)
