"""Where do the stages draw their lines?  Each pair of packets differs in length by one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import LOMTU
from ipsec_lo_trace.machine.stage import CALL, Symbol
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPIP
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.kernel.bench import ONE_AH, ONE_ESP, Bench, header
from tests.support import LOCALHOST

ONE_IPCOMP = "add 127.0.0.1 127.0.0.1 ipcomp 0x1002 -C deflate ;"
POLICY = "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec {}/transport//require ;"
RAW = defs.RawOutput(None, LOCALHOST, 0, b"")
UDP = defs.UdpOutput(LOCALHOST, 5, LOCALHOST, 6)


def first(bench: Bench, to: Symbol[Any], data: bytes, args: object) -> Step:
    """Hand bytes to a stage and return its row."""
    return bench.enter(to, Mbuf(data, echo=1, packet="P1"), args, via=CALL)[0]


def whole(length: int, **fields: Any) -> bytes:  # noqa: ANN401 -- header fields of several types
    """Make a packet of so many bytes."""
    return handmade.write(header()._replace(**fields), bytes(length - ip.HEADER_LEN))


class Edge(NamedTuple):
    """A stage, what makes its arguments on a bench, its bytes, and which lengths are good and bad."""

    to: Symbol[Any]
    args: Callable[[Bench], object]
    data: Callable[[int], bytes]
    good: int
    bad: int
    reason: str
    errno: str | None
    counters: dict[str, int]
    config: str = ""


def output_args(bench: Bench) -> defs.XformOutput:
    """Give a transform the policy's request and its SA."""
    return defs.XformOutput(bench.kernel.db.sptree[Direction.OUT][0].requests[0], bench.sa)


EDGES = {
    "a raw socket's message": Edge(
        defs.rip_output, lambda _b: RAW, bytes, 65515, 65516, "message-too-long", "EMSGSIZE", {}
    ),
    "a raw socket's own packet": Edge(
        defs.rip_output,
        lambda _b: defs.RawOutput(None, LOCALHOST, 0, b"", header_included=True),
        whole,
        65535,
        65536,
        "message-too-long",
        "EMSGSIZE",
        {},
    ),
    "a datagram": Edge(
        defs.udp_output, lambda _b: UDP, bytes, 65507, 65508, "message-too-long", "EMSGSIZE", {}
    ),
    "AH": Edge(
        defs.ah_output,
        output_args,
        whole,
        65511,
        65512,
        "message-too-long",
        "EMSGSIZE",
        {"ahs_output": 1, "ahs_toobig": 1},
        ONE_AH + POLICY.format("ah"),
    ),
    "ESP, padded to eight bytes": Edge(
        defs.esp_output,
        output_args,
        whole,
        65498,
        65499,
        "message-too-long",
        "EMSGSIZE",
        {"esps_output": 1, "esps_toobig": 1},
        ONE_ESP + POLICY.format("esp"),
    ),
    "IPComp": Edge(
        defs.ipcomp_output,
        output_args,
        whole,
        65531,
        65532,
        "message-too-long",
        "EMSGSIZE",
        {"ipcomps_output": 1, "ipcomps_toobig": 1},
        ONE_IPCOMP + POLICY.format("ipcomp"),
    ),
    "an uncut packet to lo0 with DF": Edge(
        defs.ip_output,
        lambda _b: defs.Output(flags=defs.IP_RAWOUTPUT),
        lambda length: whole(length, off=ip.IP_DF),
        LOMTU,
        LOMTU + 1,
        "cannot-fragment",
        "EMSGSIZE",
        {"ips_cantfrag": 1},
    ),
    "a packet to be cut": Edge(
        defs.ip_output,
        lambda _b: defs.Output(flags=defs.IP_RAWOUTPUT),
        whole,
        65535,
        65536,
        "message-too-long",
        "EMSGSIZE",
        {},
    ),
    "an ICMP message": Edge(
        defs.icmp_input,
        lambda _b: defs.ProtoInput(20, 1),
        lambda length: handmade.write(header(), b"\0\0\xff\xff" + bytes(length - 4)),
        8,
        7,
        "icmp-short",
        None,
        {"icps_tooshort": 1},
    ),
    "a tunnelled packet": Edge(
        defs.ip4_input,
        lambda _b: defs.ProtoInput(20, IPPROTO_IPIP),
        lambda length: handmade.write(header(), whole(20)[:length]),
        20,
        19,
        "ipip-short",
        None,
        {"ipips_ipackets": 1, "ipips_hdrops": 1},
    ),
    "what follows ESP's SPI": Edge(
        defs.ipsec4_common_input,
        lambda _b: defs.ProtoInput(20, IPPROTO_ESP),
        lambda length: handmade.write(header(), b"\0\0\x10\0" + bytes(length - 4)),
        8,
        7,
        "ipsec-short",
        "EINVAL",
        {"esps_input": 1, "esps_hdrops": 1},
        ONE_ESP,
    ),
    "what follows AH's SPI": Edge(
        defs.ipsec4_common_input,
        lambda _b: defs.ProtoInput(20, IPPROTO_AH),
        lambda length: handmade.write(header(), (b"\1\4\0\0\0\0\x10\1" + bytes(8))[:length]),
        8,
        7,
        "ipsec-short",
        "EINVAL",
        {"ahs_input": 1, "ahs_hdrops": 1},
        ONE_AH,
    ),
    "an AH header": Edge(
        defs.ah_input,
        lambda bench: defs.XformInput(bench.sa, 20),
        lambda length: handmade.write(header(), (b"\1\4\0\0\0\0\x10\1" + bytes(16))[:length]),
        24,
        23,
        "ah-short",
        "ENOBUFS",
        {"ahs_hdrops": 1},
        ONE_AH,
    ),
    "one block of ciphertext": Edge(
        defs.esp_input,
        lambda bench: defs.XformInput(bench.sa, 20),
        lambda length: handmade.write(header(), bytes(length)),
        36,
        28,
        "esp-bad-length",
        "EINVAL",
        {"esps_badilen": 1},
        ONE_ESP,
    ),
    "whole blocks of ciphertext": Edge(
        defs.esp_input,
        lambda bench: defs.XformInput(bench.sa, 20),
        lambda length: handmade.write(header(), bytes(length)),
        44,
        43,
        "esp-bad-length",
        "EINVAL",
        {"esps_badilen": 1},
        ONE_ESP,
    ),
    "an IP header": Edge(
        defs.ip_input,
        lambda _b: defs.Input(),
        lambda length: whole(20)[:length],
        20,
        19,
        "bad-ip-header",
        None,
        {"ips_total": 1, "ips_toosmall": 1},
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_one_byte_decides(name: str) -> None:
    """The last good length passes; the first bad one ends with its reason, errno and counters."""
    edge = EDGES[name]
    bench = Bench(edge.config, build=Build(ipcomp_enable="1"))
    passed = first(bench, edge.to, edge.data(edge.good), edge.args(bench))
    assert passed.reason != edge.reason
    bench = Bench(edge.config, build=Build(ipcomp_enable="1"))
    dropped = first(bench, edge.to, edge.data(edge.bad), edge.args(bench))
    assert (dropped.reason, dropped.errno, dropped.counters) == (edge.reason, edge.errno, edge.counters)
