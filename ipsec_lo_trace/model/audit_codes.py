"""What an audit can find in a capture, in plain words, and how much it weighs."""

from __future__ import annotations

AUDIT_OUTCOMES = {
    "clean": "nothing crossed in clear where a policy asks for protection",
    "unsure": "nothing is known to have crossed in clear, but not every packet could be judged",
    "leak": "clear text crossed where a policy asks for protection",
}
"""Outcomes of an audit, least serious first."""

LEAK_CODES = {
    "reply-in-clear-2003": (
        "a protected ICMP request got its reply in clear, on the same addresses, identifier and number: the"
        " leak of 2003"
    ),
    "rst-in-clear-2003": "a protected TCP segment was answered by a RST in clear: the leak of 2003, for TCP",
    "policy-not-applied": (
        "nothing at all was protected although a policy asks for it: IPsec did not apply to this interface,"
        " as on Linux's lo by default"
    ),
    "accepted-in-clear": "a packet was answered that lacks what the inbound policy requires",
    "wrong-protection": "the packet is protected, but not by all that the outbound policy asks for",
    "clear-text": "the packet crossed in clear, and the outbound policy asks for protection",
}
"""Clear text where a policy asks for protection, the most telling code first."""

UNSURE_CODES = {
    "in-policy-unmet": (
        "the packet lacks what the inbound policy requires: its receiver should refuse it, and a capture does"
        " not show whether it did"
    ),
    "wrong-key": "no packet of an SA verifies or opens: is the key another one?",
    "wrong-icv": "the ICV is wrong: the packet was altered on its way, or made with another key",
    "not-opened": "the packet opens to nonsense, so its inside is not known",
    "unknown-spi": "no SA of the configuration has the packet's destination, protocol and SPI",
    "cut-short": "the capture holds the packet's beginning only",
    "malformed": "the packet's headers contradict its length",
    "fragments-missing": "not all fragments of a packet are there, so it cannot be verified or opened",
    "nothing-seen": "the capture has no packet of which anything can be said",
}
"""Packets about which more cannot be said."""

NOTE_CODES = {
    "request-in-clear": "a clear request got a protected reply",
    "replayed": "the sequence number came before",
    "out-of-order": "the sequence number is lower than one that came before",
    "shared-sa": (
        "the sequence numbers go up by two: the sender and the receiver of the SA share one counter, as they"
        " do on the lo0 of 2003"
    ),
    "decapsulated-again": (
        "the packet is what a tunnel packet before it had inside, byte for byte: Linux shows it on lo once"
        " more when the tunnel is taken off"
    ),
    "fragment": "the packet is a fragment",
    "not-ipv4": "the packet is not IPv4, so these policies do not speak of it",
    "tables-full": "more was open at once than is kept, and the oldest was forgotten",
    "no-policy": "no policy asks for protection: everything may cross in clear",
    "clean": "nothing crossed in clear where a policy asks for protection",
}
"""What is worth knowing, and no fault."""

AUDIT_CODES = LEAK_CODES | UNSURE_CODES | NOTE_CODES

AUDIT_FIXES = {
    "reply-in-clear-2003": (
        "strip the tags in icmp_reflect (fix netbsd-2003-08) or in looutput (looutput-only); netbsd-2.0 does"
        " both"
    ),
    "rst-in-clear-2003": (
        "strip the tags in looutput (fix netbsd-2.0); stripping them in icmp_reflect is no help"
    ),
    "policy-not-applied": (
        "on Linux: sysctl net.ipv4.conf.lo.disable_xfrm=0 net.ipv4.conf.lo.disable_policy=0"
    ),
    "wrong-key": "give the keys that the host had when the capture was made",
    "unknown-spi": "give the configuration that the host had when the capture was made",
    "cut-short": "capture with tcpdump -s 0",
}
"""What would mend it."""


def weight(code: str) -> str:
    """Say how much a code weighs: "leak", "unsure" or "note"."""
    if code in LEAK_CODES:
        return "leak"
    return "unsure" if code in UNSURE_CODES else "note"
