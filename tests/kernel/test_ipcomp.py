"""What does IPComp do on lo0: refuse, panic, or go round with nothing but OUT_DONE to tell of it?"""

from __future__ import annotations

import zlib
from ipaddress import IPv4Address

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netipsec.ipsec_input import SHORTEST
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN
from ipsec_lo_trace.machine.stage import CALL, CRYPTO
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.wire import ip, ipcomp
from tests import handmade
from tests.kernel.bench import ESP_KEYS, Bench, echo, header
from tests.support import LOCALHOST, PATCHED, UNPATCHED, Traced, trace

CPI = 0x1002
ON = (("ipcomp_enable", "1"),)
MENDED = (*ON, ("ipcomp_null_tag", "ok"))
ONE = f"add 127.0.0.1 127.0.0.1 ipcomp {CPI} -C deflate ;"
BOTH = "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec {0} ; spdadd 127.0.0.1 127.0.0.1 any -P in ipsec {0} ;"
RULE = "ipcomp/transport//require"
ESP = f"add 127.0.0.1 127.0.0.1 esp 0x1000 {ESP_KEYS} ;"
ESP_RULE = "esp/transport//require"


def run(
    text: str | None = None,
    fix: str = UNPATCHED,
    *,
    settings: tuple[tuple[str, str], ...] = (),
    size: int = 56,
    count: int = 1,
    pattern: bytes = b"\x0f",
) -> Traced:
    """Trace a ping over the built-in IPComp configuration, or another text, with switches turned."""
    text = text or builtin_text(proto="ipcomp", local=LOCALHOST)
    read = load(text, "a test")
    return trace(read, fix, settings=settings, size=size, count=count, pattern=pattern)


def sealed(payload: bytes, cpi: int = CPI) -> bytes:
    """Put an IPComp header before ``payload``, compressed or not, in a packet."""
    body = handmade.ipcomp(IPPROTO_ICMP, cpi, payload)
    return handmade.write(header()._replace(proto=IPPROTO_IPCOMP), body)


def bench(config: str = ONE) -> Bench:
    """Make a bench where IPComp is on and its missing tag no fault."""
    return Bench(config, build=Build(ipcomp_enable="1", ipcomp_null_tag="ok"))


def last(steps: list[Step]) -> tuple[str, str, str | None]:
    """Return where a packet ended, for which reason, with which errno."""
    return steps[-1].stage, steps[-1].reason, steps[-1].errno


def test_it_is_off_from_the_start() -> None:
    """ipcomp_enable is 0: sendto fails with EHOSTUNREACH, ipcomps_pdrops counts, nothing is sent."""
    for fix in (UNPATCHED, PATCHED):
        seen = run(fix=fix)
        assert (seen.verdict.outcome, seen.verdict.code) == ("error", "ipcomp-disabled")
        assert (seen.verdict.errno, seen.lo0) == ("EHOSTUNREACH", [])
        assert seen.verdict.counters == {"ips_localout": 1, "ipcomps_pdrops": 1}


def test_without_an_sa_nobody_asks_whether_it_is_on() -> None:
    """The SA is looked for first: without one, require is ENOENT, which ip_output hides."""
    seen = run(BOTH.format(RULE))
    assert (seen.verdict.outcome, seen.verdict.code) == ("lost", "no-sa")
    assert "ipcomps_pdrops" not in seen.verdict.counters


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_the_first_packet_received_is_a_panic(fix: str) -> None:
    """Switched on, the request panics the kernel where a received packet is tagged, patched or not."""
    seen = run(fix=fix, settings=ON, count=3)
    assert (seen.verdict.outcome, seen.verdict.code) == ("panic", "ipcomp-null-tag")
    assert (seen.steps[-1].stage, seen.steps[-1].decision) == ("ipsec4_common_input_cb", "panic")
    assert (seen.verdict.sent, seen.lo0) == (1, ["ipcomp:1002#0"])
    counters = seen.verdict.counters
    assert (counters["ipcomps_output"], counters["ipcomps_input"], counters["ipcomps_obytes"]) == (1, 1, 64)


def test_a_mended_kernel_leaves_only_out_done_on_the_packet() -> None:
    """With the missing tag left out, the reply inherits OUT_DONE and no IN_DONE or flag."""
    (reflected,) = run(settings=MENDED).at("icmp_reflect")
    (tag,) = reflected.marks
    assert (tag.name, tag.proto, tag.spi, tag.stale) == ("OUT_DONE", IPPROTO_IPCOMP, CPI, True)


def test_an_unpatched_mended_kernel_sends_the_reply_uncompressed() -> None:
    """The stale OUT_DONE skips IPComp for the reply; both gates let it in, for neither looks for IPComp."""
    seen = run(settings=MENDED)
    assert seen.lo0 == ["ipcomp:1002#0", "icmp"]
    assert (seen.verdict.outcome, seen.verdict.code, seen.verdict.ping) == ("leak", "stale-out-done", "ok")
    gates = [check.id for step in seen.steps for check in step.checks if check.id.startswith("gate")]
    assert set(gates) == {"gate-1-policy", "gate-2-policy"}
    filters = [check.answer for step in seen.steps for check in step.checks if check.id == "packet-filter"]
    assert set(filters) == {"runs"}


def test_a_patched_mended_kernel_compresses_the_reply() -> None:
    """Without the request's tags the reply is compressed as well; the run is clean."""
    seen = run(fix=PATCHED, settings=MENDED, count=2)
    assert seen.lo0 == ["ipcomp:1002#0"] * 4
    assert (seen.verdict.outcome, seen.verdict.code) == ("clean", "clean")
    counters = seen.verdict.counters
    assert (counters["ipcomps_output"], counters["ipcomps_input"]) == (4, 4)
    assert (counters["ips_total"], counters["ips_delivered"]) == (8, 8)


def test_what_crosses_lo0_is_the_compressed_message() -> None:
    """Behind the IPComp header Python's zlib finds the ICMP message that ping made."""
    seen = run(settings=ON)
    made, sealed_ = seen.at("rip_output")[0].bytes, seen.at("ipsec_process_done")[0].bytes
    plain, packed = bytes.fromhex(made or ""), bytes.fromhex(sealed_ or "")
    assert ipcomp.read(packed, 20) == ipcomp.IpcompHeader(IPPROTO_ICMP, 0, CPI)
    assert ip.read(packed).total_len == len(packed) < len(plain) + ipcomp.HEADER_LEN
    assert zlib.decompressobj(-15).decompress(packed[24:]) == plain[20:]


def test_what_does_not_shrink_is_sent_as_it_is_and_refused() -> None:
    """Eight bytes grow: they go out behind an IPComp header all the same, and cannot be decompressed."""
    seen = run(settings=MENDED, size=0)
    (crossed,) = seen.at("looutput")
    assert crossed.wire.len == 20 + ipcomp.HEADER_LEN + 8
    assert last(seen.steps) == ("ipcomp_input_cb", "bad-compression", "EINVAL")
    assert (seen.verdict.outcome, seen.verdict.counters["ipcomps_noxform"]) == ("lost", 1)


def test_ping_s_own_data_hardly_shrink() -> None:
    """Each byte is its own position: what of it shrinks is the timestamp, if that is all zeros."""
    seen = run(None, PATCHED, settings=MENDED, count=2, pattern=b"")
    assert [step.wire.len < 88 for step in seen.at("ipcomp_output")] == [True, True, False]
    assert seen.verdict.received == 1


def test_what_stays_as_long_as_it_was_is_sent_compressed() -> None:
    """A payload that deflate neither shortens nor lengthens goes compressed, and comes back."""
    candidates = (bytes((8, *range(100, 100 + n))) + bytes(zeros) for n in range(40) for zeros in range(20))
    payload = next(data for data in candidates if len(ipcomp.deflate(data)) == len(data))
    table = bench(ONE + BOTH.format(RULE))
    m = Mbuf(handmade.write(header(), payload), echo=1, packet="P1")
    steps = table.enter(defs.ip_output, m, defs.Output(), via=CALL)
    cut = next(step for step in steps if step.stage == "ipcomp_input_cb")
    assert (cut.reason, cut.wire.len) == ("", 20 + len(payload))


def test_too_compressible_a_message_is_refused_by_its_receiver() -> None:
    """More than twelvefold growth does not fit into the kernel's buffers: a ping of equal bytes is lost."""
    seen = run(settings=ON, size=2000)
    assert last(seen.steps) == ("ipcomp_input_cb", "bad-compression", "EINVAL")


def test_inside_esp_compression_works() -> None:
    """IPComp, then ESP: on lo0 only ESP is seen; the chain has one IN_DONE and two OUT_DONE."""
    text = ONE + ESP + BOTH.format(f"{RULE} {ESP_RULE}")
    seen = run(text, settings=MENDED)
    assert seen.lo0 == ["esp:1000#1", "icmp"]
    (reflected,) = seen.at("icmp_reflect")
    tags = [(mark.name, mark.proto) for mark in reflected.marks]
    assert tags == [("IN_DONE", 50), ("OUT_DONE", 50), ("OUT_DONE", 108), ("M_DECRYPTED", None)]
    assert (seen.verdict.outcome, seen.verdict.code) == ("leak", "stale-out-done")
    patched = run(text, PATCHED, settings=MENDED)
    assert (patched.lo0, patched.verdict.outcome) == (["esp:1000#1", "esp:1000#3"], "clean")


def test_outside_esp_compression_loses_the_packet() -> None:
    """ESP, then IPComp: ciphertext does not shrink, so what is received cannot be decompressed."""
    seen = run(ONE + ESP + BOTH.format(f"{ESP_RULE} {RULE}"), settings=MENDED)
    assert seen.lo0 == ["ipcomp:1002#0"]
    assert last(seen.steps) == ("ipcomp_input_cb", "bad-compression", "EINVAL")
    assert seen.verdict.outcome == "lost"


def test_a_tunnel_is_put_up_and_not_taken_down() -> None:
    """No flag is set, so encap4_input does not know that IPsec brought it, and no socket wants it."""
    text = builtin_text(proto="ipcomp", mode="tunnel", local=LOCALHOST)
    seen = run(text, settings=MENDED)
    assert seen.at("ipip_output")[0].to == "ipcomp_output"
    assert last(seen.steps)[:2] == ("rip_input", "no-socket")


def test_a_raw_cpi_beyond_16_bits_is_not_found_again() -> None:
    """The low 16 bits of the SPI go out, and no SA has them."""
    text = "add 127.0.0.1 127.0.0.1 ipcomp 0x12345 -C deflate -R ;" + BOTH.format(RULE)
    seen = run(text, settings=MENDED)
    assert seen.lo0 == ["ipcomp:2345#0"]
    assert last(seen.steps) == ("ipsec4_common_input", "no-inbound-sa", "ENOENT")
    assert seen.verdict.counters["ipcomps_notdb"] == 1


def test_the_well_known_cpi_serves() -> None:
    """CPI 2, deflate's own, is no reserved number: an SA may have it."""
    text = "add 127.0.0.1 127.0.0.1 ipcomp 2 -C deflate ;" + BOTH.format(RULE)
    assert run(text, PATCHED, settings=MENDED).lo0 == ["ipcomp:2#0", "ipcomp:2#0"]


def test_a_packet_that_outgrows_65535_bytes_is_refused() -> None:
    """It is measured before it is compressed: ipcomps_toobig, EMSGSIZE."""
    seen = run(settings=ON, size=65507)
    assert (seen.verdict.outcome, seen.verdict.errno) == ("error", "EMSGSIZE")
    assert seen.verdict.counters["ipcomps_toobig"] == 1


def test_an_inbound_policy_that_requires_it_refuses_nothing() -> None:
    """ipsec_in_reject passes IPComp over: a plain request gets through both gates."""
    seen = run(f"spdadd 127.0.0.1 127.0.0.1 any -P in ipsec {RULE} ;")
    assert (seen.lo0, seen.verdict.ping, seen.verdict.outcome) == (["icmp", "icmp"], "ok", "clean")


def test_what_comes_while_it_is_off_is_dropped() -> None:
    """A received packet moves ipcomps_input and ipcomps_pdrops and ends with EOPNOTSUPP."""
    table = Bench(ONE)
    steps = table.receive(sealed(ipcomp.deflate(echo()[20:])))
    assert last(steps) == ("ipsec4_common_input", "ipcomp-disabled", "EOPNOTSUPP")
    assert (table.counters["ipcomps_input"], table.counters["ipcomps_pdrops"]) == (1, 1)


def test_a_good_packet_is_answered() -> None:
    """A compressed echo request goes through input and comes back as a reply to the raw socket."""
    table = bench()
    table.receive(sealed(ipcomp.deflate(echo()[20:])))
    assert len(table.delivered) == 1


def test_too_few_bytes_are_refused() -> None:
    """Fewer than eight bytes behind the IP header: ipcomps_hdrops."""
    table = bench()
    steps = table.receive(sealed(bytes(SHORTEST - ipcomp.HEADER_LEN - 1)))
    assert last(steps) == ("ipsec4_common_input", "ipsec-short", "EINVAL")
    assert table.counters["ipcomps_hdrops"] == 1


def test_a_full_queue_is_counted() -> None:
    """No room on the IP input queue: ipcomps_qfull, ENOBUFS."""
    table = bench()
    table.kernel.ipintrq_len = IFQ_MAXLEN
    m = Mbuf(echo(), echo=1, packet="P1")
    steps = table.enter(defs.ipsec4_common_input_cb, m, defs.InputDone(table.sa, 20), via=CALL)
    assert last(steps) == ("ipsec4_common_input_cb", "ipintrq-full", "ENOBUFS")
    assert table.counters["ipcomps_qfull"] == 1


def test_an_sa_that_dies_meanwhile_is_noticed() -> None:
    """Both callbacks look the SA up again: ipcomps_notdb, ENOBUFS."""
    table = bench(ONE + BOTH.format(RULE))
    isr = table.kernel.db.sptree[Direction.OUT][0].requests[0]
    gone = table.sa.tdbi._replace(spi=7)
    for callback, args in (
        (defs.ipcomp_output_cb, defs.CryptoOutput(isr, gone)),
        (defs.ipcomp_input_cb, defs.CryptoInput(gone, 20)),
    ):
        m = Mbuf(sealed(ipcomp.deflate(echo()[20:])), echo=1, packet="P1")
        assert last(table.enter(callback, m, args, via=CRYPTO)) == (callback.name, "sa-gone", "ENOBUFS")
    assert table.counters["ipcomps_notdb"] == 2


def test_with_diagnostic_a_changed_sa_is_a_panic() -> None:
    """The callback asserts that the request still has the SA that was used."""
    table = Bench(ONE + BOTH.format(RULE), build=Build(ipcomp_enable="1", diagnostic="1"))
    isr = table.kernel.db.sptree[Direction.OUT][0].requests[0]
    m = Mbuf(echo(), echo=1, packet="P1")
    steps = table.enter(defs.ipcomp_output_cb, m, defs.CryptoOutput(isr, table.sa.tdbi), via=CRYPTO)
    assert (steps[-1].decision, steps[-1].reason) == ("panic", "sa-changed")


def test_the_payload_of_a_tag_is_the_ipcomp_sa() -> None:
    """OUT_DONE names protocol 108, the SPI and the destination."""
    crossed = run(settings=ON).at("looutput")[0]
    (tag,) = crossed.marks
    assert (tag.proto, tag.spi, IPv4Address(tag.dst or "")) == (IPPROTO_IPCOMP, CPI, LOCALHOST)
