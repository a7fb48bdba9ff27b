"""What is offered when a word is completed; nothing here loads what a run needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import click
import msgspec
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.params import TYPED
from ipsec_lo_trace.model.build import KNOBS, values

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Named = Iterable[tuple[str, str]]
"""Names, each with what it means."""

ROLES = {
    "cause": "the row that the result is due to",
    "effect": "the row where it shows",
    "seen": "the row that noticed it",
    "unseen": "the row that could have noticed it",
}
"""Rows as a verdict names them."""
_TAIL = 1 << 16
"""How much of a trace's end is searched for its verdict, in bytes."""


def _completer(names: Callable[[click.Context, str], Named]) -> Completer:
    """Give what offers the names that begin as the word does, in any case."""

    def complete(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        return [
            CompletionItem(name, help=" ".join(meaning.split()))
            for name, meaning in dict(names(context, begun)).items()
            if name.lower().startswith(begun.lower())
        ]

    return complete


def _pages(kind: str) -> Named:
    from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help

    return [(page.name, page.text) for page in KINDS[kind][1]]


def _marks() -> Named:
    """Name the marks that a trace can show: those whose page has a run to show them."""
    from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help
    from ipsec_lo_trace.pages.page import explained  # noqa: PLC0415

    return [
        (page.name, page.text) for page in KINDS["marks"][1] if not page.example.startswith(explained(""))
    ]


MARK = _completer(lambda _context, _begun: _marks())
"""Completes a mark."""


def names_of_kind(*kinds: str) -> Completer:
    """Give what completes a name of these kinds, as ``list`` lists them."""
    return _completer(lambda _context, _begun: [pair for kind in kinds for pair in _pages(kind)])


def _settings(_context: click.Context, _begun: str) -> Named:
    for name, knob in KNOBS.items():
        for value in values(name):
            yield f"{name}={value}", knob.text


SETTINGS = _completer(_settings)
"""Completes KNOB=VALUE."""


def _cuts(_context: click.Context, begun: str) -> Named:
    """Offer marks, and once one is meant the stages after which it can go."""
    groups = [("tags", "all tags"), ("flags", "all flags"), ("marks", "all tags and flags")]
    names = [
        (name, text)
        for name, text in (*_marks(), *groups)
        if f"{name}@".lower().startswith(begun.partition("@")[0].lower() + ("@" if "@" in begun else ""))
    ]
    if len(names) != 1:
        return [(f"{name}@", text) for name, text in names]
    return [(f"{names[0][0]}@{stage}", text) for stage, text in _pages("stages")]


CUTS = _completer(_cuts)
"""Completes NAME@STAGE."""


def _fixes() -> Iterator[tuple[str, str]]:
    from ipsec_lo_trace.fixes.fix import SHORT, all_fixes  # noqa: PLC0415 -- not for --help

    titles = {fix.name: fix.title for fix in all_fixes()}
    yield from ((f"@{name}", titles[fix]) for name, fix in SHORT.items())
    yield from ((f"@{name}", title) for name, title in titles.items())


def traces(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a trace: a file's name, or @ and that of a fix."""
    files = [] if begun.startswith("@") else [CompletionItem(begun, type="file")]
    runs = [CompletionItem(name, help=text) for name, text in _fixes() if name.startswith(begun.lower())]
    return files + runs


_claims = names_of_kind("claims")


def claims_or_parts(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Complete a claim; with --merge a file."""
    if "--merge" in context.meta.get(TYPED, []):
        return [CompletionItem(begun, type="file")]
    return _claims(context, parameter, begun)


ROW = _completer(lambda _context, _begun: [*ROLES.items(), *_pages("stages")])
"""Completes the ROW of ``why``: as a verdict names rows, or a stage."""


def _rows(context: click.Context, _begun: str) -> Named:
    """Offer the rows that the verdict of a stored trace names."""
    # An option without its value ends the parsing: what was typed is not yet sorted into parameters.
    words = (word for word in context.meta.get(TYPED, []) if not word.startswith(("-", "@")))
    verdict = next(filter(None, map(_verdict, words)), {})
    return [(str(verdict[role]), meaning) for role, meaning in ROLES.items() if verdict.get(role) is not None]


ROWS = _completer(_rows)
"""Completes --rows by the rows that the verdict of a stored trace names."""


def _verdict(path: str) -> dict[str, object]:
    """Read the last record of a trace in JSON Lines; empty if that is no verdict."""
    with suppress(OSError, ValueError), Path(path).open("rb") as stored:
        stored.seek(max(stored.seek(0, 2) - _TAIL, 0))
        record = msgspec.json.decode(stored.read().rstrip().rpartition(b"\n")[2])
        if isinstance(record, dict) and record.get("kind") == "verdict":
            return record
    return {}


def _row_patterns(_context: click.Context, _begun: str) -> Named:
    for name, text in (("ping", "a ping over each case"), ("reflector", "a reflector in user space")):
        yield f"{name}*", text
    yield from ((f"{name}*", text) for name, text in _pages("probes"))


ROW_PATTERNS = _completer(_row_patterns)
"""Completes --rows of ``matrix``."""
