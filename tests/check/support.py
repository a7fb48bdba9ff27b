"""Check files to run: the smoke set, in parts and with values replaced."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from ipsec_lo_trace.cli.checking.files import BUILTIN
from tests.cli.support import Done, invoke

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Table = dict[str, Any]
SMOKE: list[Table] = tomllib.loads(BUILTIN.read_text(encoding="utf-8"))["check"]

ONE = """\
[[check]]
name = "one"
run = "ping --unpatched"
outcome = "leak"
"""
"""A check that passes."""
WRONG = ONE.replace("leak", "clean")
"""A check that fails."""


def check(*arguments: str | Path) -> Done:
    """Run ``ipsec-lo-trace check`` in this process."""
    return invoke("check", *map(str, arguments))


def passes(*arguments: str | Path) -> Done:
    """Run checks that must pass in silence."""
    done = check(*arguments)
    assert (done.code, done.err) == (0, ""), done
    return done


def written(folder: Path, text: str, name: str = "a.toml") -> Path:
    """Write a check file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def toml(table: Table) -> str:
    """Write a check as TOML; strings and lists are as in JSON."""
    lines = ["[[check]]"]
    for key, value in table.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{json.dumps(name)} = {number}" for name, number in value.items())
            lines.append(f"{key} = {{ {inner} }}")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def smoke_copy(folder: Path, table: Table) -> Path:
    """Write one check of the smoke set into a folder that has the files that it names."""
    for path in BUILTIN.parent.iterdir():
        if path != BUILTIN:
            shutil.copy(path, folder)
    return written(folder, toml(table))
