"""The words of setkey(8) in 2003, and small tables of protocols and services.

Source: sbin/setkey/token.l; NetBSD's etc/protocols and etc/services.  The tables are built in, so that a run
is the same on every machine.
"""

from __future__ import annotations

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

EALGS = (
    "des-cbc",
    "3des-cbc",
    "null",
    "simple",
    "blowfish-cbc",
    "cast128-cbc",
    "des-deriv",
    "des-32iv",
    "rijndael-cbc",
    "aes-ctr",
)
KEYLESS_EALGS = ("null", "simple")

AALGS = (
    "hmac-md5",
    "hmac-sha1",
    "keyed-md5",
    "keyed-sha1",
    "hmac-sha2-256",
    "hmac-sha2-384",
    "hmac-sha2-512",
    "hmac-ripemd160",
    "aes-xcbc-mac",
    "null",
)
KEYLESS_AALGS = ("null",)

CALGS = ("oui", "deflate", "lzs")

LATER_NAMES = {
    "aes": "rijndael-cbc",
    "aes-cbc": "rijndael-cbc",
    "aes128-cbc": "rijndael-cbc",
    "cast-cbc": "cast128-cbc",
    "md5": "hmac-md5",
    "sha1": "hmac-sha1",
    "hmac-sha256": "hmac-sha2-256",
}
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
KEYWORD_PROTOCOLS = {"esp": 50, "ah": 51, "ipcomp": 108}

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
