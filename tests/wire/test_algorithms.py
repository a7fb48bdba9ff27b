from __future__ import annotations

import hashlib
import hmac

import pytest

from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS, block_cipher, mac_of

HI = b"Hi There"
JEFE = b"what do ya want for nothing?"
COUNTED = bytes(range(1, 26))

VECTORS = [
    # RFC 2202 section 2, cases 1 to 4 (RFC 2403 refers to them)
    ("hmac-md5", b"\x0b" * 16, HI, "9294727a3638bb1c13f48ef8158bfc9d"),
    ("hmac-md5", b"Jefe", JEFE, "750c783e6ab0b503eaa86e310a5db738"),
    ("hmac-md5", b"\xaa" * 16, b"\xdd" * 50, "56be34521d144c88dbb8c733f0e8b3f6"),
    ("hmac-md5", COUNTED, b"\xcd" * 50, "697eaf0aca3a3aea3a75164746ffaa79"),
    # RFC 2202 section 3, cases 1 to 4 (RFC 2404 refers to them)
    ("hmac-sha1", b"\x0b" * 20, HI, "b617318655057264e28bc0b6fb378c8ef146be00"),
    ("hmac-sha1", b"Jefe", JEFE, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    ("hmac-sha1", b"\xaa" * 20, b"\xdd" * 50, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    ("hmac-sha1", COUNTED, b"\xcd" * 50, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    # RFC 2286 section 2, cases 1 to 4 (RFC 2857 refers to them)
    ("hmac-ripemd160", b"\x0b" * 20, HI, "24cb4bd67d20fc1a5d2ed7732dcc39377f0a5668"),
    ("hmac-ripemd160", b"Jefe", JEFE, "dda6c0213a485a9e24f4742064a7f033b43c4069"),
    ("hmac-ripemd160", b"\xaa" * 20, b"\xdd" * 50, "b0b105360de759960ab4f35298e116e295d8e7c1"),
    ("hmac-ripemd160", COUNTED, b"\xcd" * 50, "d5ca862f4d21d5e610e18b4cf1beb97a4365ecf4"),
    # RFC 4231 sections 4.2 and 4.3
    ("hmac-sha2-256", b"\x0b" * 20, HI, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ("hmac-sha2-256", b"Jefe", JEFE, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
]


@pytest.mark.parametrize(("auth", "key", "message", "digest"), VECTORS)
def test_authenticators_give_the_digests_of_their_rfcs(
    auth: str, key: bytes, message: bytes, digest: str
) -> None:
    """Every HMAC gives the published digests, before the cut to 96 bits."""
    assert mac_of(auth, key)(message).hex() == digest


@pytest.mark.parametrize(("auth", "name"), [("hmac-sha2-384", "sha384"), ("hmac-sha2-512", "sha512")])
def test_the_two_longest_hashes_have_a_short_block(auth: str, name: str) -> None:
    """The key is filled up to 64 bytes, not to the block's 128: not RFC 2104's HMAC, but this kernel's."""
    key = bytes(range(AUTHS[auth].key_len or 0))
    inner, outer = (bytes(byte ^ pad for byte in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    expected = hashlib.new(name, outer + hashlib.new(name, inner + JEFE).digest()).digest()
    assert mac_of(auth, key)(JEFE) == expected
    assert mac_of(auth, key)(JEFE) != hmac.digest(key, JEFE, name)


@pytest.mark.parametrize("auth", [name for name in AUTHS if name.startswith("hmac-")])
def test_hmac_key_lengths_are_their_digest_lengths(auth: str) -> None:
    """An HMAC's only key length is that of its digest."""
    assert AUTHS[auth].key_len == len(mac_of(auth, b"")(b""))


@pytest.mark.parametrize(
    ("auth", "name", "byteorder"), [("keyed-md5", "md5", "little"), ("keyed-sha1", "sha1", "big")]
)
@pytest.mark.parametrize("key_len", [0, 1, 16, 55, 56, 64, 100])
def test_keyed_hashes_are_key_padding_data_key(auth: str, name: str, byteorder: str, key_len: int) -> None:
    """A keyed hash is over the key padded to whole blocks with its length in bits, the data, and the key."""
    key = bytes(range(key_len))
    filled = key + b"\x80"
    while len(filled) % 64 != 56:
        filled += b"\0"
    length = (8 * key_len).to_bytes(8, "little" if byteorder == "little" else "big")
    expected = hashlib.new(name, filled + length + b"data" + key).digest()
    assert mac_of(auth, key)(b"data") == expected
    assert mac_of(auth, key)(b"data") != hmac.digest(key, b"data", name)


def test_null_authentication_is_zeros() -> None:
    """The null authenticator gives zeros whatever key and message are."""
    assert set(mac_of("null", b"key")(b"message")) == {0}


@pytest.mark.parametrize("name", CIPHERS)
def test_ciphers_take_the_keys_that_they_say(name: str) -> None:
    """Every key length that a cipher lists is in its range, and makes a cipher with its block."""
    cipher = CIPHERS[name]
    lens = cipher.key_lens or range(cipher.min_key_len, cipher.max_key_len + 1)
    assert all(cipher.min_key_len <= key_len <= cipher.max_key_len for key_len in lens)
    if cipher.keyless:
        assert block_cipher(name, b"") is None
        assert (name, cipher.block_len, cipher.iv_len) == ("null", 4, 0)
        return
    made = [block_cipher(name, bytes(range(key_len))) for key_len in lens]
    assert {algorithm.block_size for algorithm in made if algorithm} == {8 * cipher.block_len}
    assert None not in made
    assert cipher.iv_len == cipher.block_len


def test_tables_go_by_setkey_names() -> None:
    """Both tables are keyed by the names that setkey(8) takes, and tshark has a name for every entry."""
    assert all(name == algorithm.name and algorithm.tshark for name, algorithm in CIPHERS.items())
    assert all(name == algorithm.name and algorithm.tshark for name, algorithm in AUTHS.items())
