"""The headers that Linux makes up for ``tcpdump -i any``, which tell packets of loopback from others.

Source: LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 of tcpdump.org.
"""

from __future__ import annotations

from ipsec_lo_trace.capture.ethertype import ETHERTYPE_LEN, NOTHING, Decoder, behind_ethertype

SLL = 113
SLL2 = 276
HEADER_LENS = {SLL: 16, SLL2: 20}
ARPHRD_AT = {SLL: 2, SLL2: 8}
"""Where the hardware type of the packet's interface stands."""
ARPHRD_LOOPBACK = (772).to_bytes(2, "big")
"""Source: linux/if_arp.h."""
INDEX_AT = 4
"""Where SLL2 has the index of the packet's interface, in ``INDEX_LEN`` bytes; SLL has none."""
INDEX_LEN = 4


def sll(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take off a header whose EtherType stands at its end."""
    behind = start + HEADER_LENS[SLL]
    if stop < behind:
        return b"", NOTHING
    return behind_ethertype(data, data[behind - ETHERTYPE_LEN : behind], behind, stop)


def sll2(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take off a header whose EtherType stands at its beginning."""
    behind = start + HEADER_LENS[SLL2]
    if stop < behind:
        return b"", NOTHING
    return behind_ethertype(data, data[start : start + ETHERTYPE_LEN], behind, stop)


COOKED: dict[int, Decoder] = {SLL: sll, SLL2: sll2}
