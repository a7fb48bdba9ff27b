"""What do the stages behind the ICMP probes refuse, and what do they do to bytes?"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.net.route import EX0, LO0, rtalloc, source_for
from ipsec_lo_trace.kernel.netinet.ip_icmp import reply_options
from ipsec_lo_trace.kernel.netinet.ip_input_options import timestamp
from ipsec_lo_trace.machine.stage import CALL
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import following
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import build, icmp, ip
from ipsec_lo_trace.wire.build import IPOPT_LSRR, source_route
from tests import handmade
from tests.kernel.bench import IN_ESP, Bench, echo, header
from tests.support import LOCALHOST, A, B

FAR = IPv4Address("192.0.2.1")
FAR_NETWORK = IPv4Network("192.0.2.0/24")
GROUP = IPv4Address("224.0.0.1")
LOCAL = frozenset({LOCALHOST.packed, A.packed, B.packed})
NOW = 5000
TSONLY, TSANDADDR, PRESPEC = 0, 1, 3


def router(config: str = "", *, detour: bool = False) -> Bench:
    """Boot a host that forwards to the far network, by ex0 or back to itself."""
    bench = Bench(config, build=Build(forwarding="1"))
    if detour:
        bench.kernel.detours = frozenset({FAR_NETWORK})
    else:
        bench.kernel.outside = frozenset({FAR_NETWORK})
    return bench


def end(steps: list[Step]) -> tuple[str, str]:
    """Say where a path ended, and why."""
    return steps[-1].stage, steps[-1].reason


# --- timestamps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "after"),
    [
        (bytes((68, 12, 5, TSONLY)) + bytes(8), bytes((68, 12, 9, TSONLY, 0, 0, 19, 136)) + bytes(4)),
        (
            bytes((68, 12, 5, TSANDADDR)) + bytes(8),
            bytes((68, 12, 13, TSANDADDR)) + A.packed + bytes((0, 0, 19, 136)),
        ),
        (
            bytes((68, 12, 5, PRESPEC)) + B.packed + bytes(4),
            bytes((68, 12, 13, PRESPEC)) + B.packed + bytes((0, 0, 19, 136)),
        ),
        (
            bytes((68, 12, 5, PRESPEC)) + FAR.packed + bytes(4),
            bytes((68, 12, 5, PRESPEC)) + FAR.packed + bytes(4),
        ),
        (bytes((68, 8, 9, TSONLY)) + bytes(4), bytes((68, 8, 9, TSONLY | 1 << 4)) + bytes(4)),
        # The kernel is one too strict: the last four bytes would just hold a time.
        (bytes((68, 12, 9, TSONLY)) + bytes(8), bytes((68, 12, 9, TSONLY | 1 << 4)) + bytes(8)),
    ],
    ids=["time", "address and time", "asked for", "not asked for", "overflow", "last slot"],
)
def test_a_timestamp_is_written(option: bytes, after: bytes) -> None:
    """Each flag writes what it says and moves the pointer; without room the overflow is counted."""
    written = bytearray(option)
    assert timestamp(written, A, LOCAL, NOW) == ""
    assert bytes(written) == after


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        (bytes((68, 3, 5)), "has length 3"),
        (bytes((68, 44, 5, 0)) + bytes(40), "has length 44"),
        (bytes((68, 8, 4, 0)) + bytes(4), "has pointer 4"),
        (bytes((68, 12, 5, 2)) + bytes(8), "has flag 2"),
        (bytes((68, 11, 5, TSANDADDR)) + bytes(7), "has half a slot left"),
        (bytes((68, 8, 9, 15 << 4)) + bytes(4), "overflows its overflow counter"),
    ],
)
def test_a_bad_timestamp_is_told(option: bytes, fault: str) -> None:
    """What ip_dooptions refuses about a timestamp option."""
    assert timestamp(bytearray(option), A, LOCAL, NOW) == fault


# --- source routes --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        bytes((131, 7, 3)) + A.packed + b"\0",
        bytes((131, 7, 4)) + FAR.packed + b"\0",
        bytes((137, 7, 4)) + FAR.packed + b"\0",
        bytes((131, 2, 0, 0)),
        bytes((68, 8, 4, 0)) + bytes(4),
    ],
    ids=["pointer", "no route", "strict", "no pointer", "timestamp"],
)
def test_options_that_lead_nowhere_are_counted(options: bytes) -> None:
    """A malformed option or a hop without a route ends the packet, and ips_badoptions counts it."""
    bench = Bench()
    steps = bench.receive(echo(A, B, options=options, header_len=20 + len(options)))
    assert (end(steps), bench.counters["ips_badoptions"]) == (("ip_input", "bad-ip-option"), 1)


def test_a_strict_route_must_come_by_here() -> None:
    """A packet with a strict route for another host is refused, a loose one goes on to forwarding."""
    strict, loose = (bytes((kind, 7, 4)) + A.packed + b"\0" for kind in (137, 131))
    refused = router().receive(echo(A, FAR, options=strict, header_len=28))
    passed = router().receive(echo(A, FAR, options=loose, header_len=28))
    assert (end(refused), passed[-1].stage) == (("ip_input", "bad-ip-option"), "ether_output")


def test_a_strict_route_may_end_at_an_own_address() -> None:
    """The next hop of a strict route must be near: an address of this host is."""
    options = bytes((137, 7, 4)) + B.packed + b"\0"
    steps = Bench().receive(echo(A, A, options=options, header_len=28))
    assert [step.stage for step in steps[:2]] == ["ip_input", "ip_forward"]


def test_the_way_back_is_reversed() -> None:
    """Hops B, A from a sender: the reply goes to A first, then B, then the sender; other options follow."""
    record = bytes((7, 7, 8)) + A.packed
    options = bytes((1, 131, 11, 12)) + B.packed + A.packed + record + b"\0"
    options += bytes(-len(options) % 4)
    reply, hop = reply_options(header(LOCALHOST, A)._replace(options=options))
    assert (hop, reply[:12]) == (A, bytes((1, 131, 11, 4)) + B.packed + LOCALHOST.packed)
    assert reply[12:19] == record


def test_a_route_that_is_not_at_its_end_is_not_reversed() -> None:
    """Only a completed route is saved; without one there is no first hop."""
    route = source_route(build.source_route_option(IPOPT_LSRR, 1), A.packed)
    assert reply_options(header()._replace(options=route)) == (b"", None)


def test_of_a_route_of_odd_length_whole_addresses_count() -> None:
    """Two bytes behind the last whole address are no hop: the kernel divides the length by an address's."""
    option = bytes((131, 9, 8)) + A.packed + bytes(2)
    reply, hop = reply_options(header(LOCALHOST, B)._replace(options=option + bytes(3)))
    assert (hop, reply) == (A, bytes((1, 131, 7, 4)) + LOCALHOST.packed)


# --- raw sockets ----------------------------------------------------------------------------------


def test_a_process_may_write_the_header() -> None:
    """IP_HDRINCL: identification and source are filled in, TTL and flags stay, ips_rawout counts."""
    packet = handmade.write(handmade.fresh(1, IPv4Address(0), A, ttl=7, off=ip.IP_DF), echo()[20:])
    raw = defs.RawOutput(None, A, 0, b"", header_included=True)
    bench = Bench()
    steps = bench.enter(defs.rip_output, Mbuf(packet, echo=1, packet="P1"), raw, via=CALL)
    out = ip.read(bytes.fromhex(steps[1].bytes or ""))
    assert (out.src, out.ident, out.ttl, out.off) == (A, 1, 7, ip.IP_DF)
    assert (bench.counters["ips_rawout"], bench.counters["ips_localout"]) == (1, 1)


def test_a_header_of_more_than_65535_bytes_is_refused() -> None:
    """IP_HDRINCL with too long a packet: EMSGSIZE."""
    raw = defs.RawOutput(None, A, 0, b"", header_included=True)
    steps = Bench().enter(defs.rip_output, Mbuf(bytes(65536), echo=1, packet="P1"), raw, via=CALL)
    assert (steps[-1].errno, steps[-1].reason) == ("EMSGSIZE", "message-too-long")


@pytest.mark.parametrize("kind", [icmp.ICMP_TSTAMP, icmp.ICMP_MASKREQ])
def test_a_request_too_short_to_be_answered(kind: int) -> None:
    """Eight bytes of timestamp or mask request: icps_badlen, and on to the raw sockets."""
    bench = Bench(build=Build(maskrepl="1"))
    steps = bench.receive(handmade.write(header(), icmp.with_type(bytes(8), kind)))
    assert (bench.counters["icps_badlen"], steps[-1].to) == (1, "socket:ping")


# --- forwarding and multicast ----------------------------------------------------------------------


def test_routes() -> None:
    """Own addresses are lo0's, others where they are said to be; groups by their own route."""
    kernel = router().kernel
    assert (rtalloc(kernel, A), rtalloc(kernel, FAR), rtalloc(kernel, GROUP)) == (LO0, EX0, None)
    assert rtalloc(kernel, IPv4Address("198.51.100.1")) is None
    kernel.multicast_if = "ex0"
    assert rtalloc(kernel, GROUP) == EX0
    assert (source_for(kernel, B), source_for(kernel, FAR)) == (B, LOCALHOST)
    kernel.local = frozenset({B.packed, A.packed})
    assert source_for(kernel, FAR) == A


def test_a_packet_is_forwarded() -> None:
    """A packet for the far network goes out with its TTL counted down, as a new packet, marks and all."""
    steps = router().receive(echo(A, FAR, ttl=9))
    assert [(step.stage, step.packet) for step in steps] == [
        *[("ip_input", "P1"), ("ip_forward", "P2"), ("ip_output", "P2"), ("ether_output", "P2")]
    ]
    assert steps[-1].wire.ttl == 8


def test_too_long_for_ex0() -> None:
    """Over 1500 bytes it goes out in fragments, or not at all with DF."""
    long = handmade.write(header(A, FAR), echo()[20:] + bytes(3000))
    assert [step.wire.len for step in router().receive(long)[-3:]] == [1500, 1500, 124]
    assert end(router().receive(ip.patch(long, off=ip.IP_DF))) == ("ip_output", "cannot-fragment")


def test_the_ttl_runs_out() -> None:
    """A TTL of 1 is not forwarded; a plain packet's sender gets time exceeded."""
    bench = router()
    steps = bench.receive(echo(A, FAR, ttl=1))
    message = bench.delivered[-1].data[20:]
    assert (message[0], message[1], steps[1].to) == (11, 0, "icmp_error")


def test_no_route_is_told() -> None:
    """A router without a route sends host unreachable."""
    bench = Bench(build=Build(forwarding="1"))
    bench.receive(echo(A, FAR))
    assert bench.delivered[-1].data[20:22] == bytes((3, 1))


def test_what_may_not_be_forwarded() -> None:
    """Network 127 and class E are not."""
    for dst in ("127.0.0.9", "240.0.0.1"):
        bench = router()
        assert end(bench.receive(echo(A, IPv4Address(dst)))) == ("ip_forward", "cannot-forward")
        assert bench.counters["ips_cantforward"] == 1


def test_the_inbound_policy_of_a_forwarded_packet_counts() -> None:
    """Gate 1 refuses it as one of its own, but here ips_cantforward moves."""
    bench = router(IN_ESP.replace("127.0.0.1 127.0.0.1", "10.9.9.1 192.0.2.1"))
    assert end(bench.receive(echo(A, FAR))) == ("ip_input", "in-policy")
    assert bench.counters["ips_cantforward"] == 1


def test_a_redirect_is_for_lo0_s_own_subnet() -> None:
    """Back out by lo0: 127.0.0.1 is redirected, 10.9.9.1, whose subnet is not lo0's, is not."""
    for src, redirects in ((LOCALHOST, 1), (A, 0)):
        bench = router(detour=True)
        bench.receive(echo(src, FAR, ttl=2))
        assert bench.counters.get("ips_redirectsent", 0) == redirects


@pytest.mark.parametrize("interface", ["lo0", "ex0"])
def test_a_group_that_nobody_joined(interface: str) -> None:
    """On lo0 the packet ends at once, without an error; on ex0 it goes out, and no copy comes back."""
    bench = Bench()
    bench.kernel.multicast_if = interface
    raw = defs.RawOutput(None, IPv4Address("239.1.1.1"), 0, b"")
    steps = bench.enter(defs.rip_output, Mbuf(echo()[20:], echo=1, packet="P1"), raw, via=CALL)
    assert end(steps) == (("ip_output", "not-in-group") if interface == "lo0" else ("ether_output", ""))
    assert not any(step.errno for step in steps)


def test_a_group_of_others_is_not_heard() -> None:
    """A packet to a group that this host is not in is dropped, also by a router."""
    assert end(router().receive(echo(A, IPv4Address("239.1.1.1")))) == ("ip_input", "not-forwarding")


def test_no_route_to_a_group() -> None:
    """Where 224.0.0.0/4 is routed nowhere, sendto fails."""
    raw = defs.RawOutput(None, GROUP, 0, b"")
    steps = Bench().enter(defs.rip_output, Mbuf(echo()[20:], echo=1, packet="P1"), raw, via=CALL)
    assert (steps[-1].errno, steps[-1].reason) == ("EHOSTUNREACH", "no-route")


def test_names_of_packets() -> None:
    """The packet that comes of a copy is named after both."""
    assert [following(name) for name in ("P1", "P9", "P1/loop2")] == ["P2", "P10", "P2/loop2"]
