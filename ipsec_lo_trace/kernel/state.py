"""The kernel's global state: databases, sysctls, addresses, clocks that are not clocks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Literal

import msgspec

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Selector
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform

IFQ_MAXLEN = 50
"""Packets that the IP input queue holds. Source: net/if.h (as of December 2003)."""
ICMP_ERRPPSLIMIT = 100
"""ICMP errors that this host sends a second (net.inet.icmp.errppslimit)."""
LOMTU = 33192
"""lo0's MTU in bytes, 32768+MHLEN+MLEN. Source: net/if_loop.c (MHLEN+MLEN taken as 424, not seen)."""
ALLHOSTS_GROUP = IPv4Address("224.0.0.1")
"""The group that every interface joins by itself.  RFC 1112."""
LO0 = "lo0"
"""The loopback interface."""
IPDEFTTL = 64
"""The TTL of this host's own packets, but for raw sockets and ICMP (net.inet.ip.ttl)."""
IP_MAXPACKET = ip.MAX_LEN
"""The longest IPv4 packet in bytes. RFC 791."""
EVERYTHING = Selector(IPv4Network("0.0.0.0/0"), IPv4Network("0.0.0.0/0"))
"""The selector of the default policy."""
MS_A_SECOND = 1000
MS_A_DAY = 24 * 60 * 60 * MS_A_SECOND


class Sysctl(msgspec.Struct, frozen=True):
    """net.inet.ipsec.*: the default policy's type and the default levels.

    Source: netipsec/ipsec.c, initial values.
    """

    def_policy: PolicyType = PolicyType.NONE
    esp_trans_deflev: Level = Level.USE
    esp_net_deflev: Level = Level.USE
    ah_trans_deflev: Level = Level.USE
    ah_net_deflev: Level = Level.USE


def sysctls(build: Build) -> Sysctl:
    """Return the sysctls that a kernel's switches set."""
    return Sysctl(
        def_policy=PolicyType[build.def_policy.upper()],
        esp_trans_deflev=Level[build.esp_trans_deflev.upper()],
        esp_net_deflev=Level[build.esp_net_deflev.upper()],
        ah_trans_deflev=Level[build.ah_trans_deflev.upper()],
        ah_net_deflev=Level[build.ah_net_deflev.upper()],
    )


def iptime(m: Mbuf) -> int:
    """Return the time as ICMP and the timestamp option tell it: milliseconds since midnight UT, 32 bits.

    Source: netinet/ip_icmp.c, iptime.  RFC 792.

    The clock starts at 0 and ticks once an echo, a second each.
    """
    return (m.echo - 1) * MS_A_SECOND % MS_A_DAY


def esp_of(sav: SecurityAssociation) -> EspTransform:
    """Make an SA's ESP transform."""
    return EspTransform(sav.cipher, sav.enc_key, sav.auth, sav.auth_key, old=sav.old)


class FragmentQueue(msgspec.Struct):
    """struct ipq: the fragments of one packet that have arrived, by offset in bytes."""

    parts: dict[int, Mbuf] = msgspec.field(default_factory=dict)


Connection = tuple[IPv4Address, int, IPv4Address, int]
"""The far end's address and port, and this end's."""
FragmentKey = tuple[IPv4Address, IPv4Address, int, int]


class Kernel(Context):
    """One modelled kernel with lo0 as its only interface.

    ``local`` are the addresses that are up, four bytes each; ``seed`` makes IVs, ``ip_id`` is the next IP
    identification.  ``pcbs`` are the UDP and TCP sockets, ``raw_sockets`` names the raw ICMP sockets, of
    which the last is read; the processes open and close them.  ``icmperrpps`` are the latest second with ICMP
    errors and how many there were.  ``syn_cache`` holds, for each answered SYN, this side's initial sequence
    number (32 bits).  ``esp_of`` makes an SA's ESP transform, once for each SA.
    """

    def __init__(
        self,
        db: Databases,
        *,
        local: frozenset[IPv4Address],
        seed: int = 0,
        build: Build = Build(),  # noqa: B008 -- frozen
        sysctl: Sysctl | None = None,
    ) -> None:
        """Boot with the given databases and addresses; the sysctls are the build's unless given."""
        super().__init__()
        self.db = db
        self.local = frozenset(address.packed for address in local)
        self.seed = seed
        self.build = build
        self.sysctl = sysctl = sysctl or sysctls(build)
        self.ip_id = 1 + seed % 0xFFFF
        self.ipq: dict[FragmentKey, FragmentQueue] = {}
        self.reflector: Literal["kernel", "userspace"] = "kernel"
        self.outside: frozenset[IPv4Network] = frozenset()
        self.detours: frozenset[IPv4Network] = frozenset()
        self.multicast_if = ""
        self.groups = frozenset({ALLHOSTS_GROUP.packed})
        self.pcbs: list[Inpcb] = []
        self.raw_sockets: tuple[str, ...] = ("ping",)
        self.icmperrpps = (0, 0)
        self.syn_cache: dict[Connection, int] = {}
        self.ip4_def_policy = {way: Policy(way, EVERYTHING, sysctl.def_policy) for way in Direction}
        self.esp_of = esp_of
        self._esp: dict[SecurityAssociation, EspTransform] = {}
        self._ah: dict[SecurityAssociation, AhTransform] = {}

    def next_ip_id(self) -> int:
        """Return the next IP identification, 1 to 65535."""
        ident = self.ip_id
        self.ip_id = ident % 0xFFFF + 1
        return ident

    def esp(self, sav: SecurityAssociation) -> EspTransform:
        """Return the SA's ESP transform (tdb_encalgxform and tdb_authalgxform)."""
        found = self._esp.get(sav)
        if found is None:
            found = self._esp[sav] = self.esp_of(sav)
        return found

    def ah(self, sav: SecurityAssociation) -> AhTransform:
        """Return the SA's AH transform (tdb_authalgxform)."""
        if sav not in self._ah:
            options = self.build.ah_options
            self._ah[sav] = AhTransform(sav.auth, sav.auth_key, old=sav.old, options=options)
        return self._ah[sav]
