"""The file that a sweep can be resumed from: the sweep itself, as JSON, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ipsec_lo_trace.cli.output import output
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.sweep import Sweep

SAME = {
    "schema": "was written by another version",
    "tool": "was written by another version",
    "seed": "is of another seed",
    "fixes": "is about other fixes",
    "programs": "is about other probes",
}
"""What must be the same in the file and now, and what it means if it is not."""


def resumed(file: str, begun: Sweep, cases: int) -> Sweep:
    """Give the sweep that a file holds, or ``begun`` if there is none; UserError if it does not fit."""
    try:
        data = Path(file).read_bytes()
    except FileNotFoundError:
        return begun
    except OSError as error:
        raise UserError(f"cannot read it: {error.strerror or error}", file=file) from None
    try:
        sweep = msgspec.json.decode(data, type=Sweep)
    except msgspec.DecodeError as error:
        raise UserError(f"no sweep to resume: {error}", file=file) from None
    for field, meaning in SAME.items():
        if getattr(sweep, field) != getattr(begun, field):
            raise UserError(f"the sweep in it {meaning}, so it cannot be resumed", file=file)
    if sweep.done > cases:
        raise UserError(f"{sweep.done} cases are done already, more than --cases {cases}", file=file)
    return sweep


def keep(file: str | None, sweep: Sweep) -> None:
    """Write the sweep to its file, if it has one."""
    if file is not None:
        with output(file) as out:
            out.write(msgspec.json.encode(sweep) + b"\n")
