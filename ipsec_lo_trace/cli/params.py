"""What a command line can hold: its types of values, its completions, and no option twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any

import click
from click.shell_completion import CompletionItem


class StrictCommand(click.Command):
    """Every option that takes one value may be given once."""

    def make_parser(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's parser is not public
        """Let click's parser tell which options it saw, in their order."""
        return _OnceParser(super().make_parser(ctx), ctx)


class _OnceParser:
    """click's parser, and a look at what it saw."""

    def __init__(self, parser: Any, ctx: click.Context) -> None:  # noqa: ANN401 -- as above
        self._parser = parser
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- everything else is the parser's
        return getattr(self._parser, name)

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[click.Parameter]]:
        """Parse as ever, and refuse an option that was seen twice."""
        opts, rest, seen = self._parser.parse_args(args)
        options = [param for param in seen if isinstance(param, click.Option)]
        for option in options:
            if options.count(option) > 1 and not (option.multiple or option.is_flag):
                raise click.UsageError(f"{option.opts[0]} is given more than once", ctx=self._ctx)
        return opts, rest, seen


class FileName(click.ParamType[str]):
    """Any text; ``-`` is standard input or output."""

    name = "file"

    def convert(self, value: str, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        """Take the name as it is: click.Path would look at the file, and refuse one that is write-only."""
        return value

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete it."""
        return [CompletionItem(incomplete, type="file")]


Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of_kind(kind: str) -> Completer:
    """Give what completes a name of one of the kinds that ``list`` lists."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help

        _meaning, pages = KINDS[kind]
        return [CompletionItem(page.name, help=page.text) for page in pages if page.name.startswith(begun)]

    return complete


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


AFTER = "after"
Rows = tuple[tuple[int, int], ...]


class RowsType(click.ParamType[Rows]):
    """Row numbers and ranges of them, with commas between: ``3-7,9``."""

    name = "rows"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Rows:
        """Parse them; a range ends where it begins or later."""
        spans = []
        for part in value.split(","):
            match = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", part)
            if match is None:
                self.fail(f"{value!r} is no list of rows such as 3-7,9", param, ctx)
            first = int(match[1])
            last = int(match[2] or first)
            if not 1 <= first <= last:
                self.fail(f"{part!r}: rows count from 1, and a range goes up", param, ctx)
            spans.append((first, last))
        return tuple(spans)


class PacketType(click.ParamType[str]):
    """A packet's name: ``P1`` the request, ``P2`` the reply, ``P1/2`` a fragment, ``P1/loop1`` a copy."""

    name = "packet"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form."""
        if not re.fullmatch(r"P[1-9][0-9]*(/([1-9][0-9]*|loop[12]|copy))*", value):
            self.fail(f"{value!r} is no packet: P1 is the request, P2 the reply, P1/2 a fragment", param, ctx)
        return value


class EchoType(click.ParamType[int]):
    """An echo's number, from 1."""

    name = "echo"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it."""
        if not re.fullmatch(r"[1-9][0-9]{0,17}", value):
            self.fail(f"{value!r} is no echo: they count from 1", param, ctx)
        return int(value)


class StepType(click.ParamType[int]):
    """A step of the analysis, 1 to 8, or what comes after it (0 in a trace)."""

    name = "step"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it."""
        if value != AFTER and not re.fullmatch(r"[1-8]", value):
            self.fail(f"{value!r} is no step: 1 to 8, or {AFTER}", param, ctx)
        return 0 if value == AFTER else int(value)
