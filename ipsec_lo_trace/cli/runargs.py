"""What to run: the arguments that every command with a run of its own takes, and what is wrong with them."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import click
import msgspec

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
    """What ping is to send, on which host, under which configuration; None where nothing was said."""

    host: IPv4Address
    count: int
    size: int
    pattern: bytes
    record_route: bool
    ttl: int | None
    source: IPv4Address | None
    preload: int
    local: tuple[IPv4Address, ...]
    config: str | None
    proto: str | None
    mode: str | None
    level: str | None
    enc: str | None
    auth: str | None
    seed: int

    @property
    def addresses(self) -> frozenset[IPv4Address]:
        """The addresses that lo0 has."""
        return frozenset((LOCALHOST, *self.local))

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        shapes = given(self, proto="--proto", mode="--mode", level="--level", enc="--enc", auth="--auth")
        refuse(shapes, "shapes the built-in configuration, and -f gives another", if_=self.config is not None)
        for address in self.local:
            if not _can_be_local(address):
                raise click.UsageError(f"--local {address}: not an address that an interface can have")
        ends = [("HOST", self.host)] + ([("-I", self.source)] if self.source else [])
        for name, address in ends:
            if address not in self.addresses:
                has = ", ".join(str(address) for address in sorted(self.addresses))
                way = f"--local {address} adds it" if _can_be_local(address) else "no interface can have it"
                raise click.UsageError(f"{name} {address} is not local: lo0 has {has} ({way})")
        if self.config is None and self.source not in (None, self.host):
            raise click.UsageError(
                f"the built-in configuration is for {self.host} to itself: from {self.source}, give -f FILE"
            )


def given(arguments: msgspec.Struct, **options: str) -> list[str]:
    """Name the options among these that the command line gives."""
    return [option for field, option in options.items() if getattr(arguments, field) is not None]


def refuse(options: list[str], why: str, *, if_: bool) -> None:
    """Refuse the first of these options, if there is one, and say why."""
    if if_ and options:
        raise click.UsageError(f"{options[0]} {why}")


def _can_be_local(address: IPv4Address) -> bool:
    return not (address.is_multicast or address.is_reserved or address.is_unspecified)
