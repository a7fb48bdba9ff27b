"""A small Linux made of Debian packages: a kernel, and an initramfs with all that the guest runs."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop import cpio

GUEST = Path(__file__).parent / "guest"
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "ip": "iproute2",
    "depmod": "kmod",
    "gcc": "gcc and libc6-dev",
    "apt-get": "apt",
    "dpkg": "dpkg",
}
"""What the build and the boot need, and the Debian package that has it."""
MODULES = (
    *("kernel/crypto", "kernel/arch/x86/crypto", "kernel/lib"),
    *("kernel/net/xfrm", "kernel/net/ipv4", "kernel/net/ipv6"),
)
UNPACKERS = {".xz": ("xz", "-d"), ".zst": ("zstd", "-q", "-d", "--rm")}
"""Newer Debian kernels come with packed modules, which busybox's modprobe need not know how to read."""
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class UnavailableError(Exception):
    """This machine lacks what the image is made of; the message says what."""


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel and the part of the initramfs that all runs share."""

    kernel: Path
    base: Path


def image(cache: Path) -> Image:
    """Build the image, or find it in the cache; UnavailableError if it cannot be built here."""
    check_programs()
    done = cache / _recipe()
    if not done.is_dir():
        with TemporaryDirectory(dir=cache) as scratch:
            ready = _build(Path(scratch))
            try:
                ready.rename(done)
            except OSError:
                # Another run at the same time was faster; its image is the same.
                if not done.is_dir():
                    raise
    return Image(done / "vmlinuz", done / "base.cpio")


def check_programs() -> None:
    """Raise UnavailableError, naming the packages, unless everything needed is installed."""
    if platform.machine() != "x86_64":
        msg = f"the guest is made of this machine's programs, which must be x86_64, not {platform.machine()}"
        raise UnavailableError(msg)
    missing = [package for name, package in PROGRAMS.items() if not shutil.which(name, path=SEARCH_PATH)]
    if missing:
        msg = f"not installed: {', '.join(missing)}"
        raise UnavailableError(msg)


def _recipe() -> str:
    """Name the image after what it is made by, so that a changed recipe is not served from the cache."""
    parts = [Path(__file__), Path(cpio.__file__), *sorted(GUEST.iterdir())]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def _build(scratch: Path) -> Path:
    unpacked = _kernel_package(scratch)
    ready = scratch / "ready"
    ready.mkdir()
    root = scratch / "root"
    for name in ("bin", "sbin", "xbin", "proc", "dev"):
        (root / name).mkdir(parents=True)
    _add_programs(root)
    _add_modules(unpacked, root)
    (ready / "base.cpio").write_bytes(cpio.archive(cpio.tree(root)))
    shutil.copy(next((unpacked / "boot").glob("vmlinuz-*")), ready / "vmlinuz")
    return ready


def _kernel_package(scratch: Path) -> Path:
    """Fetch and unpack the kernel that Debian's cloud package stands for; nothing gets installed."""
    depends = _run("apt-cache", "depends", "linux-image-cloud-amd64")
    package = re.search(r"Depends: (linux-image-\S+)", depends)
    if package is None:
        msg = "apt knows no package linux-image-cloud-amd64"
        raise UnavailableError(msg)
    _run("apt-get", "download", package[1], cwd=scratch)
    unpacked = scratch / "unpacked"
    _run("dpkg", "-x", str(next(scratch.glob("*.deb"))), str(unpacked))
    return unpacked


def _add_programs(root: Path) -> None:
    for name, place in {"busybox": "bin", "ip": "xbin"}.items():
        _add_program(Path(shutil.which(name, path=SEARCH_PATH) or name).resolve(), root / place / name, root)
    # The kernel calls this path when an SA needs a module.
    (root / "sbin/modprobe").symlink_to("/bin/busybox")
    for source in GUEST.glob("*.c"):
        program = root / "bin" / source.stem.replace("_", "-")
        _run("gcc", "-static", "-O1", "-Wall", "-Werror", "-o", str(program), str(source))
    shutil.copy(GUEST / "init", root / "init")
    (root / "init").chmod(0o755)


def _add_program(program: Path, target: Path, root: Path) -> None:
    """Copy a program, and the libraries that ldd finds for it to where they are expected."""
    shutil.copy(program, target)
    listed = subprocess.run(["/usr/bin/ldd", program], capture_output=True, text=True, check=False)
    for library in re.findall(r"/\S+\.so\S*", listed.stdout):
        copy = root / library.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, copy)


def _add_modules(unpacked: Path, root: Path) -> None:
    source = next((unpacked / "lib/modules").iterdir())
    target = root / "lib/modules" / source.name
    for part in MODULES:
        shutil.copytree(source / part, target / part)
    unpack_modules(target)
    for index in source.glob("modules.*"):
        shutil.copy(index, target)
    _run("depmod", "-b", str(root), source.name)


def unpack_modules(folder: Path) -> None:
    """Replace every packed module below a folder by the plain one."""
    for suffix, unpacker in UNPACKERS.items():
        if packed := sorted(map(str, folder.rglob(f"*.ko{suffix}"))):
            _run(*unpacker, *packed)


def _run(*command: str, cwd: Path | None = None) -> str:
    """Run a command for its output; UnavailableError with its last words if it fails."""
    env = {**os.environ, "PATH": SEARCH_PATH, "LC_ALL": "C"}
    try:
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise UnavailableError(f"not installed: {command[0]}") from missing
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        msg = f"{' '.join(command[:2])}: {last}"
        raise UnavailableError(msg)
    return done.stdout
