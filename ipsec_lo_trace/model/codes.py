"""Every outcome and code that a verdict can bear, in plain words."""

from __future__ import annotations

from typing import Literal

Errno = Literal[
    "", "EACCES", "ECONNREFUSED", "EEXIST", "EHOSTUNREACH", "EINVAL", "EMSGSIZE", "ENOBUFS", "ENOENT",
    "EOPNOTSUPP",
]  # fmt: skip
"""What a stage's function or a system call may return, "" for success.  Source: sys/errno.h."""

Decision = Literal[
    "", "accept", "apply", "bundle", "clear", "copy", "deliver", "drop", "error", "forward", "keep",
    "multicast", "new-mbuf", "new-mbuf-by-layout", "no-ipsec", "no-port", "panic", "raw", "reassemble",
    "reflect", "reject", "reuse", "reuse-by-layout", "skip", "source-route", "transform", "tunnel", "wire",
]  # fmt: skip
"""The choice that a stage made, in one word; "" if there was none."""

RunName = Literal["verdicts", "tag-traces", "further", "random", "linux-6.1"]
"""The runs of real kernels that "measured" rests on; pages.runs tells of each."""

OUTCOMES = {
    "clean": "protected as the policies ask, and no stale mark decided anything",
    "stale": "no clear text, but a stale mark decided something",
    "lost": "a request or a reply was dropped after sendto had returned",
    "error": "a system call failed, sendto as a rule",
    "leak": "clear text crossed lo0 or was accepted where a policy asks for protection",
    "loop": "a packet goes round without end: the kernel does not stop, this program did",
    "panic": "the kernel panicked",
}
"""Outcomes, least serious first; a run reports the worst of its echoes."""

STALE_CODES = {
    "stale-out-done": "a stale OUT_DONE tag made ip_output skip IPsec",
    "packet-filter-skipped": "a stale IN_DONE tag made ip_input skip the packet filter",
    "pf-skipped": "a stale tag of pf's made pf pass the packet unseen",
    "policy-by-stale-tag": "a stale IN_DONE tag led ip_input to the default policy instead of the SPD",
    "stale-flag": "a stale M_DECRYPTED, M_AUTHIPHDR or M_AUTHIPDGM satisfied a check",
}

OTHER_CODES = {
    "clean": "nothing to report",
    "clear-text": "clear text where a policy asks for protection, and no stale mark explains it",
    "no-policy": "no policy asks for protection, and everything crossed lo0 in clear",
    "no-reply": "a packet is still waiting inside the kernel",
    "policy-not-asked": "clear text where a policy asks for protection: ip_output did not ask for the policy",
}

FINDING_CODES = {
    "clear-accepted": "a packet was accepted without what the inbound policy asks for",
    "default-policy": "ip_input's policy check was answered by the default policy, whatever the SPD says",
    "encapsulated-twice": "the same SA was applied to a packet more than once",
    "mbuf-layout": "tcp_respond's choice of mbuf depends on the mbuf layout, which differs between builds",
    "panic": "the kernel panicked",
    "stale-carried": "a stale mark was carried along and decided nothing",
    "uncounted-drop": "a policy dropped a packet, and no counter moved",
    "wrong-tag": "an OUT_DONE tag names another SA than the one that was used",
}
"""What a finding may say beside the codes of verdicts and drops."""

Reason = Literal[
    "ah-bad-length",
    "ah-ip-options",
    "ah-short",
    "bad-compression",
    "bad-fragment",
    "bad-icv",
    "bad-ip-header",
    "bad-ip-option",
    "bad-padding",
    "bad-source",
    "cannot-forward",
    "cannot-fragment",
    "error-suppressed",
    "esp-bad-length",
    "icmp-checksum",
    "icmp-short",
    "in-policy",
    "ipcomp-disabled",
    "ipcomp-null-tag",
    "ipintrq-full",
    "ipip-family",
    "ipip-short",
    "ipsec-short",
    "loop",
    "message-too-long",
    "no-inbound-sa",
    "no-port",
    "no-route",
    "no-sa",
    "no-socket",
    "not-forwarding",
    "not-in-group",
    "null-sa",
    "out-policy",
    "replay",
    "sa-changed",
    "sa-gone",
    "sequence-wrap",
    "socket-policy",
    "tcp-malformed",
    "tcp-unwanted",
    "tunnel-unspecified",
    "udp-malformed",
    "use-without-sa",
]
"""The stable code of a drop or a panic."""

REASONS: dict[Reason, str] = {
    "ah-bad-length": "the AH header's length does not fit its SA",
    "ah-ip-options": "AH refuses the IP options, or what it takes for them",
    "ah-short": "the packet ends inside its AH header",
    "bad-fragment": "a fragment other than the last is not whole units of 8 bytes",
    "bad-compression": "the payload cannot be decompressed",
    "bad-icv": "the ICV is wrong: the packet was altered, or the key is another",
    "bad-ip-header": "ip_input refuses the IP header",
    "bad-ip-option": "the IP options are malformed",
    "bad-padding": "ESP's padding is wrong: usually another key",
    "bad-source": "icmp_reflect sends no reply to such a source",
    "cannot-forward": "no packet to such a destination may be forwarded",
    "cannot-fragment": "the packet is longer than the MTU, and DF forbids to cut it",
    "error-suppressed": "an ICMP error is due and not sent: the packet came by ESP, or deserves none",
    "esp-bad-length": "the ciphertext is no whole number of blocks",
    "icmp-checksum": "the ICMP checksum is wrong",
    "icmp-short": "the ICMP message is too short",
    "in-policy": "the inbound policy at gate 1 (ip_input) refuses the packet",
    "ipcomp-disabled": "IPComp is switched off: ipcomp_enable is 0",
    "ipcomp-null-tag": "a received packet's tag is rewritten, and IPComp gives none: a page fault",
    "ipintrq-full": "the IP input queue is full",
    "ipip-family": "the inner packet of a tunnel is of another IP version",
    "ipip-short": "the inner packet of a tunnel is too short",
    "ipsec-short": "too few bytes follow the IP header",
    "loop": "one request has had more rows or bytes than any end in the kernel needs: a loop",
    "message-too-long": "the packet would exceed 65535 bytes",
    "no-inbound-sa": "no live SA has the packet's destination, protocol and SPI",
    "no-port": "no socket has the port, and a datagram to a group gets no error",
    "no-route": "no route: lo0 is the only interface",
    "no-sa": "the policy's level insists on an SA, and there is none",
    "no-socket": "no raw socket wants the protocol",
    "not-forwarding": "the destination is not local, and this host does not forward",
    "not-in-group": "a packet to a group that nobody on lo0 has joined",
    "null-sa": "a request's cached SA was gone when the crypto callback read it: a page fault",
    "out-policy": "the outbound policy discards the packet",
    "replay": "the sequence number came before, or is older than the window",
    "sa-changed": "DIAGNOSTIC: the request's SA changed while the packet was in crypto",
    "sa-gone": "the SA died while the packet was in crypto",
    "sequence-wrap": "AH's sequence number would wrap",
    "socket-policy": "the inbound policy at gate 2 (the socket) refuses the packet",
    "tcp-malformed": "the TCP header is malformed, or its checksum is wrong",
    "tcp-unwanted": "a TCP segment that neither its connection nor anybody else waits for",
    "tunnel-unspecified": "an end of the tunnel's SA is 0.0.0.0",
    "udp-malformed": "the UDP header is malformed, or its checksum is wrong",
    "use-without-sa": 'level "use" and no SA: an error in this code, not clear text',
}
"""Why a stage drops a packet, or panics."""

UNASKED = "no-policy"
"""The code of a run in which nothing was protected, since no policy asks for it: no proof of a policy's."""


def is_met(expected: str, outcome: str, code: str) -> bool:
    """Tell whether a run ended as expected: with this outcome, or with this code.

    An outcome that no policy asked for is met by its code alone: clean would else hold where nothing was
    protected.
    """
    return expected == code or (expected == outcome and code != UNASKED)


CODES: dict[str, str] = {**STALE_CODES, **OTHER_CODES, **FINDING_CODES, **dict(REASONS.items())}
