from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import esp
from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS
from ipsec_lo_trace.wire.esp import EspTransform, derive_bytes

KEY = bytes(range(1, 65))
REAL_AUTHS = tuple(name for name in AUTHS if name != "null")


@st.composite
def transforms(draw: st.DrawFn, auths: tuple[str, ...] = ("", *AUTHS)) -> EspTransform:
    """Draw a transform: any cipher, one of the authenticators, keys of lengths that fit, old or new."""
    cipher = CIPHERS[draw(st.sampled_from(sorted(CIPHERS)))]
    lens = cipher.key_lens or range(cipher.min_key_len, min(cipher.max_key_len, len(KEY)) + 1)
    enc_key = KEY[: draw(st.sampled_from(sorted(lens)))]
    auth = draw(st.sampled_from(auths))
    key_len = AUTHS[auth].key_len if auth else 0
    auth_key = KEY[: draw(st.integers(1, 64)) if key_len is None else key_len]
    return EspTransform(cipher.name, enc_key, auth, auth_key, old=draw(st.booleans()))


def seal(xform: EspTransform, payload: bytes, *, seq: int = 1, next_header: int = 1) -> bytes:
    """Seal with SPI 0x1001 and the self-describing padding of RFC 2406 section 2.4."""
    padding = bytes(range(1, xform.padding_len(len(payload)) - esp.TRAILER_LEN + 1))
    return xform.seal(
        spi=0x1001,
        seq=seq,
        iv=bytes(range(xform.iv_len)),
        next_header=next_header,
        payload=payload,
        padding=padding,
    )


@given(transforms(), st.binary(max_size=120), st.integers(0, 255))
def test_what_is_sealed_opens_again(xform: EspTransform, payload: bytes, next_header: int) -> None:
    """Decrypting gives the payload, self-describing padding, pad length and next header; the ICV is right."""
    sealed = seal(xform, payload, next_header=next_header)
    plain = xform.decrypt(sealed)
    pad_len = plain[-2]
    assert plain[-1] == next_header
    assert plain == payload + bytes(range(1, pad_len + 1)) + bytes((pad_len, next_header))
    assert xform.icv_ok(sealed)


@given(transforms(), st.binary(max_size=120))
def test_lengths_are_as_announced(xform: EspTransform, payload: bytes) -> None:
    """A sealed packet is header, padded payload and ICV long, and what is encrypted fills whole blocks."""
    sealed = seal(xform, payload)
    padded = len(payload) + xform.padding_len(len(payload))
    assert len(sealed) == xform.header_len + padded + xform.icv_len
    assert padded % xform.block_len == 0
    assert esp.TRAILER_LEN <= xform.padding_len(len(payload)) < xform.block_len + esp.TRAILER_LEN


@given(transforms(REAL_AUTHS), st.binary(max_size=60), st.data())
def test_no_flipped_bit_goes_unnoticed(xform: EspTransform, payload: bytes, data: st.DataObject) -> None:
    """Any flipped bit, in header, IV, ciphertext or ICV, makes the ICV wrong."""
    sealed = bytearray(seal(xform, payload))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert not xform.icv_ok(bytes(sealed))


@given(transforms(("",)), st.binary(max_size=60))
def test_without_authentication_nothing_is_refused(xform: EspTransform, sealed: bytes) -> None:
    """An SA without an authenticator has no ICV and takes any."""
    assert xform.icv_len == 0
    assert xform.icv_ok(sealed)


@given(transforms(), st.integers(0, 2**32 - 1))
def test_the_header_carries_spi_and_number(xform: EspTransform, seq: int) -> None:
    """SPI and sequence number stand in front; the old form has no number."""
    sealed = seal(xform, b"data", seq=seq)
    assert sealed[:4] == bytes.fromhex("00001001")
    if xform.header_len - xform.iv_len == 8:
        assert esp.sequence(sealed) == seq
    else:
        assert sealed[4 : xform.header_len] == bytes(range(xform.iv_len))


@pytest.mark.parametrize(
    ("cipher", "block_len", "iv_len", "sealed_len"),
    [("3des-cbc", 8, 8, 100), ("rijndael-cbc", 16, 16, 116), ("null", 4, 0, 88)],
)
def test_a_ping_of_64_bytes_grows_as_on_a_real_wire(
    cipher: str, block_len: int, iv_len: int, sealed_len: int
) -> None:
    """Header, IV, padding and 96-bit ICV make 64 bytes of ICMP as long as NetBSD's captures show."""
    xform = EspTransform(cipher, bytes(range(24 if cipher == "3des-cbc" else 16)), "hmac-sha1", bytes(20))
    assert (xform.block_len, xform.iv_len, xform.icv_len) == (block_len, iv_len, 12)
    assert len(seal(xform, bytes(64))) == sealed_len


def test_an_impossible_key_is_refused() -> None:
    """A key length inside the kernel's range that AES has no use for is a ValueError."""
    with pytest.raises(ValueError, match="key size"):
        EspTransform("rijndael-cbc", bytes(17), "", b"")


@given(transforms(), st.lists(st.binary(max_size=60), min_size=2, max_size=5))
def test_no_packet_depends_on_the_one_before(xform: EspTransform, payloads: list[bytes]) -> None:
    """One transform seals packet after packet as if each were its first: the kept contexts leave no trace."""
    in_turn = [seal(xform, payload, seq=1) for payload in payloads]
    assert in_turn[::-1] == [seal(xform, payload, seq=1) for payload in payloads[::-1]]


def test_what_fills_no_whole_blocks_is_refused() -> None:
    """A payload with too little padding is a ValueError, and the next packet is sealed as ever."""
    xform = EspTransform("des-cbc", bytes(8), "", b"")
    right = seal(xform, b"payload")
    with pytest.raises(ValueError, match="9 bytes are no multiple of 8"):
        xform.seal(spi=1, seq=1, iv=bytes(8), next_header=1, payload=b"payload", padding=b"")
    assert seal(xform, b"payload") == right


# --- derived bytes -------------------------------------------------------------------------------

numbers = st.integers(0, 2**32 - 1)


@given(numbers, numbers, numbers, st.integers(0, 300))
def test_the_same_numbers_give_the_same_bytes(seed: int, spi: int, seq: int, length: int) -> None:
    """Derived bytes are the same every time, as long as asked, and a shorter run begins a longer one."""
    derived = derive_bytes(seed, spi, seq, length)
    assert len(derived) == length
    assert derived == derive_bytes(seed, spi, seq, length)
    assert derive_bytes(seed, spi, seq, length + 40)[:length] == derived


@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers))
def test_other_numbers_give_other_bytes(one: tuple[int, int, int], two: tuple[int, int, int]) -> None:
    """Two packets share their IV only if seed, SPI and number are all equal."""
    assert (derive_bytes(*one, 16) == derive_bytes(*two, 16)) is (one == two)


def test_the_derivation_is_sha256_of_the_three_numbers() -> None:
    """The first block is SHA-256 of seed, SPI and number in decimal: fixed, since golden traces hold IVs."""
    assert derive_bytes(0, 0x1000, 1, 8) == hashlib.sha256(b"0/4096/1/").digest()[:8]
