"""Captures of the kind that people publish, and what is right about them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.audit import independent as by_rfc
from tests.audit.independent import ENDS, Keys
from tests.audit.support import audited, capture
from tests.cli.support import Done, invoke

DATA = Path(__file__).parents[1] / "data"
AES, SHA1, SHA256 = (bytes(range(length)) for length in (16, 20, 32))


def audit(folder: str, name: str, config: str) -> Done:
    """Audit a file against another, and print one line."""
    return invoke("audit", str(DATA / folder / name), "-q", "-f", str(DATA / folder / config))


@pytest.mark.parametrize(
    ("folder", "name", "config"),
    [
        ("public", "01-esp-in-udp.pcap", "pair.conf"),
        ("public", "06-gre-no-auth.pcap", "06-no-auth.conf"),
    ],
)
def test_what_is_protected_is_clean(folder: str, name: str, config: str) -> None:
    """ESP in UDP under an SA that does not say so, and GRE whose padding is too short to convince."""
    done = audit(folder, name, config)
    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("VERDICT CLEAN (clean)")


@pytest.mark.parametrize("name", ["audit-seq-gap.pcap", "audit-seq-gap-20.pcap"])
def test_gaps_in_sequence_numbers_are_told(name: str) -> None:
    """Numbers far behind the highest are out of order, and the verdict is the packets'."""
    done = audit("hostile", name, "audit-seq-gap.conf")
    assert done.code in (0, 1)
    assert done.text.startswith("VERDICT ")


def setkey(auth: str, key: bytes, cipher: str = "rijndael-cbc", enc_key: bytes = AES) -> str:
    """Configure one SA between the two ends, without policies."""
    src, dst = ENDS[4]
    named = f" -A {auth} 0x{key.hex()}" if auth else ""
    return f"add {src} {dst} esp 0x2001 -E {cipher} 0x{enc_key.hex()}{named};"


@pytest.mark.parametrize(
    ("auth", "key", "icv_len"),
    [
        ("hmac-sha1", SHA1, 12),
        ("hmac-sha256-128", SHA256, 16),
        ("hmac-sha384", bytes(48), 24),
        ("hmac-sha512", bytes(64), 32),
    ],
)
@pytest.mark.parametrize(("cipher", "enc_key"), [("rijndael-cbc", AES), ("3des-cbc", bytes(range(24)))])
def test_an_sa_without_its_authenticator_says_so(
    cipher: str, enc_key: bytes, auth: str, key: bytes, icv_len: int
) -> None:
    """Packets that end in an ICV which the SA does not know: that is told, whatever its length."""
    keys = Keys(cipher, enc_key, auth, key, icv_len)
    packets = [by_rfc.esp_packet(keys, 4, seq=seq) for seq in (1, 2, 3)]
    done = audited(capture(packets), setkey("", b"", cipher, enc_key))
    assert done.found["authenticator-missing"] == 3
    assert (done.verdict.outcome, set(done.got)) == ("unsure", {"wrong"})


@pytest.mark.parametrize(
    ("auth", "icv_len", "told"),
    [("hmac-sha2-256", 12, "hmac-sha2-256-96"), ("hmac-sha256-128", 16, "hmac-sha256-128")],
)
def test_both_cuts_are_tried(auth: str, icv_len: int, told: str) -> None:
    """setkey(8)'s hmac-sha2-256 is what packets have, 96 bits as in 2003 or 128; the finding says which."""
    keys = Keys("rijndael-cbc", AES, auth, SHA256, icv_len)
    packets = [by_rfc.esp_packet(keys, 4, seq=seq) for seq in (1, 2, 3)]
    done = audited(capture(packets), setkey("hmac-sha2-256", SHA256))
    assert done.got == ["esp"] * 3
    assert told in done.finding("icv-length").text


def test_once_a_cut_fits_the_other_is_wrong() -> None:
    """An SA does not change how it cuts: a packet that is cut otherwise is wrong."""
    long, short = (
        Keys("rijndael-cbc", AES, auth, SHA256, icv_len)
        for auth, icv_len in (("hmac-sha256-128", 16), ("hmac-sha2-256", 12))
    )
    packets = [by_rfc.esp_packet(long, 4, seq=1), by_rfc.esp_packet(short, 4, seq=2)]
    assert audited(capture(packets), setkey("hmac-sha2-256", SHA256)).got == ["esp", "unopened"]


def test_what_a_known_key_opens_need_not_convince() -> None:
    """Once packets of an SA opened, a next header that nobody assigned is no nonsense."""
    keys = Keys("rijndael-cbc", AES, "", b"", 0)
    odd = by_rfc.header(4, 50, by_rfc.esp(keys, 0x2001, 2, 200, bytes(30)), ENDS[4])
    first = by_rfc.esp_packet(keys, 4, seq=1)
    assert audited(capture([first, odd]), setkey("", b"")).got == ["esp", "esp"]
    assert audited(capture([odd]), setkey("", b"")).got == ["wrong"]


def test_high_halves_follow_the_numbers() -> None:
    """The high half rises when the low one wraps, and a late packet of before still opens."""
    key = bytes(range(20))
    numbers = [(1, 0xFFFFFFFE), (1, 0xFFFFFFFF), (2, 1), (2, 2), (1, 0xFFFFFFFD)]
    packets = [
        by_rfc.esp_packet(Keys("aes-gcm", key, "", b"", 16, high), 4, seq=low) for high, low in numbers
    ]
    src, dst = ENDS[4]
    done = audited(capture(packets), f"add {src} {dst} esp 0x2001 -esn -E aes-gcm-16 0x{key.hex()};")
    assert done.got == ["esp"] * 5
    assert done.codes == [(), (), (), (), ("out-of-order",)]
    assert all(one < other for one, other in pairwise(numbers[:4]))
