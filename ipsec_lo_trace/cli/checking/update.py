"""Rewrite minimal traces from what came out; each file whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click
import msgspec

from ipsec_lo_trace.cli.checking.command import Asked, inputs
from ipsec_lo_trace.cli.checking.model import Check, Result
from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.model.errors import UserError


def refuse_update(environment: Mapping[str, str], *, builtin: bool, allow_ci: bool) -> None:
    """Refuse to rewrite what is not the user's, and in CI, where nobody would review it."""
    if builtin:
        raise click.UsageError("--update needs a FILE: the built-in checks are part of the program")
    if environment.get("CI", "").lower() not in ("", "0", "false") and not allow_ci:
        raise click.UsageError("--update in CI would accept whatever comes out (--allow-ci does it even so)")


def refuse_to_rewrite(wanted: list[Asked]) -> None:
    """Refuse if no check has a file of its own for its minimal trace, if two share one, or if it is read."""
    read = {os.path.realpath(path) for asked in wanted for path in inputs(asked)}
    owners: dict[str, Check] = {}
    for check in (asked.check for asked in wanted):
        if check.minimal is None or check.minimal.path is None:
            continue
        target = os.path.realpath(check.minimal.path)
        if target in owners or target in read:
            other = (
                "the minimal trace of another check too" if target in owners else "what a check is read from"
            )
            raise UserError(f"{check.minimal.file} is {other}", file=check.file, line=check.line("minimal"))
        owners[target] = check
    if not owners:
        raise click.UsageError("--update rewrites golden files and minimal = PATH, and there is neither")


def updated(result: Result) -> tuple[Result, str | None]:
    """Write the trace where its expectation stands; give what is still not met, and the file that changed."""
    minimal = result.check.minimal
    if minimal is None or minimal.path is None or minimal.lines == result.minimal:
        return result, None
    head = minimal.head if minimal.head.endswith("\n") or not minimal.head else f"{minimal.head}\n"
    text = head + "".join(f"{line}\n" for line in result.minimal)
    with output(str(minimal.path.absolute())) as out:  # a file named - is no standard output
        out.write(text.encode())
    rest = [each for each in result.mismatches if not each.what.startswith("minimal ")]
    return msgspec.structs.replace(result, mismatches=rest), minimal.file
