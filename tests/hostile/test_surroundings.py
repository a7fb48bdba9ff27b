"""What does the program touch of the machine that it runs on, besides its inputs and outputs?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import ROOT, environment, ping

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="what scapy does on Linux"),
]

WATCHED = """
import json, os, sys
seen = []
def watch(event, arguments):
    if event == "socket.__new__":
        seen.append(["socket", int(arguments[1])])
    elif event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
        seen.append([event, ""])
    elif event == "os.mkdir":
        seen.append(["written", os.fspath(arguments[0])])
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        seen.append(["written", os.path.abspath(arguments[0])])
sys.addaudithook(watch)
from ipsec_lo_trace.cli.main import run
code = run(sys.argv[1:])
print(json.dumps([code, seen]), file=sys.stderr)
"""
AF_NETLINK = 16


def watched(folder: Path, *arguments: str) -> set[tuple[str, object]]:
    """Run the command line in a home of its own and give what it did."""
    (folder / "home").mkdir(exist_ok=True)
    home = environment(HOME=str(folder / "home"), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=folder,
        env={name: value for name, value in home.items() if not name.startswith("XDG_")},
        capture_output=True,
        check=False,
    )
    code, seen = json.loads(done.stderr.splitlines()[-1])
    assert code in (0, 1)
    return {(what, which) for what, which in seen}


@pytest.mark.parametrize(
    "command",
    [["ping", "-q"], ["check"], ["why", "3"], ["diff", "@unpatched", "@patched"], ["matrix", "--commands"]],
)
def test_scapy_does_what_the_reference_says(command: list[str], tmp_path: Path) -> None:
    """What runs the model asks the kernel for its interfaces, and writes to scapy's cache alone."""
    seen = watched(tmp_path, *command)
    home = tmp_path / "home"
    assert {which for what, which in seen if what == "socket"} <= {AF_NETLINK}
    folders = [home / ".config", home / ".cache", home / ".local/share"]
    written = {Path(str(which)) for what, which in seen if what == "written"} - set(folders)
    assert {path for path in written if not path.is_relative_to(home / ".cache" / "scapy")} <= {
        Path("/dev/null")
    }
    assert {what for what, _which in seen} <= {"socket", "written"}
    assert {path.name for path in home.rglob("*") if path.is_dir()} <= {
        ".config",
        ".cache",
        "scapy",
        ".local",
        "share",
    }


@pytest.mark.parametrize(
    "command",
    [["show"], ["why", "3"], ["diff", "{}"], ["export", "--to", "md"]],
    ids=lambda command: command[0],
)
def test_a_stored_trace_is_read_without_any_of_it(command: list[str], tmp_path: Path) -> None:
    """Showing what is stored opens no socket and writes nothing at all."""
    ping("--format", "jsonl", "-o", str(tmp_path / "trace.jsonl"))
    arguments = [word.replace("{}", str(tmp_path / "trace.jsonl")) for word in command]
    assert watched(tmp_path, *arguments, str(tmp_path / "trace.jsonl")) <= {("written", "/dev/null")}
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize(
    "command", [["list", "fixes"], ["explain", "leak"], ["schema"], ["help"], ["ping", "--help"]]
)
def test_what_explains_itself_touches_nothing(command: list[str], tmp_path: Path) -> None:
    """Neither do lists, pages, and help."""
    assert watched(tmp_path, *command) == set()


def test_the_reference_says_it() -> None:
    """The page on the command line names the folder and the socket."""
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    for words in ("netlink socket", "`$XDG_CACHE_HOME/scapy`", "`~/.cache/scapy`", "`~/.config`"):
        assert words in page
