"""RFC 3602 section 4, cases 5 to 8: four ESP packets with AES-CBC-128 and no authentication.

The byte strings are those of the RFC, taken from a public transcription of its test vectors; cases 7 and 8
are tunnel packets, so what they carry is a whole IPv4 packet.  scapy makes the same bytes of them.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ipsec_lo_trace.wire import build, esp, icmp, ip
from ipsec_lo_trace.wire.esp import EspTransform
from tests import handmade

TRANSPORT_KEY = "90d382b410eeba7ad938c46cec1a82bf"
TUNNEL_KEY = "0123456789abcdef0123456789abcdef"


class Case(NamedTuple):
    """One case; byte strings in hexadecimal, ``head`` is the IP header in front of ESP."""

    head: str
    key: str
    spi: int
    seq: int
    iv: str
    next_header: int
    payload: str
    ciphertext: str


CASES = {
    5: Case(
        "4500007c08f200004032f9a5c0a87b03c0a87b64",
        TRANSPORT_KEY,
        0x4321,
        1,
        "e96e8c08ab465763fd098d45dd3ff893",
        1,
        "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f3031323334353637",
        "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08"
        "0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6",
    ),
    6: Case(
        "4500004c08fe00004032f9c9c0a87b03c0a87b64",
        TRANSPORT_KEY,
        0x4321,
        8,
        "69d08df7d203329db093fc4924e5bd80",
        1,
        "0800b5e8a80a0500a69c083d0b660e00777777777777777777777777",
        "f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75",
    ),
    7: Case(
        "4500008c090500004032f91ec0a87b03c0a87bc8",
        TUNNEL_KEY,
        0x8765,
        2,
        "f4e765244f6407adf13dc1380f673f37",
        4,
        "45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b"
        "0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233"
        "34353637",
        "773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad"
        "7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a"
        "109e0ca1e4dfe9d5a100b842f1c22f0d",
    ),
    8: Case(
        "4500007c090d00004032f926c0a87b03c0a87bc8",
        TUNNEL_KEY,
        0x8765,
        5,
        "85d47224b5f3dd5d2101d4ea8dffab22",
        4,
        "45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffff"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3"
        "a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892",
    ),
}
numbered = pytest.mark.parametrize("number", CASES)


def wire(case: Case) -> bytes:
    """Put the ESP packet of a case together."""
    head = case.spi.to_bytes(4, "big") + case.seq.to_bytes(4, "big")
    return head + bytes.fromhex(case.iv + case.ciphertext)


@numbered
def test_sealing_gives_the_bytes_of_the_rfc(number: int) -> None:
    """Sealing the RFC's payload with its key, IV and number gives its ESP packet, byte for byte."""
    case = CASES[number]
    xform = EspTransform("rijndael-cbc", bytes.fromhex(case.key), "", b"")
    payload = bytes.fromhex(case.payload)
    padding = bytes(range(1, xform.padding_len(len(payload)) - esp.TRAILER_LEN + 1))
    sealed = xform.seal(
        spi=case.spi,
        seq=case.seq,
        iv=bytes.fromhex(case.iv),
        next_header=case.next_header,
        payload=payload,
        padding=padding,
    )
    assert sealed == wire(case)


@numbered
def test_opening_gives_the_payload_of_the_rfc(number: int) -> None:
    """Decrypting the RFC's ESP packet gives its payload, the padding 1, 2, 3 and the next header."""
    case = CASES[number]
    plain = EspTransform("rijndael-cbc", bytes.fromhex(case.key), "", b"").decrypt(wire(case))
    payload = plain[: -esp.TRAILER_LEN - plain[-2]]
    assert payload.hex() == case.payload
    assert plain[len(payload) : -esp.TRAILER_LEN] == bytes(range(1, plain[-2] + 1))
    assert plain[-1] == case.next_header
    assert esp.sequence(wire(case)) == case.seq


@numbered
def test_the_checksums_of_the_rfc_are_right(number: int) -> None:
    """The ICMP messages of the RFC, and the inner IP headers, have checksums that ours call right."""
    case = CASES[number]
    payload = bytes.fromhex(case.payload)
    if case.next_header == 4:
        assert ip.header_checksum_ok(payload)
        payload = payload[ip.read(payload).header_len :]
    assert icmp.checksum_ok(payload)


@numbered
def test_the_headers_of_the_rfc_are_what_is_written(number: int) -> None:
    """Writing the header that the RFC has in front of ESP gives its bytes, lengths and checksum included."""
    case = CASES[number]
    packet = bytes.fromhex(case.head) + wire(case)
    header = ip.read(packet)
    assert (header.proto, header.total_len) == (50, len(packet))
    assert handmade.write(header._replace(total_len=0, checksum=0), wire(case)) == packet


@pytest.mark.parametrize(
    ("number", "plain_head"),
    [
        (5, "4500005408f200004001f9fec0a87b03c0a87b64"),
        (6, "4500003008fe00004001fa16c0a87b03c0a87b64"),
    ],
)
def test_transport_mode_patches_the_header_of_the_rfc(number: int, plain_head: str) -> None:
    """Protocol and length, patched as esp_output and ipsec_process_done do, make the RFC's two headers."""
    case = CASES[number]
    plain = bytes.fromhex(plain_head + case.payload)
    assert ip.header_checksum_ok(plain)
    assert ip.read(plain).total_len == len(plain)
    sealed = wire(case)
    packet = ip.patch(plain[:20] + sealed, proto=50, total_len=20 + len(sealed))
    assert packet == bytes.fromhex(case.head) + sealed


def test_the_echo_request_of_case_5_is_what_is_built() -> None:
    """An echo request with the identifier, number and data of case 5 is its payload, checksum included."""
    payload = bytes.fromhex(CASES[5].payload)
    assert build.echo_request(ident=0xA70A, seq=0, data=payload[8:]) == payload
