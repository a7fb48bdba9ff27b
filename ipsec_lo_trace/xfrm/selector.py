"""The words of a selector: which packets an SA or a policy is for."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UPPER_ANY, Address, Network
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.values import MAX_16_BITS, network, number, pairs, protocol
from ipsec_lo_trace.xfrm.words import PROTOCOLS

_NAMES = ("src", "dst", "proto", "dev", "uid", "sport", "dport", "type", "code", "key", "(dport)")
_WITH_TYPES = (IPPROTO_ICMP, PROTOCOLS["ipv6-icmp"])
_UNSEEN = {"key": "a GRE key", "type": "a message type", "code": "a message code"}
"""What is not looked at in a packet; types and codes are, but of ICMP alone."""


class Selector(msgspec.Struct):
    """A selector as far as it can be read; ``faults`` say where it cannot.

    ``conditions`` are what it asks for that is not looked at, each with its word.  ``dev`` is an interface.
    """

    src: Network | None = None
    dst: Network | None = None
    src_port: int | None = None
    dst_port: int | None = None
    upper: int = UPPER_ANY
    dev: Token | None = None
    conditions: dict[str, Token] = msgspec.field(default_factory=dict)
    faults: list[UserError] = msgspec.field(default_factory=list)

    @property
    def ends(self) -> tuple[Address, Address] | None:
        """The two addresses that it is for, if it is for no more than one pair."""
        if self.src is None or self.dst is None or self.src.num_addresses * self.dst.num_addresses != 1:
            return None
        return self.src.network_address, self.dst.network_address


def selector(words: list[Token], at: Token) -> Selector:
    """Read a selector; ``at`` is where what is missing is missed."""
    found, fault = pairs(words, _NAMES)
    read = Selector(dev=found.get("dev"))
    read.faults += [fault] if fault else []
    _networks(found, at, read)
    try:
        if "proto" in found:
            read.upper = protocol(found["proto"])
        of_icmp = read.upper in _WITH_TYPES
        read.src_port = _port(found, "type" if of_icmp and "type" in found else "sport")
        read.dst_port = _port(found, "code" if of_icmp and "code" in found else "dport")
        read.conditions = {
            what: found[name]
            for name, what in _UNSEEN.items()
            if name in found and not (of_icmp and name in ("type", "code"))
        }
    except UserError as error:
        read.faults.append(error)
    return read


def _networks(found: dict[str, Token], at: Token, read: Selector) -> None:
    """Take over both networks, or neither: half a selector is none."""
    try:
        for name in ("src", "dst"):
            if name not in found:
                raise at.fault(f"{name} is missing from this line")
        src, dst = network(found["src"]), network(found["dst"])
        if src.version != dst.version:
            raise found["dst"].fault("src and dst are of two families")
        read.src, read.dst = src, dst
    except UserError as error:
        read.faults.append(error)


def _port(found: dict[str, Token], name: str) -> int | None:
    return number(found[name], "a port, type or code", MAX_16_BITS) if name in found else None
