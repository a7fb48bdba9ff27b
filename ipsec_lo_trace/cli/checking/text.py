"""Texts of check files, the minimal traces in them, and golden files, which have one and its command."""

from __future__ import annotations

import re
from pathlib import Path

from ipsec_lo_trace.cli.checking.model import Check, Expected, Minimal
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, taken, utf8

MAX_LEN = 1 << 24
"""How many bytes a check file may have: 16 MiB."""
HEAD = re.compile(r"(?:#[^\n]*\n?)*")


def read_text(path: Path, file: str) -> str:
    """Read UTF-8 with any kind of line end; UserError names it ``file``."""
    try:
        with path.open("rb") as opened:
            text = utf8(taken(opened, MAX_LEN, file))
    except (OSError, ValueError, MisreadError) as error:
        raise unreadable(file, error) from None
    return text.replace("\r\n", "\n")


def split_head(text: str) -> tuple[str, str]:
    """Part the comment lines at the beginning from the rest."""
    head = HEAD.match(text)
    end = head.end() if head else 0
    return text[:end], text[end:]


def trace_lines(text: str, file: str, line: int, *, fresh: bool) -> list[str]:
    """Take a minimal trace's lines; UserError if it has no verdict at its end.

    ``line`` is where the text begins.  With ``fresh`` there may be nothing at all.
    """
    lines = text.removesuffix("\n").split("\n") if text else []
    if not lines and fresh:
        return lines
    verdicts = [number for number, each in enumerate(lines) if each.startswith("verdict ")]
    if not verdicts:
        raise UserError(
            "the minimal trace has no verdict: it is incomplete", file=file, line=line + len(lines[1:])
        )
    if verdicts[0] != len(lines) - 2 or not lines[-1].startswith("replies "):
        raise UserError(
            "the minimal trace must end with its verdict and its replies", file=file, line=line + verdicts[0]
        )
    return lines


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
