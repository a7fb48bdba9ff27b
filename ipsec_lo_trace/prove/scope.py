"""The scope of a proof: which hosts, which kernels, which program runs over them."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.model.build import PLAIN, turn
from ipsec_lo_trace.model.policy import Direction, Policy
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.prove.kernels import (
    NOTHING_TURNED,
    PLACES,
    TCP_PLACE,
    Kernels,
    switch_sets,
)
from ipsec_lo_trace.prove.path import Box
from ipsec_lo_trace.prove.slots import MISSING, RUNGS, THERE, Ends, Slot, sa_name
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from ipsec_lo_trace.userland.probe_kind import all_probes, known_probe
from ipsec_lo_trace.userland.program import ProbeOptions, Program

A, B = IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2")
LOCAL = frozenset({A, B, IPv4Address("127.0.0.1")})
PING = "ping"


class Shape(NamedTuple):
    """What hosts have in common: the places of the SPD, the pairs of ends with SAs, and who sends to whom."""

    slots: tuple[Slot, ...]
    pairs: tuple[Ends, ...]
    src: IPv4Address | None
    dst: IPv4Address

    @property
    def hosts(self) -> Box:
        """All of them."""
        box = {slot.name: slot.every for slot in self.slots}
        sas = (sa_name(proto, ends) for ends in self.pairs for proto in (IPPROTO_ESP, IPPROTO_AH))
        return box | dict.fromkeys(sas, MISSING | THERE)


def _slots(*ends: Ends) -> tuple[Slot, ...]:
    return tuple(Slot(way, pair) for way in (Direction.OUT, Direction.IN) for pair in ends)


SHAPES = {
    "one-address": Shape(_slots((A, A)), ((A, A),), None, A),
    "two-addresses": Shape(_slots((A, B), (B, A)), ((A, B), (B, A)), A, B),
    "wildcard": Shape(
        (Slot(Direction.OUT, (A, B), wide=True), Slot(Direction.IN, (A, B), wide=True)),
        ((A, B), (B, A)),
        A,
        B,
    ),
}
"""One address; two, each way with a policy and SAs of its own; and two with a policy for both ways."""


class View(NamedTuple):
    """Hosts and kernels that are run together.

    ``kernels`` are "strips", or "switches" too; ``hosts`` are "all", or "few", whose policies are ESP or AH
    alone at level use or require, or "first", which besides have every SA.
    """

    shape: str
    kernels: str
    hosts: str

    def __str__(self) -> str:
        return " ".join(self)


VIEWS = (
    View("one-address", "strips", "all"),
    View("two-addresses", "strips", "all"),
    View("wildcard", "strips", "all"),
    View("one-address", "switches", "all"),
    View("two-addresses", "switches", "few"),
)
QUICK = tuple(view for view in VIEWS if view.shape != "two-addresses" and view.kernels == "strips")
FIRST = View("two-addresses", "strips", "first")
"""The scope that was tried first: ESP or AH, at level require or use, and every SA."""

SCOPES = ("whole", "quick", "first")
"""Every view; the two that take seconds; what was tried first."""


def views_of(scope: str, program: str = PING) -> tuple[View, ...]:
    """Return the views of a scope; the last, which is dear, is for ping alone."""
    if scope == "whole":
        return VIEWS if program == PING else VIEWS[:-1]
    return QUICK if scope == "quick" else (FIRST,)


def programs() -> list[str]:
    """Name what may run."""
    return [PING, *(probe.name for probe in all_probes())]


def kernels_of(view: View, program: str) -> Kernels:
    """Return the kernels of a view; TCP's answers have a place of their own to strip."""
    base = PLAIN if program == PING else turn(PLAIN, known_probe(program).knobs)
    places = (*PLACES, TCP_PLACE) if program.startswith("tcp") else PLACES
    turned = {NOTHING_TURNED: {}} if view.kernels == "strips" else switch_sets()
    return Kernels(places, turned, base)


def hosts_of(view: View) -> Box:
    """Return the hosts of a view."""
    shape = SHAPES[view.shape]
    box = shape.hosts
    if view.hosts == "all":
        return box
    policies = {slot.name: slot.values(_plain) | 1 for slot in shape.slots}
    if view.hosts == "first":
        box = dict.fromkeys(box, THERE)
    return box | policies


def _plain(sp: Policy) -> bool:
    """Tell whether a policy is ESP or AH, alone, at level use or require."""
    if len(sp.requests) != 1:
        return False
    [isr] = sp.requests
    return isr.mode is Mode.TRANSPORT and (isr.level, isr.reqid) in RUNGS[1:3]


def program_of(program: str, shape: Shape) -> Program:
    """Make the process, which sends one packet."""
    if program == PING:
        return Ping(PingOptions(dst=shape.dst, src=shape.src))
    kind = known_probe(program)
    return kind.program(ProbeOptions(kind.name, shape.dst, shape.src, 1, kind.size))
