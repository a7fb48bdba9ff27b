"""Make captures and configurations, and audit them."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address

from ipsec_lo_trace.audit.audit import Audit
from ipsec_lo_trace.capture.read import open_capture
from ipsec_lo_trace.model.audit import AuditFinding, AuditPacket, AuditVerdict
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.model.proto import IPPROTO_ESP, IPPROTO_ICMP, IPPROTO_IPIP
from ipsec_lo_trace.setkey.host import load
from ipsec_lo_trace.wire import icmp, ip, tcp
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform, derive_bytes
from tests import handmade

LO, A, B = "127.0.0.1", "10.9.9.1", "10.9.9.2"
AES = "00112233445566778899aabbccddeeff"
SHA1 = "000102030405060708090a0b0c0d0e0f10111213"
TRIPLE_DES = "0123456789abcdeffedcba98765432100011223344556677"
MD5 = "0f0e0d0c0b0a09080706050403020100"
ESP_KEYS = f"-E rijndael-cbc 0x{AES} -A hmac-sha1 0x{SHA1}"
AH_KEYS = f"-A hmac-sha1 0x{SHA1}"
ESP = EspTransform("rijndael-cbc", bytes.fromhex(AES), "hmac-sha1", bytes.fromhex(SHA1))
AH = AhTransform("hmac-sha1", bytes.fromhex(SHA1))
RAW = 101


def policies(src: str, dst: str, rules: str, ways: str = "in out") -> str:
    """Make policies for one direction of traffic."""
    return "".join(f"spdadd {src} {dst} any -P {way} ipsec {rules};\n" for way in ways.split())


LO_ESP = f"add {LO} {LO} esp 0x1001 {ESP_KEYS};\n" + policies(LO, LO, "esp/transport//require")


def capture(packets: list[bytes], *, cut: int | None = None, link: int = RAW, head: bytes = b"") -> bytes:
    """Make a pcap file; ``cut`` is a snap length in bytes, ``head`` stands before each packet."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, cut or 65535, link)
    for number, packet in enumerate(packets):
        frame = head + packet
        kept = frame[:cut]
        out += struct.pack("<IIII", number, 0, len(kept), len(frame)) + kept
    return out


@dataclass(frozen=True)
class Audited:
    """An audit taken apart."""

    packets: list[AuditPacket]
    verdict: AuditVerdict
    error: str

    @property
    def codes(self) -> list[tuple[str, ...]]:
        """Each packet's codes."""
        return [packet.codes for packet in self.packets]

    @property
    def got(self) -> list[str]:
        """What each packet got."""
        return [packet.got for packet in self.packets]

    @property
    def found(self) -> dict[str, int]:
        """How many packets show each code."""
        counts: dict[str, int] = {}
        for finding in self.verdict.findings:
            counts[finding.code] = counts.get(finding.code, 0) + finding.packets
        return counts

    def finding(self, code: str) -> AuditFinding:
        """Give the only finding with this code."""
        [finding] = [each for each in self.verdict.findings if each.code == code]
        return finding


def audited(data: bytes, config: str) -> Audited:
    """Audit a capture's bytes against a setkey(8) text."""
    return audited_under(data, load(config, "a test"))


def audited_under(data: bytes, host: HostConfiguration) -> Audited:
    """Audit a capture's bytes against SAs and policies."""
    audit = Audit(
        open_capture(io.BytesIO(data), "a capture"),
        host,
        capture_name="a capture",
        config=[],
    )
    packets = list(audit.packets())
    verdict = audit.verdict()
    return Audited(packets, verdict, str(audit.error or ""))


def audited_packets(packets: list[bytes], config: str = LO_ESP) -> Audited:
    """Audit packets against a setkey(8) text."""
    return audited(capture(packets), config)


def packet(proto: int, payload: bytes, src: str = LO, dst: str = LO, ident: int = 1) -> bytes:
    """Put an IPv4 header before a payload."""
    return handmade.write(
        ip.IpHeader(0, 0, 0, ident, 0, 64, proto, 0, IPv4Address(src), IPv4Address(dst), b""), payload
    )


def message(kind: int, seq: int = 1, data: bytes = bytes(56)) -> bytes:
    """Make an ICMP message with identifier 7."""
    return icmp.with_type(bytes((kind, 0, 0, 0)) + struct.pack("!HH", 7, seq) + data, kind)


def echo(seq: int = 1, src: str = LO, dst: str = LO, data: bytes = bytes(56)) -> bytes:
    """Make an echo request in clear."""
    return packet(IPPROTO_ICMP, message(icmp.ICMP_ECHO, seq, data), src, dst)


def reply(seq: int = 1, src: str = LO, dst: str = LO, data: bytes = bytes(56)) -> bytes:
    """Make an echo reply in clear."""
    return packet(IPPROTO_ICMP, message(icmp.ICMP_ECHOREPLY, seq, data), src, dst)


def segment(flags: int, sport: int, dport: int) -> bytes:
    """Make a TCP segment without data from 127.0.0.1 to itself."""
    return packet(6, struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 0, 0, 0))


def sealed(
    clear: bytes, seq: int = 1, spi: int = 0x1001, *, tunnel: bool = False, transform: EspTransform = ESP
) -> bytes:
    """Protect a packet by ESP."""
    header = ip.read(clear)
    payload = clear if tunnel else clear[header.header_len :]
    padding = bytes(range(1, transform.padding_len(len(payload)) - 1))
    body = transform.seal(
        spi=spi,
        seq=seq,
        iv=derive_bytes(0, spi, seq, transform.iv_len),
        next_header=IPPROTO_IPIP if tunnel else header.proto,
        payload=payload,
        padding=padding,
    )
    return handmade.write(header._replace(proto=IPPROTO_ESP, off=0 if tunnel else header.off), body)


SYN, RST, ACK = tcp.TH_SYN, tcp.TH_RST, tcp.TH_ACK
