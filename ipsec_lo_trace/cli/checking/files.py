"""Read check files: TOML by the ending ``.toml``, anything else as a golden minimal trace."""

from __future__ import annotations

from pathlib import Path

from ipsec_lo_trace.cli.checking.model import Check
from ipsec_lo_trace.cli.checking.text import golden_check, read_text
from ipsec_lo_trace.cli.checking.toml import toml_checks

BUILTIN = Path(__file__).parents[2] / "checks" / "smoke.toml"
BUILTIN_NAME = "ipsec_lo_trace/checks/smoke.toml"


def builtin_checks() -> list[Check]:
    """Read the smoke set that comes with the package."""
    return toml_checks(read_text(BUILTIN, BUILTIN_NAME), BUILTIN, BUILTIN_NAME, fresh=False)


def read_checks(file: str, *, fresh: bool) -> list[Check]:
    """Read a check file; UserError with its place if it is faulty, or says too little to pass or fail.

    With ``fresh`` a minimal trace may be missing, because --update is about to write it.
    """
    path = Path(file)
    text = read_text(path, file)
    if path.suffix == ".toml":
        return toml_checks(text, path, file, fresh=fresh)
    return [golden_check(text, path, file, fresh=fresh)]
