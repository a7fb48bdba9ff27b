"""The words of setkey(8), in 2003 and today, and tables of protocols and services.

Sources: sbin/setkey/token.l of 2003; FreeBSD's of 14 and 15, and ipsec-tools', which NetBSD took over.
The tables of names are built in, so that a run is the same on every machine.
"""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.algorithms import AUTHENTICATORS, CIPHERS, LATER_AUTHENTICATORS, LATER_CIPHERS
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_IPCOMP,
    IPPROTO_TCP,
    IPSEC_PROTOS,
    PROTO_NAMES,
)

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
TCP_MD5 = "tcp-md5"
"""The one authenticator of a tcp SA."""
TCP_SA = "an SA of TCP signatures (RFC 2385), which protect no IP packet"

LATER_NAMES = {
    **{row.today: row.name for row in AUTHENTICATORS if row.today},
    **{later: row.name for row in (*CIPHERS, *AUTHENTICATORS) for later in row.later},
}
"""What later programs call an algorithm, and what 2003 did."""
LATER_ROWS = {name: row for row in (*LATER_CIPHERS, *LATER_AUTHENTICATORS) for name in (row.name, *row.later)}
"""Algorithms that came after 2003, by what programs call them."""

_OPTIONS = "lh|ls|[n46]+|[ACEPRfmru]"
LATER_OPTIONS = {
    "-bh": "a lifetime in bytes",
    "-bs": "a lifetime in bytes",
    "-ctx": "a security context",
    "-esn": "extended sequence numbers",
    "-hwif": "an interface that encrypts by itself",
    "-natt": "ESP in UDP",
    "-natt_mtu": "ESP in UDP",
}
"""Options that came later, and what they are about."""


class SaProtocol(msgspec.Struct, frozen=True):
    """What a word for an SA's protocol stands for."""

    proto: int
    old: bool = False


_SA_PROTOCOLS = {
    "esp": SaProtocol(IPPROTO_ESP),
    "ah": SaProtocol(IPPROTO_AH),
    "esp-old": SaProtocol(IPPROTO_ESP, old=True),
    "ah-old": SaProtocol(IPPROTO_AH, old=True),
    "ipcomp": SaProtocol(IPPROTO_IPCOMP),
    "tcp": SaProtocol(IPPROTO_TCP),
}


class Dialect(msgspec.Struct, frozen=True):
    """The words that one age's setkey(8) knows.

    ``options`` matches what follows the dash.  ``later`` is true of today's, which also takes an algorithm
    that it does not know by name, and leaves out what it cannot follow.
    """

    commands: tuple[str, ...]
    options: str
    sa_protocols: dict[str, SaProtocol]
    directions: tuple[str, ...]
    later: bool


OF_2003 = Dialect(COMMANDS, _OPTIONS, _SA_PROTOCOLS, ("in", "out"), later=False)
OF_TODAY = Dialect(
    (*COMMANDS, "spdupdate", "exit", "quit", "bye"),
    "|".join([*sorted((option[1:] for option in LATER_OPTIONS), reverse=True), _OPTIONS]),
    {**_SA_PROTOCOLS, "esp-udp": SaProtocol(IPPROTO_ESP)},
    ("in", "out", "fwd"),
    later=True,
)

_NAMES = {
    "ip": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9, "pup": 12,
    "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "xtp": 36, "ddp": 37, "idpr-cmtp": 38,
    "ipv6": 41, "idrp": 45, "rsvp": 46, "gre": 47, "mobile": 55, "skip": 57, "iso-ip": 80, "vmtp": 81,
    "eigrp": 88, "ospf": 89, "ospfigp": 89, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103, "vrrp": 112,
    "pgm": 113, "l2tp": 115, "isis": 124, "sctp": 132,
}  # fmt: skip
PROTOCOLS = {
    **_NAMES,
    **{name.upper(): number for name, number in _NAMES.items()},
    "IP-ENCAP": 4,
    "ip4": 4,
    "IPv6": 41,
    "ESP": 50,
    "AH": 51,
    "IPComp": 108,
}
"""Upper-layer protocols as getprotobyname(3) takes them, with their aliases; ip4 is setkey(8)'s own.

Read: etc/protocols of 1997 and of 2007.  What the latter has alone is assumed of 2003: igp, ddp, idrp, rsvp,
gre, mobile, skip, eigrp, etherip, pim, vrrp, pgm, l2tp, isis, sctp.
"""
IPV6_PROTOCOLS = {
    "icmp6": 58,
    "ipv6-icmp": 58,
    "icmpv6": 58,
    "ipv6-route": 43,
    "ipv6-frag": 44,
    "ipv6-nonxt": 59,
    "ipv6-opts": 60,
}
LATER_PROTOCOLS = {"ipv4": 4, "dccp": 33, "mobility-header": 135, "mh": 135, "carp": 112, "udplite": 136}
KEYWORD_PROTOCOLS = {PROTO_NAMES[number]: number for number in IPSEC_PROTOS}
ICMP6_PROTOCOL = IPV6_PROTOCOLS["icmp6"]

SERVICES = {
    "echo": 7, "discard": 9, "sink": 9, "null": 9, "daytime": 13, "msp": 18, "chargen": 19, "ttytst": 19,
    "ssh": 22, "time": 37, "timserver": 37, "rlp": 39, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
    "gopher": 70, "www": 80, "http": 80, "kerberos": 88, "pop2": 109, "pop3": 110, "sunrpc": 111,
    "rpcbind": 111, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap": 143,
    "imap2": 143, "imap4": 143, "snmp": 161, "snmp-trap": 162, "snmptrap": 162, "xdmcp": 177, "bgp": 179,
    "irc": 194, "imap3": 220, "ldap": 389, "https": 443, "kpasswd": 464, "isakmp": 500, "biff": 512,
    "comsat": 512, "who": 513, "syslog": 514, "talk": 517, "ntalk": 518, "route": 520, "router": 520,
    "routed": 520, "ripng": 521, "timed": 525, "nntps": 563, "ldaps": 636, "kerberos-iv": 750,
    "ftps-data": 989, "ftps": 990, "telnets": 992, "imaps": 993, "ircs": 994, "pop3s": 995, "radius": 1645,
    "radacct": 1646, "nfs": 2049, "nfsd": 2049, "cvspserver": 2401, "amanda": 10080,
}  # fmt: skip
"""Services over UDP: setkey(8) asks for such a one, whatever the policy is about (parse.y, parse_addr).

Read: etc/services of May 2002, where http is www's name over TCP alone; here it is taken all the same.
"""
OTHER_SERVICES = {
    "tcpmux": 1, "systat": 11, "netstat": 15, "qotd": 17, "ftp-data": 20, "ftp": 21, "telnet": 23, "smtp": 25,
    "mail": 25, "nameserver": 42, "whois": 43, "nicname": 43, "finger": 79, "hostnames": 101, "auth": 113,
    "ident": 113, "sftp": 115, "uucp-path": 117, "nntp": 119, "mailq": 174, "z3950": 210, "exec": 512,
    "login": 513, "shell": 514, "cmd": 514, "printer": 515, "uucp": 540, "klogin": 543, "kshell": 544,
    "kerberos-adm": 749, "swat": 901, "x11": 6000, "ircd": 6667,
    "epmap": 135, "microsoft-ds": 445, "smtps": 465, "submissions": 465, "submission": 587, "ipp": 631,
    "rsync": 873, "domain-s": 853, "openvpn": 1194, "ms-sql-s": 1433, "l2f": 1701, "l2tp": 1701, "pptp": 1723,
    "radius-acct": 1813, "mysql": 3306, "ms-wbt-server": 3389, "rdp": 3389, "svn": 3690, "ipsec-nat-t": 4500,
    "sip": 5060, "sips": 5061, "xmpp-client": 5222, "mdns": 5353, "postgresql": 5432, "amqp": 5672,
    "http-alt": 8080, "zabbix-agent": 10050, "dhcpv6-client": 546, "dhcpv6-server": 547, "rtsp": 554,
    "ike": 500, "git": 9418, "vnc": 5900, "redis": 6379, "dns": 53,
}  # fmt: skip
"""Services over TCP alone, and later ones: known by number, so that none is taken for a misspelt other."""
