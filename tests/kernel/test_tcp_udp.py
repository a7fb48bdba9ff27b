"""What do UDP, TCP and icmp_error take, refuse, answer and count?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_AUTHIPHDR, M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, OUT_DONE, m_tag_prepend
from ipsec_lo_trace.kernel.netinet.ip_icmp import PORT_UNREACHABLE
from ipsec_lo_trace.machine.stage import CALL
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.inpcb import Inpcb, TcpState
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.model.sa import TdbIdent
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import ip, tcp
from ipsec_lo_trace.wire.tcp import TH_ACK, TH_RST, TH_SYN, TcpHeader
from tests import handmade
from tests.kernel.bench import IN_ESP, Bench, echo
from tests.support import LOCALHOST

NEAR, FAR = 49152, 9
SYN = TcpHeader(NEAR, FAR, 100, 0, TH_SYN, 0, handmade.syn_options(1460))


def datagram(data: bytes = b"data", *, dport: int = FAR, sport: int = NEAR) -> bytes:
    """Build a UDP datagram in a packet of 127.0.0.1 to itself."""
    header = handmade.fresh(IPPROTO_UDP, LOCALHOST, LOCALHOST, ttl=64)
    return handmade.write(header, handmade.udp(header, sport, dport, data))


def segment(th: TcpHeader, *, options: bytes = b"") -> bytes:
    """Build a TCP segment in a packet of 127.0.0.1 to itself, with IP options if given."""
    header = handmade.fresh(IPPROTO_TCP, LOCALHOST, LOCALHOST, ttl=64)._replace(options=options)
    return handmade.write(header, handmade.tcp(header, th))


def cut(proto: int, payload: bytes) -> bytes:
    """Make a packet with something under a protocol that need not be that."""
    return handmade.write(handmade.fresh(proto, LOCALHOST, LOCALHOST, ttl=1), payload)


def marked(*flags: str) -> Mbuf:
    """Return an mbuf with IN_DONE, OUT_DONE and these flags."""
    m = Mbuf(b"", echo=1, packet="P1")
    for tag in (OUT_DONE, IN_DONE):
        m_tag_prepend(m, tag, TdbIdent(50, 0x1000, "127.0.0.1"))
    for flag in flags:
        m_set_flag(m, flag)
    return m


def pcb(proto: int, state: TcpState = "TCPS_CLOSED") -> Inpcb:
    """Return the PCB of the sender's socket, connected to port 9."""
    return Inpcb(
        proto=proto, socket="client", laddr=LOCALHOST, lport=NEAR, faddr=LOCALHOST, fport=FAR,
        t_state=state, iss=100,
    )  # fmt: skip


def server(proto: int) -> Inpcb:
    """Return the PCB of a socket that is bound to port 9 (TCP: listens)."""
    state: TcpState = "TCPS_LISTEN" if proto == IPPROTO_TCP else "TCPS_CLOSED"
    return Inpcb(proto=proto, socket="server", laddr=LOCALHOST, lport=FAR, t_state=state)


def at(steps: list[Step], stage: str) -> Step:
    """Return the first row of a stage."""
    return next(step for step in steps if step.stage == stage)


GOOD = datagram()


@pytest.mark.parametrize(
    ("packet", "counter"),
    [
        (cut(IPPROTO_UDP, b"1234567"), "udps_hdrops"),
        (datagram(dport=0), ""),
        (GOOD[:24] + b"\0\7" + GOOD[26:], "udps_badlen"),
        (GOOD[:24] + b"\0\xff" + GOOD[26:], "udps_badlen"),
        (GOOD[:-1] + b"x", "udps_badsum"),
    ],
)
def test_a_malformed_datagram_moves_its_counter(packet: bytes, counter: str) -> None:
    """Each fault of a UDP header moves the kernel's counter for it; destination port 0 moves none."""
    bench = Bench()
    step = bench.receive(packet)[-1]
    assert (step.stage, step.reason) == ("udp_input", "udp-malformed")
    expected = {"udps_ipackets": 1} | ({counter: 1} if counter else {})
    assert {name: by for name, by in bench.counters.items() if name.startswith("udps")} == expected


def test_udp_and_tcp_have_no_gate_1() -> None:
    """Whatever the inbound policy, a plain datagram and a plain segment reach their protocols unasked."""
    for packet, stage in ((GOOD, "udp_input"), (segment(SYN), "tcp_input")):
        steps = Bench(IN_ESP).receive(packet)
        assert [check.id for check in steps[0].checks] == ["packet-filter"]
        assert steps[1].stage == stage


def test_a_port_without_a_socket_gets_an_error() -> None:
    """The error quotes the IP header and eight bytes, is a packet of its own, and bears no mark."""
    bench = Bench()
    steps = bench.receive(GOOD, marks=marked(M_AUTHIPHDR))
    error = at(steps, "looutput")
    assert (error.packet, error.marks, error.wire.info) == ("P2", (), "port unreachable")
    assert (
        bytes.fromhex(at(steps, "icmp_send").bytes or at(steps, "icmp_reflect").bytes or "")[28:] == GOOD[:28]
    )
    assert (
        bench.counters["udps_noport"]
        == bench.counters["icps_error"]
        == bench.counters["icps_outhist[3]"]
        == 1
    )


@pytest.mark.parametrize(
    ("packet", "flags", "text"),
    [
        (GOOD, (M_DECRYPTED,), "came by ESP"),
        (ip.patch(GOOD, off=1), (), "fragment"),
        (echo(kind=3), (), "an ICMP error itself"),
        (ip.patch(GOOD)[:16] + b"\xe0\0\0\1" + GOOD[20:], (), "a group"),
    ],
)
def test_an_undeserved_error_is_counted_and_not_sent(
    packet: bytes, flags: tuple[str, ...], text: str
) -> None:
    """icmp_error counts first, then refuses: for M_DECRYPTED, later fragments, ICMP errors and groups."""
    bench = Bench()
    m = marked(*flags)
    m.data = packet
    (step,) = bench.enter(defs.icmp_error, m, PORT_UNREACHABLE, via=CALL)
    assert step.reason == "error-suppressed"
    assert text in step.text
    oldicmp = {"icps_oldicmp": 1} if text == "an ICMP error itself" else {}
    assert bench.counters == {"icps_error": 1, **oldicmp}


def test_a_datagram_to_a_group_gets_no_error() -> None:
    """A group's datagram that no socket wants is dropped, and udps_noportbcast says so."""
    bench = Bench()
    m = Mbuf(GOOD[:16] + b"\xe0\0\0\1" + GOOD[20:], echo=1, packet="P1")
    header = ip.read(m.data)
    m.data = handmade.write(header, handmade.udp(header, NEAR, FAR, b""))
    (step,) = bench.enter(defs.udp_input, m, defs.ProtoInput(20, IPPROTO_UDP), via=CALL)
    assert step.reason == "no-port"
    assert bench.counters["udps_noportbcast"] == 1


def test_a_refused_datagram_is_told_to_its_sender() -> None:
    """Gate 2 counts its refusal twice and has an error sent, whose code the kernel itself does not know."""
    bench = Bench(IN_ESP.replace(" any ", " udp "))
    bench.kernel.pcbs = [server(IPPROTO_UDP)]
    bench.kernel.raw_sockets = ()
    steps = bench.receive(GOOD)
    assert at(steps, "udp_input").decision == "reject"
    assert at(steps, "looutput").wire.info == "administratively prohibited"
    assert steps[-1].reason == "no-socket"
    assert bench.counters["ips_in_polvio"] == 2
    assert bench.counters["icps_badcode"] == 1
    assert bench.delivered == []


def test_a_connected_socket_comes_before_a_bound_one() -> None:
    """A datagram goes to the socket that is connected to its sender, else to the one bound to its port."""
    bench = Bench()
    connected = Inpcb(
        proto=IPPROTO_UDP, socket="connected", laddr=LOCALHOST, lport=FAR, faddr=LOCALHOST, fport=NEAR
    )
    bench.kernel.pcbs = [server(IPPROTO_UDP), connected]
    assert bench.receive(GOOD)[-1].to == "socket:connected"
    assert bench.receive(datagram(sport=NEAR + 1))[-1].to == "socket:server"
    assert bench.counters["udps_pcbhashmiss"] == 1


def unreachable(quoted: bytes, code: int = 3) -> bytes:
    """Build an unreachable message in a packet of 127.0.0.1 to itself."""
    header = handmade.fresh(IPPROTO_ICMP, LOCALHOST, LOCALHOST, ttl=255)
    return handmade.write(header, handmade.icmp_error(3, code, quoted))


def test_an_error_reaches_the_socket_that_it_is_about() -> None:
    """Only the socket with both ends of the quoted datagram hears of it, and its policy is not asked."""
    bench = Bench()
    client = pcb(IPPROTO_UDP)
    bench.kernel.pcbs = [client]
    other = bench.receive(unreachable(datagram(sport=NEAR + 1)[:28]))[-1]
    assert (other.stage, client.so_error) == ("rip_input", "")
    *_, told, raw = bench.receive(unreachable(GOOD[:28]))
    assert (told.to, raw.stage, client.so_error) == ("rip_input", "rip_input", "ECONNREFUSED")
    assert not any(check.id.startswith("gate-2") for check in told.checks)
    bench.receive(unreachable(GOOD[:28], code=1))
    assert client.so_error == "EHOSTUNREACH"


def test_errors_about_nothing_known_go_to_the_raw_sockets() -> None:
    """An error about a TCP segment reaches no UDP socket; one that quotes too little is counted."""
    bench = Bench()
    assert bench.receive(unreachable(segment(SYN)[:28]))[-1].stage == "rip_input"
    assert bench.receive(unreachable(GOOD[:12]))[-1].reason == "icmp-short"
    assert bench.counters["icps_badlen"] == 1


@pytest.mark.parametrize(
    ("packet", "counter"),
    [
        (
            handmade.write(handmade.fresh(IPPROTO_TCP, LOCALHOST, LOCALHOST, ttl=1), bytes(19)),
            "tcps_rcvshort",
        ),
        (
            handmade.write(handmade.fresh(IPPROTO_TCP, LOCALHOST, LOCALHOST, ttl=1), bytes(20)),
            "tcps_rcvbadoff",
        ),
        (segment(SYN)[:-1] + b"x", "tcps_rcvbadsum"),
    ],
)
def test_a_malformed_segment_moves_its_counter(packet: bytes, counter: str) -> None:
    """Each fault of a TCP header moves the kernel's counter for it."""
    bench = Bench()
    bench.kernel.pcbs = [server(IPPROTO_TCP)]
    assert bench.receive(packet)[-1].reason == "tcp-malformed"
    assert bench.counters[counter] == 1


def test_a_port_without_a_socket_is_answered_unchecked() -> None:
    """Neither the checksum nor a policy is looked at before a closed port's RST."""
    bench = Bench(IN_ESP)
    steps = bench.receive(segment(SYN)[:-1] + b"x")
    assert at(steps, "tcp_input").to == "tcp_respond"
    assert [check.id for check in at(steps, "tcp_input").checks] == []


@pytest.mark.parametrize(
    ("packet", "reused"),
    [
        (segment(SYN), True),
        (segment(SYN._replace(options=b"")), False),
        (segment(SYN, options=b"\1\1\1\1"), False),
    ],
)
def test_a_rst_is_made_in_a_long_segment_s_mbuf(packet: bytes, *, reused: bool) -> None:
    """A RST takes a SYN's mbuf and marks if the SYN has TCP options and no IP options, else a new mbuf."""
    steps = Bench().receive(packet, marks=marked(M_DECRYPTED))
    step = at(steps, "tcp_respond")
    assert step.decision == ("reuse" if reused else "new-mbuf")
    out = at(steps, "ip_output")
    assert (out.packet, out.wire.info) == ("P2", "9 > 49152 RA")
    assert [mark.stale for mark in out.marks] == ([True] * 3 if reused else [])


def test_tcp_respond_can_strip_the_tags() -> None:
    """With tcp_respond=tags the RST keeps the flags and no tag, but a tag that is persistent."""
    steps = Bench(build=Build(tcp_respond="tags")).receive(segment(SYN), marks=marked(M_DECRYPTED))
    assert [mark.name for mark in at(steps, "tcp_respond").marks] == [M_DECRYPTED]
    pf = Build(tcp_respond="tags", persistent_tags="pf")
    m = marked()
    m_tag_prepend(m, "PF")
    steps = Bench(build=pf).receive(segment(SYN), marks=m)
    assert [mark.name for mark in at(steps, "tcp_respond").marks] == ["PF"]


def test_numbers_of_a_rst() -> None:
    """A RST acknowledges a SYN, and takes its sequence number from an ACK; a RST gets none."""
    syn = bytes.fromhex(at(Bench().receive(segment(SYN)), "tcp_respond").bytes or "")
    assert tcp.read(syn[20:]) == TcpHeader(FAR, NEAR, 0, 101, TH_RST | TH_ACK)
    ack = segment(SYN._replace(flags=TH_ACK, ack=77))
    answer = bytes.fromhex(at(Bench().receive(ack), "tcp_respond").bytes or "")
    assert tcp.read(answer[20:]) == TcpHeader(FAR, NEAR, 77, 0, TH_RST)
    assert Bench().receive(segment(SYN._replace(flags=TH_RST)))[-1].reason == "tcp-unwanted"


def test_a_listening_socket_asks_no_policy() -> None:
    """A plain SYN and a plain ACK open a connection although the inbound policy requires ESP."""
    bench = Bench(IN_ESP)
    bench.kernel.pcbs = [server(IPPROTO_TCP)]
    steps = bench.receive(segment(SYN), marks=marked(M_AUTHIPHDR))
    synack = at(steps, "ip_output")
    assert (synack.packet, synack.marks, synack.wire.info) == ("P2", (), "9 > 49152 SA")
    iss = (100 + 0x80000000) & 0xFFFFFFFF
    last = bench.receive(segment(TcpHeader(NEAR, FAR, 101, iss + 1, TH_ACK)))[-1]
    assert last.to == "socket:server"
    assert not any(check.id.startswith("gate-2") for step in (*steps, last) for check in step.checks)
    assert bench.kernel.pcbs[-1].t_state == "TCPS_ESTABLISHED"
    assert bench.counters["tcps_accepts"] == bench.counters["tcps_sc_completed"] == 1


def test_a_connecting_socket_asks_its_policy() -> None:
    """A plain SYN-ACK is refused where the inbound policy requires ESP, and the refusal counts twice."""
    bench = Bench(IN_ESP)
    bench.kernel.pcbs = [pcb(IPPROTO_TCP, "TCPS_SYN_SENT")]
    step = bench.receive(segment(TcpHeader(FAR, NEAR, 5, 101, TH_SYN | TH_ACK)))[-1]
    assert (step.reason, step.decision) == ("socket-policy", "reject")
    assert bench.counters["ips_in_polvio"] == 2


def test_a_connecting_socket_takes_what_answers_its_syn() -> None:
    """SYN-ACK opens and RST refuses, if they acknowledge the SYN; nothing else counts."""
    for flags, ack, state in (
        (TH_SYN | TH_ACK, 101, "TCPS_ESTABLISHED"),
        (TH_RST | TH_ACK, 101, "TCPS_CLOSED"),
        (TH_RST | TH_ACK, 100, "TCPS_SYN_SENT"),
        (TH_RST, 101, "TCPS_SYN_SENT"),
        (TH_ACK, 101, "TCPS_SYN_SENT"),
    ):
        bench = Bench()
        client = pcb(IPPROTO_TCP, "TCPS_SYN_SENT")
        bench.kernel.pcbs = [client]
        steps = bench.receive(segment(TcpHeader(FAR, NEAR, 5, ack, flags)))
        assert client.t_state == state
        assert (at(steps, "tcp_input").reason == "tcp-unwanted") == (state == "TCPS_SYN_SENT")


@pytest.mark.parametrize(
    ("th", "stage"),
    [
        (TcpHeader(NEAR, FAR, 101, 5, TH_ACK), "tcp_respond"),
        (TcpHeader(NEAR, FAR, 101, 5, TH_SYN | TH_ACK), "tcp_respond"),
        (TcpHeader(NEAR, FAR, 101, 5, TH_RST), "tcp_input"),
    ],
)
def test_a_listening_socket_refuses_what_no_syn_awaits(th: TcpHeader, stage: str) -> None:
    """A segment that completes nothing counts tcps_badsyn and gets a RST, unless it is one."""
    bench = Bench()
    bench.kernel.pcbs = [server(IPPROTO_TCP)]
    steps = bench.receive(segment(th))
    assert stage in [step.stage for step in steps]
    assert bench.counters["tcps_badsyn"] == 1
