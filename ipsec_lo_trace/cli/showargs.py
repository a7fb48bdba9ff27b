"""The arguments of ``show``, and what is wrong with them."""

from __future__ import annotations

import re

import click
import msgspec

from ipsec_lo_trace.cli.runargs import given, refuse

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


class ShowArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    trace: str
    rows: tuple[Rows, ...]
    stages: tuple[str, ...]
    marks: tuple[str, ...]
    packets: tuple[str, ...]
    echoes: tuple[int, ...]
    steps: tuple[int, ...]
    detail: str | None
    show_bytes: str | None
    color: str | None
    quiet: bool
    verbose: bool
    output: str

    @property
    def choice(self) -> dict[str, str]:
        """What chooses rows: each option that is given, with its values as the user would write them."""
        ranges = [",".join(str(a) if a == b else f"{a}-{b}" for a, b in rows) for rows in self.rows]
        steps = [str(step) if step else AFTER for step in self.steps]
        values = {
            "--rows": ranges,
            "--stage": self.stages,
            "--mark": self.marks,
            "--packet": self.packets,
            "--echo": [str(echo) for echo in self.echoes],
            "--step": steps,
        }
        return {option: " or ".join(named) for option, named in values.items() if named}

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        refuse(["-q"] if self.quiet else [], "and -v exclude each other", if_=self.verbose)
        whole = given(self, detail="--detail", show_bytes="--bytes") + list(self.choice)
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")
