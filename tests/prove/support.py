"""What the tests of the proof share: hosts out of a view, and what the classes say of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

from ipsec_lo_trace.model.proof import CLAIMS, Class
from ipsec_lo_trace.prove.claims import together
from ipsec_lo_trace.prove.run import classes_of as of_piece
from ipsec_lo_trace.prove.run import pieces
from ipsec_lo_trace.prove.scope import View

EVERY_CLAIM = tuple(CLAIMS)
Host = dict[str, int]


def numbers(values: int) -> list[int]:
    """List the numbers in a set."""
    return [at for at in range(values.bit_length()) if values >> at & 1]


def hosts_in(box: Mapping[str, int]) -> Iterator[Host]:
    """Yield every combination in a box."""
    for chosen in itertools.product(*map(numbers, box.values())):
        yield dict(zip(box, chosen, strict=True))


def drawn(rng: Random, box: Mapping[str, int]) -> Host:
    """Draw one combination out of a box."""
    return {name: rng.choice(numbers(values)) for name, values in box.items()}


def part(rng: Random, box: Mapping[str, int], most: int) -> dict[str, int]:
    """Draw a smaller box: of each variable so many of its values, or fewer where it has not as many."""
    few = {name: rng.sample(have := numbers(each), min(most, len(have))) for name, each in box.items()}
    return {name: sum(1 << at for at in chosen) for name, chosen in few.items()}


def classes_of(program: str, view: View, claims: Sequence[str] = EVERY_CLAIM) -> list[Class]:
    """Run a whole view."""
    return [each for piece in pieces([program], [view], claims) for each in of_piece(piece)]


class Said:
    """What the classes say, each thing once: of a host by a class, and there of a kernel by one entry.

    Of claims that are not proved in one go each has classes of its own.
    """

    def __init__(self, classes: Iterable[Class]) -> None:
        """Read the sets."""
        self._classes = [
            (
                {name: int(values, 16) for name, values in one.hosts.items()},
                [(int(came.strips, 16), int(came.switch, 16), came.broken) for came in one.came],
            )
            for one in classes
        ]

    def of(self, host: Host, strips: int, switch: int) -> dict[str, str]:
        """Return how each claim is broken over a host, under a kernel."""
        having = [
            came
            for hosts, came in self._classes
            if all(hosts[name] >> value & 1 for name, value in host.items())
        ]
        broken = [answer for came in having for s, w, answer in came if s >> strips & 1 and w >> switch & 1]
        said = {claim: kind for answer in broken for claim, kind in answer.items()}
        assert len(broken) == len(having) == len(together(said))
        return said
