"""Packets that Linux 6.1 put on its lo, opened and verified by our transforms; data/linux/README.md."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ipsec_lo_trace.wire import ah, esp, icmp, ip
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform
from ipsec_lo_trace.wire.summary import summarise
from tests import handmade

CAPTURES = Path(__file__).parents[1] / "data" / "linux"
ETHERNET_LEN = 14
AES = bytes.fromhex("00112233445566778899aabbccddeeff")
TRIPLE_DES = bytes.fromhex("0123456789abcdeffedcba98765432100011223344556677")
SHA1 = bytes.fromhex("000102030405060708090a0b0c0d0e0f10111213")
MD5 = bytes.fromhex("0f0e0d0c0b0a09080706050403020100")

AES_SPIS = (0x1001, 0x2001, 0x2002, 0x2005, 0x2006, 0x2009, 0x200A)
ESP_SAS = {spi: EspTransform("rijndael-cbc", AES, "hmac-sha1", SHA1) for spi in AES_SPIS}
ESP_SAS[0x1004] = EspTransform("3des-cbc", TRIPLE_DES, "hmac-md5", MD5)
AH_SAS = {spi: AhTransform("hmac-sha1", SHA1) for spi in (0x1002, 0x200B, 0x200C)}

A, B, LO = "10.9.9.1", "10.9.9.2", "127.0.0.1"
CROSSED = {
    "lo1-esp-aes-sha1": [("esp", 1, 0), ("esp", 2, 1), ("esp", 3, 0), ("esp", 4, 1)],
    "lo1-esp-3des-md5": [("esp", 1, 0), ("esp", 2, 1), ("esp", 3, 0), ("esp", 4, 1)],
    "lo1-ah-sha1": [("ah icmp", 1, 0), ("ah icmp", 2, 1), ("ah icmp", 3, 0), ("ah icmp", 4, 1)],
    "ab-esp-aes-sha1": [("esp", 1, 0), ("esp", 1, 1), ("esp", 2, 0), ("esp", 2, 1)],
    "ab-esp-ah": [("ah esp", 1, 0), ("ah esp", 1, 1), ("ah esp", 2, 0), ("ah esp", 2, 1)],
    "ab-esp-tunnel": [("esp", 1, 0), ("icmp", 0, 0), ("esp", 2, 0), ("icmp", 0, 0)],
    "ab-clear-reply": [("esp", 1, 0), ("icmp", 0, 1), ("esp", 2, 0), ("icmp", 0, 1)],
    "def-lo-esp": [("icmp", 0, 0), ("icmp", 0, 1), ("icmp", 0, 0), ("icmp", 0, 1)],
}
"""What crossed lo: protocols, outermost sequence number (0: none), 0 for a request or 1 for a reply."""


def packets(name: str) -> list[bytes]:
    """Read the IPv4 packets of a capture, cut to their total length."""
    data = (CAPTURES / f"{name}.pcap").read_bytes()
    at, found = 24, []
    while at < len(data):
        (captured_len,) = struct.unpack_from("<I", data, at + 8)
        frame = data[at + 16 : at + 16 + captured_len]
        packet = frame[ETHERNET_LEN:]
        found.append(packet[: ip.read(packet).total_len])
        at += 16 + captured_len
    return found


def opened(packet: bytes) -> bytes:
    """Verify and take off every IPsec and tunnel header; give the ICMP message inside."""
    header = ip.read(packet)
    inside = packet[header.header_len :]
    if header.proto == 51:
        xform = AH_SAS[ah.read(packet).spi]
        assert xform.icv_ok(packet)
        return opened(xform.strip(packet))
    if header.proto == 50:
        cipher = ESP_SAS[int.from_bytes(inside[:4], "big")]
        assert cipher.icv_ok(inside)
        plain = cipher.decrypt(inside)
        assert plain[-2 - plain[-2] : -2] == bytes(range(1, plain[-2] + 1))
        return opened(handmade.write(header._replace(proto=plain[-1]), plain[: -2 - plain[-2]]))
    return opened(inside) if header.proto == 4 else inside


@pytest.mark.parametrize("name", CROSSED)
def test_linux_packets_open_and_verify(name: str) -> None:
    """Every packet verifies, opens to an ICMP message with a right checksum, and is as the table says."""
    seen = []
    for packet in packets(name):
        assert ip.header_checksum_ok(packet)
        message = opened(packet)
        assert icmp.checksum_ok(message)
        summary = summarise(packet)
        kind = {icmp.ICMP_ECHO: 0, icmp.ICMP_ECHOREPLY: 1}[message[0]]
        seen.append((" ".join(summary.proto), summary.seq[0] if summary.seq else 0, kind))
    assert seen == CROSSED[name]


@pytest.mark.parametrize("name", CROSSED)
def test_summaries_name_the_ends(name: str) -> None:
    """The summary's addresses are the two that the capture was made with, and its length is the packet's."""
    for packet in packets(name):
        seen = summarise(packet)
        assert {seen.src, seen.dst} == ({A, B} if name.startswith("ab") else {LO})
        assert seen.len == len(packet)


def test_the_icv_that_linux_refused_is_refused_here() -> None:
    """The injected packet is right but for its ICV, whose last byte is flipped."""
    (packet,) = packets("inj-ab-esp-badicv")
    sealed = packet[ip.read(packet).header_len :]
    xform = ESP_SAS[0x2001]
    assert not xform.icv_ok(sealed)
    repaired = [sealed[:-1] + bytes((sealed[-1] ^ 1 << bit,)) for bit in range(8)]
    repaired.append(sealed[:-1] + bytes((sealed[-1] ^ 0xFF,)))
    assert any(xform.icv_ok(candidate) for candidate in repaired)


@pytest.mark.parametrize("name", [name for name in CROSSED if "esp-" in name and name.startswith("lo1")])
def test_sealing_anew_gives_the_packet_of_linux(name: str) -> None:
    """Sealing what Linux sealed, with its IV and number, gives its bytes again, ICV included."""
    for packet in packets(name):
        sealed = packet[ip.read(packet).header_len :]
        spi = int.from_bytes(sealed[:4], "big")
        xform = ESP_SAS[spi]
        plain = xform.decrypt(sealed)
        again = xform.seal(
            spi=spi,
            seq=esp.sequence(sealed),
            iv=sealed[8 : xform.header_len],
            next_header=plain[-1],
            payload=plain[: -2 - plain[-2]],
            padding=plain[-2 - plain[-2] : -2],
        )
        assert again == sealed


@pytest.mark.parametrize("name", ["lo1-ah-sha1", "ab-esp-ah"])
def test_authenticating_anew_gives_the_packet_of_linux(name: str) -> None:
    """Stripping AH and inserting it again gives the bytes of Linux, ICV included."""
    for packet in packets(name):
        header = ah.read(packet)
        xform = AH_SAS[header.spi]
        assert xform.seal(xform.strip(packet), spi=header.spi, seq=header.seq) == packet
