"""An SA in what setkey(8) prints with -D."""

from __future__ import annotations

import re

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import HostSa
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.setkey.dump_lines import Entry
from ipsec_lo_trace.setkey.host_sad import PACKETS_A_BYTE
from ipsec_lo_trace.setkey.sealing import Named, Sealing, auth_sealing, comp_sealing, esp_sealing
from ipsec_lo_trace.setkey.tokens import Token, shown
from ipsec_lo_trace.setkey.values import MAX_32_BITS, MAX_PORT, dumped_ends
from ipsec_lo_trace.setkey.words import TCP_SA

_PROTOCOLS = {"esp": IPPROTO_ESP, "esp-udp": IPPROTO_ESP, "ah": IPPROTO_AH, "ipcomp": IPPROTO_IPCOMP}
_MODES = ("any", "transport", "tunnel")
_NAMES = {
    "md5": "keyed-md5",
    "sha": "keyed-sha1",
    "12": "aes-cbc",
    "13": "aes-ctr",
    "15": "chacha20-poly1305",
    "20": "aes-gcm-16",
    "22": "camellia-cbc",
    "23": "aes-gmac",
}
"""What it calls algorithms otherwise; one that it has no word for is a number (SADB_X_EALG_*)."""
_NOT_LIVE = {"larval": "not yet agreed upon", "dead": "dead"}
_ALGORITHM = re.compile(r"\s*(?P<what>[EAC]):\s*(?P<name>\S+)(?P<key>.*)")
_PORT = re.compile(r"\[([0-9]{1,5})\]")
_GROUP = r"[0-9A-Fa-f]{2,8}"
_MORE = re.compile(rf"\s*{_GROUP}(?:\s+{_GROUP})*\s*")
_STATE = re.compile(r"\bstate=(\w+)")
_WINDOW = re.compile(r"\breplay=([0-9]{1,10})\b")
_FLAGS = re.compile(r"\bflags=0x([0-9A-Fa-f]{1,8})\b")
_OLD = 0x0001
_PADDINGS = {0x0100: "random", 0x0200: "zero", 0x0300: "random"}
_ESN = 0x0400
"""SADB_X_EXT_OLD, SADB_X_EXT_P* and SADB_X_SAFLAGS_ESN of net/pfkeyv2.h."""


class NotInForceError(Exception):
    """An SA that no packet meets; ``fault`` says why."""

    def __init__(self, fault: UserError) -> None:
        super().__init__(fault)
        self.fault = fault


class _Said(msgspec.Struct):
    """What the lines of an SA say; a key is None where it is none."""

    algorithms: dict[str, Named] = msgspec.field(default_factory=dict)
    broken: str = ""
    state: str = "mature"
    window: int = 0
    flags: int = 0


def association(entry: Entry, file: str) -> HostSa:
    """Make the SA of an entry.

    UserError where it cannot be read what it is found by; NotInForceError for one that no packet meets.
    """
    at = entry.at(file)
    head, body = entry.head, entry.body
    if head is None or body is None:
        raise at.fault("an SA whose ends, protocol or SPI cannot be read")
    proto = _PROTOCOLS.get(body["proto"])
    if proto is None:
        if body["proto"] == "tcp":
            raise NotInForceError(at.fault(TCP_SA))
        raise at.fault(f"an SA of {shown(body['proto'])}, which is not known")
    src, dst = dumped_ends(head["src"], head["dst"], at)
    said = _said(entry)
    if said.state in _NOT_LIVE:
        raise NotInForceError(at.fault(f"an SA that is {_NOT_LIVE[said.state]}"))
    sealing = Sealing(opaque=said.broken) if said.broken else _sealing(proto, said.algorithms)
    if entry.unknown:
        sealing = Sealing(opaque=f"line {entry.unknown[0].number} of it cannot be read")
    mode = body["mode"] if body["mode"] in _MODES else "any"
    if mode != body["mode"]:
        sealing = Sealing(opaque=f"mode {shown(body['mode'])} is not known")
    return HostSa(
        proto=proto,
        spi=_number(body["spi"], at),
        src=src,
        dst=dst,
        mode=mode,
        reqid=_number(body["reqid"] or "0", at),
        cipher=sealing.cipher,
        enc_key=sealing.enc_key,
        auth_key=sealing.auth_key,
        cuts=sealing.cuts,
        seq_hi=(0,) if said.flags & _ESN else None,
        padding=_PADDINGS.get(said.flags & 0x0300, "seq"),
        old=bool(said.flags & _OLD),
        window=said.window * PACKETS_A_BYTE,
        udp_ports=_udp_ports(head),
        opaque=sealing.opaque,
    )


def _udp_ports(head: re.Match[str]) -> tuple[int, ...]:
    """Return the ports behind the ends, which are those of ESP in UDP, each once."""
    digits = _PORT.findall(head["src_port"] + head["dst_port"])
    return tuple(dict.fromkeys(port for port in map(int, digits) if 0 < port <= MAX_PORT))


def _number(digits: str, at: Token) -> int:
    if len(digits) > len(str(MAX_32_BITS)) or int(digits) > MAX_32_BITS:
        raise at.fault("an SA with a number of more than 32 bits")
    return int(digits)


def _said(entry: Entry) -> _Said:
    """Take in the lines below the ends; a key goes on in the next line after 32 bytes."""
    said = _Said()
    digits: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    current = ""
    for line in entry.rest:
        found = _ALGORITHM.match(line.text)
        if found:
            current = found["what"]
            names[current] = found["name"]
            digits[current] = [] if current == "C" else [found["key"]]
        elif current and _MORE.fullmatch(line.text):
            digits[current].append(line.text)
        else:
            current = ""
        _take_state(line.text, said)
    for what, name in names.items():
        _take_key(what, name, " ".join(digits[what]), said)
    return said


def _take_key(what: str, name: str, digits: str, said: _Said) -> None:
    if name == "none":
        return
    if digits.strip() and not _MORE.fullmatch(digits):
        said.broken = "its keys are hidden, or cut"
        return
    joined = "".join(digits.split())
    if len(joined) % 2:
        said.broken = "its keys are cut"
        return
    said.algorithms[what] = Named(_NAMES.get(name, name), bytes.fromhex(joined))


def _take_state(text: str, said: _Said) -> None:
    state, window, flags = (pattern.search(text) for pattern in (_STATE, _WINDOW, _FLAGS))
    said.state = state.group(1) if state else said.state
    said.window = min(int(window.group(1)), MAX_32_BITS) if window else said.window
    said.flags = int(flags.group(1), 16) if flags else said.flags


def _sealing(proto: int, algorithms: dict[str, Named]) -> Sealing:
    """Say how an SA seals; ESP without a cipher's line encrypts nothing, if an authenticator is shown."""
    if proto == IPPROTO_IPCOMP:
        return comp_sealing(algorithms["C"]) if "C" in algorithms else Sealing(opaque="it shows no algorithm")
    auth = algorithms.get("A")
    if proto == IPPROTO_AH:
        return auth_sealing(auth) if auth else Sealing(opaque="its keys are not shown")
    if not algorithms:
        return Sealing(opaque="its keys are not shown")
    return esp_sealing(algorithms.get("E", Named("null")), auth)
