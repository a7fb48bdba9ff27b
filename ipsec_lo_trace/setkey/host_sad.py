"""The SAs of a host, as setkey(8) adds and deletes them there."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.host import Address, HostSa
from ipsec_lo_trace.model.policy import PORT_ANY
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP, IPPROTO_TCP, PROTO_NAMES
from ipsec_lo_trace.model.sa import CPI_MAX, RESERVED_SPI_MAX
from ipsec_lo_trace.setkey.commands import Add, Algorithm, Delete, DeleteAll, Ends, Extensions, SaName
from ipsec_lo_trace.setkey.sealing import Named, Sealing, auth_sealing, comp_sealing, esp_sealing
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.values import unresolved
from ipsec_lo_trace.setkey.words import TCP_SA

PACKETS_A_BYTE = 8
"""How many packets a byte of -r spans."""
_Ends = tuple[Address, Address]


class _Head(msgspec.Struct):
    """struct secashead: the SAs that share mode and reqid between two ends, by SPI as numbers in the SAD."""

    mode: str
    reqid: int
    by_spi: dict[int, int] = msgspec.field(default_factory=dict)


class _OfProtocol(msgspec.Struct):
    """The SAs of one protocol, by the number in which they came; beside them what finds one in one step.

    ``heads`` has the heads between two ends, ``by_reqid`` the one of them with a reqid, ``with_spi`` those
    that have an SPI there; the newest are last.
    """

    sas: dict[int, HostSa] = msgspec.field(default_factory=dict)
    heads: dict[_Ends, list[_Head]] = msgspec.field(default_factory=dict)
    by_reqid: dict[tuple[_Ends, int], _Head] = msgspec.field(default_factory=dict)
    with_spi: dict[tuple[_Ends, int], list[_Head]] = msgspec.field(default_factory=dict)

    def head(self, ends: _Ends, given: Extensions) -> _Head:
        """Find the head that an SA joins, or make one.

        As in key_getsah the mode is not compared, and a reqid of 0 joins the newest head.
        """
        heads = self.heads.setdefault(ends, [])
        head = self.by_reqid.get((ends, given.reqid)) if given.reqid or not heads else heads[-1]
        if head is None:
            head = self.by_reqid[ends, given.reqid] = _Head(given.mode.name.lower(), given.reqid)
            heads.append(head)
        return head


class HostSad:
    """The SAs by protocol."""

    def __init__(self) -> None:
        self._protos: dict[int, _OfProtocol] = {}
        self._number = 0

    def sas(self) -> list[HostSa]:
        """Return all SAs, oldest first."""
        numbered = [pair for found in self._protos.values() for pair in found.sas.items()]
        return [sa for _number, sa in sorted(numbered, key=lambda pair: pair[0])]

    def add(self, command: Add) -> list[str]:
        """Add an SA and give the notes about it; UserError where a kernel refuses it."""
        name, given = command.sa, command.extensions
        proto, ends = _named_ends(name.proto, name.ends, name.proto_at)
        sealing = _sealing(command)
        _check_spi(command)
        found = self._protos.setdefault(proto, _OfProtocol())
        head = found.head(ends, given)
        if name.spi in head.by_spi:
            raise name.spi_at.fault(f"EEXIST: SA {_called(name)} exists already")
        self._number += 1
        found.sas[self._number] = _made(command, ends, head, sealing)
        head.by_spi[name.spi] = self._number
        found.with_spi.setdefault((ends, name.spi), []).append(head)
        notes = []
        if sealing.opaque:
            notes.append(f"SA {_called(name)} cannot be opened: {sealing.opaque}")
        asked = given.mode.name.lower()
        if (head.mode, head.reqid) != (asked, given.reqid):
            joined = f"mode ({head.mode}) and reqid ({head.reqid})"
            notes.append(f"SA {_called(name)} joins the SAs that are there, with their {joined}")
        return [command.at.note(note) for note in notes]

    def delete(self, command: Delete) -> None:
        """Delete an SA, the newest of those with its name; UserError if there is none."""
        name = command.sa
        proto, ends = _named_ends(name.proto, name.ends, command.at)
        found = self._protos.get(proto, _OfProtocol())
        heads = found.with_spi.get((ends, name.spi))
        if not heads:
            there = f"{name.ends.src} to {name.ends.dst}"
            raise name.spi_at.fault(f"ENOENT: there is no such SA as 0x{name.spi:08x} {there}")
        del found.sas[heads.pop().by_spi.pop(name.spi)]

    def delete_all(self, command: DeleteAll) -> None:
        """Delete every SA of a protocol between two ends; their heads stay."""
        proto, ends = _named_ends(command.proto, command.ends, command.at)
        found = self._protos.get(proto, _OfProtocol())
        for head in found.heads.get(ends, []):
            for spi, number in head.by_spi.items():
                del found.sas[number]
                found.with_spi.pop((ends, spi), None)
            head.by_spi.clear()

    def flush(self, proto: int | None) -> None:
        """Delete all SAs of a protocol, or all there are for None, with their heads."""
        for one in list(self._protos) if proto is None else [proto]:
            self._protos.pop(one, None)


def _named_ends(proto: int | None, ends: Ends, at: Token) -> tuple[int, _Ends]:
    """Return what finds heads; UserError without a protocol, or for a name that is not resolved."""
    if proto is None:
        raise at.fault("the SA's protocol is missing", "write esp, ah or ipcomp")
    if ends.src is None or ends.dst is None:
        raise unresolved(ends.dst_at if ends.src else ends.src_at)
    return proto, (ends.src, ends.dst)


def _called(name: SaName) -> str:
    return f"{PROTO_NAMES[name.proto or 0]} 0x{name.spi:08x} to {name.ends.dst}"


def _made(command: Add, ends: _Ends, head: _Head, sealing: Sealing) -> HostSa:
    name, given = command.sa, command.extensions
    src, dst = ends
    return HostSa(
        proto=name.proto or 0,
        spi=name.spi,
        src=src,
        dst=dst,
        mode=head.mode,
        reqid=head.reqid,
        cipher=sealing.cipher,
        enc_key=sealing.enc_key,
        auth_key=sealing.auth_key,
        cuts=sealing.cuts,
        seq_hi=(0,) if given.esn else None,
        padding=list(given.padding)[-1] if given.padding else "seq",
        old=name.old,
        window=given.replay * PACKETS_A_BYTE,
        udp_ports=_udp_ports(command),
        opaque=sealing.opaque,
    )


def _udp_ports(command: Add) -> tuple[int, ...]:
    """Return the ports of ESP in UDP that are named, each once."""
    named = (*command.sa.ends.udp_ports, *command.extensions.udp_ports)
    return tuple(dict.fromkeys(port for port in named if port not in (0, PORT_ANY)))


def _sealing(command: Add) -> Sealing:
    """Say how the SA seals; UserError for algorithms that do not go with its protocol."""
    proto, enc, auth = command.sa.proto, command.enc, command.auth
    if proto == IPPROTO_TCP:
        raise command.sa.proto_at.fault(TCP_SA)
    if proto == IPPROTO_ESP:
        if enc is None:
            raise command.at.fault("an ESP SA needs an encryption algorithm", "-E")
        return esp_sealing(_named(enc), _named(auth) if auth else None)
    if proto == IPPROTO_AH:
        if auth is None or enc is not None:
            raise command.at.fault("an AH SA has an authenticator and no cipher", "-A alone")
        return auth_sealing(_named(auth))
    if command.comp is None:
        raise command.at.fault("an IPComp SA has a compression algorithm alone", "-C deflate")
    return comp_sealing(_named(command.comp))


def _named(algorithm: Algorithm) -> Named:
    return Named(algorithm.name, algorithm.key)


def _check_spi(command: Add) -> None:
    name = command.sa
    if name.proto != IPPROTO_IPCOMP and name.spi <= RESERVED_SPI_MAX:
        hint = f"take one from {RESERVED_SPI_MAX + 1} up"
        raise name.spi_at.fault(f"SPIs 0 to {RESERVED_SPI_MAX} are reserved", hint)
    if name.proto == IPPROTO_IPCOMP and name.spi > CPI_MAX and not command.raw_cpi:
        raise name.spi_at.fault("a CPI has 16 bits", f"at most {CPI_MAX}")
