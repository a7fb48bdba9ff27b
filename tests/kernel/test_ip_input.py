"""What does ip_input let through, what does it refuse, and which counter tells?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, m_tag_prepend
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, Sysctl
from ipsec_lo_trace.machine.stage import CALL, CRYPTO
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import PolicyType
from ipsec_lo_trace.model.proto import IPPROTO_IPIP
from ipsec_lo_trace.model.sa import TdbIdent
from ipsec_lo_trace.wire import icmp, ip
from tests import handmade
from tests.kernel.bench import IN_ESP, ONE_ESP, OUT_ESP, Bench, echo, header
from tests.support import A, B

GOOD = echo()


def replaced(packet: bytes, at: int, value: int) -> bytes:
    """Overwrite one byte and mend the header checksum, so that only that byte is wrong."""
    changed = bytearray(packet)
    changed[at] = value
    return ip.patch(bytes(changed))


@pytest.mark.parametrize(
    ("packet", "counter"),
    [
        (GOOD[:19], "ips_toosmall"),
        (replaced(GOOD, 0, 0x65), "ips_badvers"),
        (bytes((0x44,)) + GOOD[1:], "ips_badhlen"),
        (bytes((0x4F,)) + GOOD[1:40], "ips_badhlen"),
        (replaced(GOOD, 12, 224), "ips_badaddr"),
        (replaced(replaced(GOOD, 2, 0), 3, 19), "ips_badlen"),
        (GOOD[:-1], "ips_tooshort"),
        (GOOD[:10] + b"\0\0" + GOOD[12:], None),
    ],
)
def test_a_bad_header_moves_its_counter(packet: bytes, counter: str | None) -> None:
    """Each fault of the IP header moves the kernel's counter for it; a bad checksum moves none."""
    bench = Bench()
    (step,) = bench.receive(packet)
    assert step.reason == "bad-ip-header"
    assert bench.counters == {"ips_total": 1} | ({counter: 1} if counter else {})


def test_bytes_behind_the_total_length_are_trimmed() -> None:
    """A packet with trailing bytes is cut to its total length before anything reads it."""
    bench = Bench()
    bench.receive(GOOD + b"trailer")
    assert bench.delivered[0].data[20:][1:2] == b"\0"
    assert len(bench.delivered[0].data) == len(GOOD)


def test_a_packet_for_another_host_is_not_forwarded() -> None:
    """A destination that is not local: ips_cantforward."""
    bench = Bench()
    stranger = echo(A, A)[:16] + bytes((192, 0, 2, 1)) + echo(A, A)[20:]
    assert bench.receive(ip.patch(stranger))[0].reason == "not-forwarding"
    assert bench.counters["ips_cantforward"] == 1


def test_an_in_done_tag_makes_the_packet_filter_step_aside() -> None:
    """The packet filter's question is answered by the presence of IN_DONE, whoever it was made for."""
    bench = Bench()
    plain = bench.receive(GOOD)[0].checks[0]
    tagged = Mbuf(GOOD, echo=1, packet="P1")
    m_tag_prepend(tagged, IN_DONE, TdbIdent(50, 0x1000, "127.0.0.1"))
    skipped = bench.receive(GOOD, marks=tagged)[0].checks[0]
    assert (plain.id, plain.mark) == ("packet-filter", None)
    assert skipped.mark is not None
    assert skipped.answer == "skipped"


@pytest.mark.parametrize(("kind", "accepted"), [(PolicyType.NONE, True), (PolicyType.DISCARD, False)])
def test_gate_1_asks_the_default_policy_if_there_is_an_in_done_tag(kind: PolicyType, accepted: bool) -> None:
    """With IN_DONE, neither "require" nor the missing flag counts: the default policy decides alone."""
    bench = Bench(ONE_ESP + IN_ESP, sysctl=Sysctl(def_policy=kind))
    tagged = Mbuf(GOOD, echo=1, packet="P1")
    m_tag_prepend(tagged, IN_DONE, bench.sa.tdbi)
    first = bench.receive(GOOD, marks=tagged)[0]
    assert first.decision == ("accept" if accepted else "reject")


def test_gate_1_refuses_plain_packets_by_address_and_counts_nothing() -> None:
    """Without IN_DONE and M_DECRYPTED a packet fails "require", and only ips_total moves."""
    bench = Bench(ONE_ESP + IN_ESP)
    (step,) = bench.receive(GOOD)
    assert (step.reason, bench.counters) == ("in-policy", {"ips_total": 1})


def test_gate_1_takes_the_flag_for_proof() -> None:
    """M_DECRYPTED alone satisfies "require": no SA, SPI or order is compared."""
    bench = Bench(ONE_ESP + IN_ESP)
    flagged = Mbuf(GOOD, echo=1, packet="P1")
    m_set_flag(flagged, M_DECRYPTED)
    assert bench.receive(GOOD, marks=flagged)[0].decision == "accept"


def test_a_full_input_queue_drops() -> None:
    """With ipintrq full, lo0, the IPsec input callback and the tunnel input drop with ENOBUFS."""
    tunnel = handmade.write(header()._replace(proto=IPPROTO_IPIP), GOOD)
    for stage, packet, args in (
        (defs.looutput, GOOD, None),
        (defs.ipsec4_common_input_cb, GOOD, None),
        (defs.ip4_input, tunnel, defs.ProtoInput(20, IPPROTO_IPIP)),
    ):
        bench = Bench(ONE_ESP)
        bench.kernel.ipintrq_len = IFQ_MAXLEN
        given = defs.InputDone(bench.sa, 20) if stage is defs.ipsec4_common_input_cb else args
        (step,) = bench.enter(stage, Mbuf(packet, echo=1, packet="P1"), given, via=CRYPTO)
        assert (step.reason, step.errno) == ("ipintrq-full", "ENOBUFS")


@pytest.mark.parametrize(
    ("message", "reason", "counter"),
    [(b"\x08\0\0", "icmp-short", "icps_tooshort"), (GOOD[20:-1] + b"\0", "icmp-checksum", "icps_checksum")],
)
def test_a_bad_icmp_message_moves_its_counter(message: bytes, reason: str, counter: str) -> None:
    """A short message and a wrong checksum are dropped and counted by icmp_input."""
    bench = Bench()
    steps = bench.receive(handmade.write(header(), message))
    assert (steps[-1].stage, steps[-1].reason) == ("icmp_input", reason)
    assert bench.counters[counter] == 1


def test_an_unknown_protocol_finds_no_socket() -> None:
    """A protocol that no raw socket wants: ips_noproto, the delivery is taken back, and an error goes out."""
    bench = Bench()
    steps = bench.receive(handmade.write(header()._replace(proto=99), b"12345678"))
    assert [step.stage for step in steps][1:3] == ["rip_input", "icmp_error"]
    # One is the error's.
    assert (bench.counters["ips_noproto"], bench.counters["ips_delivered"]) == (1, 1)
    assert bench.counters["icps_outhist[3]"] == 1


def test_a_protocol_of_the_switch_without_a_socket_is_freed_uncounted() -> None:
    """IP in IP that no tunnel claims has an entry of its own: no error, and the delivery stands."""
    bench = Bench()
    last = bench.receive(handmade.write(header()._replace(proto=IPPROTO_IPIP), GOOD))[-1]
    assert (last.reason, bench.counters) == ("no-socket", {"ips_total": 1, "ips_delivered": 1})


def test_ip_in_ip_that_did_not_come_by_ipsec_goes_to_the_raw_sockets() -> None:
    """Without any of the three flags no tunnel claims the packet."""
    bench = Bench()
    steps = bench.receive(handmade.write(header()._replace(proto=IPPROTO_IPIP), GOOD))
    assert [step.stage for step in steps] == ["ip_input", "encap4_input", "rip_input"]


def test_an_inner_packet_that_is_too_short_is_dropped() -> None:
    """Fewer than 20 bytes in a tunnel: ipips_hdrops."""
    bench = Bench()
    flagged = Mbuf(GOOD, echo=1, packet="P1")
    m_set_flag(flagged, M_DECRYPTED)
    steps = bench.receive(handmade.write(header()._replace(proto=IPPROTO_IPIP), b"short"), marks=flagged)
    assert steps[-1].reason == "ipip-short"


@pytest.mark.parametrize("source", ["0.1.2.3", "240.0.0.1"])
def test_no_reply_goes_to_a_source_that_cannot_be_answered(source: str) -> None:
    """icmp_reflect frees a request whose source is of this network or of class E."""
    bench = Bench()
    packet = GOOD[:12] + bytes(int(part) for part in source.split(".")) + GOOD[16:]
    assert bench.receive(ip.patch(packet))[-1].reason == "bad-source"


def test_record_route_is_recorded_at_each_pass_and_returned() -> None:
    """ip_input writes this host's address into each record route option; icmp_reflect carries it over."""
    bench = Bench()
    option = b"\1" + bytes((7, 11, 4)) + bytes(8)
    bench.receive(handmade.write(header()._replace(options=option), GOOD[20:]))
    back = ip.read(bench.delivered[0].data).options
    assert back == bytes((7, 11, 12, 127, 0, 0, 1, 127, 0, 0, 1, 0))


@pytest.mark.parametrize("option", [bytes((7, 1, 0, 0)), bytes((7, 40, 4, 0)), bytes((7, 4, 3, 0))])
def test_malformed_options_are_refused(option: bytes) -> None:
    """An option with an impossible length or pointer is dropped as such."""
    bench = Bench()
    assert (
        bench.receive(handmade.write(header()._replace(options=option), GOOD[20:]))[0].reason
        == "bad-ip-option"
    )


def test_the_reply_swaps_addresses_and_renews_ttl_and_checksum() -> None:
    """The reply to A's request to B goes from B to A, with TTL 255 and right checksums."""
    bench = Bench()
    bench.receive(echo(A, B, ttl=3))
    reply = bench.delivered[0].data
    back = ip.read(reply)
    assert (back.src, back.dst, back.ttl) == (B, A, 255)
    assert ip.header_checksum_ok(reply)
    assert icmp.checksum_ok(reply[20:])
    assert reply[20] == icmp.ICMP_ECHOREPLY


def test_gate_2_counts_a_refusal_twice() -> None:
    """A reply that the socket's policy refuses moves ips_in_polvio by two and takes the delivery back."""
    bench = Bench("spdadd 127.0.0.1 127.0.0.1 any -P in discard ;")
    m = Mbuf(echo(kind=icmp.ICMP_ECHOREPLY), echo=1, packet="P2")
    (step,) = bench.enter(defs.rip_input, m, defs.ProtoInput(20, 1), via=CALL)
    assert step.reason == "socket-policy"
    assert bench.counters == {"ips_in_polvio": 2, "ips_delivered": -1}


def test_outbound_discard_is_silent() -> None:
    """An outbound discard policy counts ips_out_polvio and tells the caller nothing."""
    bench = Bench("spdadd 127.0.0.1 127.0.0.1 any -P out discard ;")
    steps = bench.enter(defs.ip_output, Mbuf(GOOD, echo=1, packet="P1"), defs.Output(), via=CALL)
    assert (steps[-1].reason, steps[-1].errno) == ("out-policy", None)
    assert bench.counters["ips_out_polvio"] == 1


def test_an_address_that_is_not_local_has_no_route() -> None:
    """ip_output to a stranger: EHOSTUNREACH and ips_noroute."""
    bench = Bench(OUT_ESP)
    stranger = handmade.write(header(A, A)._replace(dst=ip.address(b"\xc0\0\2\1")), GOOD[20:])
    steps = bench.enter(defs.ip_output, Mbuf(stranger, echo=1, packet="P1"), defs.Output(), via=CALL)
    assert (steps[-1].reason, steps[-1].errno) == ("no-route", "EHOSTUNREACH")
