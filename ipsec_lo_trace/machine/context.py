"""What the machine needs of a kernel: a place for the counters that move and the questions that are asked."""

from __future__ import annotations

from ipsec_lo_trace.model.operands import Operand
from ipsec_lo_trace.model.questions import A, Question
from ipsec_lo_trace.model.trace import Check, Mark


class Context:
    """The state that the machine shares with the stages; a kernel extends it.

    ``moved`` and ``checks`` belong to the step that runs now, ``counters`` is what moved in all before it.
    ``ipintrq_len`` is how many packets wait for the IP soft interrupt.
    """

    def __init__(self) -> None:
        """Start with nothing counted and nothing asked."""
        self.moved: dict[str, int] = {}
        self.counters: dict[str, int] = {}
        self.checks: list[Check] = []
        self.ipintrq_len = 0

    def count(self, name: str, by: int = 1) -> None:
        """Move the kernel counter ``name``."""
        moved = self.moved
        moved[name] = moved[name] + by if name in moved else by

    def ask(
        self, question: Question[A], left: Operand, right: Operand, answer: A, mark: Mark | None = None
    ) -> None:
        """Put a question on record, with both operands and the mark, if any, that settled it."""
        self.checks.append(Check(question.id, left, right, answer, mark))
