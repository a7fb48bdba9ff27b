"""Linux in QEMU as the other end: packets in, what its loopback interface then carried out."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop import cpio
from tests.interop.linux_image import SEARCH_PATH, Image, image

XFRM = "xfrm "
BOOT_TIMEOUT = 180
"""Seconds; a boot without hardware help takes about five."""


@dataclass(frozen=True, slots=True)
class Case:
    """A shell script that sets up xfrm, and the raw IPv4 packets to put on lo under it."""

    setup: str
    packets: tuple[bytes, ...]


@dataclass(slots=True)
class Seen:
    """Every IPv4 packet that was on lo, in order, and by how much each xfrm error counter rose.

    ``xfrm`` is what ``ip xfrm state`` and ``ip xfrm policy`` showed before the first packet.
    """

    packets: list[bytes]
    errors: dict[str, int]
    xfrm: str = ""


class GuestError(Exception):
    """The guest did not run to its end; the message has its last words."""


def exchange(cases: dict[str, Case], cache: Path) -> dict[str, Seen]:
    """Boot once and run all cases; for each, give what was seen, the injected packets included.

    UnavailableError if there can be no guest here, GuestError if it fails.
    """
    built = image(cache)
    with TemporaryDirectory() as scratch:
        return _parse(_boot(built, cases, Path(scratch)))


def _boot(built: Image, cases: dict[str, Case], scratch: Path) -> str:
    initramfs = scratch / "initramfs.cpio"
    initramfs.write_bytes(built.base.read_bytes() + cpio.archive(_case_files(cases)))
    console, results = scratch / "console", scratch / "results"
    command = [
        *("qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "512", "-smp", "1"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-kernel", str(built.kernel), "-initrd", str(initramfs)),
        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
        *("-serial", f"file:{console}", "-serial", f"file:{results}"),
    ]
    try:
        subprocess.run(command, env={"PATH": SEARCH_PATH}, timeout=BOOT_TIMEOUT, check=True)
    except subprocess.SubprocessError as error:
        msg = f"{error}; console:\n{_tail(console)}"
        raise GuestError(msg) from error
    lines = results.read_text().splitlines() if results.exists() else []
    if not lines or lines[-1] != "end" or "bad setup" in lines:
        msg = f"the guest stopped after {lines[-1:]}; console:\n{_tail(console)}"
        raise GuestError(msg)
    return "\n".join(lines[:-1])


def _case_files(cases: dict[str, Case]) -> dict[str, tuple[int, bytes]]:
    files = {"cases": cpio.folder()}
    for name, case in cases.items():
        files[f"cases/{name}"] = cpio.folder()
        files[f"cases/{name}/setup"] = cpio.text_file(case.setup)
        files[f"cases/{name}/packets"] = cpio.text_file("".join(f"{p.hex()}\n" for p in case.packets))
    return files


def _parse(results: str) -> dict[str, Seen]:
    cases: dict[str, Seen] = {}
    totals: Counter[str] = Counter()
    seen = Seen([], {})
    for line in results.splitlines():
        if line.startswith(XFRM):
            seen.xfrm += line.removeprefix(XFRM) + "\n"
            continue
        match line.split():
            case ["case", name]:
                seen = cases[name] = Seen([], {})
            case ["total", counter, total]:
                if rise := int(total) - totals[counter]:
                    seen.errors[counter] = rise
                    totals[counter] += rise
            case _:
                seen.packets.append(bytes.fromhex(line))
    return cases


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else "nothing"
