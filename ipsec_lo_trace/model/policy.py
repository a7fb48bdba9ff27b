"""Security policies: selectors, requests, and the policies that hold them."""

from __future__ import annotations

import enum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.model.operands import PacketEnds, PolicyRecord, RequestRecord
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.sa import Mode, SecurityAssociation

ULPROTO_ANY = 255
"""IPSEC_ULPROTO_ANY: a policy with this protocol matches every packet."""
PORT_ANY = 0
"""IPSEC_PORT_ANY: a policy with this port matches every port."""


class Direction(enum.IntEnum):
    """IPSEC_DIR_*."""

    IN = 1
    OUT = 2


class PolicyType(enum.IntEnum):
    """IPSEC_POLICY_*."""

    DISCARD = 0
    NONE = 1
    IPSEC = 2
    ENTRUST = 3
    BYPASS = 4


class Level(enum.IntEnum):
    """IPSEC_LEVEL_*."""

    DEFAULT = 0
    USE = 1
    REQUIRE = 2
    UNIQUE = 3


class Selector(NamedTuple):
    """struct secpolicyindex: which packets a policy is for."""

    src: IPv4Network
    dst: IPv4Network
    src_port: int = PORT_ANY
    dst_port: int = PORT_ANY
    ul_proto: int = ULPROTO_ANY


class PacketSelector(msgspec.Struct, frozen=True, eq=False):
    """struct secpolicyindex of one packet, and its record; made once, so compared by identity."""

    src: IPv4Address
    dst: IPv4Address
    src_port: int
    dst_port: int
    ul_proto: int
    record: PacketEnds


class Request(msgspec.Struct, eq=False):
    """struct ipsecrequest: one transform that a policy asks for.

    ``src`` and ``dst`` are the ends written in the rule (None: unspecified, taken from the packet in
    transport mode).  ``sav`` is the SA that this request used last, for whatever packet: the cache that the
    2003 loop detection compares with.
    """

    proto: int
    mode: Mode
    level: Level
    reqid: int = 0
    src: IPv4Address | None = None
    dst: IPv4Address | None = None
    sav: SecurityAssociation | None = None
    next: Request | None = None
    _text: str = ""

    def __str__(self) -> str:
        # Every packet shows it, and nothing of it changes once the configuration is read.
        if not self._text:
            ends = f"{self.src}-{self.dst}" if self.src else ""
            number = f":{self.reqid}" if self.level is Level.UNIQUE and self.reqid else ""
            level = f"{self.level.name.lower()}{number}"
            self._text = f"{PROTO_NAMES[self.proto]}/{self.mode.name.lower()}/{ends}/{level}"
        return self._text

    def record(self, src: str = "", dst: str = "") -> RequestRecord:
        """Describe it; ``src`` and ``dst`` are the packet's ends, for where its rule names none."""
        return _request_record(self, src, dst)


@lru_cache(maxsize=1024)
def _request_record(isr: Request, src: str, dst: str) -> RequestRecord:
    ends = (str(isr.src or src), str(isr.dst or dst))
    return RequestRecord(
        PROTO_NAMES[isr.proto], isr.mode.name.lower(), *ends, isr.level.name.lower(), isr.reqid
    )


class Policy(msgspec.Struct, eq=False):
    """struct secpolicy: first match in list order wins."""

    direction: Direction
    selector: Selector
    kind: PolicyType
    requests: list[Request] = msgspec.field(default_factory=list)
    _text: str = ""

    def __post_init__(self) -> None:
        """Chain the requests, as isr->next does."""
        for isr, following in zip(self.requests, self.requests[1:], strict=False):
            isr.next = following

    def __str__(self) -> str:
        if not self._text:
            self._text = " ".join([self.kind.name.lower(), *map(str, self.requests)])
        return self._text

    def record(self) -> PolicyRecord:
        """Describe it with its selector and its requests."""
        return _policy_record(self)


@lru_cache(maxsize=1024)
def _policy_record(sp: Policy) -> PolicyRecord:
    selector = sp.selector
    return PolicyRecord(
        sp.direction.name.lower(),
        str(selector.src),
        str(selector.dst),
        selector.src_port,
        selector.dst_port,
        selector.ul_proto,
        sp.kind.name.lower(),
        tuple(request.record() for request in sp.requests),
    )
