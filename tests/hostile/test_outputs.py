"""Is what an output's name stands for ever lost, or a file's name ever a command?"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.files import descriptor
from tests.cli.support import assert_refused, invoke, ping, shell

VERDICT = ping("-q").out
OPEN = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1", "/dev/../dev/stdout")
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd/1").exists(), reason="this system has no /proc")


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OPEN, "link", "link of a link", "folder/1"])
def test_what_is_open_is_written_to(name: str, tmp_path: Path) -> None:
    """A log that standard output is appended to is appended to, whatever the name of standard output."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    (tmp_path / "link of a link").symlink_to("link")
    (tmp_path / "folder").symlink_to("/proc/self/fd")
    (tmp_path / "log").write_bytes(b"precious\n")
    done = shell(f"cd {tmp_path} && $T ping -q -o '{name}' >> log && echo behind >> log")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "log").read_bytes() == b"precious\n" + VERDICT + b"behind\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["/dev/fd/3", "/proc/self/fd/3", "link"])
@pytest.mark.parametrize("form", ["-q", "--format jsonl", "--format md"])
def test_any_descriptor_is_written_to(name: str, form: str, tmp_path: Path) -> None:
    """So is a descriptor that the shell opened, from where it stands, in every form and way of writing."""
    (tmp_path / "link").symlink_to("/dev/fd/3")
    done = shell(
        f"cd {tmp_path} && exec 3> log && echo before >&3 && $T ping {form} -o {name} && echo behind >&3"
    )
    assert (done.code, done.err, done.out) == (0, "", b"")
    written = (tmp_path / "log").read_bytes()
    assert written.startswith(b"before\n")
    assert written.endswith(b"behind\n")
    assert written[7:-7] == invoke("ping", *form.split()).out


@pytest.mark.slow
def test_a_descriptor_of_another_process_is_appended_to(tmp_path: Path) -> None:
    """What another process has open is not replaced either."""
    (tmp_path / "log").write_bytes(b"precious\n")
    done = shell(f"cd {tmp_path} && sleep 60 5>> log & $T ping -q -o /proc/$!/fd/5; kill $!")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "log").read_bytes() == b"precious\n" + VERDICT


@pytest.mark.slow
def test_a_descriptor_that_is_not_open_is_refused(tmp_path: Path) -> None:
    """Neither a closed descriptor nor one for reading alone is written to: exit 2, one message."""
    for script in ("$T ping -q -o /dev/fd/9", "$T ping -q -o /dev/fd/3 3< /dev/null"):
        assert_refused(shell(f"cd {tmp_path} && {script}"), "cannot write /dev/fd/", "Bad file descriptor")


@pytest.mark.slow
def test_keys_are_not_put_beside_what_is_open(tmp_path: Path) -> None:
    """A capture to /dev/stdout has its keys told on standard error: there is no file /dev/stdout.keys."""
    done = shell(f"cd {tmp_path} && $T export @unpatched --to pcapng -o /dev/stdout > capture")
    assert done.code == 0
    assert "tshark" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["capture"]
    assert not Path("/dev/stdout.keys").exists()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("/dev/stdin", 0),
        ("/dev/stderr", 2),
        ("/dev/fd/12", 12),
        ("/proc/self/fd/7", 7),
        ("/dev/fd/x", None),
        ("/dev/fd/", None),
        ("/dev/fd", None),
        ("/dev/null", None),
        ("/dev/fd/" + "9" * 200, None),
        ("x\0y", None),
        ("", None),
        ("-", None),
        (".", None),
        ("x" * 5_000, None),
    ],
    ids=range(14),
)
def test_a_descriptor_has_its_number(name: str, number: int | None) -> None:
    """Each name of a descriptor is known for what it is, and nothing else is."""
    assert descriptor(name) == number


def test_links_that_go_round_are_no_descriptor(tmp_path: Path) -> None:
    """A link to itself, and two to one another, end the search."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert descriptor(str(tmp_path / "a")) is None


def test_a_file_named_dash_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``./-`` is no standard output, and a number no descriptor: the file of that name is written whole."""
    monkeypatch.chdir(tmp_path)
    for name in ("./-", "1"):
        assert ping("-q", "-o", name).out == b""
        assert (tmp_path / name).read_bytes() == VERDICT
        assert stat.S_ISREG((tmp_path / name).lstat().st_mode)


NAMES = (
    "x\ntouch PWNED #.pcapng",
    "x\rtouch PWNED #.pcapng",
    "x\n\n$(touch PWNED).pcapng",
    "x'\ntouch PWNED\n'.pcapng",
    "x\u2028touch PWNED.pcapng",
    "x\x0btouch PWNED.pcapng",
    "x\x85touch PWNED.pcapng",
    "x `touch PWNED`.pcapng",
    "x;touch PWNED;.pcapng",
    "x\\\ntouch PWNED.pcapng",
    "\n.pcapng",
)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_no_command_of_the_key_script(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script of the keys runs tshark and tcpdump on the capture, and nothing that is in its name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("tshark", "tcpdump"):
        (folder / tool).write_text(f'#!/bin/sh\necho {tool} >> "$LOG"\n')
        (folder / tool).chmod(0o755)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert invoke("export", "@unpatched", "--to", "pcapng", "-o", name).code == 0
    script = Path(f"{name}.keys").read_bytes()
    comments = [line for line in script.decode().split("\n") if line.startswith("#")]
    assert comments[0].startswith("# The keys of ")
    assert all(comment.isprintable() for comment in comments)
    done = shell(
        f'cd "{tmp_path}/here" && sh ./*.keys', PATH=f"{folder}:/usr/bin:/bin", LOG=str(tmp_path / "log")
    )
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "log").read_text() == "tshark\ntcpdump\n"
    assert len(list((tmp_path / "here").iterdir())) == 2
