"""Which socket gets a packet?  Cases of a table differ in one part of what decides."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.in_pcb import in_pcblookup_bind, in_pcblookup_connect
from ipsec_lo_trace.machine.stage import CALL
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.wire import icmp
from ipsec_lo_trace.wire.tcp import TH_ACK, TH_RST, TH_SYN, TcpHeader
from tests import handmade
from tests.kernel.bench import IN_ESP, Bench, echo
from tests.kernel.test_tcp_udp import FAR, NEAR, SYN, pcb, segment, server, unreachable
from tests.support import LOCALHOST, A, B


def mbuf(data: bytes = b"") -> Mbuf:
    """Put bytes in a fresh mbuf."""
    return Mbuf(data, echo=1, packet="P1")


CONNECTED = Inpcb(proto=IPPROTO_UDP, socket="client", laddr=A, lport=1, faddr=B, fport=2)
BOUND = Inpcb(proto=IPPROTO_UDP, socket="server", laddr=A, lport=1)


@pytest.mark.parametrize(
    ("proto", "remote", "local", "connected", "bound"),
    [
        (IPPROTO_UDP, (B, 2), (A, 1), True, True),
        (IPPROTO_TCP, (B, 2), (A, 1), False, False),
        (IPPROTO_UDP, (A, 2), (A, 1), False, True),
        (IPPROTO_UDP, (B, 1), (A, 1), False, True),
        (IPPROTO_UDP, (B, 2), (B, 1), False, False),
        (IPPROTO_UDP, (B, 2), (A, 2), False, False),
    ],
)
def test_whose_packet_it_is(
    proto: int,
    remote: tuple[IPv4Address, int],
    local: tuple[IPv4Address, int],
    *,
    connected: bool,
    bound: bool,
) -> None:
    """A connected socket wants protocol and both ends, a bound one protocol and the near end."""
    pcbs = [CONNECTED, BOUND]
    assert in_pcblookup_connect(pcbs, proto, remote, local) is (CONNECTED if connected else None)
    assert in_pcblookup_bind(pcbs, proto, local) is (BOUND if bound else None)


@pytest.mark.parametrize(
    ("reflector", "raw_socket", "kind", "to"),
    [
        ("userspace", "ping", icmp.ICMP_ECHO, "socket:reflector"),
        ("userspace", "", icmp.ICMP_ECHO, "socket:reflector"),
        ("userspace", "ping", icmp.ICMP_ECHOREPLY, "socket:ping"),
        ("userspace", "", icmp.ICMP_ECHOREPLY, ""),
        ("kernel", "ping", icmp.ICMP_ECHO, "socket:ping"),
        ("kernel", "", icmp.ICMP_ECHO, ""),
    ],
)
def test_which_raw_socket_gets_a_message(reflector: Any, raw_socket: str, kind: int, to: str) -> None:  # noqa: ANN401
    """A process that reflects gets requests, ping's socket the rest; without one it is dropped."""
    bench = Bench()
    bench.kernel.reflector, bench.kernel.raw_sockets = reflector, (raw_socket,) if raw_socket else ()
    (step,) = bench.enter(defs.rip_input, mbuf(echo(kind=kind)), defs.ProtoInput(20, 1), via=CALL)
    assert (step.to, step.reason) == (to, "" if to else "no-socket")
    assert bench.counters == {}


@pytest.mark.parametrize(
    ("code", "errno"),
    [
        (0, "EHOSTUNREACH"),
        (1, "EHOSTUNREACH"),
        (2, "ECONNREFUSED"),
        (3, "ECONNREFUSED"),
        (4, "EMSGSIZE"),
        *((code, "EHOSTUNREACH") for code in range(5, 13)),
        (13, ""),
    ],
)
def test_what_an_unreachable_code_means_to_a_socket(code: int, errno: str) -> None:
    """Codes up to 12 are told to the socket as an errno, later ones are bad; all go to the raw sockets."""
    bench = Bench()
    client = pcb(IPPROTO_UDP)
    bench.kernel.pcbs = [client]
    datagram = handmade.write(
        handmade.fresh(IPPROTO_UDP, LOCALHOST, LOCALHOST, ttl=1), b"\xc0\0\0\x09" + bytes(4)
    )
    *_, before, last = bench.receive(unreachable(datagram, code))
    assert (client.so_error, before.stage) == (errno, "udp_ctlinput" if errno else "icmp_input")
    assert last.stage == "rip_input"
    assert bench.counters.get("icps_badcode", 0) == (not errno)


@pytest.mark.parametrize(("quoted_len", "short"), [(20, True), (27, True), (28, False)])
def test_an_unreachable_quotes_eight_bytes_behind_the_header(quoted_len: int, short: bool) -> None:
    """With fewer the message is icps_badlen, and no socket hears of it (ICMP_ADVLEN)."""
    bench = Bench()
    bench.kernel.pcbs = [client := pcb(IPPROTO_UDP)]
    ports_and_sums = b"\xc0\0\0\x09" + bytes(4)
    datagram = handmade.write(handmade.fresh(IPPROTO_UDP, LOCALHOST, LOCALHOST, ttl=1), ports_and_sums)
    last = bench.receive(unreachable(datagram[:quoted_len], 3))[-1]
    assert (last.reason == "icmp-short", bench.counters.get("icps_badlen", 0)) == (short, short)
    assert client.so_error == ("" if short else "ECONNREFUSED")


ISS = (100 + 0x80000000) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("flags", "ack", "stage"),
    [
        (TH_ACK, ISS + 1, ""),
        (TH_ACK, ISS, "tcp_respond"),
        (TH_ACK | TH_SYN, ISS + 1, "tcp_respond"),
        (TH_ACK | TH_RST, ISS + 1, "refused"),
        (TH_SYN, 0, "syn_cache_respond"),
        (TH_SYN | TH_RST, 0, "refused"),
    ],
)
def test_what_completes_a_connection(flags: int, ack: int, stage: str) -> None:
    """Of a SYN that was answered only a bare ACK of the right number opens the connection, and once."""
    bench = Bench()
    bench.kernel.pcbs = [server(IPPROTO_TCP)]
    bench.receive(segment(SYN))
    steps = bench.receive(segment(TcpHeader(NEAR, FAR, 101, ack, flags)))
    here = next(step for step in steps if step.stage == "tcp_input")
    if stage:
        assert (here.to or "refused") == stage
        assert here.counters.get("tcps_badsyn", 0) == (stage != "syn_cache_respond")
        assert len(bench.kernel.pcbs) == 1
        return
    assert here.to == "socket:server"
    opened = bench.kernel.pcbs[-1]
    assert (opened.iss, opened.rcv_nxt, opened.faddr, opened.fport) == (ISS, 101, LOCALHOST, NEAR)
    assert here.counters == {"tcps_rcvtotal": 1, "tcps_pcbhashmiss": 1} | dict.fromkeys(
        ("tcps_sc_completed", "tcps_accepts", "tcps_connects"), 1
    )
    assert bench.kernel.syn_cache == {}


@pytest.mark.parametrize("state", ["TCPS_SYN_SENT", "TCPS_ESTABLISHED"])
@pytest.mark.parametrize(
    ("flags", "counter"), [(TH_ACK | TH_RST, "tcps_conndrops"), (TH_ACK | TH_SYN, "tcps_connects")]
)
def test_only_a_connecting_socket_waits_for_an_answer(state: Any, flags: int, counter: str) -> None:  # noqa: ANN401
    """The same segment opens or refuses a connection that waits for it, and is unwanted by an open one."""
    bench = Bench()
    client = pcb(IPPROTO_TCP, state)
    bench.kernel.pcbs = [client]
    here = bench.receive(segment(TcpHeader(FAR, NEAR, 5, 101, flags)))[1]
    waits = state == "TCPS_SYN_SENT"
    assert (here.reason == "tcp-unwanted") is not waits
    assert here.counters == {"tcps_rcvtotal": 1} | ({counter: 1} if waits else {})
    assert client.so_error == ("ECONNREFUSED" if waits and flags & TH_RST else "")
    assert client.rcv_nxt == (6 if waits and flags & TH_SYN else 0)


def test_gate_2_of_lo_exempt_asks_nothing() -> None:
    """Where IPsec does not apply to lo0 a plain reply passes a policy that requires ESP."""
    for lo_ipsec, reason in (("on", "socket-policy"), ("off", "")):
        bench = Bench(IN_ESP, build=Build(lo_ipsec="off" if lo_ipsec == "off" else "on"))
        reply = mbuf(echo(kind=icmp.ICMP_ECHOREPLY))
        (step,) = bench.enter(defs.rip_input, reply, defs.ProtoInput(20, 1), via=CALL)
        assert (step.reason, bool(step.checks)) == (reason, lo_ipsec == "on")
