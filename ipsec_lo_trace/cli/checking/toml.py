"""TOML check files: a ``[[check]]`` table each."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from ipsec_lo_trace.cli.checking.model import Check, Expected, Minimal
from ipsec_lo_trace.cli.checking.text import minimal_file, read_text, split_head, trace_lines
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.counters import is_counter
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.toml import MAX_WORD_LEN, document, line_of

Places = dict[str, tuple[int, int]]
TABLE = re.compile(r"\s*\[\[\s*check\s*\]\]")
SUBTABLE = re.compile(r"\s*\[\s*check\s*\.\s*(\w+)\b[\s.\w]*\]")
KEY = re.compile(r"""\s*(?:(\w+)\s*\.\s*)?["']?([\w\[\]-]+)["']?\s*=""")
SETUP = "setup"
INLINE = re.compile(r"""(?<![\w-])([\w-]+)["']?\s*=(?!=)""")
"""A key in an inline table."""


def places(text: str) -> list[Places]:
    """Return, for each ``[[check]]`` in turn, line and column of each of its keys; "" is the table's own.

    A setup's keys have its name before theirs: one of them may be called as an expectation is.
    """
    found: list[Places] = []
    quotes = subtable = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not quotes and TABLE.match(line):
            found.append({"": (number, 0)})
            subtable = ""
        elif not quotes and found and (key := SUBTABLE.match(line)):
            subtable = key[1]
            found[-1].setdefault(subtable, (number, 0))
        elif not quotes and found and (key := KEY.match(line)):
            _note(found[-1], key, number, subtable, line)
        for kind in ('"""', "'''"):
            if quotes in ("", kind) and line.count(kind) % 2:
                quotes = "" if quotes else kind
    return found


def _note(found: Places, key: re.Match[str], number: int, subtable: str, line: str) -> None:
    """Note where a line's keys stand."""
    if SETUP in (subtable, key[1]):
        found.setdefault(f"{SETUP}.{key[2]}", (number, key.start(2) + 1))
        return
    found.setdefault(key[2], (number, 0))
    if key[2] == SETUP and not key[1]:
        for inner in INLINE.finditer(line, key.end()):
            found.setdefault(f"{SETUP}.{inner[1]}", (number, inner.start(1) + 1))


PINGS = ("ok", "loss", "error")
ERRNO = re.compile(r"(E[A-Z0-9]+)?")


class Table(Expected, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ``[[check]]`` table: ``run`` is a command line, ``setup`` says the same by the fields of a Setup.

    ``minimal`` with a newline in it is the trace, without one it is a path.
    """

    name: str
    run: str | None = None
    setup: dict[str, Any] | None = None
    minimal: str | None = None


def toml_checks(text: str, path: Path, file: str, *, fresh: bool) -> list[Check]:
    """Read a TOML check file; UserError with its place at the first mistake."""
    tables = _tables(text, file)
    lines = [*places(text), *({} for _ in tables)]
    checks = [
        _check(_table(table, file, where), path, file, where, fresh=fresh)
        for table, where in zip(tables, lines, strict=False)
    ]
    seen: set[str] = set()
    for check in checks:
        if check.name in seen:
            raise UserError(
                f"a second check with the name {check.name!r}", file=file, line=check.line("name")
            )
        seen.add(check.name)
    return checks


def _tables(text: str, file: str) -> list[Any]:
    parsed = document(text, file)
    for key in parsed:
        if key != "check":
            raise UserError(
                f"unknown key {key[:MAX_WORD_LEN]!r}",
                file=file,
                line=line_of(key[:MAX_WORD_LEN], text),
                hint="[[check]] is the only one",
            )
    tables = parsed.get("check")
    if not isinstance(tables, list) or not tables:
        raise UserError("there is no [[check]] in it", file=file)
    return tables


def _table(table: object, file: str, where: Places) -> Table:
    try:
        return msgspec.convert(table, Table)
    except msgspec.ValidationError as error:
        reason = str(error)
        key = re.search(r"`\$\.(\w+)|field `([^`]*)`", reason)
        line = where.get(key[1] or key[2], (0, 0))[0] if key else 0
        reason = reason.replace("Object ", "the check ").replace("$.", "").replace("`$`", "it")
        raise UserError(reason, file=file, line=line or where.get("", (0, 0))[0]) from None


def _check(table: Table, path: Path, file: str, where: Places, *, fresh: bool) -> Check:
    check = Check(
        file=file,
        name=table.name,
        run=_run(table, file, where),
        folder=path.parent,
        expected=Expected(**{name: getattr(table, name) for name in Expected.__struct_fields__}),
        minimal=_minimal(table, path, file, where, fresh=fresh),
        places=where,
    )
    _check_words(check)
    _check_use(check)
    return check


def _run(table: Table, file: str, where: Places) -> str | dict[str, Any]:
    """Return what is to be run; UserError unless it is said, and said once."""
    line = where.get("", (0, 0))[0]
    if table.run is not None and table.setup is not None:
        raise UserError("run and setup both say what to run", file=file, line=where.get(SETUP, (line, 0))[0])
    if table.run is not None:
        return table.run
    if table.setup is None:
        hint = 'run = "ping ...", or the same in a setup table'
        raise UserError("the check does not say what to run", file=file, line=line, hint=hint)
    return table.setup


def _minimal(table: Table, path: Path, file: str, where: Places, *, fresh: bool) -> Minimal | None:
    if table.minimal is None:
        return None
    line = where.get("minimal", (0, 0))[0]
    if "\n" in table.minimal:
        line += line and 1  # TOML drops the newline behind the opening quotes
        return Minimal(lines=trace_lines(table.minimal, file, line, fresh=False), file=file, line=line)
    if not (table.minimal and table.minimal.isprintable()):
        raise UserError("minimal is neither a trace nor a path", file=file, line=line)
    named = path.parent / table.minimal
    shown = (Path(file).parent / table.minimal).as_posix()
    if not Path(os.path.realpath(named)).is_relative_to(os.path.realpath(path.parent)):
        raise UserError(f"minimal: {shown} is not below the folder of {file}", file=file, line=line)
    missing = fresh and not os.path.lexists(named)
    return minimal_file(*split_head("" if missing else read_text(named, shown)), named, shown, fresh=missing)


def _check_words(check: Check) -> None:
    """Refuse a value that no run can have as its result: the check could not tell anything."""
    expected = check.expected
    for key, value, words in (
        ("outcome", expected.outcome, OUTCOMES),
        ("code", expected.code, CODES),
        ("ping", expected.ping, PINGS),
    ):
        if value is not None and value not in words:
            hint = ", ".join(sorted(words))
            raise UserError(f"{key} cannot be {value!r}", file=check.file, line=check.line(key), hint=hint)
    if expected.errno is not None and not ERRNO.fullmatch(expected.errno):
        hint = 'such as EINVAL; "" for none'
        reason = f"errno cannot be {expected.errno!r}"
        raise UserError(reason, file=check.file, line=check.line("errno"), hint=hint)
    for name, number in (expected.counters or {}).items():
        line = check.line(name, "counters")
        if not is_counter(name):
            raise UserError(f"unknown counter {name!r}", file=check.file, line=line)
        if number < 0:
            raise UserError(f"counter {name} cannot be {number}", file=check.file, line=line)


def _check_use(check: Check) -> None:
    """Refuse a check that says nothing, or says something that would not be looked at."""
    expected = check.expected
    if not check.name.strip():
        raise UserError("the name is empty", file=check.file, line=check.line("name"))
    if expected.outcome is None and expected.code is None and check.minimal is None:
        reason = f"check {check.name!r} does not say how the run ends"
        raise UserError(reason, file=check.file, line=check.line(""), hint="give outcome, code or minimal")
    if expected.counters == {}:
        raise UserError("counters is empty", file=check.file, line=check.line("counters"))
    if expected.counters_only and expected.counters is None:
        reason = "counters_only without counters is never looked at"
        raise UserError(reason, file=check.file, line=check.line("counters_only"))
