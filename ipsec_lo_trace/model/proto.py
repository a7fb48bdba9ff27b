"""The one table of IP protocols: their numbers and the names that a trace and setkey(8) have for them."""

from __future__ import annotations

IPPROTO_ICMP = 1
IPPROTO_IPIP = 4
IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_IPV6 = 41
IPPROTO_ESP = 50
IPPROTO_AH = 51
IPPROTO_ICMPV6 = 58
IPPROTO_NONE = 59
IPPROTO_BEETPH = 94
IPPROTO_IPCOMP = 108

PROTO_NAMES = {
    IPPROTO_ICMP: "icmp",
    IPPROTO_IPIP: "ipip",
    IPPROTO_TCP: "tcp",
    IPPROTO_UDP: "udp",
    IPPROTO_IPV6: "ipv6",
    IPPROTO_ESP: "esp",
    IPPROTO_AH: "ah",
    IPPROTO_ICMPV6: "icmp6",
    IPPROTO_IPCOMP: "ipcomp",
}
PROTO_NUMBERS = {name: number for number, name in PROTO_NAMES.items()}
IPSEC_PROTOS = (IPPROTO_ESP, IPPROTO_AH, IPPROTO_IPCOMP)
"""Those that an SA can have."""
