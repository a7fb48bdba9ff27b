"""-o FILE: whole or not at all."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import assert_refused, invoke, ping, shell

FORMS = [
    ["--format", "text", "--glyphs", "unicode"],
    ["--format", "jsonl"],
    ["--format", "json"],
    ["--show-config"],
]


class FullDisk(io.BytesIO):
    """A file on a disk that is full after some bytes."""

    ROOM = 2000

    def write(self, data: Any, /) -> int:  # noqa: ANN401 -- as its base has it
        """Fail as the kernel does."""
        if self.tell() + len(data) > self.ROOM:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_file_holds_what_standard_output_would(form: list[str], tmp_path: Path) -> None:
    """-o writes the very bytes that would have come on standard output, and nothing else anywhere."""
    done = ping(*form, "-o", str(tmp_path / "trace"))
    assert done.out == b""
    assert (tmp_path / "trace").read_bytes() == ping(*form).out
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist is not made."""
    assert_refused(ping_to(tmp_path / "no" / "trace"), "cannot write ", "no/trace: no such directory")
    assert list(tmp_path.iterdir()) == []


def test_directory(tmp_path: Path) -> None:
    """A directory is not written to."""
    assert_refused(ping_to(tmp_path), "cannot write ", ": it is a directory")
    assert list(tmp_path.iterdir()) == []


def test_below_a_file(tmp_path: Path) -> None:
    """A path below a regular file is refused, whoever the user is."""
    (tmp_path / "file").write_bytes(b"old")
    assert_refused(ping_to(tmp_path / "file" / "trace"), "cannot write ", ": Not a directory")
    assert (tmp_path / "file").read_bytes() == b"old"


def ping_to(path: Path) -> Any:  # noqa: ANN401 -- a Done, to be judged by assert_refused
    """Run ping -o."""
    return invoke("ping", "-o", str(path))


@pytest.mark.parametrize("form", FORMS[:3], ids=" ".join)
def test_full_disk(form: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up halfway, the old file stays as it was, and no temporary one is left."""
    path = tmp_path / "trace"
    path.write_bytes(b"an older trace")

    def fdopen(handle: int, _mode: str) -> FullDisk:
        os.close(handle)
        return FullDisk()

    monkeypatch.setattr("ipsec_lo_trace.cli.files.os.fdopen", fdopen)
    done = invoke("ping", *form, "-c", "30", "-o", str(path))
    assert_refused(done, "cannot write ", "trace: No space left on device")
    assert path.read_bytes() == b"an older trace"
    assert [left.name for left in tmp_path.iterdir()] == ["trace"]


def test_a_signal_as_the_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes before the system call has returned leaves no temporary file."""
    really = os.open
    made: list[str] = []

    def opened(path: Any, flags: int, *more: Any, **other: Any) -> int:  # noqa: ANN401 -- as os.open
        handle = really(path, flags, *more, **other)
        if Path(path).parent != tmp_path:
            return handle
        made.append(Path(path).name)
        os.close(handle)
        raise KeyboardInterrupt

    monkeypatch.setattr("ipsec_lo_trace.cli.files.os.open", opened)
    assert invoke("ping", "-o", str(tmp_path / "trace")).code == 130
    assert len(made) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", FORMS, ids=" ".join)
def test_full_device(form: list[str]) -> None:
    """A device without room is told in one message, by -o and by redirection."""
    assert_refused(invoke("ping", *form, "-o", "/dev/full"), "cannot write /dev/full: No space left")
    done = shell(f"$T ping {' '.join(form)} > /dev/full")
    assert_refused(done, "No space left")


def test_mode_of_a_new_file(tmp_path: Path) -> None:
    """A new file gets the mode that the umask gives, not a temporary file's."""
    old = os.umask(0o027)
    try:
        ping("-o", str(tmp_path / "trace"))
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "trace").stat().st_mode) == 0o640


def test_mode_of_an_old_file(tmp_path: Path) -> None:
    """A file that is replaced keeps its mode."""
    path = tmp_path / "trace"
    path.touch()
    path.chmod(0o604)
    ping("-o", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert "LEAK (" in path.read_text(encoding="utf-8")


def test_symbolic_link_stays(tmp_path: Path) -> None:
    """Through a symbolic link, the file that it leads to is written, and the link is kept."""
    link = tmp_path / "link"
    link.symlink_to("trace")
    ping("-o", str(link))
    assert link.is_symlink()
    assert "LEAK (" in (tmp_path / "trace").read_text(encoding="utf-8")


@pytest.mark.slow
def test_link_to_standard_output(tmp_path: Path) -> None:
    """A name like /dev/stdout is written through, to a file and to a pipe, and never replaced."""
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    if not Path("/proc/self/fd/1").exists():
        pytest.skip("this system has no /proc/self/fd")
    drawn = f"$T ping --glyphs ascii -o {link}"
    done = shell(f"{drawn} > {tmp_path}/redirected && {drawn} | cat")
    assert (done.code, done.err) == (0, "")
    assert link.is_symlink()
    assert (tmp_path / "redirected").read_bytes() == done.out == ping().out


def test_long_file_name(tmp_path: Path) -> None:
    """A name as long as a file system takes is no obstacle: the temporary file's is short."""
    ping("-o", str(tmp_path / ("n" * 255)))


@pytest.mark.slow
def test_fifo(tmp_path: Path) -> None:
    """A named pipe is written to, not replaced."""
    os.mkfifo(tmp_path / "fifo")
    done = shell(f"cat {tmp_path}/fifo & $T ping --glyphs ascii -o {tmp_path}/fifo; wait")
    assert (done.code, done.err, done.out) == (0, "", ping().out)
