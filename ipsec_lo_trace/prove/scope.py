"""The scope of a proof: which hosts, which kernels, which program runs over them."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.model.build import PLAIN, turn
from ipsec_lo_trace.model.policy import Policy
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.prove.kernels import (
    NOTHING_TURNED,
    PLACES,
    TCP_PLACE,
    Kernels,
    switch_sets,
)
from ipsec_lo_trace.prove.path import Box
from ipsec_lo_trace.prove.shapes import SHAPES, Combined
from ipsec_lo_trace.prove.slots import NO_POLICY, RUNGS, THERE
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from ipsec_lo_trace.userland.probe_kind import all_probes, known_probe
from ipsec_lo_trace.userland.program import ProbeOptions, Program

PING = "ping"


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
    View("shared-out", "strips", "all"),
    View("examples", "strips", "all"),
    View("one-address", "switches", "all"),
    View("examples", "switches", "all"),
    View("by-protocol", "strips", "few"),
    View("two-addresses", "switches", "few"),
)
DEAR = VIEWS[-2:]
"""For ping alone."""
QUICK = VIEWS[0], VIEWS[2]
FIRST = View("two-addresses", "strips", "first")
"""The scope that was tried first: ESP or AH, at level require or use, and every SA."""

SCOPES = ("whole", "quick", "first")
"""Every view; the two that take seconds; what was tried first."""


def views_of(scope: str, program: str = PING) -> tuple[View, ...]:
    """Return the views of a scope."""
    if scope == "whole":
        return tuple(view for view in VIEWS if program == PING or view not in DEAR)
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
    if view.hosts == "all" or not isinstance(shape, Combined):
        return box
    policies = {slot.name: slot.values(_plain) | NO_POLICY for slot in shape.slots}
    if view.hosts == "first":
        box = dict.fromkeys(box, THERE)
    return box | policies


def _plain(sp: Policy) -> bool:
    """Tell whether a policy is ESP or AH, alone, at level use or require."""
    if len(sp.requests) != 1:
        return False
    [isr] = sp.requests
    return isr.mode is Mode.TRANSPORT and (isr.level, isr.reqid) in RUNGS[1:3]


def program_of(program: str, src: IPv4Address | None, dst: IPv4Address) -> Program:
    """Make the process, which sends one packet."""
    if program == PING:
        return Ping(PingOptions(dst=dst, src=src))
    kind = known_probe(program)
    return kind.program(ProbeOptions(kind.name, dst, src, 1, kind.size))
