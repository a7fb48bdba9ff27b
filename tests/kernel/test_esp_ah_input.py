"""What do the transforms refuse on input, and which counter tells?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.ipsec import _ESPPlain

from ipsec_lo_trace import defs
from ipsec_lo_trace.machine.stage import CRYPTO, Symbol
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_ICMP
from ipsec_lo_trace.model.sa import SaState
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.benchmark.naive import association
from tests.kernel.bench import AH_KEYS, ESP_KEYS, ONE_AH, ONE_ESP, OUT_ESP, Bench, echo, header


def sealed(bench: Bench, seq: int = 1, *, plain: bytes | None = None, padding: bytes = b"") -> bytes:
    """Seal an echo request with the bench's SA, or other plaintext with padding of one's own."""
    sav = bench.sa
    if sav.proto == IPPROTO_AH:
        return bench.kernel.ah(sav).seal(echo(), spi=sav.spi, seq=seq)
    xform = bench.kernel.esp(sav)
    payload = echo()[20:] if plain is None else plain
    wanted = bytes(range(1, xform.padding_len(len(payload)) - 1))
    body = xform.seal(
        spi=sav.spi,
        seq=seq,
        iv=bytes(xform.iv_len),
        next_header=IPPROTO_ICMP,
        payload=payload,
        padding=padding or wanted,
    )
    return handmade.write(header()._replace(proto=IPPROTO_ESP), body)


def last(steps: list[Step]) -> tuple[str, str, str | None]:
    """Return where a packet ended, for which reason, with which errno."""
    return steps[-1].stage, steps[-1].reason, steps[-1].errno


@pytest.mark.parametrize("config", [ONE_ESP, ONE_AH])
def test_a_good_packet_is_answered(config: str) -> None:
    """A sealed echo request goes through input and comes back as a reply to the raw socket."""
    bench = Bench(config)
    bench.receive(sealed(bench))
    assert len(bench.delivered) == 1


@given(position=st.integers(min_value=28, max_value=119), bit=st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_is_refused_as_badauth(position: int, bit: int) -> None:
    """One flipped bit anywhere behind the sequence number makes the ICV wrong: esps_badauth, EACCES."""
    bench = Bench(ONE_ESP)
    packet = bytearray(sealed(bench))
    packet[position] ^= 1 << bit
    steps = bench.receive(bytes(packet))
    assert last(steps) == ("esp_input_cb", "bad-icv", "EACCES")
    assert bench.counters["esps_badauth"] == 1
    assert not steps[-1].marks


def test_ah_flipped_bit_is_refused_as_badauth() -> None:
    """One flipped bit of the payload makes AH's ICV wrong: ahs_badauth, EACCES."""
    bench = Bench(ONE_AH)
    packet = bytearray(sealed(bench))
    packet[-1] ^= 1
    assert last(bench.receive(bytes(packet))) == ("ah_input_cb", "bad-icv", "EACCES")
    assert bench.counters["ahs_badauth"] == 1


@pytest.mark.parametrize(
    ("keys", "proto", "counter"), [(ESP_KEYS, "esp", "esps_replay"), (AH_KEYS, "ah", "ahs_replay")]
)
def test_a_replayed_packet_is_refused_with_a_window_only(keys: str, proto: str, counter: str) -> None:
    """The same packet again: answered twice with window 0, refused with a window of 4 bytes."""
    for window, answers in ((0, 2), (4, 1)):
        bench = Bench(f"add 127.0.0.1 127.0.0.1 {proto} 0x1000 -r {window} {keys} ;")
        packet = sealed(bench)
        bench.receive(packet)
        steps = bench.receive(packet)
        assert len(bench.delivered) == answers
        assert bench.counters.get(counter, 0) == 2 - answers
        if window:
            assert last(steps) == (f"{proto}_input", "replay", "ENOBUFS")


def test_a_replay_that_slips_in_while_in_crypto_is_refused_by_the_callback() -> None:
    """Two copies that pass the first check before either is noted: the second stops in the callback."""
    for keys, proto in ((ESP_KEYS, "esp"), (AH_KEYS, "ah")):
        bench = Bench(f"add 127.0.0.1 127.0.0.1 {proto} 0x1000 -r 4 {keys} ;")
        packet = sealed(bench)
        callback = defs.esp_input_cb if proto == "esp" else defs.ah_input_cb
        for _copy in range(2):
            m = Mbuf(packet, echo=1, packet="P1")
            steps = bench.enter(callback, m, defs.CryptoInput(bench.sa.tdbi, 20), via=CRYPTO)
        assert last(steps) == (callback.name, "replay", "ENOBUFS")
        assert bench.counters[f"{proto}s_replay"] == 1


def test_a_pad_length_beyond_the_payload_is_refused_as_badilen() -> None:
    """A trailer that claims more padding than there is: esps_badilen, EINVAL, and nothing made up."""
    bench = Bench(ONE_ESP)
    assert last(bench.receive(_with_pad_length(200))) == ("esp_input_cb", "bad-padding", "EINVAL")
    assert bench.counters["esps_badilen"] == 1


def _with_pad_length(pad_len: int) -> bytes:
    """Let scapy seal 13 bytes of data and one of padding under a pad length that is not so."""
    sa = association()
    plain = _ESPPlain(spi=0x1000, seq=1, iv=bytes(8), data=bytes(13), padding=bytes((pad_len,)))
    plain.padlen, plain.nh = pad_len, IPPROTO_ICMP
    body = sa.crypt_algo.encrypt(sa, plain, sa.crypt_key)
    sa.auth_algo.sign(body, sa.auth_key)
    return handmade.write(header()._replace(proto=IPPROTO_ESP), bytes(body))


def test_a_wrong_last_padding_byte_is_refused_as_badenc() -> None:
    """Padding that does not end in its own length: esps_badenc, EINVAL."""
    bench = Bench(ONE_ESP)
    steps = bench.receive(sealed(bench, plain=bytes(9), padding=b"\1\2\3\4\7"))
    assert last(steps) == ("esp_input_cb", "bad-padding", "EINVAL")
    assert bench.counters["esps_badenc"] == 1


def test_random_padding_is_not_looked_at() -> None:
    """An SA with random padding takes any padding bytes: the packet goes on to icmp_input."""
    bench = Bench(f"add 127.0.0.1 127.0.0.1 esp 0x1000 -f random-pad {ESP_KEYS} ;")
    steps = bench.receive(sealed(bench, plain=echo()[20:33], padding=b"\7"))
    assert steps[-1].stage == "icmp_input"


def test_ciphertext_that_is_no_whole_number_of_blocks_is_refused_as_badilen() -> None:
    """One byte too many: esps_badilen, EINVAL, before any cryptography."""
    bench = Bench(ONE_ESP)
    packet = sealed(bench) + b"\0"
    steps = bench.receive(ip.patch(packet, total_len=len(packet)))
    assert last(steps) == ("esp_input", "esp-bad-length", "EINVAL")
    assert bench.counters["esps_badilen"] == 1


def test_an_unknown_spi_is_counted_as_notdb() -> None:
    """No SA for destination, protocol and SPI: esps_notdb, ENOENT."""
    bench = Bench(ONE_ESP)
    packet = bytearray(sealed(bench))
    packet[20:24] = b"\0\0\x99\x99"
    assert last(bench.receive(bytes(packet))) == ("ipsec4_common_input", "no-inbound-sa", "ENOENT")
    assert bench.counters["esps_notdb"] == 1


def test_a_dead_sa_is_no_sa() -> None:
    """Packets for an SA that was marked DEAD find none."""
    bench = Bench(ONE_ESP)
    packet = sealed(bench)
    bench.sa.state = SaState.DEAD
    assert bench.receive(packet)[-1].reason == "no-inbound-sa"


@pytest.mark.parametrize("proto", [IPPROTO_ESP, IPPROTO_AH])
def test_a_packet_too_short_for_a_header_is_counted_as_hdrops(proto: int) -> None:
    """Fewer than eight bytes behind the IP header: *_hdrops, EINVAL."""
    bench = Bench(ONE_ESP)
    steps = bench.receive(handmade.write(header()._replace(proto=proto), bytes(7)))
    assert last(steps) == ("ipsec4_common_input", "ipsec-short", "EINVAL")
    assert bench.counters[("esps" if proto == IPPROTO_ESP else "ahs") + "_hdrops"] == 1


def test_an_ah_header_that_ends_early_is_refused() -> None:
    """An AH packet cut inside its header: ahs_hdrops."""
    bench = Bench(ONE_AH)
    packet = sealed(bench)[:40]
    steps = bench.receive(ip.patch(packet, total_len=len(packet)))
    assert last(steps) == ("ah_input", "ah-short", "ENOBUFS")


def test_an_ah_header_with_another_length_is_counted_as_badauthl() -> None:
    """An AH length field that does not fit the SA: ahs_badauthl, EACCES."""
    bench = Bench(ONE_AH)
    packet = bytearray(sealed(bench))
    packet[21] += 1
    assert last(bench.receive(bytes(packet))) == ("ah_input", "ah-bad-length", "EACCES")
    assert bench.counters["ahs_badauthl"] == 1


@pytest.mark.parametrize(
    ("config", "callbacks", "counter"),
    [
        (ONE_ESP, (defs.esp_input_cb, defs.esp_output_cb), "esps_notdb"),
        (ONE_AH, (defs.ah_input_cb, defs.ah_output_cb), "ahs_notdb"),
    ],
)
def test_an_sa_that_dies_while_the_packet_is_in_crypto(
    config: str, callbacks: tuple[Symbol[defs.CryptoInput], Symbol[defs.CryptoOutput]], counter: str
) -> None:
    """The callback looks the SA up again; if it died, the packet is dropped: *_notdb, ENOBUFS."""
    bench = Bench(config + OUT_ESP)
    packet = sealed(bench)
    tdbi = bench.sa.tdbi
    isr = bench.kernel.db.sptree[Direction.OUT][0].requests[0]
    bench.sa.state = SaState.DEAD
    inward, outward = callbacks
    for callback, args in ((inward, defs.CryptoInput(tdbi, 20)), (outward, defs.CryptoOutput(isr, tdbi))):
        steps = bench.enter(callback, Mbuf(packet, echo=1, packet="P1"), args, via=CRYPTO)
        assert last(steps) == (callback.name, "sa-gone", "ENOBUFS")
    assert bench.counters[counter] == 2
