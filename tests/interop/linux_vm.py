"""Linux in QEMU as the other end: packets in, what its loopback interface then carried out."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop import cpio
from tests.interop.linux_image import SEARCH_PATH, Image, image

XFRM = "xfrm "
CPUS = ("max", "max,-cx16")
"""Tried in this order: on some machines QEMU's cmpxchg16b makes the kernel double-fault as it boots."""
BOOT_TIMEOUT = 180
"""Seconds; a boot without hardware help takes about five."""


@dataclass(frozen=True, slots=True)
class Case:
    """A shell script that sets up xfrm, and what then happens on lo.

    That is either raw IPv4 packets which are put there, or what a second shell script does.
    """

    setup: str
    packets: tuple[bytes, ...] = ()
    traffic: str = ""


@dataclass(slots=True)
class Seen:
    """Every packet that was on lo, in order, and by how much each xfrm error counter rose.

    ``xfrm`` is what ``ip xfrm state`` and ``ip xfrm policy`` showed before the first packet.
    """

    packets: list[bytes] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)
    xfrm: str = ""


@dataclass(slots=True)
class Linux:
    """A guest that ran to its end: QEMU's CPU, the kernel's release, and what was seen of each case."""

    cpu: str
    release: str = ""
    cases: dict[str, Seen] = field(default_factory=dict)


class GuestError(Exception):
    """The guest did not run to its end; the message has its last words."""


def exchange(cases: dict[str, Case], cache: Path) -> Linux:
    """Boot once and run all cases; for each, give what was seen, the injected packets included.

    UnavailableError if there can be no guest here, GuestError if it fails.
    """
    built = image(cache)
    with TemporaryDirectory() as scratch:
        initramfs = Path(scratch) / "initramfs.cpio"
        initramfs.write_bytes(built.base.read_bytes() + cpio.archive(_case_files(cases)))
        return _boot(built, initramfs)


def _boot(built: Image, initramfs: Path) -> Linux:
    """Boot with the first CPU that the kernel can bear."""
    failures = []
    for cpu in CPUS:
        run = _run(cpu, built.kernel, initramfs)
        if not run.failure:
            return _parse(cpu, run.results[:-1])
        failures.append(f"-cpu {cpu}: {run.failure}; console:\n{run.console}")
        if not run.faulted:
            break
    raise GuestError("\n".join(failures))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of QEMU: why it is no good ("" if it is), the console's last words, the lines of results."""

    failure: str
    console: str
    results: list[str]

    @property
    def faulted(self) -> bool:
        """Whether the CPU may be at fault: the kernel says so, or died before it could say anything."""
        return not self.results or "double fault" in self.console


def _run(cpu: str, kernel: Path, initramfs: Path) -> _Run:
    console, results = initramfs.with_name("console"), initramfs.with_name("results")
    command = [
        *("qemu-system-x86_64", "-accel", "tcg", "-cpu", cpu, "-m", "512", "-smp", "1"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(kernel), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-serial", f"file:{console}", "-serial", f"file:{results}"),
    ]
    for old in (console, results):
        old.write_bytes(b"")
    failure = ""
    try:
        subprocess.run(command, env={"PATH": SEARCH_PATH}, timeout=BOOT_TIMEOUT, check=True)
    except subprocess.SubprocessError as error:
        failure = str(error)
    lines = results.read_text(errors="replace").splitlines()
    if not failure and (lines[-1:] != ["end"] or "bad setup" in lines):
        failure = f"the guest stopped after {lines[-1:]}"
    last = console.read_text(errors="replace").splitlines()[-20:]
    return _Run(failure, "\n".join(last) or "nothing", lines)


def _case_files(cases: dict[str, Case]) -> dict[str, tuple[int, bytes]]:
    files = {"cases": cpio.folder()}
    for name, case in cases.items():
        files[f"cases/{name}"] = cpio.folder()
        files[f"cases/{name}/setup"] = cpio.text_file(case.setup)
        files[f"cases/{name}/traffic"] = cpio.text_file(case.traffic)
        files[f"cases/{name}/packets"] = cpio.text_file("".join(f"{p.hex()}\n" for p in case.packets))
    return files


def _parse(cpu: str, results: list[str]) -> Linux:
    linux = Linux(cpu)
    totals: Counter[str] = Counter()
    seen = Seen()
    for line in results:
        if line.startswith(XFRM):
            seen.xfrm += line.removeprefix(XFRM) + "\n"
            continue
        match line.split():
            case ["linux", release]:
                linux.release = release
            case ["case", name]:
                seen = linux.cases[name] = Seen()
            case ["total", counter, total]:
                if rise := int(total) - totals[counter]:
                    seen.errors[counter] = rise
                    totals[counter] += rise
            case _:
                seen.packets.append(bytes.fromhex(line))
    return linux
