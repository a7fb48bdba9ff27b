"""Writes SAs and policies as iproute2 prints them, in several styles: the inverse of what is tested."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
)
from ipsec_lo_trace.model.host import HostPolicy, HostRule, HostSa

NAMES = {"": ""} | {row.name: row.linux for row in (*CIPHERS, *LATER_CIPHERS)}
AUTH_NAMES = {row.name: row.linux for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS)} | {
    "hmac-sha256-128": "hmac(sha256)"
}
COMBINED = {row.name for row in LATER_CIPHERS if row.icv_lens}
PROTOCOLS = {50: "esp", 51: "ah", 108: "comp"}
UPPER = {1: "icmp", 4: "ipencap", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}


class Style(NamedTuple):
    """How a text is printed and pasted: with -s, with -o; indented, quoted by ``>``, with Windows' ends."""

    statistics: bool = False
    oneline: bool = False
    indented: bool = True
    quoted: bool = False
    crlf: bool = False


PLAIN = Style()


def state(sa: HostSa, style: Style = PLAIN) -> list[str]:
    """Give the lines of an SA."""
    hexadecimal = (f"({sa.spi})", f"(0x{sa.reqid:08x})") if style.statistics else ("", "")
    head = f"spi 0x{sa.spi:08x}{hexadecimal[0]} reqid {sa.reqid}{hexadecimal[1]} mode {sa.mode}"
    window = sa.window if sa.seq_hi is None and sa.window <= 32 else 0
    flag = " flag esn" if sa.seq_hi is not None else ""
    seq = " seq 0x00000000 flag esn (0x10000000)" if flag else " seq 0x00000000 flag  (0x00000000)"
    return [
        f"src {sa.src} dst {sa.dst}",
        f"\tproto {PROTOCOLS[sa.proto]} {head}",
        f"\treplay-window {window}{seq if style.statistics else flag or ' '}",
        *_algorithms(sa, style),
        *_context(sa),
        *_selector_line(sa, style),
        *(_LIFETIME if style.statistics else []),
    ]


def _algorithms(sa: HostSa, style: Style) -> list[str]:
    if sa.proto == 108:
        return [f"\tcomp {sa.cipher} "]
    lines = []
    icv = " ".join(str(8 * cut.icv_len) for cut in sa.cuts)
    if sa.cuts and sa.cuts[0].auth:
        name = AUTH_NAMES[sa.cuts[0].auth]
        lines.append(f"\tauth-trunc {name} {_key(sa.auth_key, style)} {icv}")
    if sa.cipher in COMBINED:
        lines.append(f"\taead {NAMES[sa.cipher]} {_key(sa.enc_key, style)} {icv}")
    elif sa.cipher:
        key = _key(sa.enc_key, style) if sa.enc_key else ""
        lines.append(f"\tenc {NAMES[sa.cipher]} {key}")
    return lines


def _key(key: bytes, style: Style) -> str:
    return f"0x{key.hex()}" + (f" ({8 * len(key)} bits)" if style.statistics else "")


def _context(sa: HostSa) -> list[str]:
    if sa.seq_hi is None and sa.window <= 32:
        return ["\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000"]
    first, *rest = sa.seq_hi or (0,)
    words = -(-sa.window // 32)
    return [
        "\tanti-replay esn context:",
        f"\t seq-hi {first:#x}, seq 0x2, oseq-hi {(rest or [first])[0]:#x}, oseq 0x2",
        f"\t replay_window {sa.window}, bitmap-length {words}",
        *["\t " + "00000003 " * min(words, 8)] * bool(words),
    ]


def _selector_line(sa: HostSa, style: Style) -> list[str]:
    uid = "uid 0" if style.statistics else ""
    if sa.inner is not None:
        src, dst = sa.inner
        bits = src.max_prefixlen
        return [f"\tsel src {src}/{bits} dst {dst}/{bits} {uid}"]
    everything = "0.0.0.0/0" if sa.src.version == 4 else "::/0"
    return [f"\tsel src {everything} dst {everything} {uid}"] if sa.mode == "transport" else []


_LIFETIME = [
    "\tlifetime config:",
    "\t  limit: soft (INF)(bytes), hard (INF)(bytes)",
    "\t  expire add: soft 0(sec), hard 0(sec)",
    "\tlifetime current:",
    "\t  0(bytes), 0(packets)",
    "\t  add 2026-11-28 20:18:49 use -",
    "\tstats:",
    "\t  replay-window 9 replay 0 failed 0",
]


def policy(one: HostPolicy, priority: int = 0, style: Style = PLAIN) -> list[str]:
    """Give the lines of a policy."""
    upper = "" if one.upper == 255 else f"proto {UPPER.get(one.upper, one.upper)} "
    names = ("type", "code") if one.upper in (1, 58) else ("sport", "dport")
    ports = zip(names, (one.src_port, one.dst_port), strict=True)
    finer = "".join(f"{name} {port} " for name, port in ports if port is not None)
    action = "action block " if one.kind == "discard" else "action allow " if style.statistics else ""
    index = "index 57 " if style.statistics else ""
    flags = "share any flag  (0x00000000)" if style.statistics else ""
    return [
        f"src {one.src} dst {one.dst} {upper}{finer}{'uid 0' if style.statistics else ''}",
        f"\tdir {one.direction} {action}{index}priority {priority} ptype main {flags}",
        *(_LIFETIME[:-2] if style.statistics else []),
        *(["\tmark 0x2a/0xffffffff "] if one.condition else []),
        *[line for rule in one.rules for line in _template(rule, one, style)],
    ]


def _template(rule: HostRule, one: HostPolicy, style: Style) -> list[str]:
    known = rule.src or rule.dst or (one.src.network_address if one.src else None)
    anywhere = "::" if known and known.version == 6 else str(IPv4Address(0))
    spi, other = (" spi 0x00000000(0)", f"(0x{rule.reqid:08x})") if style.statistics else ("", "")
    level = "use" if rule.level == "use" else "required"
    return [
        f"\ttmpl src {rule.src or anywhere} dst {rule.dst or anywhere}",
        f"\t\tproto {PROTOCOLS[rule.proto]}{spi} reqid {rule.reqid}{other} mode {rule.mode}",
        *([f"\t\tlevel {level} share any "] if style.statistics else ["\t\tlevel use "] * (level == "use")),
        *(["\t\tenc-mask ffffffff auth-mask ffffffff comp-mask ffffffff"] * style.statistics),
    ]


def text(entries: list[list[str]], style: Style = PLAIN) -> str:
    """Join the lines of entries as they come out of a terminal, a mail or a web page."""
    lines = [line for entry in entries for line in (["\\".join(entry) + "\\"] if style.oneline else entry)]
    if not style.indented:
        lines = [re.sub(r"(^|\\)\s+", r"\1", line) for line in lines]
    if style.quoted:
        lines = [f"> {line}" for line in lines]
    return "".join(line + ("\r\n" if style.crlf else "\n") for line in lines)
