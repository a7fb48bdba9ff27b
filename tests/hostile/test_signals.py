"""Is a signal heard wherever it comes, and does what it ends leave nothing behind?"""

from __future__ import annotations

import gzip
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.capture.support import IPV4_PACKET, RAW, Packet, pcap
from tests.cli.support import ROOT, environment

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")]

WAITS = """
import sys, time
from ipsec_lo_trace.cli.main import main

def wait():
    print("ready", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        time.sleep(0.01)
    print("nobody heard it", flush=True)
"""
"""A process that says when it is where it shall be, and waits there."""
PLACES = {
    "a capture's read": """
from ipsec_lo_trace.capture import window
real = window.zlib.decompressobj
class Slow:
    def __init__(self, wbits): self.real = real(wbits); self.eof = False
    def copy(self): return self
    def decompress(self, *_): wait()
window.zlib.decompressobj = Slow
""",
    "a codec's callback": """
import codecs
from ipsec_lo_trace.cli import terminal
def slow(error):
    wait()
    return "?", error.end
codecs.register_error("ipsec-lo-trace", slow)
sys.argv += ["--glyphs", "unicode"]
""",
    "a destructor": """
from ipsec_lo_trace.capture import read
class Slow:
    def __del__(self): wait()
real = read.open_capture
def slow(*arguments):
    Slow()
    return real(*arguments)
read.open_capture = slow
""",
    "a callback of the garbage collector": """
import gc
from ipsec_lo_trace.capture import read
real = read.open_capture
def slow(*arguments):
    def once(_phase, _info):
        gc.callbacks.remove(once)
        wait()
    gc.callbacks.append(once)
    gc.collect()
    return real(*arguments)
read.open_capture = slow
""",
}


def ended(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, bytes, bytes]:
    """Wait until a process is where it shall be, send it a signal, and give what became of it."""
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=50)
    return process.returncode, out, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("place", PLACES)
def test_a_signal_is_heard_in_any_callback(
    place: str, number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """Whatever Python is at, also where it swallows exceptions, the process ends, with no half a file."""
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(pcap([Packet(0, IPV4_PACKET)] * 9, RAW), mtime=0))
    (tmp_path / "a.conf").write_text("spdflush ;\n")
    before = sorted(tmp_path.iterdir())
    command = ["audit", "a.pcap.gz", "-f", "a.conf", "-o", "out.txt"]
    if place == "a codec's callback":
        command = ["ping", "-o", "out.txt"]
    script = f"{WAITS}{PLACES[place]}\nmain(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert ended(process, number) == (code, b"", b"")
    # What was over before the signal could be told again is whole.
    assert sorted(tmp_path.iterdir()) in (before, sorted([*before, tmp_path / "out.txt"]))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_processes_that_share_the_work(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """A sweep in several processes ends at once, whatever these are at, and none of them is left."""
    (tmp_path / "long.py").write_text(
        "import os, sys, time\n"
        "from ipsec_lo_trace.sweep import run\n"
        "def piece(*_arguments):\n"
        "    open(f'{os.getpid()}.pid', 'w').close()\n"
        "    time.sleep(60)\n"
        "run.run_piece = piece\n"
    )
    script = (
        "import glob, sys, threading, time\n"
        "import long\n"
        "from ipsec_lo_trace.cli.main import main\n"
        "def tell():\n"
        "    while len(glob.glob('*.pid')) < 2: time.sleep(0.01)\n"
        "    print('ready', flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "main(['sweep', '--cases', '1000', '-q', '-j', '2'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment(PYTHONPATH=f"{ROOT}:{tmp_path}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert ended(process, number) == (code, b"", b"")
    children = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert len(children) == 2
    assert not any(_runs(child) for child in children)


def _runs(number: int) -> bool:
    """Tell whether a process is there and no zombie."""
    status = Path(f"/proc/{number}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
