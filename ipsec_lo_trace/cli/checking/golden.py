"""A golden minimal trace: comment lines, one of which is the command, then the trace."""

from __future__ import annotations

from pathlib import Path

from ipsec_lo_trace.cli.checking.model import Check, Expected, Minimal
from ipsec_lo_trace.cli.checking.text import split_head, trace_lines
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.model.errors import UserError

COMMAND = f"# {PROGRAM} "


def golden_check(text: str, path: Path, file: str, *, fresh: bool) -> Check:
    """Read a golden file; UserError if it has not one command, or no whole trace."""
    head, trace = split_head(text)
    lines = head.split("\n")
    commands = [number for number, line in enumerate(lines, start=1) if line.startswith(COMMAND)]
    if not commands:
        raise UserError("there is no command in its header", file=file, line=1, hint=f"{COMMAND}ping ...")
    if len(commands) > 1:
        raise UserError("a second command: a golden file has one", file=file, line=commands[1])
    run = lines[commands[0] - 1].removeprefix(COMMAND).strip()
    return Check(
        file=file,
        name=run,
        run=run,
        folder=path.parent,
        expected=Expected(),
        minimal=minimal_file(head, trace, path, file, fresh=fresh),
        places={"": (commands[0], 0)},
    )


def minimal_file(head: str, trace: str, path: Path, file: str, *, fresh: bool) -> Minimal:
    """Take the minimal trace of a file that has it for itself; its comments are kept."""
    line = head.count("\n") + 1
    lines = trace_lines(trace, file, line, fresh=fresh)
    return Minimal(lines=lines, file=file, line=line, path=path, head=head)
