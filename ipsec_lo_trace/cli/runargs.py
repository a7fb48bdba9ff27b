"""What to run: the arguments that every command with a run of its own takes, and what is wrong with them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal

import click
import msgspec

from ipsec_lo_trace.model.address import can_be_local
from ipsec_lo_trace.model.build import read_setting

LOCALHOST = IPv4Address("127.0.0.1")
MAX_PATTERN_BYTES = 16


class AddressType(click.ParamType[IPv4Address]):
    """An IPv4 address in dotted form, or ``localhost``."""

    name = "address"

    def convert(
        self, value: str | IPv4Address, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Address:
        """Parse an address; names are not resolved, so that a run is the same on every machine."""
        if isinstance(value, IPv4Address):
            return value
        if value == "localhost":
            return LOCALHOST
        try:
            return IPv4Address(value)
        except AddressValueError:
            self.fail(_no_address(value), param, ctx)


def _no_address(value: str) -> str:
    try:
        IPv6Address(value)
    except AddressValueError:
        return f"{value!r} is not an IPv4 address (names are not resolved)"
    return f"{value!r} is an IPv6 address, and the port of 2003 is IPv4 only"


class PatternType(click.ParamType[bytes]):
    """Hexadecimal digits; an odd last digit is a byte of its own, as ping(8) reads it."""

    name = "hex"

    def convert(self, value: str | bytes, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Parse up to 16 bytes."""
        if isinstance(value, bytes):
            return value
        if not re.fullmatch(r"[0-9a-fA-F]*", value):
            self.fail(f"{value!r} is not hexadecimal", param, ctx)
        pattern = bytes(int(value[at : at + 2], 16) for at in range(0, len(value), 2))
        if len(pattern) > MAX_PATTERN_BYTES:
            self.fail(f"{len(pattern)} bytes, and ping(8) takes {MAX_PATTERN_BYTES}", param, ctx)
        return pattern


class RunArguments(msgspec.Struct, frozen=True):
    """What is to be sent, on which host, under which configuration; None where nothing was said.

    ``probe`` is the kind of a probe; without one it is a ping, and the last four are for it alone.
    """

    host: IPv4Address
    count: int
    size: int | None
    source: IPv4Address | None
    local: tuple[IPv4Address, ...]
    config: str | None
    case: str | None
    proto: str | None
    mode: str | None
    level: str | None
    enc: str | None
    auth: str | None
    seed: int
    settings: tuple[str, ...]
    reflector: Literal["kernel", "userspace"]
    probe: str | None = None
    pattern: bytes = b""
    record_route: bool = False
    ttl: int | None = None
    preload: int = 1

    @property
    def addresses(self) -> frozenset[IPv4Address]:
        """The addresses that lo0 has."""
        return frozenset((LOCALHOST, *self.local))

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        shapes = given(self, proto="--proto", mode="--mode", level="--level", enc="--enc", auth="--auth")
        refuse(shapes, "shapes the built-in configuration, and -f gives another", if_=self.config is not None)
        refuse(
            [*shapes, *given(self, config="-f")],
            "gives a configuration, as --case does",
            if_=self.case is not None,
        )
        self._check_settings()
        self._check_probe()
        for address in self.local:
            if not can_be_local(address):
                raise click.UsageError(f"--local {address}: not an address that an interface can have")
        ends = [("HOST", self.host)] + ([("-I", self.source)] if self.source else [])
        for name, address in ends:
            if address not in self.addresses:
                has = ", ".join(str(address) for address in sorted(self.addresses))
                way = f"--local {address} adds it" if can_be_local(address) else "no interface can have it"
                raise click.UsageError(f"{name} {address} is not local: lo0 has {has} ({way})")
        if self.config is None and self.case is None and self.source not in (None, self.host):
            raise click.UsageError(
                f"the built-in configuration is for {self.host} to itself: from {self.source}, give -f FILE"
            )

    @property
    def turned(self) -> tuple[tuple[str, str], ...]:
        """The switches that --set turns."""
        return tuple(read_setting(text) for text in self.settings)

    def _check_probe(self) -> None:
        """Refuse what a probe does not take."""
        ping = (("-p", self.pattern), ("-R", self.record_route), ("-T", self.ttl), ("-l", self.preload != 1))
        refuse([name for name, is_given in ping if is_given], "is ping's own", if_=self.probe is not None)

    def _check_settings(self) -> None:
        """Refuse a switch that there is not, and one that is turned twice."""
        names = [name for name, _value in self.turned]
        for name in names:
            if names.count(name) > 1:
                raise click.UsageError(f"--set {name}=... is given twice")


def given(arguments: msgspec.Struct, **options: str) -> list[str]:
    """Name the options among these that the command line gives."""
    return [option for field, option in options.items() if getattr(arguments, field) is not None]


def refuse(options: list[str], why: str, *, if_: bool) -> None:
    """Refuse the first of these options, if there is one, and say why."""
    if if_ and options:
        raise click.UsageError(f"{options[0]} {why}")


def one_fix(*, patched: bool, unpatched: bool, fix: str | None) -> None:
    """Refuse two fixes at once."""
    names = (("--patched", patched), ("--unpatched", unpatched), ("--fix", fix is not None))
    chosen = [name for name, is_given in names if is_given]
    if len(chosen) > 1:
        raise click.UsageError(
            f"{chosen[0]} and {chosen[1]} exclude each other: run it twice, once with each"
        )
