"""Hosts as they are set up today, in iproute2's words, and traffic that their kernel protects by itself."""

from __future__ import annotations

from dataclasses import dataclass

from ipsec_lo_trace.model.proto import IPPROTO_ESP, IPPROTO_UDP
from tests.interop.linux_vm import Case
from tests.interop.pairs import AES_KEY, ESP_AES_SHA1, linux_way

LO, A, B = "127.0.0.1", "10.9.9.1", "10.9.9.2"
LO6, A6, B6 = "::1", "fd00:9::1", "fd00:9::2"
SALT = "a1b2c3d4"
SHA256_KEY = bytes(range(32)).hex()

CBC_SHA1 = ESP_AES_SHA1.iproute2
CBC_SHA256_128 = f'enc "cbc(aes)" 0x{AES_KEY} auth-trunc "hmac(sha256)" 0x{SHA256_KEY} 128'
GCM = f'aead "rfc4106(gcm(aes))" 0x{AES_KEY}{SALT} 128'
ESN = " replay-window 64 flag esn"
ESN_LATER = f"{ESN} replay-seq-hi 1 replay-oseq-hi 1"
IN_UDP = " encap espinudp 4500 4500 0.0.0.0"

V4_LEN, V6_LEN, UDP_LEN = 20, 40, 8


@dataclass(frozen=True, slots=True)
class Today:
    """A host, and how many packets its traffic makes the kernel seal, each to be answered by the next."""

    case: Case
    sealed: int


def pings(src: str, dst: str) -> str:
    """Make two echo requests, the second as soon as the first is answered."""
    return f"ping -q -A -c 2 -s 57 -I {src} {dst}\n"


def one_sa(address: str, algorithms: str) -> Today:
    """Make one SA that an address shares with itself; two echoes, and a TCP segment that is refused."""
    ends = f"src {address} dst {address}"
    traffic = f"{pings(address, address)}nc {address} 9 < /dev/null\n"
    return Today(Case(linux_way(ends, "esp", 0x1001, "transport", algorithms), traffic=traffic), 6)


def two_sas(src: str, dst: str, algorithms: str, *, mode: str = "transport", before: str = "") -> Today:
    """Make an SA for each way between two addresses of lo, and two echoes."""
    there = linux_way(f"src {src} dst {dst}", "esp", 0x2001, mode, algorithms)
    back = linux_way(f"src {dst} dst {src}", "esp", 0x2002, mode, algorithms)
    return Today(Case(before + there + back, traffic=pings(src, dst)), 4)


TODAY = {
    "v6-cbc-sha1": one_sa(LO6, CBC_SHA1),
    "v6-gcm": one_sa(LO6, GCM),
    "v6-gcm-tunnel": two_sas(A6, B6, GCM, mode="tunnel"),
    "gcm": one_sa(LO, GCM),
    "cbc-sha256-128": two_sas(A, B, CBC_SHA256_128),
    "gcm-esn": two_sas(A, B, GCM + ESN),
    "cbc-sha256-128-esn": two_sas(A, B, CBC_SHA256_128 + ESN),
    "gcm-esn-later": two_sas(A, B, GCM + ESN_LATER),
    "cbc-sha256-128-esn-later": two_sas(A, B, CBC_SHA256_128 + ESN_LATER),
    "v6-cbc-sha256-128-esn": one_sa(LO6, CBC_SHA256_128 + ESN),
    "udp-gcm": two_sas(A, B, GCM + IN_UDP, before="esp-in-udp\n"),
    "udp-cbc-sha256-128": two_sas(A, B, CBC_SHA256_128 + IN_UDP, before="esp-in-udp\n"),
}
"""``later``: the high half of the extended sequence numbers is 1 and not 0."""

DEFAULTS = Case(
    f"ipsec_on_lo 0\n{one_sa(LO, GCM).case.setup}{one_sa(LO6, GCM).case.setup}",
    traffic=pings(LO, LO) + pings(LO6, LO6),
)
"""A host that asks for ESP on both loopback addresses and leaves lo's sysctls alone."""


def esp_at(packet: bytes) -> int | None:
    """Find where ESP begins in a packet as lo had it; None if there is none."""
    v6 = packet[0] >> 4 == 6
    proto, at = (packet[6], V6_LEN) if v6 else (packet[9], V4_LEN)
    if proto == IPPROTO_UDP:
        return at + UDP_LEN
    return at if proto == IPPROTO_ESP else None
