"""A host of the scope in disguise: other names, more than it needs, and a run that must be the same.

What is put on: other addresses, SPIs, reqids, ciphers and keys; wider networks; policies in front that cover
no packet here, and others behind; a policy of type none where there was none; older SAs of a kind, and SAs to
other ends; an SA of the rule's mode instead of any; for one that is missing, one that does not fit or was
deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.model.policy import Direction, Level, Policy, Request
from ipsec_lo_trace.model.proto import PROTO_NAMES, PROTO_NUMBERS
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.prove import slots
from ipsec_lo_trace.prove.shapes import A, B, Combined, Host
from ipsec_lo_trace.prove.slots import NUMBER, SA_VALUES, Ends, Slot, sa_name
from ipsec_lo_trace.sweep.draw import Dice

ADDRESSES = ("127.0.0.1", "10.0.0.5", "172.16.3.1", "192.168.7.9", "203.0.113.77")
STRANGERS = ("10.0.0.6", "192.0.2.1", "203.0.113.78")
CIPHERS = {
    "rijndael-cbc": (("rijndael-cbc", 16), ("rijndael-cbc", 24), ("rijndael-cbc", 32)),
    "3des-cbc": (("3des-cbc", 24), ("des-cbc", 8), ("blowfish-cbc", 16)),
}
"""For a host's cipher, itself first, those whose packets are as long as its own, with the bytes of a key."""
AUTHS = (("hmac-md5", 16), ("hmac-sha1", 20))
EVERYWHERE = "0.0.0.0/0"
LEAST_SPI, SPIS = 0x100, 0x7FFFFF00
MAX_REQID = 0x3FFF
PROTOS = ("esp", "ah")


class Disguised(NamedTuple):
    """A setkey(8) text, the host's addresses, and who sends to whom."""

    text: str
    local: frozenset[IPv4Address]
    src: IPv4Address | None
    dst: IPv4Address


def disguise(dice: Dice, shape: Combined, host: Host) -> Disguised:
    """Dress a host up."""
    return _Tailor(dice, shape, host).whole()


class _Tailor:
    def __init__(self, dice: Dice, shape: Combined, host: Host) -> None:
        self._dice = dice
        self._shape = shape
        self._policies = {slot.name: slot.policies[host[slot.name]] for slot in shape.slots}
        self._host = host
        first = dice.below(len(ADDRESSES))
        step = 1 + dice.below(len(ADDRESSES) - 1)
        second = (first + step) % len(ADDRESSES)
        self._names = {A: ADDRESSES[first], B: ADDRESSES[second], None: ""}
        self._reqids = {proto: 1 + dice.below(MAX_REQID - 1) for proto in PROTOS}
        self._spis: list[int] = []

    def whole(self) -> Disguised:
        """Put it together: SAs, and policies in an order that decides alike."""
        shape, names = self._shape, self._names
        parts = [*self._sas(), *self._in_front(), *self._covering(), *self._behind()]
        src = IPv4Address(names[shape.src]) if shape.src is not None else None
        local = frozenset(map(IPv4Address, {"127.0.0.1", names[A], names[B]}))
        return Disguised("\n".join(parts) + "\n", local, src, IPv4Address(names[shape.dst]))

    def _sas(self) -> Iterator[str]:
        for ends in self._shape.pairs:
            for proto in PROTOS:
                yield from self._sa(ends, proto)
        stranger, proto = self._dice.one(STRANGERS), self._dice.one(PROTOS)
        yield self._add((stranger, self._names[self._shape.dst]), proto, "any", 0)

    def _sa(self, ends: Ends, proto: str) -> Iterator[str]:
        """Yield an SA that is there, with older ones of its kind; or what is as good as none."""
        asked = self._asked(ends, proto)
        named = (self._names[ends[0]], self._names[ends[1]])
        number = self._reqids[proto]
        if SA_VALUES[self._host[sa_name(PROTO_NUMBERS[proto], ends)]] == "missing":
            yield from self._unfit(named, proto, asked)
            return
        mode = "any" if self._dice.percent(50) else _mode(asked) or self._dice.one(("transport", "tunnel"))
        for _ in range(self._dice.below(3)):
            yield self._add(named, proto, mode, self._dice.one((number, number % MAX_REQID + 1)))
        yield self._add(named, proto, mode, number)

    def _unfit(self, named: tuple[str, str], proto: str, asked: Request | None) -> Iterator[str]:
        """Yield nothing, or an SA of the other mode, of another number, or one that is deleted again."""
        way = self._dice.below(4)
        if way == 1 and asked is not None:
            other = "transport" if asked.mode is Mode.TUNNEL else "tunnel"
            yield self._add(named, proto, other, self._reqids[proto])
        elif way == 2 and asked is not None and asked.level is Level.UNIQUE:
            yield self._add(named, proto, "any", self._reqids[proto] % MAX_REQID + 1)
        elif way == 3:
            yield self._add(named, proto, "any", self._reqids[proto])
            yield f"delete {named[0]} {named[1]} {proto} {self._spis[-1]} ;"

    def _asked(self, ends: Ends, proto: str) -> Request | None:
        """Return the rule that asks for an SA, None if none does."""
        for slot in self._shape.slots:
            policy = self._policies[slot.name]
            if slot.direction is Direction.OUT and policy is not None and (slot.wide or slot.ends == ends):
                for isr in policy.requests:
                    if PROTO_NAMES[isr.proto] == proto and (isr.src is None or (isr.src, isr.dst) == ends):
                        return isr
        return None

    def _add(self, named: tuple[str, str], proto: str, mode: str, number: int) -> str:
        spi = LEAST_SPI + self._dice.below(SPIS)
        self._spis.append(spi)
        cipher, cipher_len = self._dice.one(CIPHERS[slots.CIPHER])
        auth, auth_len = self._dice.one(AUTHS)
        sealed = f" -E {cipher} 0x{self._key(cipher_len)}" if proto == "esp" else ""
        reqid = f" -u {number}" if number else ""
        sealed += f" -A {auth} 0x{self._key(auth_len)}"
        return f"add {named[0]} {named[1]} {proto} {spi} -m {mode}{reqid}{sealed} ;"

    def _key(self, length: int) -> str:
        return "".join(f"{self._dice.below(256):02x}" for _ in range(length))

    def _in_front(self) -> Iterator[str]:
        """Yield policies that cover none of the packets, so that they decide nothing."""
        for side in ("out", "in"):
            if self._dice.percent(50):
                yield f"spdadd {EVERYWHERE} {EVERYWHERE} tcp -P {side} discard ;"
            if self._dice.percent(50):
                yield f"spdadd {self._dice.one(STRANGERS)} {EVERYWHERE} any -P {side} discard ;"

    def _covering(self) -> Iterator[str]:
        for slot in self._shape.slots:
            policy = self._policies[slot.name]
            if policy is None and self._dice.percent(50):
                yield f"spdadd {self._selector(slot)} any -P {_side(slot)} none ;"
            elif policy is not None:
                yield f"spdadd {self._selector(slot)} any -P {_side(slot)} {self._asks(policy)} ;"

    def _selector(self, slot: Slot) -> str:
        """Widen one end of a policy, or of one for both ways both."""
        if slot.wide:
            return f"{EVERYWHERE} {EVERYWHERE}"
        ends = [self._names[end] for end in slot.ends]
        if self._dice.percent(50):
            ends[self._dice.below(2)] = EVERYWHERE
        return " ".join(ends)

    def _asks(self, policy: Policy) -> str:
        if not policy.requests:
            return policy.kind.name.lower()
        return " ".join(["ipsec", *(self._rule(policy, isr) for isr in policy.requests)])

    def _rule(self, policy: Policy, isr: Request) -> str:
        proto = PROTO_NAMES[isr.proto]
        ends = f"{self._names[isr.src]}-{self._names[isr.dst]}" if isr.mode is Mode.TUNNEL else ""
        level = isr.level.name.lower()
        if isr.level is Level.UNIQUE:
            level += self._number(policy, isr, proto)
        return f"{proto}/{isr.mode.name.lower()}/{ends}/{level}"

    def _number(self, policy: Policy, isr: Request, proto: str) -> str:
        """Name the SA's number, or one that no SA has; inbound any; without one the kernel gives its own."""
        number = self._reqids[proto]
        if policy.direction is Direction.IN:
            return self._dice.one(("", f":{number}", f":{1 + self._dice.below(MAX_REQID)}"))
        if isr.reqid == NUMBER:
            return f":{number}"
        return self._dice.one(("", f":{(number + 1) % MAX_REQID + 1}"))

    def _behind(self) -> Iterator[str]:
        """Yield policies that come too late for every packet, as each is covered already."""
        for side in ("out", "in"):
            mine = [slot for slot in self._shape.slots if _side(slot) == side]
            if all(self._policies[slot.name] is not None for slot in mine):
                yield f"spdadd 0.0.0.0/1 {EVERYWHERE} any -P {side} discard ;"
                yield f"spdadd 128.0.0.0/1 {EVERYWHERE} any -P {side} ipsec ah/transport//require ;"


def _side(slot: Slot) -> str:
    return slot.direction.name.lower()


def _mode(asked: Request | None) -> str:
    return asked.mode.name.lower() if asked is not None else ""
