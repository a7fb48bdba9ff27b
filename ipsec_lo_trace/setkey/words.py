"""The words of setkey(8) in 2003, and small tables of protocols and services.

Source: sbin/setkey/token.l; NetBSD's etc/protocols and etc/services.  The tables are built in, so that a run
is the same on every machine.
"""

from __future__ import annotations

from ipsec_lo_trace.model.algorithms import AUTHENTICATORS, CIPHERS
from ipsec_lo_trace.model.proto import IPSEC_PROTOS, PROTO_NAMES

COMMANDS = (
    "add",
    "get",
    "delete",
    "deleteall",
    "flush",
    "dump",
    "spdadd",
    "spddelete",
    "spddump",
    "spdflush",
)

EALGS = tuple(row.name for row in CIPHERS)
KEYLESS_EALGS = tuple(row.name for row in CIPHERS if row.keyless)
AALGS = tuple(row.name for row in AUTHENTICATORS)
KEYLESS_AALGS = tuple(row.name for row in AUTHENTICATORS if row.keyless)
CALGS = ("oui", "deflate", "lzs")

LATER_NAMES = {later: row.name for row in (*CIPHERS, *AUTHENTICATORS) for later in row.later}
"""What later programs call an algorithm, and what 2003 did."""

PROTOCOLS = {
    "ip": 0,
    "icmp": 1,
    "igmp": 2,
    "ggp": 3,
    "ipencap": 4,
    "ip4": 4,
    "tcp": 6,
    "egp": 8,
    "pup": 12,
    "udp": 17,
    "rsvp": 46,
    "gre": 47,
    "ospf": 89,
    "ipip": 94,
    "encap": 98,
    "pim": 103,
}
IPV6_PROTOCOLS = ("icmp6", "ipv6-icmp", "ipv6", "ipv6-route", "ipv6-frag", "ipv6-nonxt", "ipv6-opts")
KEYWORD_PROTOCOLS = {PROTO_NAMES[number]: number for number in IPSEC_PROTOS}

SERVICES = {
    "echo": 7,
    "discard": 9,
    "daytime": 13,
    "chargen": 19,
    "ssh": 22,
    "telnet": 23,
    "smtp": 25,
    "time": 37,
    "domain": 53,
    "bootps": 67,
    "bootpc": 68,
    "tftp": 69,
    "http": 80,
    "sunrpc": 111,
    "ntp": 123,
    "snmp": 161,
    "isakmp": 500,
    "syslog": 514,
    "nfs": 2049,
}


def nearest(word: str, known: tuple[str, ...]) -> str:
    """Suggest what a word may have been meant to be; "" without an idea."""
    from difflib import get_close_matches  # noqa: PLC0415 -- loads for a mistake alone

    meant = LATER_NAMES.get(word)
    if meant in known:
        return f"write {meant}"
    close = get_close_matches(word.lower()[:80], known, n=1)
    return f"did you mean {close[0]}?" if close else ""
