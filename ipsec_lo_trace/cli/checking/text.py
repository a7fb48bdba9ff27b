"""Texts of check files, and the minimal traces in them."""

from __future__ import annotations

import re
from pathlib import Path

from ipsec_lo_trace.model.errors import UserError, unreadable

MAX_LEN = 1 << 24
"""How many bytes a check file may have: 16 MiB."""
HEAD = re.compile(r"(?:#[^\n]*\n?)*")


def read_text(path: Path, file: str) -> str:
    """Read UTF-8 with any kind of line end; UserError names it ``file``."""
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_LEN + 1)
        text = data.decode()
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    if len(data) > MAX_LEN:
        raise UserError(f"larger than {MAX_LEN} bytes, so it is not read", file=file)
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
