"""Symbols, stages and the link table: how a stage names another without importing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from ipsec_lo_trace.machine.verdicts import Verdict
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf

A = TypeVar("A")
F = TypeVar("F", bound=Callable[..., Verdict])


class Symbol(msgspec.Struct, Generic[A], frozen=True):
    """A stage's name and the kernel file that defines it; ``A`` is what it takes beside the mbuf."""

    name: str
    file: str


StageFunction = Callable[[Any, Mbuf, Any], Verdict]


class Stage(msgspec.Struct, frozen=True):
    """A stage's function with the symbols that it may hand off to."""

    symbol: Symbol[Any]
    function: StageFunction
    may_reach: frozenset[str]


LinkTable = Mapping[str, Stage]

STAGE_ATTRIBUTE = "__stage__"


def stage(symbol: Symbol[Any], *may_reach: Symbol[Any]) -> Callable[[F], F]:
    """Declare a function to be the stage behind ``symbol``, handing off only to ``may_reach``."""

    def declare(function: F) -> F:
        names = frozenset(reached.name for reached in may_reach)
        setattr(function, STAGE_ATTRIBUTE, Stage(symbol, function, names))
        return function

    return declare


def link(*functions: StageFunction) -> LinkTable:
    """Make the link table of a kernel from its stage functions.

    Raises BrokenInvariantError if a function is no stage, or a stage may reach a symbol that is not linked.
    """
    stages: list[Stage] = []
    for function in functions:
        declared = getattr(function, STAGE_ATTRIBUTE, None)
        if declared is None:
            msg = f"{function.__qualname__} is not declared as a stage"
            raise BrokenInvariantError(msg)
        stages.append(declared)
    table = {declared.symbol.name: declared for declared in stages}
    for declared in stages:
        missing = sorted(declared.may_reach - table.keys())
        if missing:
            msg = f"{declared.symbol.name} may hand off to {', '.join(missing)}, which nothing defines"
            raise BrokenInvariantError(msg)
    return table
