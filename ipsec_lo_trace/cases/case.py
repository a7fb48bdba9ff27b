"""What a case is, and how it is found."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.model.errors import BrokenInvariantError, UserError
from ipsec_lo_trace.model.suggest import hint, listed

FOLDER = "configurations"
SUFFIX = ".conf"
_HEAD = re.compile(r"# (?P<title>.+)\n# (?P<src>[\d.]+) to (?P<dst>[\d.]+)\n")


class Case(msgspec.Struct, frozen=True):
    """A configuration with the ends that it is about: ``text`` is setkey(8) text with its head comment."""

    name: str
    title: str
    src: IPv4Address
    dst: IPv4Address
    text: str


def known_case(name: str) -> Case:
    """Find a case by its name, ignoring case; UserError if there is none."""
    names = case_names()
    if name.lower() not in names:
        raise UserError("no such case", field="case", token=name, hint=hint(name, names, listed("cases")))
    name = name.lower()
    return read_case(name, (files(__package__) / FOLDER / f"{name}{SUFFIX}").read_text(encoding="utf-8"))


def read_case(name: str, text: str) -> Case:
    """Read a case, whose first lines are its title and its ends."""
    head = _HEAD.match(text)
    if head is None:
        msg = f"case {name} does not begin with its title and its ends"
        raise BrokenInvariantError(msg)
    return Case(name, head["title"], IPv4Address(head["src"]), IPv4Address(head["dst"]), text)


@cache
def case_names() -> tuple[str, ...]:
    """Name every case, in alphabetical order."""
    folder = files(__package__) / FOLDER
    return tuple(
        sorted(each.name.removesuffix(SUFFIX) for each in folder.iterdir() if each.name.endswith(SUFFIX))
    )


def all_cases() -> tuple[Case, ...]:
    """Give every case, in alphabetical order."""
    return tuple(known_case(name) for name in case_names())
