"""What a real host was configured with, as far as a capture can be held against it.

The readers of setkey(8) text and of ip xfrm text make it, for the algorithms, modes and addresses of today.
The kernel of 2003 has databases of its own (``model.databases``), which take less.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple, TypeAlias

import msgspec

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

UPPER_ANY = 255
"""A policy with this protocol is for every packet."""
UNKNOWN = "unknown"
"""The kind of a policy that is there and cannot be read: what it asks for is not known."""


class Cut(NamedTuple):
    """One way to authenticate: a row of ``model.algorithms`` ("": a combined cipher's own), ICV in bytes."""

    auth: str
    icv_len: int


class HostSa(msgspec.Struct, frozen=True, kw_only=True):
    """One SA.  Keys are bytes, nonces and salts included; ``cipher`` is a name of ``model.algorithms``.

    ``mode`` is "any", "transport", "tunnel" or "beet".  ``cuts`` are the ways in which its packets may be
    authenticated, more than one where the text does not tell which; () if they are not.  ``seq_hi`` are the
    high halves of extended sequence numbers (RFC 4303 section 2.2.1) that its text names, None if it has
    none.  ``inner`` are the ends inside a BEET SA.  ``old`` is esp-old or ah-old.  ``udp_ports`` are those of
    a UDP header around its packets, () where its text names none (4500 is looked for always).  ``opaque``
    says why its packets cannot be opened, "" if they can.
    """

    proto: int
    spi: int
    src: Address
    dst: Address
    mode: str = "transport"
    reqid: int = 0
    cipher: str = ""
    enc_key: bytes = b""
    auth_key: bytes = b""
    cuts: tuple[Cut, ...] = ()
    seq_hi: tuple[int, ...] | None = None
    inner: tuple[Address, Address] | None = None
    padding: str = "seq"
    old: bool = False
    window: int = 0
    udp_ports: tuple[int, ...] = ()
    opaque: str = ""


class HostRule(msgspec.Struct, frozen=True, kw_only=True):
    """One transform that a policy asks for; ``level`` is "default", "use", "require" or "unique".

    ``src`` and ``dst`` are None where the rule leaves them to the packet.
    """

    proto: int
    mode: str
    level: str = "require"
    reqid: int = 0
    src: Address | None = None
    dst: Address | None = None


class HostPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """One policy, of ``direction`` "in" or "out"; the first that fits a packet is asked.

    ``src`` and ``dst`` are None for any address of either family.  ``src_port`` and ``dst_port`` are None for
    any; of ICMP they are type and code.  ``kind`` is "ipsec", "none", "discard" or ``UNKNOWN``.
    ``condition`` says on what it hangs that a capture does not show (a mark, an interface's id), "" if on
    nothing: such a policy may be asked or passed over.
    """

    direction: str
    src: Network | None
    dst: Network | None
    src_port: int | None = None
    dst_port: int | None = None
    upper: int = UPPER_ANY
    kind: str = "ipsec"
    rules: tuple[HostRule, ...] = ()
    condition: str = ""


class HostConfiguration(msgspec.Struct):
    """SAs, oldest first; policies, each direction in the order in which they are asked.

    ``defaults`` is the kind of policy by direction that is asked when no other fits, "none" where it says
    nothing, ``UNKNOWN`` where it cannot be read.  ``policies_left_out`` counts policies that have no say on
    lo, or for one socket alone; ``lost_sas`` says that some SA is there of which not even protocol, SPI and
    ends could be read: a policy of level "use" may be served by it.  ``notes`` are for the reader
    ("FILE:LINE:COLUMN: ..."), among them what was left out and why.
    """

    sas: list[HostSa] = msgspec.field(default_factory=list)
    policies: list[HostPolicy] = msgspec.field(default_factory=list)
    defaults: dict[str, str] = msgspec.field(default_factory=dict)
    policies_left_out: int = 0
    lost_sas: bool = False
    notes: list[str] = msgspec.field(default_factory=list)
