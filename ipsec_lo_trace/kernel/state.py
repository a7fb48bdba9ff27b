"""The kernel's global state: databases, sysctls, addresses, clocks that are not clocks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import msgspec

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Selector
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform

IFQ_MAXLEN = 256
"""Packets that the IP input queue holds. Source: net/if.h (the value of that week was not seen)."""
LOMTU = 33192
"""lo0's MTU in bytes, 32768+MHLEN+MLEN. Source: net/if_loop.c (MHLEN+MLEN taken as 424, not seen)."""
IP_MAXPACKET = 65535
"""The longest IPv4 packet in bytes. RFC 791."""


class Sysctl(msgspec.Struct, frozen=True):
    """net.inet.ipsec.*: the default policy's type and the default levels.

    Source: netipsec/ipsec.c, initial values.
    """

    def_policy: PolicyType = PolicyType.NONE
    esp_trans_deflev: Level = Level.USE
    esp_net_deflev: Level = Level.USE
    ah_trans_deflev: Level = Level.USE
    ah_net_deflev: Level = Level.USE


class Build(msgspec.Struct, frozen=True):
    """How this kernel differs from the plain one of August 2003.

    ``icmp_reflect_strips_tags`` is the fix that the analysis announces; ``diagnostic`` is ``options
    DIAGNOSTIC``, which compiles the assertions in.
    """

    icmp_reflect_strips_tags: bool = False
    diagnostic: bool = False


class FragmentQueue(msgspec.Struct):
    """struct ipq: the fragments of one packet that have arrived, by offset in bytes."""

    parts: dict[int, Mbuf] = msgspec.field(default_factory=dict)


FragmentKey = tuple[IPv4Address, IPv4Address, int, int]


class Kernel(Context):
    """One modelled kernel with lo0 as its only interface.

    ``local`` are the addresses that are up, four bytes each; ``seed`` makes IVs, ``ip_id`` is the next IP
    identification.
    """

    def __init__(
        self,
        db: Databases,
        *,
        local: frozenset[IPv4Address],
        seed: int = 0,
        build: Build = Build(),  # noqa: B008 -- frozen
        sysctl: Sysctl = Sysctl(),  # noqa: B008 -- frozen
    ) -> None:
        """Boot with the given databases and addresses."""
        super().__init__()
        self.db = db
        self.local = frozenset(address.packed for address in local)
        self.seed = seed
        self.build = build
        self.sysctl = sysctl
        self.ip_id = 1 + seed % 0xFFFF
        self.ipq: dict[FragmentKey, FragmentQueue] = {}
        everywhere = IPv4Network("0.0.0.0/0")
        everything = Selector(everywhere, everywhere)
        self.ip4_def_policy = {way: Policy(way, everything, sysctl.def_policy) for way in Direction}
        self._esp: dict[SecurityAssociation, EspTransform] = {}
        self._ah: dict[SecurityAssociation, AhTransform] = {}

    def next_ip_id(self) -> int:
        """Give the next IP identification, 1 to 65535."""
        ident = self.ip_id
        self.ip_id = ident % 0xFFFF + 1
        return ident

    def esp(self, sav: SecurityAssociation) -> EspTransform:
        """Give the SA's ESP transform (tdb_encalgxform and tdb_authalgxform)."""
        if sav not in self._esp:
            self._esp[sav] = EspTransform(sav.cipher, sav.enc_key, sav.auth, sav.auth_key, old=sav.old)
        return self._esp[sav]

    def ah(self, sav: SecurityAssociation) -> AhTransform:
        """Give the SA's AH transform (tdb_authalgxform)."""
        if sav not in self._ah:
            self._ah[sav] = AhTransform(sav.auth, sav.auth_key, old=sav.old)
        return self._ah[sav]
