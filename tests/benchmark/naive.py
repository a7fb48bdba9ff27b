"""The yardstick: a traced exchange's work done by scapy alone, untraced, the way a short script does it."""

from __future__ import annotations

import sys

from scapy.config import conf

conf.route_autoload = False
conf.route6_autoload = False

from scapy.layers.inet import ICMP, IP  # noqa: E402 -- after the host's routes are switched off
from scapy.layers.ipsec import ESP, SecurityAssociation  # noqa: E402
from scapy.packet import Raw  # noqa: E402

SRC = "127.0.0.1"


def association() -> SecurityAssociation:
    """Make the built-in configuration's SA."""
    return SecurityAssociation(
        ESP,
        spi=0x1000,
        crypt_algo="3DES",
        crypt_key=b"123456789012345678901234",
        auth_algo="HMAC-MD5-96",
        auth_key=b"0123456789abcdef",
    )


def exchange(sa: SecurityAssociation, seq: int) -> bytes:
    """Build, encrypt, decrypt, reflect, encrypt, decrypt; give the reply's bytes."""
    request = IP(src=SRC, dst=SRC, ttl=255, id=seq) / ICMP(type=8, id=0x4C4F, seq=seq) / Raw(bytes(range(56)))
    wire = bytes(sa.encrypt(request, seq_num=2 * seq + 1, iv=bytes(8)))
    arrived = sa.decrypt(IP(wire))
    reply = IP(src=arrived.dst, dst=arrived.src, ttl=255, id=seq) / ICMP(type=0, id=0x4C4F, seq=seq)
    reply = reply / Raw(bytes(arrived[ICMP].payload))
    back = bytes(sa.encrypt(reply, seq_num=2 * seq + 2, iv=bytes(8)))
    return bytes(sa.decrypt(IP(back)))


if __name__ == "__main__":
    sa_ = association()
    for number in range(int(sys.argv[1])):
        exchange(sa_, number)
