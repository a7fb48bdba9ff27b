"""Throw dice and draw a case: legal, and likelier than chance to let something through.

A case has a pair of addresses and a bundle in mind.  Its SAs mostly fit the bundle and its policies mostly
ask for it; where they do not, a policy asks for what is not there, or for less than the other direction does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import TypeVar

from ipsec_lo_trace.model.algorithms import authenticator_row, cipher_row, usual_key_len
from ipsec_lo_trace.sweep.drawn import LOCAL, PING, DrawnCase, DrawnPolicy
from ipsec_lo_trace.userland.probe_kind import all_probes

T = TypeVar("T")
THROW_BYTES = 8
"""Bytes of the hash that make one throw: their remainder favours no side by more than 1 in 2**50 here."""


class Dice:
    """The throws of one case, each from a hash of the seed, the case's number and how many came before."""

    def __init__(self, seed: int, case: int) -> None:
        """Take the dice of a case."""
        self._name = f"{seed}/{case}"
        self._thrown = 0

    def below(self, sides: int) -> int:
        """Throw a number from 0 up to, and without, ``sides``."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._name}/{self._thrown}".encode("ascii")).digest()
        return int.from_bytes(digest[:THROW_BYTES], "big") % sides

    def percent(self, chance: int) -> bool:
        """Tell whether something that happens in ``chance`` of 100 cases happens."""
        return self.below(100) < chance

    def one(self, of: Sequence[T]) -> T:
        """Take one of these, each as likely as the others."""
        return of[self.below(len(of))]


Pair = tuple[IPv4Address, IPv4Address]
Rule = tuple[str, str, str]
"""Protocol, mode and level."""

LOCALHOST, A, B = LOCAL
PAIRS: tuple[Pair, ...] = ((LOCALHOST, LOCALHOST), (LOCALHOST, LOCALHOST), (A, A), (A, B), (A, B), (B, A))
NETS = ("10.9.9.0/24", "10.0.0.0/8", "0.0.0.0/0")
BUNDLES = (("esp",), ("esp",), ("esp",), ("ah",), ("ah",), ("esp", "ah"), ("ah", "esp"))
COMPRESSED = (("ipcomp",), ("ipcomp", "esp"), ("esp", "ipcomp"))
LEVELS = ("require",) * 6 + ("use", "use", "default", "unique", "unique:1")
LAX = ("use", "default")
UPPERS = ("any",) * 6 + ("icmp",) * 2 + ("tcp", "udp")
PORTS = ("", "", "", "[7]", "[9]", "[80]")
"""The ports of the echo, discard and http services, which probes talk to."""
KINDS = ("ipsec",) * 14 + ("discard", "none")
CIPHERS = tuple(map(cipher_row, ("des-cbc", "3des-cbc", "rijndael-cbc", "blowfish-cbc")))
AUTHS = tuple(map(authenticator_row, ("hmac-md5", "hmac-sha1")))
"""What is drawn, and in which order: both are part of what a seed means."""
MAX_SAS = 4
SIZES = (56, 56, 56, 0, 8, 1000)
FIRST_SPI = 0x1001


def programs() -> list[str]:
    """Name what a case may run."""
    return [PING, *(probe.name for probe in all_probes())]


def draw(seed: int, number: int) -> DrawnCase:
    """Draw case ``number`` of a seed."""
    dice = Dice(seed, number)
    pair = dice.one(PAIRS)
    bundle = _bundle(dice)
    probe = None if dice.percent(50) else dice.one(all_probes())
    return DrawnCase(
        sas=_sas(dice, pair, bundle),
        policies=_policies(dice, pair, bundle),
        src=pair[0],
        dst=pair[1],
        program=probe.name if probe else PING,
        count=dice.one((1, 1, 2)),
        size=probe.size if probe else dice.one(SIZES),
        preload=0 if probe else dice.one((0, 0, 0, 2)),
    )


def _bundle(dice: Dice) -> tuple[Rule, ...]:
    protos = dice.one(COMPRESSED if dice.percent(8) else BUNDLES)
    level, inner = dice.one(LEVELS), dice.one(("transport", "transport", "tunnel"))
    if len(protos) > 1 and level in LAX:
        # A bundle that lacks the first SA and may do without goes round in a loop, and that takes long.
        level = dice.one(LEVELS)
    return tuple((proto, inner if place == 0 else "transport", level) for place, proto in enumerate(protos))


def _sas(dice: Dice, pair: Pair, bundle: tuple[Rule, ...]) -> tuple[str, ...]:
    """Draw up to four SAs: those that the bundle needs, but for some, and now and then one more."""
    needed = [(ends, proto) for ends in dict.fromkeys((pair, pair[::-1])) for proto, _mode, _level in bundle]
    chosen = [each for each in needed if dice.percent(92)]
    if dice.percent(20):
        chosen.append(((dice.one(LOCAL), dice.one(LOCAL)), dice.one(("esp", "ah"))))
    return tuple(
        _sa(dice, ends, proto, FIRST_SPI + place) for place, (ends, proto) in enumerate(chosen[:MAX_SAS])
    )


def _sa(dice: Dice, ends: Pair, proto: str, spi: int) -> str:
    old = proto != "ipcomp" and dice.percent(4)
    mode = dice.one(("",) * 6 + (" -m transport", " -m tunnel"))
    reqid = dice.one(("", "", "", " -u 1"))
    window = "" if old or proto == "ipcomp" else dice.one(("", "", "", " -r 4"))
    name = f"{proto}-old" if old else proto
    return f"add {ends[0]} {ends[1]} {name} 0x{spi:x}{mode}{reqid}{window} {_algorithms(dice, proto)} ;"


def _algorithms(dice: Dice, proto: str) -> str:
    if proto == "ipcomp":
        return "-C deflate"
    auth = dice.one(AUTHS)
    sealed = f"-A {auth.name} 0x{'5a' * (auth.key_len or 0)}"
    if proto == "ah":
        return sealed
    cipher = dice.one(CIPHERS)
    return f"-E {cipher.name} 0x{'3c' * usual_key_len(cipher)}" + (f" {sealed}" if dice.percent(80) else "")


def _policies(dice: Dice, pair: Pair, bundle: tuple[Rule, ...]) -> tuple[DrawnPolicy, ...]:
    """Draw the policies: each way of each direction by itself, or one for a whole network; none twice."""
    found: dict[tuple[str, str, str], DrawnPolicy] = {}
    wide = dice.percent(25)
    for direction, chance in (("out", 94), ("in", 70)):
        if not dice.percent(chance):
            continue
        for ends in dict.fromkeys((pair, pair[::-1])):
            if dice.percent(92):
                policy = _policy(dice, direction, ends, bundle, wide=wide and dice.percent(80))
                found.setdefault((direction, policy.ends, policy.upper), policy)
    return tuple(found.values())


def _policy(dice: Dice, direction: str, ends: Pair, bundle: tuple[Rule, ...], *, wide: bool) -> DrawnPolicy:
    upper, kind = dice.one(UPPERS), dice.one(KINDS)
    net = dice.one(NETS)
    ports = [dice.one(PORTS) if upper in ("tcp", "udp") else "" for _end in ends]
    selector = " ".join(f"{net if wide else end}{port}" for end, port in zip(ends, ports, strict=True))
    rules = bundle if dice.percent(85) else _bundle(dice)
    asked = tuple(_rule(rule, ends) for rule in rules) if kind == "ipsec" else ()
    return DrawnPolicy(direction, selector, upper, kind, asked)


def _rule(rule: Rule, ends: Pair) -> str:
    proto, mode, level = rule
    return f"{proto}/{mode}/{f'{ends[0]}-{ends[1]}' if mode == 'tunnel' else ''}/{level}"
