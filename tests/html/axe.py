"""axe-core, the accessibility checker: fetched once from the npm registry, kept in pytest's cache."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.html.browser import UnavailableError

VERSION = "4.14.1"
TIME_LIMIT = 60
"""Seconds for the registry to answer."""


def axe_script(cache: Path) -> str:
    """Return the checker's source; UnavailableError if it is neither in the cache nor to be had."""
    kept = cache / f"axe-{VERSION}.min.js"
    if not kept.is_file():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            _fetch(Path(scratch)).replace(kept)
    return kept.read_text("utf-8")


def _fetch(scratch: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise UnavailableError("not installed: npm, which fetches axe-core")
    command = [npm, "pack", "--silent", f"axe-core@{VERSION}"]
    try:
        subprocess.run(command, cwd=scratch, check=True, capture_output=True, timeout=TIME_LIMIT)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"npm cannot fetch axe-core {VERSION}: {_reason(error)}") from None
    [archive] = scratch.glob("*.tgz")
    script = scratch / "axe.min.js"
    with tarfile.open(archive) as package:
        member = package.extractfile("package/axe.min.js")
        assert member is not None
        script.write_bytes(member.read())
    return script


def _reason(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    lines = (error.stderr or b"").decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else str(error)
