"""Protected pairs of addresses, told three ways: our transforms, setkey(8)'s words, iproute2's words."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.wire import ah, ip
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform, derive_bytes
from tests import handmade

IPPROTO_ICMP = 1
IPPROTO_IPIP = 4

LO = IPv4Address("127.0.0.1")
A = IPv4Address("10.9.9.1")
B = IPv4Address("10.9.9.2")

AES_KEY = "00112233445566778899aabbccddeeff"
DES3_KEY = "0123456789abcdeffedcba98765432100011223344556677"
SHA1_KEY = "000102030405060708090a0b0c0d0e0f10111213"
MD5_KEY = "0f0e0d0c0b0a09080706050403020100"


@dataclass(frozen=True, slots=True)
class Algorithms:
    """One choice of algorithms and keys in all three languages."""

    transform: EspTransform | AhTransform
    setkey: str
    iproute2: str

    @property
    def proto(self) -> int:
        """The number of the protocol that has such algorithms."""
        return IPPROTO_AH if isinstance(self.transform, AhTransform) else IPPROTO_ESP

    @property
    def proto_name(self) -> str:
        """The protocol's name, the same in both tools."""
        return "ah" if self.proto == IPPROTO_AH else "esp"


ESP_AES_SHA1 = Algorithms(
    EspTransform("rijndael-cbc", bytes.fromhex(AES_KEY), "hmac-sha1", bytes.fromhex(SHA1_KEY)),
    f"-E rijndael-cbc 0x{AES_KEY} -A hmac-sha1 0x{SHA1_KEY}",
    f'enc "cbc(aes)" 0x{AES_KEY} auth-trunc "hmac(sha1)" 0x{SHA1_KEY} 96',
)
ESP_3DES_MD5 = Algorithms(
    EspTransform("3des-cbc", bytes.fromhex(DES3_KEY), "hmac-md5", bytes.fromhex(MD5_KEY)),
    f"-E 3des-cbc 0x{DES3_KEY} -A hmac-md5 0x{MD5_KEY}",
    f'enc "cbc(des3_ede)" 0x{DES3_KEY} auth-trunc "hmac(md5)" 0x{MD5_KEY} 96',
)
AH_SHA1 = Algorithms(
    AhTransform("hmac-sha1", bytes.fromhex(SHA1_KEY)),
    f"-A hmac-sha1 0x{SHA1_KEY}",
    f'auth-trunc "hmac(sha1)" 0x{SHA1_KEY} 96',
)


@dataclass(frozen=True, slots=True)
class Pair:
    """How a request from src to dst, and its reply, are protected."""

    src: IPv4Address
    dst: IPv4Address
    algorithms: Algorithms
    spi: int
    reply_spi: int
    mode: str = "transport"

    @property
    def ways(self) -> dict[tuple[IPv4Address, IPv4Address], int]:
        """The SPI for each way; one entry if both ways are the same."""
        return {(self.src, self.dst): self.spi, (self.dst, self.src): self.reply_spi}


PAIRS = {
    "esp-aes-sha1-one-sa": Pair(LO, LO, ESP_AES_SHA1, 0x1001, 0x1001),
    "esp-3des-md5-one-sa": Pair(LO, LO, ESP_3DES_MD5, 0x1004, 0x1004),
    "ah-sha1-one-sa": Pair(LO, LO, AH_SHA1, 0x1002, 0x1002),
    "esp-aes-sha1-two-sas": Pair(A, B, ESP_AES_SHA1, 0x2001, 0x2002),
    "ah-sha1-two-sas": Pair(A, B, AH_SHA1, 0x2003, 0x2004),
    "esp-tunnel-two-sas": Pair(A, B, ESP_AES_SHA1, 0x2005, 0x2006, "tunnel"),
}


def iproute2(pair: Pair) -> str:
    """Make the SAs, and policies that require them in and out, for Linux."""
    proto, mode = pair.algorithms.proto_name, pair.mode
    return "".join(
        linux_way(f"src {src} dst {dst}", proto, spi, mode, pair.algorithms.iproute2)
        for (src, dst), spi in pair.ways.items()
    )


def linux_way(ends: str, proto: str, spi: int, mode: str, algorithms: str) -> str:
    """Make one way's SA, and the policies in and out that require it, in iproute2's words."""
    sa = f"ip xfrm state add {ends} proto {proto} spi {spi:#x} mode {mode} {algorithms}"
    policies = [
        f"ip xfrm policy add {ends} dir {way} tmpl {ends} proto {proto} mode {mode}" for way in ("in", "out")
    ]
    return "\n".join((sa, *policies)) + "\n"


def setkey(pair: Pair) -> str:
    """Make the same for the modelled kernel."""
    proto, mode = pair.algorithms.proto_name, pair.mode
    lines = []
    for (src, dst), spi in pair.ways.items():
        ends = f"{src}-{dst}" if mode == "tunnel" else ""
        lines.append(f"add {src} {dst} {proto} {spi:#x} -m {mode} {pair.algorithms.setkey};")
        lines += [
            f"spdadd {src} {dst} any -P {way} ipsec {proto}/{mode}/{ends}/require;" for way in ("in", "out")
        ]
    return "\n".join(lines) + "\n"


def packet(pair: Pair, proto: int, payload: bytes) -> bytes:
    """Put an IPv4 header from src to dst before a payload."""
    return handmade.write(ip.IpHeader(0, 0, 0, 1, 0, 255, proto, 0, pair.src, pair.dst, b""), payload)


def seal(pair: Pair, clear: bytes, seq: int) -> bytes:
    """Protect a clear packet with our own transform."""
    transform = pair.algorithms.transform
    if isinstance(transform, AhTransform):
        return transform.seal(clear, spi=pair.spi, seq=seq)
    tunnel = pair.mode == "tunnel"
    payload = clear if tunnel else clear[ip.HEADER_LEN :]
    sealed = transform.seal(
        spi=pair.spi,
        seq=seq,
        iv=derive_bytes(0, pair.spi, seq, transform.iv_len),
        next_header=IPPROTO_IPIP if tunnel else IPPROTO_ICMP,
        payload=payload,
        padding=bytes(range(1, transform.padding_len(len(payload)) - 1)),
    )
    return packet(pair, IPPROTO_ESP, sealed)


def opened(pair: Pair, protected: bytes) -> tuple[int, int, bytes]:
    """Verify and open a protected packet; give SPI, sequence number and the ICMP message in it."""
    transform = pair.algorithms.transform
    if isinstance(transform, AhTransform):
        assert transform.icv_ok(protected)
        header = ah.read(protected)
        return header.spi, header.seq, transform.strip(protected)[ip.HEADER_LEN :]
    sealed = protected[ip.HEADER_LEN :]
    assert transform.icv_ok(sealed)
    plain = transform.decrypt(sealed)
    pad_len, next_header = plain[-2:]
    assert plain[-2 - pad_len : -2] == bytes(range(1, pad_len + 1))
    assert next_header == (IPPROTO_IPIP if pair.mode == "tunnel" else IPPROTO_ICMP)
    message = plain[ip.HEADER_LEN if pair.mode == "tunnel" else 0 : -2 - pad_len]
    return int.from_bytes(sealed[:4], "big"), int.from_bytes(sealed[4:8], "big"), message
