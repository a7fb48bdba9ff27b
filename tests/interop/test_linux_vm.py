"""What is made of a guest that does not boot, with a script in QEMU's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop import linux_vm
from tests.interop.linux_image import Image
from tests.interop.linux_vm import Case, GuestError, Linux, exchange

QEMU = """#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    -cpu) cpu=$2 ;;
    -serial) console=${results:-$console} results=${2#file:} ;;
  esac
  shift
done
echo "$cpu" >> "${0%/*}/tried"
case $cpu in
"""
FAULT = 'echo "PANIC: double fault, error_code: 0x0" > "$console"'
DIES = ":"
FAULTS_LATER = f'printf "linux 6.1\\ncase a\\n" > "$results"; {FAULT}'
STOPS = 'printf "linux 6.1\\ncase a\\n" > "$results"; echo "bad setup" > "$console"'
ENDS = 'printf "linux 6.1\\ncase a\\n4500\\nend\\n" > "$results"'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder before all others where QEMU is looked for, and an image that is none into the cache."""
    for name in ("vmlinuz", "base.cpio"):
        (tmp_path / name).touch()
    monkeypatch.setattr(linux_vm, "SEARCH_PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(linux_vm, "image", lambda cache: Image(cache / "vmlinuz", cache / "base.cpio"))
    return tmp_path


def booted(folder: Path, plain: str, without: str = ENDS) -> Linux:
    """Boot with what QEMU does for plain ``max`` and for the one without cmpxchg16b."""
    qemu = folder / "qemu-system-x86_64"
    qemu.write_text(f"{QEMU}max) {plain} ;;\nmax,-cx16) {without} ;;\nesac\n")
    qemu.chmod(0o755)
    return exchange({"a": Case("")}, folder)


def tried(folder: Path) -> list[str]:
    """List the CPUs that QEMU was started with."""
    return (folder / "tried").read_text().split()


@pytest.mark.parametrize("end", [FAULT, DIES, FAULTS_LATER], ids=["fault", "silence", "later-fault"])
def test_another_cpu_where_plain_max_faults(end: str, folder: Path) -> None:
    """After a double fault, or a kernel that died without a word, the CPU without cmpxchg16b has its turn."""
    linux = booted(folder, end)
    assert (linux.cpu, linux.release, linux.cases["a"].packets) == ("max,-cx16", "6.1", [b"\x45\x00"])
    assert tried(folder) == ["max", "max,-cx16"]


def test_plain_max_where_it_boots(folder: Path) -> None:
    """A guest that runs to its end is asked once."""
    assert booted(folder, ENDS).cpu == "max"
    assert tried(folder) == ["max"]


def test_no_second_boot_for_another_fault(folder: Path) -> None:
    """A guest that came up and stopped for a reason of its own is not booted again."""
    with pytest.raises(GuestError, match=r"^-cpu max: the guest stopped after .*case a.*\nbad setup$"):
        booted(folder, STOPS)
    assert tried(folder) == ["max"]


def test_both_ends_are_told(folder: Path) -> None:
    """Where no CPU will do, the message has each with its console's last words."""
    with pytest.raises(GuestError) as error:
        booted(folder, FAULT, DIES)
    assert [line for line in str(error.value).splitlines() if not line.startswith("-cpu")] == [
        "PANIC: double fault, error_code: 0x0",
        "nothing",
    ]
    assert "-cpu max: " in str(error.value)
    assert "-cpu max,-cx16: " in str(error.value)
