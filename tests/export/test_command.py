"""export: what it refuses, where keys go, and that nothing is half-written."""

from __future__ import annotations

import stat
from pathlib import Path

import click
import pytest

from ipsec_lo_trace.cli.commands import load
from ipsec_lo_trace.cli.commands.export import command
from ipsec_lo_trace.cli.formats import FORMATS
from tests.cli.support import assert_refused, invoke, spawn
from tests.export.support import export, stored

KEY = "313233343536373839303132333435363738393031323334"
"""The built-in configuration's, in hexadecimal."""
CONFIG = (
    'add 127.0.0.1 127.0.0.1 esp 0x1000 -E rijndael-cbc "0123456789abcdef" -A hmac-md5 "0123456789abcdef" ;\n'
    "spdadd 127.0.0.1/32 127.0.0.1/32 any -P out ipsec esp/transport//require ;\n"
)


def config(folder: Path, text: str = CONFIG, name: str = "own.conf") -> str:
    """Write a configuration."""
    path = folder / name
    path.write_text(text, encoding="ascii")
    return str(path)


def test_every_writer_is_there() -> None:
    """Every form's writer can be imported, and the command's table is the one that --help lists."""
    to = next(option for option in command.params if option.name == "to")
    assert isinstance(to.type, click.Choice)
    assert list(to.type.choices) == list(FORMATS)
    for form in FORMATS.values():
        assert callable(load(form.writer))
        assert not form.wire or callable(load(form.wire))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["@unpatched"], "--to is missing"),
        (["--to", "md"], "TRACE is missing"),
        (["@unpatched", "--to", "gif"], "gif is not one of"),
        (["@unpatched", "--to", "md", "--wire"], "--wire is for --to pcapng"),
        (["@unpatched", "--to", "vpp-pcap", "--wire"], "--wire is for --to pcapng"),
        (["@unpatched", "--to", "svg", "--no-keys"], "--no-keys is for captures"),
        (["@unpatched", "@patched", "--to", "md"], "2 traces: --to md takes one (html, svg takes two)"),
        (["a", "b", "c", "--to", "html"], "3 traces"),
        (["@nosuch", "--to", "md"], "@nosuch: no such fix"),
        (["no/such", "--to", "md"], "cannot read no/such: no such file"),
        (["-", "-f", "-", "--to", "pcapng"], "standard input can be read once"),
        (["@patched", "--to", "pcapng", "-o", ""], "-o needs a file's name"),
    ],
    ids=" ".join,
)
def test_refused(arguments: list[str], words: str) -> None:
    """What contradicts itself, or is not there, is refused in one message."""
    assert_refused(invoke("export", *arguments), words)


@pytest.mark.parametrize(
    ("to", "options", "words"),
    [
        ("md", ["-f", "x"], "-f has nothing to act on: what is exported is stored"),
        ("pcapng", ["-f", "x", "--no-keys"], "-f has nothing to act on"),
        ("pcapng", ["-c", "2"], "-c has nothing to act on"),
        ("pcapng", ["--enc", "des-cbc"], "--enc has nothing to act on"),
    ],
)
def test_options_without_effect(to: str, options: list[str], words: str, tmp_path: Path) -> None:
    """Options about a run are refused beside a stored trace, but for -f where it gives keys."""
    assert_refused(invoke("export", stored(tmp_path), "--to", to, *options), words)


def test_keys_go_beside_the_capture(tmp_path: Path) -> None:
    """FILE.keys has the keys, for its owner alone, and what is said names it."""
    path = tmp_path / "c.pcapng"
    done = invoke("export", "@unpatched", "--to", "pcapng", "-o", str(path))
    assert (done.code, done.out) == (0, b"")
    assert done.err == f"ipsec-lo-trace: {path}.keys has the keys, in the commands that decrypt {path}\n"
    keys = tmp_path / "c.pcapng.keys"
    assert KEY in keys.read_text(encoding="ascii")
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["c.pcapng", "c.pcapng.keys"]


def test_keys_are_said_beside_a_pipe() -> None:
    """A capture on standard output has no file beside it: the commands come on standard error, and read -."""
    done = invoke("export", "@unpatched", "--to", "pcapng")
    assert done.out[:4] == b"\x0a\x0d\x0d\x0a"
    assert "tshark -n -r - -o " in done.err
    assert "tcpdump -n -r - -E " in done.err
    assert KEY in done.err


@pytest.mark.parametrize("wire", [[], ["--wire"]])
def test_no_keys_anywhere(wire: list[str], tmp_path: Path) -> None:
    """With --no-keys there is no key in the capture, beside it, or on standard error."""
    path = tmp_path / "c.pcapng"
    done = invoke("export", "@unpatched", "--to", "pcapng", *wire, "--no-keys", "-o", str(path))
    assert (done.code, done.err) == (0, "")
    assert [each.name for each in tmp_path.iterdir()] == ["c.pcapng"]
    assert bytes.fromhex(KEY) not in path.read_bytes()
    assert KEY.encode() not in path.read_bytes()


def test_keys_are_not_in_the_capture() -> None:
    """A capture itself never holds a key."""
    for to in (["--to", "pcapng"], ["--to", "pcapng", "--wire"], ["--to", "vpp-pcap"]):
        data = invoke("export", "@unpatched", *to).out
        assert KEY.encode() not in data
        assert bytes.fromhex(KEY) not in data


def test_stored_trace_needs_its_configuration(tmp_path: Path) -> None:
    """A trace of a configuration that is not built in is refused without -f, and exported with it."""
    own = config(tmp_path)
    path = stored(tmp_path, "-f", own)
    done = invoke("export", path, "--to", "pcapng")
    assert_refused(done, "a trace holds no keys", "(-f own.conf) is not built in", "-f FILE gives them")
    done = invoke("export", path, "--to", "pcapng", "-f", own)
    assert done.code == 0
    assert b"0123456789abcdef".hex() in done.err
    assert export(path, "--to", "pcapng") == done.out


@pytest.mark.parametrize(
    "other", [CONFIG.replace("0x1000", "0x1001"), CONFIG.replace("rijndael-cbc", "blowfish-cbc"), "flush ;\n"]
)
def test_other_configuration_is_refused(other: str, tmp_path: Path) -> None:
    """A configuration without an SA of the trace, or with another in its place, gives no wrong keys."""
    path = stored(tmp_path, "-f", config(tmp_path))
    done = invoke("export", path, "--to", "pcapng", "-f", config(tmp_path, other, "other.conf"))
    assert_refused(done, "has no SA esp 0x1000 127.0.0.1 -> 127.0.0.1 with rijndael-cbc hmac-md5")


def test_nothing_to_decrypt(tmp_path: Path) -> None:
    """A trace without ESP needs no keys: no file is made for them."""
    path = tmp_path / "c.pcapng"
    done = invoke("export", "@unpatched", "--proto", "ah", "--to", "pcapng", "-o", str(path))
    assert (done.code, done.err) == (0, "")
    assert [each.name for each in tmp_path.iterdir()] == ["c.pcapng"]


def test_key_that_a_viewer_cannot_take(tmp_path: Path) -> None:
    """An SA that tshark or tcpdump cannot decrypt is named in a comment, and in no command."""
    text = CONFIG.replace('rijndael-cbc "0123456789abcdef"', 'blowfish-cbc "0123456"')
    done = invoke("export", "@unpatched", "-f", config(tmp_path, text), "--to", "pcapng")
    assert "Not for tshark and tcpdump: the SA esp 0x1000, blowfish-cbc, 7 bytes of key." in done.err
    assert "uat:" not in done.err


@pytest.mark.parametrize("suffix", ["", ".keys"])
def test_own_input(suffix: str, tmp_path: Path) -> None:
    """Neither the capture nor its keys replace what is read."""
    own = config(tmp_path, name=f"c{suffix}")
    done = invoke("export", "@unpatched", "-f", own, "--to", "pcapng", "-o", str(tmp_path / "c"))
    assert_refused(done, "-o names a file that is read")
    assert Path(own).read_text(encoding="ascii") == CONFIG
    trace = stored(tmp_path)
    assert_refused(invoke("export", trace, "--to", "md", "-o", trace), "-o names a file that is read")


@pytest.mark.parametrize("to", FORMATS)
def test_unwritable(to: str, tmp_path: Path) -> None:
    """A folder that is not there is not made, and neither capture nor keys are left anywhere."""
    done = invoke("export", "@unpatched", "--to", to, "-o", str(tmp_path / "no" / "c"))
    assert_refused(done, "cannot write ", ": no such directory")
    assert list(tmp_path.iterdir()) == []


def test_broken_trace_leaves_nothing(tmp_path: Path) -> None:
    """A trace with a fault in its middle makes neither capture nor keys; old files stay as they were."""
    path = Path(stored(tmp_path))
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    path.write_text("".join([*lines[:9], "{}\n", *lines[10:]]), encoding="ascii")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "c").write_bytes(b"old")
    (folder / "c.keys").write_bytes(b"old keys")
    done = invoke("export", str(path), "--to", "pcapng", "-o", str(folder / "c"))
    assert_refused(done, "trace.jsonl:10: not a trace record")
    assert (folder / "c").read_bytes() == b"old"
    assert (folder / "c.keys").read_bytes() == b"old keys"
    assert len(list(folder.iterdir())) == 2


def test_keys_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the keys' place is taken by a folder, no capture is written either."""
    (tmp_path / "c.keys").mkdir()
    done = invoke("export", "@unpatched", "--to", "pcapng", "-o", str(tmp_path / "c"))
    assert_refused(done, "cannot write ", "c.keys: it is a directory")
    assert [each.name for each in tmp_path.iterdir()] == ["c.keys"]


def test_no_file_beside_a_device() -> None:
    """Beside a device no file is made: the keys are said."""
    done = invoke("export", "@unpatched", "--to", "pcapng", "-o", "/dev/null")
    assert done.code == 0
    assert KEY in done.err
    assert not Path("/dev/null.keys").exists()


@pytest.mark.parametrize("to", ["pcapng", "vpp-pcap"])
def test_no_binary_on_a_terminal(to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture is not written to a terminal."""
    monkeypatch.setattr("ipsec_lo_trace.cli.run.export._is_terminal", lambda: True)
    assert_refused(invoke("export", "@unpatched", "--to", to), "is binary, and standard output is a terminal")
    assert invoke("export", "@unpatched", "--to", "md").code == 0


def test_stored_traces_load_nothing_dear(tmp_path: Path) -> None:
    """Exporting a stored trace without keys imports neither scapy nor cryptography."""
    code = (
        "import sys; from ipsec_lo_trace.cli.main import run; run(sys.argv[1:]);"
        "sys.exit(bool({'scapy', 'cryptography'} & set(sys.modules)))"
    )
    import subprocess  # noqa: PLC0415 -- for this test alone
    import sys  # noqa: PLC0415 -- for this test alone

    command = [sys.executable, "-c", code, "export", stored(tmp_path), "--to", "pcapng", "--no-keys"]
    done = subprocess.run([*command, "-o", str(tmp_path / "c")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_standard_input(tmp_path: Path) -> None:
    """A trace comes from standard input too."""
    trace = Path(stored(tmp_path))
    from tests.cli.support import shell  # noqa: PLC0415 -- for this test alone

    done = shell(f"$T export - --to pcapng --no-keys < {trace}")
    assert (done.code, done.err) == (0, "")
    assert done.out == export(str(trace), "--to", "pcapng")
    assert spawn("export", "--help").code == 0
