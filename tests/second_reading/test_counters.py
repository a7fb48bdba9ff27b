"""The counters, as NetBSD's own stack moved them."""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, defs, ping, probe
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_IPIP
from ipsec_lo_trace.wire import icmp, ip
from tests import handmade
from tests.kernel.bench import Bench
from tests.support import LOCALHOST

NO_SA = "spdadd 0.0.0.0/0 0.0.0.0/0 tcp -P out ipsec esp/transport//use ;"
"""A policy for TCP that makes ip_output return EINVAL: level use, and no SA."""


def header(proto: int) -> ip.IpHeader:
    """Return a header from 127.0.0.1 to itself."""
    return handmade.fresh(proto, LOCALHOST, LOCALHOST, ttl=64)


@pytest.mark.parametrize(("size", "ah"), [(56, 72), (0, 16)])
def test_ahs_ibytes_counts_eight_bytes_of_the_header(size: int, ah: int) -> None:
    """An AH packet counts its payload and 8 bytes: ah_len, words less two, passes for the header's length."""
    assert ping(Setup(proto="ah", fix="patched", size=size)).verdict.counters["ahs_ibytes"] == 2 * ah


@pytest.mark.parametrize(("enc", "counted"), [("3des-cbc", 108), ("rijndael-cbc", 124)])
def test_ahs_ibytes_of_a_bundle(enc: str, counted: int) -> None:
    """With ESP inside, 108 bytes a packet with 3DES and 124 with AES."""
    verdict = ping(Setup(proto="esp+ah", enc=enc)).verdict
    assert verdict.counters["ahs_ibytes"] == counted


def test_ips_ofragments_counts_the_fragments_behind_the_first() -> None:
    """A packet in two fragments counts one."""
    counters = probe("big").verdict.counters
    assert (counters["ips_fragmented"], counters["ips_ofragments"]) == (2, 2)


def test_ipips_ibytes_is_the_inner_length_less_twenty() -> None:
    """84 bytes inside count as 64."""
    assert ping(Setup(mode="tunnel")).verdict.counters["ipips_ibytes"] == 64


@pytest.mark.parametrize(
    ("inner", "counted"),
    [
        (bytes((0x45,)) + bytes(18), {"ipips_ipackets": 1, "ipips_hdrops": 1}),
        (bytes((0x65,)) + bytes(19), {"ipips_ipackets": 1, "ipips_family": 1}),
    ],
)
def test_ipips_ibytes_counts_after_the_tests(inner: bytes, counted: dict[str, int]) -> None:
    """A short inner packet is one of ipips_hdrops, one of another version of ipips_family; no byte counts."""
    bench = Bench()
    m = Mbuf(handmade.write(header(IPPROTO_IPIP), inner), echo=1, packet="P1")
    bench.enter(defs.ip4_input, m, defs.ProtoInput(20, IPPROTO_IPIP), via="pr_input")
    assert bench.counters == counted


def test_icps_error_does_not_count_redirects() -> None:
    """Three redirects are sent on the way, and icps_error counts the last hop's error alone."""
    counters = probe("redirect", Setup(config="spdflush ;")).verdict.counters
    assert (counters["icps_outhist[5]"], counters["icps_outhist[11]"], counters["icps_error"]) == (3, 1, 1)


@pytest.mark.parametrize(("config", "total"), [("spdflush ;", 1), (NO_SA, 0)])
def test_tcps_sndtotal_counts_after_success_only(config: str, total: int) -> None:
    """A SYN that ip_output did not take is counted as tcps_sndctrl, and not as sent."""
    counters = probe("tcp-closed", Setup(config=config)).verdict.counters
    assert (counters["tcps_sndctrl"], counters.get("tcps_sndtotal", 0)) == (1, total)


@pytest.mark.parametrize(
    ("config", "added", "dropped"),
    [("spdflush ;", 1, 0), (NO_SA.replace("0.0.0.0/0 0.0.0.0/0 tcp", "127.0.0.1[80] 127.0.0.1 tcp"), 0, 1)],
)
def test_tcps_sc_added_only_if_the_syn_ack_went_out(config: str, added: int, dropped: int) -> None:
    """A SYN whose SYN-ACK ip_output did not take is dropped from the SYN cache: tcps_sc_dropped."""
    counters = probe("tcp-open", Setup(config=config)).verdict.counters
    assert (counters.get("tcps_sc_added", 0), counters.get("tcps_sc_dropped", 0)) == (added, dropped)


@pytest.mark.parametrize(("proto", "noproto"), [(99, 1), (IPPROTO_IPIP, 0)])
def test_ips_noproto_is_for_protocols_of_the_raw_switch_entry(proto: int, noproto: int) -> None:
    """A protocol without an input routine of its own is counted and not delivered; IP in IP is freed."""
    bench = Bench()
    bench.receive(handmade.write(header(proto), bytes(28)))
    # The error about the first is delivered.
    assert (bench.counters.get("ips_noproto", 0), bench.counters["ips_delivered"]) == (noproto, 1)
    assert bench.counters.get("icps_error", 0) == noproto


@pytest.mark.parametrize("proto", ["esp-old", "ah-old"])
def test_crossings_by_an_old_form_have_no_sequence_number(proto: str) -> None:
    """ESP and AH of RFC 1827 and 1826 have no number: what stands there is something else."""
    kind = proto.partition("-")[0]
    keys = {"esp": '-E 3des-cbc "123456789012345678901234"', "ah": '-A hmac-md5 "0123456789abcdef"'}[kind]
    config = f"add 127.0.0.1 127.0.0.1 {proto} 0x1000 {keys} ;"
    for way in ("in", "out"):
        config += f"spdadd 127.0.0.1 127.0.0.1 any -P {way} ipsec {kind}/transport//require ;"
    crossing = ping(Setup(config=config)).crossings[0]
    assert (crossing.spi, crossing.seq) == ([0x1000], [None])


@pytest.mark.parametrize(("kind", "counted"), [(18, True), (19, False)])
def test_icmp_types_above_18_are_not_in_icps_inhist(kind: int, counted: bool) -> None:
    """They go to the raw sockets all the same."""
    bench = Bench()
    last = bench.receive(handmade.write(header(IPPROTO_ICMP), icmp.with_type(bytes(8), kind)))[-1]
    assert (last.stage, f"icps_inhist[{kind}]" in bench.counters) == ("rip_input", counted)


@pytest.mark.parametrize(("length", "stage"), [(16, "ip_reass"), (12, "ip_input")])
def test_ips_badfrags_counts_uneven_fragments(length: int, stage: str) -> None:
    """A fragment other than the last has whole units of 8 bytes."""
    bench = Bench()
    more = header(IPPROTO_ICMP)._replace(off=ip.IP_MF)
    assert bench.receive(handmade.write(more, bytes(length)))[-1].stage == stage
    assert bench.counters.get("ips_badfrags", 0) == (stage == "ip_input")


@pytest.mark.parametrize(("last", "toolong"), [(11, 0), (12, 1)])
def test_ips_toolong_counts_what_fragments_make_too_long(last: int, toolong: int) -> None:
    """65,535 bytes are a packet, 65,536 are none; and what was kept for it is forgotten."""
    bench = Bench()
    head = header(IPPROTO_ICMP)
    bench.receive(handmade.write(head._replace(off=ip.IP_MF), bytes(65504)))
    end = bench.receive(handmade.write(head._replace(off=65504 // 8), bytes(last)))
    assert bench.counters.get("ips_toolong", 0) == toolong
    assert [step.reason for step in end if step.stage == "ip_reass"] == [
        "message-too-long" if toolong else ""
    ]
    assert bench.kernel.ipq == {}
