"""A trace as a table, for a spreadsheet or a database: a line for each row, under a line of names.  RFC 4180.

A column that is a field of the step record, or of its packet, has that field's name.  Lists are words with a
space between; ``!`` follows a mark that is stale, and an answer that a stale mark settled.  What is not there
is empty.  The packet's bytes are left out: a cell of a spreadsheet holds 32767 characters.

A text that a spreadsheet would take for a formula gets ``'`` before it, and so does one that begins with
that: without its first ``'`` every text is what it was.  Source: OWASP, CSV injection.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable
from typing import IO

from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers

Cell = str | int
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20'")
"""What a formula begins with, in both widths, and the sign that says that something is none."""

COLUMNS: dict[str, Callable[[Step], Cell]] = {
    "row": lambda step: step.row,
    "echo": lambda step: step.echo,
    "analysis": lambda step: step.analysis,
    "packet": lambda step: step.packet,
    "stage": lambda step: step.stage,
    "visit": lambda step: step.visit,
    "via": lambda step: step.via,
    "proto": lambda step: _words(step.wire.proto),
    "spi": lambda step: _words(f"0x{spi:08x}" for spi in step.wire.spi),
    "seq": lambda step: _words("" if seq is None else str(seq) for seq in step.wire.seq),
    "src": lambda step: step.wire.src,
    "dst": lambda step: step.wire.dst,
    "ports": lambda step: _words(map(str, step.wire.ports)),
    "len": lambda step: step.wire.len,
    "ident": lambda step: step.wire.ident,
    "ttl": lambda step: step.wire.ttl,
    "offset": lambda step: step.wire.offset,
    "more": lambda step: _truth(step.wire.more),
    "info": lambda step: step.wire.info,
    "changed": lambda step: _truth(step.bytes is not None),
    "marks": lambda step: _words(map(_mark, step.marks)),
    "added": lambda step: _words(_mark(change.mark) for change in step.changes if change.op == "add"),
    "removed": lambda step: _words(_mark(change.mark) for change in step.changes if change.op == "remove"),
    "checks": lambda step: _words(
        f"{check.id}={check.answer}{'!' * check.decided_by_stale}" for check in step.checks
    ),
    "decision": lambda step: step.decision,
    "to": lambda step: step.to,
    "errno": lambda step: step.errno or "",
    "reason": lambda step: step.reason,
    "returned": lambda step: step.returned or "",
    "counters": lambda step: _words(f"{name}={by}" for name, by in step.counters.items()),
    "unmet": lambda step: _words(step.unmet),
    "text": lambda step: step.text,
}
"""What each column has of a row; behind them comes ``verdict``, what the verdict calls the row."""


def write_csv(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write the names and every row, in UTF-8, each line ended by CR LF."""
    table = csv.writer(codecs.getwriter("utf-8")(out))
    table.writerow([*COLUMNS, "verdict"])
    noted = pointers(trace.verdict)
    for step in trace.steps():
        cells = [cell(step) for cell in COLUMNS.values()]
        table.writerow([_safe(cell) for cell in (*cells, noted.get(step.row, ""))])


def _safe(cell: Cell) -> Cell:
    """Escape control characters in a text, and say of one that looks like a formula that it is none."""
    if isinstance(cell, int):
        return cell
    text = plain(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _words(words: Iterable[str]) -> str:
    return " ".join(words)


def _truth(value: bool) -> str:  # noqa: FBT001 -- what it is about
    return "true" if value else "false"


def _mark(mark: Mark) -> str:
    return mark.name + "!" * mark.stale
