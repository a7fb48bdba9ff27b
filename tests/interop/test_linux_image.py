"""The image's own claims, which need no guest."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.interop.linux_image import SEARCH_PATH, UNPACKERS, UnavailableError, check_programs, unpack_modules


@pytest.mark.parametrize("suffix", UNPACKERS)
def test_packed_modules_come_out_plain(suffix: str, tmp_path: Path) -> None:
    """A module packed the way newer Debian kernels pack theirs is replaced by the plain one."""
    packer = shutil.which(UNPACKERS[suffix][0], path=SEARCH_PATH)
    if packer is None:
        pytest.skip(f"not installed: {UNPACKERS[suffix][0]}")
    module = tmp_path / "net" / "esp4.ko"
    module.parent.mkdir()
    module.write_bytes(b"a module")
    with module.open("rb") as plain, module.with_name(f"esp4.ko{suffix}").open("wb") as packed:
        subprocess.run([packer, "-c"], stdin=plain, stdout=packed, check=True)
    module.unlink()
    unpack_modules(tmp_path)
    assert {path.name: path.read_bytes() for path in module.parent.iterdir()} == {"esp4.ko": b"a module"}


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where QEMU is not installed, the reason to skip names its package."""
    monkeypatch.setattr("tests.interop.linux_image.platform.machine", lambda: "x86_64")
    monkeypatch.setattr("tests.interop.linux_image.SEARCH_PATH", "")
    with pytest.raises(UnavailableError, match="qemu-system-x86, busybox-static"):
        check_programs()
