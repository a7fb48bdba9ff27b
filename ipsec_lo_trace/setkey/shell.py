"""Shell scripts that call setkey(8), which people take for its files."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.tokens import shown

_SHELL = re.compile(r"#!\s*(?:\S*/)?(?:env\s+)?(?:ash|bash|csh|dash|ksh|sh|tcsh|zsh)\b")
_CALL = re.compile(
    r"""
    (?: ^ | [\s;&|(/"'] ) (?P<call> \$?\{? setkey \}?"? )
    \s+ (?: -[a-z]+ \s+ )* -[a-z]*[cf] (?: \s+ (?P<file> [^\s<|;&)-][^\s<|;&)]* ) )? (?: \s | [<|;&)] | $ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HERE = re.compile(r"<<-?\s*[\"'\\]?(?P<mark>[A-Za-z0-9_!]+)")


class _Call(NamedTuple):
    """Where a script calls setkey(8), and what to give instead of the script."""

    line: int
    column: int
    hint: str


_ITSELF = "give the commands that its setkey(8) reads"


def script_fault(text: str, file: str, mistake: UserError) -> UserError | None:
    """Make the error that says that a text with a mistake is a shell script; None if it looks like none.

    Its first line may say so, if no command stands before the mistake, or a call of setkey(8).
    """
    lines = text.split("\n")
    call = _call(lines)
    if call is None and _SHELL.match(lines[0]) and all(map(says_nothing, lines[: mistake.line - 1])):
        call = _Call(1, 1, _ITSELF)
    if call is None:
        return None
    return UserError("this is a shell script", file=file, line=call.line, column=call.column, hint=call.hint)


def says_nothing(line: str) -> bool:
    """Tell whether a line is blank or a comment."""
    return not line.strip() or line.lstrip().startswith("#")


def _call(lines: list[str]) -> _Call | None:
    """Find the first call of setkey(8) that reads commands, comments aside."""
    for number, line in enumerate(lines, 1):
        found = None if says_nothing(line) else _CALL.search(line)
        if found:
            hint = f"give {shown(found['file'])}, which it reads" if found["file"] else _ITSELF
            return _Call(number, found.start("call") + 1, _fed(lines, number) or hint)
    return None


def _fed(lines: list[str], number: int) -> str:
    """Say which lines a call feeds to setkey(8), "" if none stand below it."""
    here = _HERE.search(lines[number - 1])
    if here is None:
        return ""
    for last, line in enumerate(lines[number:], number):
        if line.strip() == here["mark"] and last > number:
            return f"give what it reads, which sed -n {number + 1},{last}p prints"
    return ""
