"""What the claims come to over a sample of every proof: kept in expected.txt, line by line.

``python -m tests.prove.expected`` writes the file anew.  A line has a program, a sample, a claim, how it is
broken ("holds" where it is not), in how many combinations of a host with a kernel that is so, and a sum over
these combinations, which tells them from as many others.  A sample is a view with fewer hosts,
kernels or programs, so that all of them take a few minutes of CPU.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ipsec_lo_trace.model.policy import Level, Policy, PolicyType
from ipsec_lo_trace.model.proof import CLAIMS, Class
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.prove.claims import together
from ipsec_lo_trace.prove.kernels import STRIPS, Kernels
from ipsec_lo_trace.prove.path import Box, explore, numbers
from ipsec_lo_trace.prove.run import Piece, Runner, class_of
from ipsec_lo_trace.prove.scope import FIRST, View, hosts_of, kernels_of
from ipsec_lo_trace.prove.shapes import COMBINED, SHAPES
from ipsec_lo_trace.prove.slots import THERE

FILE = Path(__file__).with_name("expected.txt")
HOLDS = "holds"


class Sample(NamedTuple):
    """A part of a view: "all" of it, or what ``PARTS`` says of its policies, and then fewer kernels too."""

    view: View
    part: str = "all"

    def __str__(self) -> str:
        return "/".join((*self.view, self.part))

    def hosts(self) -> Box:
        """Return its hosts; those of the part "required" have every SA, and "few" has them all."""
        box = hosts_of(self.view)
        if self.part not in PARTS:
            return box
        slots = {slot.name: slot for slot in COMBINED[self.view.shape].slots}
        for name, slot in slots.items():
            box[name] &= slot.values(PARTS[self.part]) | 1
        if self.part == "required":
            box |= dict.fromkeys(box.keys() - slots, THERE)
        return box

    def kernels(self, kernels: Kernels) -> Box:
        """Return its kernels: of fewer, those that strip at one place at the most.

        With switches these are the ones in ``STRIPPED``.
        """
        if self.part == "all":
            return kernels.every
        some = range(len(kernels.strips))
        chosen = [at for at in some if _stripping(kernels.strips[at]) <= 1]
        if self.view.kernels == "switches":
            chosen = [kernels.number(**strips) for strips in STRIPPED[self.part]]
        return kernels.every | {STRIPS: sum(1 << at for at in chosen)}


def _alone(sp: Policy) -> bool:
    """Tell whether a policy has no second rule, and the level is default or require."""
    return len(sp.requests) <= 1 and all(isr.level in (Level.DEFAULT, Level.REQUIRE) for isr in sp.requests)


def _required(sp: Policy) -> bool:
    """Tell whether a policy has rules for transport mode only, all of level require."""
    return sp.kind is PolicyType.IPSEC and all(
        isr.level is Level.REQUIRE and isr.mode is Mode.TRANSPORT for isr in sp.requests
    )


PARTS = {"alone": _alone, "required": _required}
NOTHING: dict[str, str] = {}
ALONE = (NOTHING, {"looutput": "tags"}, {"if_output": "history"})
FEW = (*ALONE, {"if_output": "flags"}, {"icmp_reflect": "tags"})
STRIPPED = {"alone": ALONE, "required": FEW, "few": (NOTHING, {"icmp_reflect": "tags"})}
"""What the kernels with switches strip, by part."""


def _stripping(values: tuple[str, ...]) -> int:
    """Count the places that strip anything."""
    return sum(value != "keep" for value in values)


EXAMPLES = Sample(View("examples", "strips", "all"))
EXAMPLES_SWITCHES = Sample(View("examples", "switches", "all"), "few")
WIDE = Sample(View("wildcard", "strips", "all"), "alone")
TWO = Sample(View("two-addresses", "strips", "all"), "required")
ONE = Sample(View("one-address", "strips", "all"))
TWO_SWITCHES = Sample(View("two-addresses", "switches", "few"), "required")
SWITCHES = Sample(View("one-address", "switches", "all"), "alone")
ALL_FIRST = Sample(FIRST)
ORDER = (
    (EXAMPLES, ("ping", "multicast-out", "redirect", "tcp-closed", "udp-echo", "record-route", "tcp-open")),
    (EXAMPLES, ("ipcomp", "source-route", "forward", "multicast", "udp-closed", "encap", "ipip")),
    (EXAMPLES_SWITCHES, ("forward", "redirect", "multicast-out", "udp-closed", "udp-echo", "tcp-open")),
    (EXAMPLES_SWITCHES, ("tcp-closed", "ping", "encap", "ipcomp")),
    (WIDE, ("tcp-closed", "record-route", "ping", "multicast-out", "forward", "redirect", "udp-closed")),
    (WIDE, ("udp-echo", "tcp-open", "source-route", "encap", "ipip")),
    (ALL_FIRST, ("record-route", "tcp-closed")),
    (TWO_SWITCHES, ("tcp-closed", "record-route", "ping")),
    (ONE, ("record-route", "ping", "tcp-closed")),
    (TWO, ("tcp-closed", "ping")),
    (SWITCHES, ("udp-closed", "tcp-closed", "record-route", "ping")),
    (ONE, ("multicast-out", "udp-closed", "udp-echo", "tcp-open", "source-route")),
    (SWITCHES, ("udp-echo", "tcp-open")),
    (EXAMPLES, ("timestamp", "timestamp-option", "mask", "df", "big")),
)
"""What takes least, or tells most, comes first: where something is amiss, a difference is soon found."""


def samples() -> Iterator[tuple[Sample, str]]:
    """Yield each sample with each of its programs, in the order of the file."""
    for sample, some in ORDER:
        for program in some:
            yield sample, program


def lines(sample: Sample, program: str) -> list[str]:
    """Run a program over a sample, and give the file's lines about that."""
    shape, kernels = SHAPES[sample.view.shape], kernels_of(sample.view, program)
    hosts = sample.hosts()
    counts, sums = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for claims in together(CLAIMS):
        run = Runner(Piece(program, sample.view, claims, hosts[shape.first]), shape, kernels)
        for leaf in explore(hosts, sample.kernels(kernels), run):
            _count(class_of(program, sample.view, leaf.hosts, run.judged(leaf)), counts, sums)
    return [
        f"{program} {sample} {claim} {kind} {count} {sums[claim, kind]}"
        for (claim, kind), count in sorted(counts.items())
    ]


def _count(found: Class, counts: Counter[tuple[str, str]], sums: Counter[tuple[str, str]]) -> None:
    for came in found.came:
        sets = [*(values for _name, values in sorted(found.hosts.items())), came.strips, came.switch]
        size, product = _counted([int(values, 16) for values in sets])
        for claim, kind in came.broken.items():
            counts[claim, kind or HOLDS] += size
            sums[claim, kind or HOLDS] += product


def _counted(sets: list[int]) -> tuple[int, int]:
    """Count the combinations in a box, and add their products up.

    A combination's product is that of its values, each with the place of its variable added.  (Sums of values
    would be the same after two kernels change places, each under half of the hosts.)
    """
    size = math.prod(values.bit_count() for values in sets)
    sums = (sum(place + number for number in numbers(values)) for place, values in enumerate(sets, start=1))
    return size, math.prod(sums)


def kept() -> dict[tuple[str, str], list[str]]:
    """Read the file: its lines, by program and sample."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        program, sample, *_ = line.split()
        found.setdefault((program, sample), []).append(line)
    return found


def changed(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Name the claims about which lines differ."""
    differing = {*before} ^ {*after}
    return [claim for claim in CLAIMS if any(line.split()[2] == claim for line in differing)]


def main() -> None:
    """Write the file."""
    text = "".join(f"{line}\n" for each in samples() for line in lines(*each))
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
