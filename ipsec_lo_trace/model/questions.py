"""The questions that stages ask: which kernel function asks, in what words, and what may be answered.

A trace's checks have the ids of a question and of its answer, and both operands; the words are here.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec

from ipsec_lo_trace.model.operands import Operand
from ipsec_lo_trace.model.trace import Check, Mark

A = TypeVar("A", bound=str)


class Question(msgspec.Struct, Generic[A], frozen=True, eq=False):
    """A question; ``A`` are the codes of its answers, so that a stage that misspells one is a type error.

    ``by`` is the kernel function that asks.  ``answers`` puts each code into words.  ``stale_code`` is the
    verdict's code if a stale mark settles it, "" if none can.
    """

    id: str
    by: str
    text: str
    answers: dict[A, str]
    stale_code: str = ""


def asked(question: Question[A], left: Operand, right: Operand, answer: A, mark: Mark | None = None) -> Check:
    """Make the record of a question that was asked; ``mark`` is the mark that settled it, if one did."""
    return Check(question.id, left, right, answer, mark)


CoverAnswer = Literal["covered", "default"]
LoopAnswer = Literal["done", "different", "nothing-to-compare"]
FlagAnswer = Literal["satisfied", "refused"]
FoundAnswer = Literal["found", "none"]
YesAnswer = Literal["yes", "no"]

_COVER: dict[CoverAnswer, str] = {"covered": "this policy", "default": "none: the default policy"}
_FLAG: dict[FlagAnswer, str] = {"satisfied": "satisfied", "refused": "refused"}
_FLAG_TEXT = "does the packet bear the flag that the policy asks for?"

OUT_POLICY: Question[CoverAnswer] = Question(
    "out-policy", "ipsec4_checkpolicy", "which outbound policy covers the packet?", _COVER
)
LOOP_DETECTION: Question[LoopAnswer] = Question(
    "loop-detection",
    "ip_output",
    "does a tag name the SA that the policy's first request used last?",
    {
        "done": "yes: done already",
        "different": "different: look on",
        "nothing-to-compare": "not done: nothing to compare with",
    },
    "stale-out-done",
)
PACKET_FILTER_OUT: Question[Literal["runs"]] = Question(
    "packet-filter-out",
    "ip_output",
    "what do the packet filter's output hooks see?",
    {"runs": "the output hooks run here"},
)
SA: Question[Literal["chosen", "none"]] = Question(
    "sa", "key_checkrequest", "which SA serves the request?", {"chosen": "this SA", "none": "none"}
)
PACKET_FILTER: Question[Literal["skipped", "runs"]] = Question(
    "packet-filter",
    "ip_input",
    "has the packet an IN_DONE tag, so that the packet filter is skipped?",
    {"skipped": "yes: skipped", "runs": "no: the packet filter runs"},
    "packet-filter-skipped",
)
PF_TAG: Question[Literal["skipped", "seen"]] = Question(
    "pf-tag",
    "pf_test",
    "does the packet bear pf's own tag, so that it passes unseen?",
    {"skipped": "yes: passes unseen", "seen": "no: pf looks at it, and tags it"},
    "pf-skipped",
)
GATE_1_TAG: Question[Literal["found", "default"]] = Question(
    "gate-1-tag",
    "ip_input",
    "which inbound policy does the newest IN_DONE tag lead to?",
    {"found": "this policy", "default": "to none: the default policy"},
    "policy-by-stale-tag",
)
GATE_1_POLICY: Question[CoverAnswer] = Question(
    "gate-1-policy", "ip_input", "which inbound policy covers the packet?", _COVER
)
GATE_1_FLAG: Question[FlagAnswer] = Question("gate-1-flag", "ip_input", _FLAG_TEXT, _FLAG, "stale-flag")
IN_SA: Question[FoundAnswer] = Question(
    "in-sa", "ipsec_common_input", "which SA is the packet for?", {"found": "this SA", "none": "none"}
)
ENCAP_CHECK: Question[YesAnswer] = Question(
    "encap",
    "ipe4_encapcheck",
    "did the outer packet come by IPsec?",
    {"yes": "yes", "no": "no"},
    "stale-flag",
)
ERROR_FLAG: Question[YesAnswer] = Question(
    "error-flag",
    "icmp_error",
    "did the offending packet come by ESP, so that no error is sent?",
    {"yes": "yes: no error is sent", "no": "no"},
    "stale-flag",
)
GATE_2_POLICY: Question[CoverAnswer] = Question(
    "gate-2-policy", "ipsec4_in_reject", "which inbound policy covers the packet, for the socket?", _COVER
)
GATE_2_FLAG: Question[FlagAnswer] = Question(
    "gate-2-flag", "ipsec4_in_reject", _FLAG_TEXT, _FLAG, "stale-flag"
)

QUESTIONS: dict[str, Question[Any]] = {
    question.id: question
    for question in (
        OUT_POLICY,
        LOOP_DETECTION,
        PACKET_FILTER_OUT,
        SA,
        PACKET_FILTER,
        PF_TAG,
        GATE_1_TAG,
        GATE_1_POLICY,
        GATE_1_FLAG,
        IN_SA,
        ENCAP_CHECK,
        ERROR_FLAG,
        GATE_2_POLICY,
        GATE_2_FLAG,
    )
}
"""Every question by its id, in the order in which an echo first meets them."""
