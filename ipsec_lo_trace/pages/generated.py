"""The words of stages and probes, which stand in code that is too dear and too high to import here.

``python docs/generate.py`` writes generated.json from the stages' docstrings and the probes' own fields.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

NAME = "generated.json"


class StageWords(msgspec.Struct, frozen=True, kw_only=True):
    """A stage's docstring in its parts, the kernel file that defines it, and the stages that it hands off to.

    ``more`` is what the docstring says besides the sentence, the source and the marks.
    """

    name: str
    file: str
    text: str
    source: str
    marks: str
    more: str
    reaches: tuple[str, ...]


class ProbeWords(msgspec.Struct, frozen=True, kw_only=True):
    """A probe's fields that need no packet: see ``userland.probe_kind.ProbeKind``."""

    name: str
    title: str
    text: str
    answer: str
    stage: str
    sure: str
    knobs: dict[str, str]


class Words(msgspec.Struct, frozen=True):
    """What generated.json holds: the stages in the link table's order, the probes by name."""

    stages: tuple[StageWords, ...]
    probes: tuple[ProbeWords, ...]


@cache
def words() -> Words:
    """Read generated.json."""
    return msgspec.json.decode((files(__package__) / NAME).read_bytes(), type=Words)
