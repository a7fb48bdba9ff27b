"""The words with which the lines of ``ip xfrm state`` and ``ip xfrm policy`` begin, and names in them.

Source: iproute2, ip/ipxfrm.c, from 2004 (where it has no names for sockets' policies) to 2025.
"""

from __future__ import annotations

import re

from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP

IPSEC = {"esp": IPPROTO_ESP, "ah": IPPROTO_AH, "comp": IPPROTO_IPCOMP}
"""The protocols of SAs and templates."""
MODES = ("transport", "tunnel", "beet")
"""The modes that are read."""

_STATISTICS = ("lifetime", "limit:", "expire", "add", "lastused", "stats:")
CONTEXTS = frozenset(("anti-replay", "seq-hi", "oseq-hi", "replay_window"))
"""Where the lines of an SA's replay context begin."""
UNREAD = frozenset(
    (
        *_STATISTICS,
        *CONTEXTS,
        *("extra_flag", "coa", "tfcpad", "output-mark"),
        *("crypto", "dir", "pcpu-num", "iptfs-opts", "enc-mask"),
    )
)
"""What changes nothing for an SA as it stands on the wire, or is looked up in all lines at once."""
COUNTS = re.compile(r"[0-9]+\(bytes\),|[0-9a-fA-F]{8}")
"""The first word of a lifetime's counts, or of a replay window's bitmap."""
UNSEEN = {"mark": "mark", "if_id": "if_id", "security": "security context"}
"""What Linux asks for beyond addresses, protocol and ports, by its line's first word; no capture shows it."""
SA_LINES = frozenset(
    (
        *(*UNREAD, *UNSEEN, "proto", "replay-window", "flag", "encap", "sel"),
        *("auth", "auth-trunc", "aead", "enc", "comp"),
    )
)
POLICY_LINES = frozenset((*UNREAD, *UNSEEN, "dir", "socket", "tmpl", "proto", "level"))


OF_POLICIES = frozenset(("dir", "socket", "tmpl"))
OF_SAS = frozenset(("replay-window", "encap", "auth", "auth-trunc", "aead", "enc", "comp", "sel"))
"""First words of lines that no entry of the other kind has, but for an SA's ``dir``, which is two words."""
_ENTRY_LINE = re.compile(
    r"(dir|socket)\s+(in|out|fwd|\d+)\b|tmpl\s+src\b|proto\s+\S+\s+(spi|reqid|mode)\b|level\s+(required|use|\d+\s+share)\b"
    r"|mark\s+\w+/|if_id\s+0x|security\s+context\b|(auth|auth-trunc|aead|enc|comp)\s+\S+\s+0x|comp\s+deflate\b"
    r"|replay-window\s+\d|encap\s+type\b|sel\s+src\b|anti-replay\s|(seq-hi|oseq-hi|replay_window)\s"
)


def begins_a_line(word: str) -> bool:
    """Tell whether a line of an SA or policy, below its first one, begins so."""
    return word in SA_LINES or word in POLICY_LINES or COUNTS.fullmatch(word) is not None


def is_entry_line(line: str) -> bool:
    """Tell whether a line is one of an SA or policy, and not another text that begins with such a word."""
    return _ENTRY_LINE.match(line) is not None


PROTOCOLS = {
    "ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipv4": 4, "st": 5, "tcp": 6,
    "egp": 8, "igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33,
    "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45,
    "rsvp": 46, "gre": 47, "esp": 50, "ipv6-crypt": 50, "ah": 51, "ipv6-auth": 51, "skip": 57,
    "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88,
    "ospf": 89, "ospfigp": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98, "pim": 103, "comp": 108,
    "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135,
    "udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140, "wesp": 141, "rohc": 142,
    "ethernet": 143,
}  # fmt: skip
"""The names of /etc/protocols, of Debian's netbase and of Red Hat's setup, in small letters."""
