"""The arguments of ``ping``, and what is wrong with them."""

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


class PingArguments(msgspec.Struct, frozen=True):
    """What the command line says; None where it says nothing."""

    host: IPv4Address
    unpatched: bool
    patched: bool
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
    show_config: bool
    seed: int
    diagnostic: bool
    format_: str
    detail: str | None
    show_bytes: str | None
    color: str | None
    quiet: bool
    verbose: bool
    output: str
    expect: str | None

    @property
    def addresses(self) -> frozenset[IPv4Address]:
        """The addresses that lo0 has."""
        return frozenset((LOCALHOST, *self.local))

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self._check_contradictions()
        self._check_addresses()

    def _check_contradictions(self) -> None:
        if self.patched and self.unpatched:
            raise click.UsageError(
                "--patched and --unpatched exclude each other: run ping twice, once with each"
            )
        if self.quiet and self.verbose:
            raise click.UsageError("-q and -v exclude each other")
        self._refuse_shapes()
        self._refuse_beside_show_config()
        text_only = [
            *self._given(detail="--detail", show_bytes="--bytes", color="--color"),
            *self._given_flags(),
        ]
        _refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        whole = self._given(detail="--detail", show_bytes="--bytes")
        _refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        layout = [*self._given(show_bytes="--bytes"), *self._given_flags()]
        _refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")

    def _refuse_shapes(self) -> None:
        shapes = self._given(proto="--proto", mode="--mode", level="--level", enc="--enc", auth="--auth")
        why = "shapes the built-in configuration, and -f gives another"
        _refuse(shapes, why, if_=self.config is not None)

    def _refuse_beside_show_config(self) -> None:
        """Refuse what is about a run: there is none."""
        given = self._given(detail="--detail", show_bytes="--bytes", color="--color", expect="--expect")
        given += self._given_flags() + (["--format"] if self.format_ != "text" else [])
        _refuse(given, "has nothing to act on: --show-config prints and stops", if_=self.show_config)

    def _given(self, **options: str) -> list[str]:
        """Name the options among these that the command line gives."""
        return [option for field, option in options.items() if getattr(self, field) is not None]

    def _given_flags(self) -> list[str]:
        return [option for given, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given]

    def _check_addresses(self) -> None:
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


def _can_be_local(address: IPv4Address) -> bool:
    return not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _refuse(given: list[str], why: str, *, if_: bool) -> None:
    if if_ and given:
        raise click.UsageError(f"{given[0]} {why}")
