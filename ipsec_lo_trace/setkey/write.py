"""Write databases back as setkey(8) text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from heapq import merge
from ipaddress import IPv4Network

from ipsec_lo_trace.model.databases import Databases, SaHead
from ipsec_lo_trace.model.policy import PORT_ANY, ULPROTO_ANY, Direction, Level, Policy, Request
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PROTO_NAMES,
)
from ipsec_lo_trace.model.sa import IPSEC_MANUAL_REQID_MAX, Mode, SaIndex, SecurityAssociation

_QUOTABLE = re.compile(rb"[ !#-~]+")
_UPPER = {
    ULPROTO_ANY: "any",
    IPPROTO_ICMP: "icmp",
    IPPROTO_IPIP: "ip4",
    IPPROTO_TCP: "tcp",
    IPPROTO_UDP: "udp",
}
"""The words of setkey(8) for what a policy may be about."""
_PLACEHOLDER_SPI = 0x100
_PLACEHOLDER_ALGORITHMS = {
    IPPROTO_ESP: f"-E des-cbc 0x{'00' * 8}",
    IPPROTO_AH: f"-A hmac-md5 0x{'00' * 16}",
    IPPROTO_IPCOMP: "-C deflate",
}


def write(db: Databases) -> str:
    """Return the text that load() reads back to equal databases.

    That is: the same heads, SAs and policies in the same order.  What a run has changed in them (sequence
    numbers, SAs that are DEAD for a newer one, the SAs that requests used last) has no place in the text.
    A reqid that the kernel gave comes out as ``unique``; load() gives the same again, unless policies were
    deleted in between.
    """
    lines = [line for head in reversed(db.sahtree) for line in _head(head)]
    lines += [_policy(policy) for policy in _in_order(db)]
    return "".join(f"{line} ;\n" for line in lines)


def _head(head: SaHead) -> Iterator[str]:
    if not head.savs:
        # An emptied head stays in the kernel's list, and hides the heads behind it.
        name = f"{head.index.src} {head.index.dst} {PROTO_NAMES[head.index.proto]} 0x{_PLACEHOLDER_SPI:x}"
        algorithms = _PLACEHOLDER_ALGORITHMS[head.index.proto]
        yield f"add {name}{_mode_and_reqid(head.index)} {algorithms}"
        yield f"delete {name}"
    for sav in reversed(head.savs):
        yield _sa(sav)


def _sa(sav: SecurityAssociation) -> str:
    index = sav.index
    proto = PROTO_NAMES[index.proto] + ("-old" if sav.old else "")
    text = f"add {index.src} {index.dst} {proto} 0x{sav.spi:x}{_mode_and_reqid(index)}"
    if sav.replay is not None and sav.replay.window_bytes:
        text += f" -r {sav.replay.window_bytes}"
    if sav.padding != "seq":
        text += f" -f {sav.padding}-pad"
    if not sav.cyclic:
        text += " -f nocyclic-seq"
    if index.proto == IPPROTO_IPCOMP:
        return f"{text} -C {sav.cipher}{' -R' if sav.raw_cpi else ''}"
    if sav.cipher:
        text += f" -E {sav.cipher} {_key(sav.enc_key)}"
    if sav.auth:
        text += f" -A {sav.auth} {_key(sav.auth_key)}"
    return text


def _mode_and_reqid(index: SaIndex) -> str:
    mode = "" if index.mode is Mode.ANY else f" -m {index.mode.name.lower()}"
    return f"{mode} -u {index.reqid}" if index.reqid else mode


def _key(key: bytes) -> str:
    return f'"{key.decode("ascii")}"' if _QUOTABLE.fullmatch(key) else f"0x{key.hex()}"


def _in_order(db: Databases) -> Iterator[Policy]:
    """Merge the two directions so that the kernel numbers unique rules in the same order again."""
    numbered = (_numbered(db.sptree[direction]) for direction in (Direction.IN, Direction.OUT))
    return (policy for _highest, policy in merge(*numbered, key=lambda pair: pair[0]))


def _numbered(policies: list[Policy]) -> Iterator[tuple[int, Policy]]:
    """Yield each policy with the highest reqid that the kernel had given so far."""
    highest = IPSEC_MANUAL_REQID_MAX
    for policy in policies:
        highest = max(highest, *(isr.reqid for isr in policy.requests), 0)
        yield highest, policy


def _policy(policy: Policy) -> str:
    selector = policy.selector
    upper = _UPPER.get(selector.ul_proto, str(selector.ul_proto))
    ranges = f"{_range(selector.src, selector.src_port)} {_range(selector.dst, selector.dst_port)}"
    rules = "".join(f" {_rule(isr)}" for isr in policy.requests)
    return f"spdadd {ranges} {upper} -P {policy.direction.name.lower()} {policy.kind.name.lower()}{rules}"


def _range(network: IPv4Network, port: int) -> str:
    return f"{network}[{port}]" if port != PORT_ANY else str(network)


def _rule(isr: Request) -> str:
    ends = f"{isr.src}-{isr.dst}" if isr.src else ""
    level = isr.level.name.lower()
    if isr.level is Level.UNIQUE and isr.reqid <= IPSEC_MANUAL_REQID_MAX:
        level = f"unique:{isr.reqid}"
    return f"{PROTO_NAMES[isr.proto]}/{isr.mode.name.lower()}/{ends}/{level}"
