"""Whether to colour, and how wide a line may be.

``--color`` goes before NO_COLOR, that before FORCE_COLOR and CLICOLOR_FORCE (0, false and empty mean unset),
that before TERM=dumb, that before whether the stream is a terminal.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from typing import TextIO

from ipsec_lo_trace.cli.output import STDOUT

DEFAULT_COLUMNS = 80
MIN_COLUMNS = 20


def look(output: str, choice: str | None) -> tuple[int, bool]:
    """Give the width, and whether to colour, for text to ``output`` ("-" is standard output)."""
    stdout: TextIO | None = getattr(sys, "stdout", None)  # None if it is closed
    terminal = output == STDOUT and stdout is not None and stdout.isatty()
    colour = wants_colour(choice or "auto", os.environ, is_terminal=terminal)
    return columns(os.environ, is_terminal=terminal), colour


def wants_colour(choice: str, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decide about colour from --color (auto, always or never), the environment, and the stream."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(_is_set(environment.get(name, "")) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return environment.get("TERM") != "dumb" and is_terminal


def _is_set(value: str) -> bool:
    return value.lower() not in ("", "0", "false")


def columns(environment: Mapping[str, str], *, is_terminal: bool) -> int:
    """Give the width in columns: COLUMNS, else the terminal's, else 80."""
    wish = environment.get("COLUMNS", "")
    if re.fullmatch(r"[1-9][0-9]{0,8}", wish):
        return max(int(wish), MIN_COLUMNS)
    if is_terminal:
        return max(shutil.get_terminal_size((DEFAULT_COLUMNS, 24)).columns, MIN_COLUMNS)
    return DEFAULT_COLUMNS
