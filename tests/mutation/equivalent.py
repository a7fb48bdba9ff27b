"""The list of mutants that do the same as the original, each with the reason."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from tests.mutation.mutants import Mutant

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIST = Path(__file__).with_name("equivalent.toml")


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant by its file, its line of source and what it changes there."""

    file: str
    source: str
    change: str
    reason: str


def listed() -> list[Equivalent]:
    """Read the list."""
    document = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return msgspec.convert(document.get("mutant", []), list[Equivalent])


def reasons() -> dict[tuple[str, str, str], str]:
    """Give the reason for each listed mutant."""
    return {(each.file, each.source, each.change): each.reason for each in listed()}


def named(mutant: Mutant) -> tuple[str, str, str]:
    """Name a mutant as the list does: its line's number may change."""
    return mutant.file, mutant.source, mutant.change
