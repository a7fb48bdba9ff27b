"""What is to be run, whoever asks: the command line, Python or a check file.

Every option that shapes a run is a field here, with its default, its limits and the words that refuse it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any, Literal

import msgspec

from ipsec_lo_trace.model.build import check_setting
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import did_you_mean, likely

Reflector = Literal["kernel", "userspace"]
Pinger = Literal["netbsd", "plain"]
Ends = Literal["auto", "pair"]
LOCALHOST = IPv4Address("127.0.0.1")
MAX_COUNT = 1_000_000
MAX_PATTERN_BYTES = 16

LIMITS = {
    "count": (1, MAX_COUNT),
    "size": (0, 65507),  # what fits into the longest IPv4 packet behind an ICMP header
    "ttl": (1, 255),
    "preload": (0, MAX_COUNT),
    "seed": (0, 0xFFFFFFFF),
}
"""The least and the most that each number may be."""
CHOICES = {
    "proto": ("esp", "ah", "esp+ah", "ipcomp", "ipcomp+esp"),
    "mode": ("transport", "tunnel"),
    "level": ("default", "use", "require", "unique"),
    "reflector": ("kernel", "userspace"),
    "pinger": ("netbsd", "plain"),
    "ends": ("auto", "pair"),
}
"""The words that each of these fields may be."""
SHAPES = ("proto", "mode", "level", "enc", "auth")
"""The fields that shape the built-in configuration."""
OF_PING = ("pattern", "record_route", "ttl", "preload", "pinger", "flush_probe", "both_ways", "schedule")
"""The fields that are ping(8)'s own, which no probe takes."""
LISTS = ("local", "drop_mark")
SWITCHES = ("record_route", "flush_probe", "both_ways", "strict")


class File(msgspec.Struct, frozen=True):
    """A file's name as it was given, ``-`` for standard input; a Path would lose its ``./``."""

    name: str

    def __fspath__(self) -> str:
        return self.name


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent, on which host, and how its kernel is built.

    All fields but ``ends`` have the command line's default.
    ``probe`` is the kind of a probe, None for a ping.  ``size`` is in bytes of data, None for the usual;
    ``pattern`` is in hexadecimal digits.  ``config`` is setkey(8) text, or a Path to a file of it, ``case``
    the name of a configuration that comes with the program; without either there is a built-in one for
    ``host`` to itself, which ``proto`` to ``auth`` shape.  With ``strict`` what the kernel of 2003 refuses of
    ``config`` is a mistake, where else it is left out.  ``fix`` names a fix, "patched" is the one of 2003;
    ``settings`` turns switches by hand.  ``drop_mark`` has experiments, as NAME@STAGE[:VISIT].

    ``ends`` has the ends of ``config``'s first IPsec policy, outbound ones before inbound ones, in place of
    ``host`` and ``source``, and adds them to lo0: "auto" in any case, "pair" if all its IPsec policies are
    about one pair of hosts.  The command line says "pair" where it gives a file and no end.

    ``pinger`` says which ping: NetBSD's, or a plain program that lets the kernel write the IP header.  The
    first ``preload`` requests go out together; of NetBSD's they come on top of ``count``, of the plain one's
    they are among them.  ``schedule`` says who runs next in that burst (machine.schedule).  ``flush_probe``
    has NetBSD's ping send what clears the cached route; with ``both_ways`` a second ping, of as many
    requests, goes from ``host`` to ``source`` at the same time.
    """

    probe: str | None = None
    host: str | None = None
    source: str | None = None
    local: tuple[str, ...] = ()
    ends: Ends | None = None
    count: int = 1
    size: int | None = None
    pattern: str = ""
    record_route: bool = False
    ttl: int | None = None
    preload: int = 0
    pinger: Pinger = "netbsd"
    schedule: str = "fifo"
    flush_probe: bool = False
    both_ways: bool = False
    config: str | os.PathLike[str] | None = None
    strict: bool = False
    case: str | None = None
    proto: str | None = None
    mode: str | None = None
    level: str | None = None
    enc: str | None = None
    auth: str | None = None
    fix: str | None = None
    settings: Mapping[str, str] = msgspec.field(default_factory=dict)
    drop_mark: tuple[str, ...] = ()
    seed: int = 0
    reflector: Reflector = "kernel"

    @property
    def file(self) -> str | None:
        """The name of the configuration's file, None if it comes from none."""
        return os.fspath(self.config) if isinstance(self.config, os.PathLike) else None

    @property
    def shapes(self) -> dict[str, str]:
        """What is said about the built-in configuration."""
        return {name: value for name in SHAPES if (value := getattr(self, name)) is not None}

    @property
    def data(self) -> bytes:
        """The pattern's bytes; an odd last digit is a byte of its own, as ping(8) reads it."""
        return bytes(int(self.pattern[at : at + 2], 16) for at in range(0, len(self.pattern), 2))

    def check(self) -> None:
        """Refuse what no run can have, and what contradicts itself; UserError names the field."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is not None:
                _check(name, value)
        self._check_configuration()
        self._check_ends()
        if self.flush_probe and self.pinger != "netbsd":
            raise UserError(
                "is NetBSD's ping's own, and {other} gives another", field="flush_probe", other="pinger"
            )
        if self.probe is not None:
            fields = type(self).__struct_fields__
            defaults = dict(zip(fields, self.__struct_defaults__, strict=True))
            for name in OF_PING:
                if (value := getattr(self, name)) != defaults[name]:
                    raise UserError("is ping's own, and this is a probe", field=name, token=shown(value))

    def _check_configuration(self) -> None:
        """Refuse two configurations at once."""
        for name, value in self.shapes.items():
            if self.config is not None:
                reason = "shapes the built-in configuration, and {other} gives another"
                raise UserError(reason, field=name, token=value, other="config")
        if self.strict and self.config is None:
            reason = "has nothing to be strict about: {other} gives no configuration"
            raise UserError(reason, field="strict", other="config")
        given = [*self.shapes, *(["config"] if self.config is not None else [])]
        if self.case is not None and given:
            reason, token = "gives a configuration, as {other} does", self.shapes.get(given[0], "")
            raise UserError(reason, field=given[0], token=token, other="case")

    def _check_ends(self) -> None:
        """Refuse ends from a configuration that is not given, or beside an end that is."""
        if self.ends is None:
            return
        if self.config is None:
            reason = "has no policy to take ends from: {other} gives no configuration"
            raise UserError(reason, field="ends", token=self.ends, other="config")
        for name in ("host", "source"):
            if getattr(self, name) is not None:
                reason = "takes both ends from a policy, and {other} gives one"
                raise UserError(reason, field="ends", token=self.ends, other=name)


def _check(name: str, value: Any) -> None:  # noqa: ANN401 -- whatever was given
    """Refuse a value that its field cannot have."""
    if name in LIMITS:
        check_number(name, value)
    elif name in LISTS:
        if not isinstance(value, (tuple, list)) or not all(isinstance(each, str) for each in value):
            raise UserError("not a list of texts", field=name, token=shown(value))
    elif name in SWITCHES:
        if not isinstance(value, bool):
            raise UserError("not true or false", field=name, token=shown(value))
    elif name == "settings":
        _check_settings(value)
    elif name != "config" or not isinstance(value, os.PathLike):
        _check_text(name, value)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise UserError("not a text", field=name, token=shown(value))
    if name in CHOICES:
        check_choice(name, value)
    elif name == "pattern":
        _check_pattern(value)
    elif name == "schedule":
        check_schedule(value)


def check_number(name: str, value: object, limits: tuple[int, int] | None = None) -> None:
    """Refuse what is no whole number, or is beyond the limits: those of the field unless given."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError("not a whole number", field=name, token=shown(value))
    least, most = limits or LIMITS[name]
    if not least <= value <= most:
        raise UserError(f"not from {least} to {most}", field=name, token=str(value))


def check_choice(name: str, value: str) -> None:
    """Refuse what is none of the field's words."""
    if value not in CHOICES[name]:
        near = did_you_mean(likely(value, CHOICES[name]))
        raise UserError(f"not one of {', '.join(CHOICES[name])}", field=name, token=value, hint=near)


def _check_settings(value: object) -> None:
    if not isinstance(value, Mapping):
        raise UserError("not a table of switches", field="settings", token=shown(value))
    for name, setting in value.items():
        check_setting(name, setting)


def check_schedule(value: str) -> None:
    """Refuse what names no schedule."""
    if not re.fullmatch(r"fifo|eager|random:[0-9]{1,10}|order:[scn]*", value):
        hint = "fifo, eager, random:SEED, or order: with the letters s, c and n"
        raise UserError("no such schedule", field="schedule", token=value, hint=hint)


def _check_pattern(value: str) -> None:
    if not re.fullmatch(r"[0-9a-fA-F]*", value):
        raise UserError("not hexadecimal", field="pattern", token=value)
    bytes_ = (len(value) + 1) // 2
    if bytes_ > MAX_PATTERN_BYTES:
        reason = f"{bytes_} bytes, and ping(8) takes {MAX_PATTERN_BYTES}"
        raise UserError(reason, field="pattern", token=value)


def shown(value: object) -> str:
    """Return a value as it is shown in a message; a flag has none beside its name."""
    return "" if value is True else str(value)


def address(field: str, text: str) -> IPv4Address:
    """Parse an address; names are not resolved, so that a run is the same on every machine.

    ``field`` is the one that it was given for; UserError names it.
    """
    if text == "localhost":
        return LOCALHOST
    try:
        return IPv4Address(text)
    except AddressValueError:
        raise UserError(_no_address(text), field=field, token=text) from None


def _no_address(text: str) -> str:
    try:
        IPv6Address(text)
    except AddressValueError:
        return "not an IPv4 address, and names are not resolved"
    return "an IPv6 address, and the port of 2003 is IPv4 only"


def can_be_local(address: IPv4Address) -> bool:
    """Tell whether an interface can have an address: no group, no reserved one, not 0.0.0.0."""
    return not (address.is_multicast or address.is_reserved or address.is_unspecified)


def local_address(field: str, text: str) -> IPv4Address:
    """Parse an address that an interface can have; UserError names ``field``."""
    found = address(field, text)
    if not can_be_local(found):
        raise UserError("not an address that an interface can have", field=field, token=text)
    return found


def shown_name(path: str) -> str:
    """Return a file's name without its folder, and without what a terminal would obey."""
    text = os.fsencode(PurePath(path).name).decode(
        "utf-8", "surrogateescape"
    )  # whatever the locale made of it
    return text.encode("unicode_escape").decode("ascii")
