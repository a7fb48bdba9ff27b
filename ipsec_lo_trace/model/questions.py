"""The questions that stages ask: which kernel function asks, and in what words.

A trace's checks name a question by its id; operands and answer stand in the trace.
"""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """The kernel function that asks, its words, and the verdict's code if a stale mark settles it."""

    by: str
    text: str
    stale_code: str = ""


QUESTIONS = {
    "out-policy": Question("ipsec4_checkpolicy", "which outbound policy covers the packet?"),
    "loop-detection": Question(
        "ip_output",
        "does a tag name the SA that the policy's first request used last?",
        "stale-out-done",
    ),
    "packet-filter-out": Question("ip_output", "what do the packet filter's output hooks see?"),
    "sa": Question("key_checkrequest", "which SA serves the request?"),
    "packet-filter": Question(
        "ip_input",
        "has the packet an IN_DONE tag, so that the packet filter is skipped?",
        "packet-filter-skipped",
    ),
    "gate-1-tag": Question(
        "ip_input", "which inbound policy does the newest IN_DONE tag lead to?", "policy-by-stale-tag"
    ),
    "gate-1-policy": Question("ip_input", "which inbound policy covers the packet?"),
    "gate-1-flag": Question(
        "ip_input", "does the packet bear the flag that the policy asks for?", "stale-flag"
    ),
    "in-sa": Question("ipsec_common_input", "which SA is the packet for?"),
    "encap": Question("ipe4_encapcheck", "did the outer packet come by IPsec?", "stale-flag"),
    "error-flag": Question(
        "icmp_error", "did the offending packet come by ESP, so that no error is sent?", "stale-flag"
    ),
    "gate-2-policy": Question("ipsec4_in_reject", "which inbound policy covers the packet, for the socket?"),
    "gate-2-flag": Question(
        "ipsec4_in_reject", "does the packet bear the flag that the policy asks for?", "stale-flag"
    ),
}
