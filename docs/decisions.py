"""The records of decisions: number, title, status and date of each, as the records themselves say."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tables import table

FOLDER = Path(__file__).resolve().parent / "explanation" / "decisions"
HEAD = re.compile(
    r"# (?P<number>\d+)\. (?P<title>.+)\n\n- Status: (?P<status>.+)\n- Date: (?P<date>\d{4}-\d{2}-\d{2})\n\n"
)


class Decision(NamedTuple):
    """A record's file and what its head says."""

    file: str
    number: str
    title: str
    status: str
    date: str


def decisions() -> Iterator[Decision]:
    """Yield the decisions by number; ValueError if a record does not begin with title, status and date."""
    for path in sorted(FOLDER.glob("[0-9]*.md")):
        head = HEAD.match(path.read_text(encoding="utf-8"))
        if head is None:
            raise ValueError(f"{path.name} does not begin as a record of a decision does")
        yield Decision(path.name, **head.groupdict())


def decision_table(_old: str) -> str:
    """List the decisions for the index beside them."""
    rows = ((each.number, f"[{each.title}]({each.file})", each.status, each.date) for each in decisions())
    return table(("number", "decision", "status", "date"), rows)


def decision_links(_old: str) -> str:
    """List the decisions for the documentation's first page."""
    folder = f"{FOLDER.parent.name}/{FOLDER.name}"
    return "\n".join(f"  - [{each.number}. {each.title}]({folder}/{each.file})" for each in decisions())


BLOCKS: dict[str, Callable[[str], str]] = {"decisions": decision_table, "decision links": decision_links}
