"""The kernels of a proof: every combination of what each place may strip, and sets of other switches."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from msgspec import structs

from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.build import KNOBS, PLAIN, Build, turn, values

STRIPS, SWITCH = "strips", "switch"
"""The two variables of a kernel: what it strips, and which other switches are turned."""
PLACES = ("icmp_input", "icmp_reflect", "if_output", "looutput")
TCP_PLACE = "tcp_respond"
WEAKER = {"keep": ("keep",), "tags": ("keep", "tags"), "all": ("keep", "tags", "all")}
WEAKER |= {"history": ("keep", "history"), "flags": ("keep", "flags")}
"""What strips no more than a value does, at one place."""
NOTHING_TURNED = "plain"
NOTHING_STRIPPED = "nothing"
UNREAD = ("diagnostic", "prefered_oldsa", "maskrepl", "forwarding", "ipcomp_enable", "ipcomp_null_tag")
"""Switches that no run here can tell: about IPComp, or several SAs of a kind, or a probe's own."""
TOGETHER = {"pf=tagging persistent_tags=pf": {"pf": "tagging", "persistent_tags": "pf"}}
"""Switches that only do something together."""


class Kernels:
    """A set of kernels.

    ``strips`` has for each a tuple of values, one for each of ``places``; ``turned`` names sets of switches.
    ``base`` is how every one of them is built otherwise.
    """

    def __init__(
        self, places: Sequence[str], turned: Mapping[str, Mapping[str, str]], base: Build = PLAIN
    ) -> None:
        """Give the values of both variables their numbers."""
        self.places = tuple(places)
        self.strips = tuple(itertools.product(*map(values, places)))
        self.turned = dict(turned)
        self.builds = [turn(base, switches) for switches in self.turned.values()]
        self.of_strip = {
            place: _by_value(value[at] for value in self.strips) for at, place in enumerate(self.places)
        }
        self.of_switch = {
            name: _by_value(getattr(build, name) for build in self.builds)
            for name in KNOBS
            if name not in self.places
        }

    @property
    def every(self) -> dict[str, int]:
        """Every one of them."""
        return {STRIPS: (1 << len(self.strips)) - 1, SWITCH: (1 << len(self.builds)) - 1}

    def build(self, strips: int, switch: int) -> Build:
        """Return the one with these numbers."""
        return structs.replace(
            self.builds[switch], **dict(zip(self.places, self.strips[strips], strict=True))
        )

    def strip_text(self, number: int) -> str:
        """Say what one strips, as --set takes it; "nothing" for nothing."""
        pairs = zip(self.places, self.strips[number], strict=True)
        return " ".join(f"{place}={value}" for place, value in pairs if value != "keep") or NOTHING_STRIPPED

    def no_more(self, one: int, other: int) -> bool:
        """Tell whether what one strips is stripped by the other too, at each place."""
        pairs = zip(self.strips[one], self.strips[other], strict=True)
        return all(mine in WEAKER[theirs] for mine, theirs in pairs)

    def number(self, **strips: str) -> int:
        """Return the number of what strips this, and nothing at other places."""
        return self.strips.index(tuple(strips.get(place, "keep") for place in self.places))


def _by_value(every: Iterable[str]) -> dict[str, int]:
    """Return which numbers have which value."""
    found: dict[str, int] = {}
    for at, value in enumerate(every):
        found[value] = found.get(value, 0) | 1 << at
    return found


@cache
def switch_sets() -> dict[str, dict[str, str]]:
    """Return every set of switches: none, each value of each by itself, and those of the known fixes."""
    stripping = {*PLACES, TCP_PLACE}
    sets: dict[str, dict[str, str]] = {NOTHING_TURNED: {}}
    for knob in KNOBS:
        if knob not in stripping and knob not in UNREAD:
            sets |= {f"{knob}={value}": {knob: value} for value in values(knob)[1:]}
    sets |= TOGETHER
    for fix in all_fixes():
        switches = {knob: value for knob, value in fix.knobs.items() if knob not in {*stripping, *UNREAD}}
        if switches and switches not in sets.values():
            sets[fix.name] = switches
    return sets
