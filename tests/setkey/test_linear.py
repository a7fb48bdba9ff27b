"""Is the work of loading a file in proportion to its length?  Counted in steps of Python, not in seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from ipsec_lo_trace.setkey import host
from ipsec_lo_trace.setkey.load import load
from tests.setkey.support import DES_KEY

FEW = 60
MANY = 4 * FEW
TOLERANCE = 1.1
"""How much more than four times the steps four times the lines may take; a quadratic part takes sixteen."""


def address(number: int) -> str:
    """Return one address of many."""
    return f"10.{number >> 8}.{number & 255}.1"


def lines(line: Callable[[int], str]) -> Callable[[int], str]:
    """Make what makes a text of as many lines as are asked for."""
    return lambda count: "\n".join(map(line, range(count)))


def then(first: Callable[[int], str], second: Callable[[int], str]) -> Callable[[int], str]:
    """Make what makes one text after the other."""
    return lambda count: first(count) + "\n" + second(count)


ADDS = {
    "sources": lines(lambda n: f"add {address(n)} 10.9.9.9 esp {256 + n} {DES_KEY};"),
    "sources with one SPI": lines(lambda n: f"add {address(n)} 10.9.9.9 esp 256 {DES_KEY};"),
    "destinations": lines(lambda n: f"add 10.9.9.9 {address(n)} esp 256 {DES_KEY};"),
    "same ends": lines(lambda n: f"add 10.9.9.8 10.9.9.9 esp {256 + n} {DES_KEY};"),
    "reqids": lines(lambda n: f"add 10.9.9.8 10.9.9.9 esp {256 + n} -u {n + 1} {DES_KEY};"),
    "policies": lines(lambda n: f"spdadd {address(n)} 10.9.9.9 any -P out ipsec esp/transport//require;"),
    "unique policies": lines(lambda n: f"spdadd {address(n)} 10.9.9.9 any -P in ipsec ah/transport//unique;"),
}
TEXTS = {
    **ADDS,
    "deleted sources": then(
        ADDS["sources with one SPI"], lines(lambda n: f"delete {address(n)} 10.9.9.9 esp 256;")
    ),
    "deleted reqids": then(ADDS["reqids"], lines(lambda n: f"delete 10.9.9.8 10.9.9.9 esp {256 + n};")),
    "deleted at once": then(ADDS["sources"], lines(lambda n: f"deleteall {address(n)} 10.9.9.9 esp;")),
    "flushed": then(
        ADDS["sources"], lines(lambda _n: "add 10.1.1.1 10.1.1.1 ipcomp 9 -C deflate; flush ipcomp;")
    ),
    "deleted policies": then(
        ADDS["policies"], lines(lambda n: f"spddelete {address(n)} 10.9.9.9 any -P out;")
    ),
    "duplicates": lines(lambda _n: f"add 10.9.9.8 10.9.9.9 esp 256 {DES_KEY};"),
    "nothing there": lines(
        lambda n: (
            f"delete {address(n)} 10.9.9.9 esp 256; spdflush; add 10.0.0.1 10.0.0.2 ipcomp {n} -C deflate;"
        )
    ),
}
READERS: dict[str, Callable[[str, str], Any]] = {"2003": load, "today": host.load}


def steps(work: Callable[[], object]) -> int:
    """Count the steps of Python's machine that work takes."""
    counted = 0

    def count(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 -- as sys.settrace has it
        nonlocal counted
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        counted += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return counted


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", TEXTS)
def test_four_times_the_lines_take_four_times_the_steps(kind: str, reader: str) -> None:
    """Whatever the lines of a file have in common, each costs as much as the ones before it."""
    read, text = READERS[reader], TEXTS[kind]
    few, many = (text(count) for count in (FEW, MANY))
    read(few, "f")  # what is kept for later is made now
    ratio = steps(lambda: read(many, "f")) / steps(lambda: read(few, "f"))
    assert ratio < TOLERANCE * MANY / FEW
