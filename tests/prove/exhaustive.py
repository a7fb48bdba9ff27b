"""Every case of a scope the ordinary way, held to the classes: ``python -m tests.prove.exhaustive``.

It runs some minutes.  The tests run a part of it: every host, and of its kernels each so many-th.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import NamedTuple

from ipsec_lo_trace.prove.concrete import Decided
from ipsec_lo_trace.prove.scope import FIRST, PING, View, hosts_of, kernels_of
from tests.prove.support import EVERY_CLAIM, Host, Said, classes_of, hosts_in

SMALL = View("one-address", "switches", "first")
"""One address, ESP or AH at level use or require and every SA, under every set of switches."""


class Scope(NamedTuple):
    """A program over a view; a test takes ``step`` kernels at a time, and runs one of them."""

    program: str
    view: View
    step: int

    def __str__(self) -> str:
        return f"{self.program} over {self.view}"


SCOPES = (
    Scope(PING, FIRST, 5),
    Scope("timestamp", SMALL, 23),
    Scope("udp-closed", SMALL, 23),
    Scope("tcp-closed", SMALL, 23),
)
"""No step is larger than the number of hosts, so that every kernel has its turn."""


class Case(NamedTuple):
    """A case with what the run and what the class says of each claim."""

    host: Host
    strips: int
    switch: int
    ran: dict[str, str]
    said: dict[str, str]


def cases(scope: Scope, step: int = 1) -> Iterator[Case]:
    """Run the cases of a scope, of each host's kernels one in ``step``, by turns."""
    said = Said(classes_of(scope.program, scope.view))
    kernels = kernels_of(scope.view, scope.program)
    every = list(itertools.product(range(len(kernels.strips)), range(len(kernels.builds))))
    for at, host in enumerate(hosts_in(hosts_of(scope.view))):
        decided = Decided(scope.program, scope.view, host)
        for strips, switch in every[at % step :: step]:
            ran = decided.broken(strips, switch, EVERY_CLAIM)
            yield Case(host, strips, switch, ran, said.of(host, strips, switch))


def main() -> int:
    """Run all of every scope; say how many cases there were, and which are not as the classes say."""
    wrong = 0
    for scope in SCOPES:
        ran = 0
        for case in cases(scope):
            ran += 1
            if case.ran != case.said:
                wrong += 1
                print(case)
        print(f"{scope}: {ran} cases", flush=True)
    print(f"{wrong} are not as the classes say")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
