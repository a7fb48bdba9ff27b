"""Archives for a Linux initramfs, in the "newc" form of the kernel's own buffer format document."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

_TRAILER = "TRAILER!!!"
_NAMES_AT = 110
"""Bytes of an entry's header: the magic and thirteen numbers of eight hex digits."""


def archive(entries: dict[str, tuple[int, bytes]]) -> bytes:
    """Write an archive of path -> (mode, content); a link's content is its target."""
    packed = [_entry(path, mode, content) for path, (mode, content) in entries.items()]
    return b"".join(packed) + _entry(_TRAILER, 0, b"")


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """List everything below a folder the way ``archive`` takes it, folders before what is in them."""
    return dict(_walk(root))


def text_file(text: str) -> tuple[int, bytes]:
    """Make a plain file's entry."""
    return stat.S_IFREG | 0o644, text.encode()


def folder() -> tuple[int, bytes]:
    """Make a folder's entry."""
    return stat.S_IFDIR | 0o755, b""


def _walk(root: Path) -> Iterator[tuple[str, tuple[int, bytes]]]:
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            content = str(path.readlink()).encode()
        else:
            content = path.read_bytes() if stat.S_ISREG(mode) else b""
        yield str(path.relative_to(root)), (mode, content)


def _entry(path: str, mode: int, content: bytes) -> bytes:
    name = path.encode() + b"\0"
    inode = uid = gid = mtime = device = check = 0
    links = 1
    numbers = (
        *(inode, mode, uid, gid, links, mtime, len(content)),
        *(device, device, device, device, len(name), check),
    )
    head = b"070701" + b"".join(b"%08x" % number for number in numbers) + name
    return _padded(head) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
