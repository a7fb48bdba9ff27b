"""What a proof leaves open: a rule or a policy of which several are possible, and what a place strips.

A stage need not know it.  Where a function would have to read much of it to answer little, it has the
question put to each value that is possible (``by``), and the run goes on with those that give one answer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ipsec_lo_trace.machine.context import Context
    from ipsec_lo_trace.model.mbuf import Mbuf

R = TypeVar("R")


class Undecided(ABC):
    """A rule or a policy that may be one of several."""

    @abstractmethod
    def by(self, k: Context, question: Callable[[Any], R]) -> R:
        """Put a question to each value that is possible; go on with those that give one answer, and give it.

        What a question puts on record counts as a part of its answer, but for the rule that it names.
        """


class UndecidedStrip(ABC):
    """What a place strips, whatever that is."""

    @abstractmethod
    def each(self, m: Mbuf, do: Callable[[str], object]) -> None:
        """Do it with each value that the switch may have, to the marks that ``m`` bears now.

        Afterwards ``m`` bears the marks that are left with some of them.
        """
