"""Which packets are put together, forwarded, answered?  Cases differ in one part."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.ip_icmp import may_answer
from ipsec_lo_trace.kernel.netinet.ip_input import in_canforward
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, iptime
from ipsec_lo_trace.machine.stage import CALL
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.wire import icmp, ip
from tests import handmade
from tests.kernel.bench import ONE_AH, ONE_ESP, Bench, echo, header
from tests.support import LOCALHOST, A

FAR, FAR_NETWORK = IPv4Address("192.0.2.1"), IPv4Network("192.0.2.0/24")
REDIRECT = 5


def mbuf(data: bytes = b"") -> Mbuf:
    """Put bytes in a fresh mbuf."""
    return Mbuf(data, echo=1, packet="P1")


@pytest.mark.parametrize(
    ("address", "answered", "forwarded"),
    [
        ("0.255.255.255", False, False),
        ("1.0.0.0", True, True),
        ("126.255.255.255", True, True),
        ("127.0.0.0", True, False),
        ("128.0.0.0", True, True),
        ("223.255.255.255", True, True),
        ("224.0.0.0", False, False),
    ],
)
def test_which_addresses_are_hosts(address: str, *, answered: bool, forwarded: bool) -> None:
    """Network 0 and classes D and E get no answer and are not forwarded to, nor is network 127."""
    assert may_answer(header(IPv4Address(address))) is answered
    assert in_canforward(IPv4Address(address)) is forwarded


def test_identifications_and_times_wrap() -> None:
    """After 65535 comes 1, and the last second of a day is followed by its first."""
    kernel = Bench().kernel
    kernel.ip_id = 65534
    assert [kernel.next_ip_id() for _each in range(3)] == [65534, 65535, 1]
    assert [iptime(Mbuf(b"", echo=number, packet="P1")) for number in (1, 2, 86400, 86401)] == [
        *(0, 1000, 86399000, 0)
    ]


def halves(**fields: Any) -> list[bytes]:  # noqa: ANN401 -- header fields of several types
    """Cut an echo request in two."""
    return ip.fragment(echo(**fields), 60)


def test_a_packet_is_put_together_once() -> None:
    """When the packet is whole its queue is gone: the same fragments again make another packet."""
    bench = Bench()
    for _again in range(2):
        for part in halves():
            bench.receive(part)
        assert bench.kernel.ipq == {}
    assert (bench.counters["ips_reassembled"], len(bench.delivered)) == (2, 2)


@pytest.mark.parametrize("other", [{"ident": 8}, {"src": A}, {"dst": A}, {"proto": 2}, {}])
def test_whose_fragments_belong_together(other: dict[str, Any]) -> None:
    """Source, destination, protocol and identification must be equal."""
    bench = Bench()
    first = halves()[0]
    second = ip.read(halves()[1])._replace(**other)
    bench.receive(first)
    steps = bench.receive(handmade.write(second, halves()[1][20:]))
    assert (steps[1].to == "ip_input") is (other == {})
    assert bench.counters.get("ips_reassembled", 0) == (not other)


@pytest.mark.parametrize(("config", "counter"), [(ONE_ESP, "esps_qfull"), (ONE_AH, "ahs_qfull")])
def test_a_full_queue_is_counted_by_the_protocol(config: str, counter: str) -> None:
    """One free place is enough; none is ENOBUFS, counted for the protocol that was taken off."""
    for waiting, counters in ((IFQ_MAXLEN - 1, {}), (IFQ_MAXLEN, {counter: 1})):
        bench = Bench(config)
        bench.kernel.ipintrq_len = waiting
        done = defs.InputDone(bench.sa, 20)
        first = bench.enter(defs.ipsec4_common_input_cb, mbuf(echo()), done, via=CALL)[0]
        assert first.counters == counters
        assert first.errno == ("ENOBUFS" if counters else None)


@pytest.mark.parametrize(("ttl", "stage"), [(1, "icmp_error"), (2, "ip_output")])
def test_the_ttl_of_a_forwarded_packet(ttl: int, stage: str) -> None:
    """With 1 it has run out; with 2 the packet goes on with 1, and one more is counted as forwarded."""
    bench = Bench(build=Build(forwarding="1"))
    bench.kernel.detours = frozenset({FAR_NETWORK})
    step = bench.receive(echo(A, FAR, ttl=ttl))[1]
    assert step.to == stage
    assert step.counters == ({"ips_forward": 1} if stage == "ip_output" else {})


@pytest.mark.parametrize(
    ("kind", "length", "to"),
    [
        (icmp.ICMP_TSTAMP, 20, "icmp_reflect"),
        (icmp.ICMP_TSTAMP, 19, "rip_input"),
        (icmp.ICMP_MASKREQ, 12, "icmp_reflect"),
        (icmp.ICMP_MASKREQ, 11, "rip_input"),
        (icmp.ICMP_ECHO, 8, "icmp_reflect"),
    ],
)
def test_how_long_a_request_must_be(kind: int, length: int, to: str) -> None:
    """A timestamp request has 20 bytes, a mask request 12, an echo request 8."""
    bench = Bench(build=Build(maskrepl="1"))
    packet = handmade.write(header(), icmp.with_type(bytes(length), kind))
    (step, *_rest) = bench.enter(defs.icmp_input, mbuf(packet), defs.ProtoInput(20, IPPROTO_ICMP), via=CALL)
    assert step.to == to
    assert step.counters.get("icps_badlen", 0) == (to == "rip_input")


def test_without_maskrepl_no_mask_is_told() -> None:
    """A mask request goes to the raw sockets, and nothing is counted as too short."""
    packet = handmade.write(header(), icmp.with_type(bytes(12), icmp.ICMP_MASKREQ))
    (step, *_rest) = Bench().enter(defs.icmp_input, mbuf(packet), defs.ProtoInput(20, IPPROTO_ICMP), via=CALL)
    assert (step.to, step.counters) == ("rip_input", {f"icps_inhist[{icmp.ICMP_MASKREQ}]": 1})


@pytest.mark.parametrize(("detour", "dst", "gateway"), [(True, FAR, LOCALHOST), (False, A, A)])
def test_where_a_redirect_leads(dst: IPv4Address, gateway: IPv4Address, *, detour: bool) -> None:
    """To the route's gateway, or to the destination itself if that is on lo0; it quotes 20 and 8 bytes."""
    bench = Bench(build=Build(forwarding="1"))
    bench.kernel.detours = frozenset({FAR_NETWORK} if detour else ())
    packet = echo(LOCALHOST, dst, ttl=9)
    bench.enter(defs.ip_forward, mbuf(packet), defs.Forward(), via=CALL)
    redirect = next(m.data for m in bench.delivered if m.data[20] == REDIRECT)
    assert redirect[24:28] == gateway.packed
    assert redirect[28:] == ip.patch(packet, ttl=8)[:28]
