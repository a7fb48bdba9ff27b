"""A proof: what was run, what came of every set of cases, and what follows from it."""

from __future__ import annotations

import msgspec

SCHEMA = "ipsec-lo-trace-proof/1"


class Came(msgspec.Struct, frozen=True, gc=False):
    """What came of some kernels over the hosts of a class: by claim how it is broken, "" where it holds.

    ``strips`` and ``switch`` are sets of the kernels' two variables, in hexadecimal, a bit for each value.
    """

    strips: str
    switch: str
    broken: dict[str, str]


class Class(msgspec.Struct, frozen=True, kw_only=True, tag="class", tag_field="kind"):
    """Hosts that no claim tells apart, under every kernel of a view.

    ``hosts`` has for each of the shape's variables the set of its values, in hexadecimal.  ``came`` has every
    kernel of the view once.
    """

    program: str
    view: str
    hosts: dict[str, str]
    came: list[Came]
