"""Packets that scapy sealed: options, extension headers and UDP among them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP, IPOption_RR, IPOption_Timestamp
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    RouterAlert,
)
from scapy.layers.ipsec import AH, ESP, SecurityAssociation
from scapy.packet import Packet, Raw

from ipsec_lo_trace.model.host import Cut, HostConfiguration, HostPolicy, HostRule, HostSa
from tests.audit.independent import ENDS, OUTER
from tests.audit.support import Audited, audited_under, capture

CIPHERS = {
    "AES-CBC": ("rijndael-cbc", 16),
    "AES-CTR": ("aes-ctr", 20),
    "3DES": ("3des-cbc", 24),
    "Blowfish": ("blowfish-cbc", 16),
    "CAST": ("cast128-cbc", 16),
    "NULL": ("null", 0),
}
COMBINED = {
    "AES-GCM": ("aes-gcm", 20),
    "AES-NULL-GMAC": ("aes-gmac", 20),
    "AES-CCM": ("aes-ccm", 19),
    "CHACHA20-POLY1305": ("chacha20-poly1305", 36),
}
AUTHS = {
    "HMAC-SHA1-96": ("hmac-sha1", 12, 20),
    "HMAC-MD5-96": ("hmac-md5", 12, 16),
    "SHA2-256-128": ("hmac-sha256-128", 16, 32),
    "SHA2-384-192": ("hmac-sha384", 24, 48),
    "SHA2-512-256": ("hmac-sha512", 32, 64),
    "AES-CMAC-96": ("aes-cmac", 12, 16),
}
COMBINATIONS = [
    *((cipher, "SHA2-256-128") for cipher in CIPHERS),
    *(("AES-CBC", auth) for auth in AUTHS),
    *((cipher, "NULL") for cipher in COMBINED),
]


def clear(version: int) -> Packet:
    """Make an echo request."""
    src, dst = ENDS[version]
    if version == 6:
        return IPv6(src=src, dst=dst) / ICMPv6EchoRequest(id=7, seq=1, data=b"x" * 40)
    return IP(src=src, dst=dst, id=7) / ICMP(id=7, seq=1) / Raw(b"x" * 40)


def tunnel(outer: int) -> Packet | None:
    """Make a tunnel's header, None for transport mode."""
    if not outer:
        return None
    src, dst = OUTER[outer]
    return IPv6(src=src, dst=dst) if outer == 6 else IP(src=src, dst=dst)


def host(version: int, outer: int, proto: int, **fields: Any) -> HostConfiguration:  # noqa: ANN401 -- an SA's fields
    """Configure one SA and the policy that asks for it."""
    src, dst = map(ip_address, OUTER[outer] if outer else ENDS[version])
    mode = "tunnel" if outer else "transport"
    sa = HostSa(proto=proto, spi=0x2001, src=src, dst=dst, mode=mode, **fields)
    networks = [ip_network(end) for end in ENDS[version]]
    rule = HostRule(proto=proto, mode=mode)
    policy = HostPolicy(direction="out", src=networks[0], dst=networks[1], rules=(rule,))
    return HostConfiguration(sas=[sa], policies=[policy])


def audited_alone(packet: Packet, configuration: HostConfiguration) -> Audited:
    """Audit one packet, as it comes to its receiver."""
    return audited_under(capture([bytes(packet)]), configuration)


@pytest.mark.parametrize(("cipher", "auth"), COMBINATIONS)
@pytest.mark.parametrize(("version", "outer"), [(4, 0), (6, 0), (4, 4), (6, 6)])
@pytest.mark.parametrize("high", [None, 1])
def test_esp_of_scapy_opens(cipher: str, auth: str, version: int, outer: int, high: int | None) -> None:
    """ESP that scapy sealed opens, with and without extended sequence numbers."""
    ours, key_len = (CIPHERS | COMBINED)[cipher]
    auth_name, icv_len, auth_len = AUTHS.get(auth, ("", 16, 0))
    enc_key, auth_key = bytes(range(key_len)), bytes(range(auth_len))
    sa = SecurityAssociation(
        ESP,
        spi=0x2001,
        seq_num=1,
        crypt_algo=cipher,
        crypt_key=enc_key,
        auth_algo=auth,
        auth_key=auth_key,
        tunnel_header=tunnel(outer),
        esn_en=high is not None,
        esn=high or 0,
    )
    done = audited_alone(
        sa.encrypt(clear(version)),
        host(
            version,
            outer,
            50,
            cipher=ours,
            enc_key=enc_key,
            auth_key=auth_key,
            cuts=(Cut(auth_name, icv_len),),
            seq_hi=None if high is None else (0,),
        ),
    )
    assert (done.got, done.verdict.outcome) == (["esp"], "clean")


def test_esp_in_udp_of_scapy_opens() -> None:
    """ESP in UDP that scapy sealed opens, with an SA that says nothing of UDP."""
    key = bytes(range(20))
    sa = SecurityAssociation(
        ESP, spi=0x2001, crypt_algo="AES-GCM", crypt_key=key, nat_t_header=UDP(sport=4500, dport=4500)
    )
    done = audited_alone(
        sa.encrypt(clear(4)), host(4, 0, 50, cipher="aes-gcm", enc_key=key, cuts=(Cut("", 16),))
    )
    assert (done.got, done.verdict.outcome) == (["esp"], "clean")


HEADERS = {
    "plain": clear(4),
    "record route": IP(
        src=ENDS[4][0], dst=ENDS[4][1], tos=4, ttl=9, options=[IPOption_RR(routers=["1.2.3.4"])]
    )
    / ICMP(id=7, seq=1),
    "timestamp": IP(src=ENDS[4][0], dst=ENDS[4][1], options=[IPOption_Timestamp(flg=0)]) / ICMP(id=7, seq=1),
    "IPv6": clear(6),
    "class and flow label": IPv6(src=ENDS[6][0], dst=ENDS[6][1], tc=8, fl=5, hlim=3)
    / ICMPv6EchoRequest(id=7, seq=1),
    "hop by hop": IPv6(src=ENDS[6][0], dst=ENDS[6][1])
    / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN(optdata=b"\0\0")])
    / ICMPv6EchoRequest(id=7, seq=1),
    "destination options": IPv6(src=ENDS[6][0], dst=ENDS[6][1])
    / IPv6ExtHdrDestOpt(options=[PadN(otype=0x3E, optdata=b"abcd")])
    / ICMPv6EchoRequest(id=7, seq=1),
    "source route": IPv6(src=ENDS[6][0], dst=ENDS[6][1])
    / IPv6ExtHdrRouting(addresses=["fd00:7::1"], segleft=1)
    / ICMPv6EchoRequest(id=7, seq=1),
}


@pytest.mark.parametrize("name", HEADERS)
def test_ah_of_scapy_verifies_whatever_may_change(name: str) -> None:
    """AH that scapy sealed verifies over options and extension headers that may change on the way."""
    packet = HEADERS[name]
    version = 6 if IPv6 in packet else 4
    key = bytes(range(20))
    sa = SecurityAssociation(AH, spi=0x2001, auth_algo="HMAC-SHA1-96", auth_key=key)
    done = audited_alone(sa.encrypt(packet), host(version, 0, 51, auth_key=key, cuts=(Cut("hmac-sha1", 12),)))
    assert (done.got, done.verdict.outcome) == (["ah"], "clean")
