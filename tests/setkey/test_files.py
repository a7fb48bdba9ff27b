from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import MAX_FILE_LEN, load, read_file
from tests.setkey.support import ADD, DES_KEY


def _refused(path: str) -> str:
    with pytest.raises(UserError) as raised:
        read_file(path)
    return str(raised.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    """A file gives the configuration of its text, and keeps the text."""
    text = f"{ADD} {DES_KEY};\nspddump;\n"
    path = tmp_path / "ipsec.conf"
    path.write_text(text)
    configuration = read_file(str(path))
    assert configuration.text == text
    assert configuration.notes == [f"{path}:2: spddump is ignored: it would only print"]


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path - stands for standard input."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"dump;")))
    assert read_file("-").notes == ["standard input:1: dump is ignored: it would only print"]


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a standard input, - is refused in one message."""
    monkeypatch.setattr("sys.stdin", None)
    assert _refused("-") == "cannot read standard input: there is none"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is named."""
    path = tmp_path / "none.conf"
    assert _refused(str(path)) == f"cannot read {path}: no such file"


def test_a_directory_is_told(tmp_path: Path) -> None:
    """A directory is not a configuration."""
    assert _refused(str(tmp_path)) == f"cannot read {tmp_path}: it is a directory"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "x.conf"), "permission denied"),
        (OSError(5, "Input/output error", "x.conf"), "Input/output error"),
        (OSError("odd"), "odd"),
    ],
)
def test_other_troubles_are_told(monkeypatch: pytest.MonkeyPatch, error: OSError, told: str) -> None:
    """Whatever the system says of a file becomes one message."""

    def fail(_path: Path, _mode: str) -> None:
        raise error

    monkeypatch.setattr(Path, "open", fail)
    assert _refused("x.conf") == f"cannot read x.conf: {told}"


def test_a_path_that_cannot_be_is_told() -> None:
    """A path with a NUL in it is refused like any other that cannot be read."""
    assert _refused("a\0b").startswith("cannot read a\0b: ")


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", " \t "])
def test_a_file_without_a_command_is_told(tmp_path: Path, text: str) -> None:
    """An empty configuration is a mistake, however its emptiness is written."""
    path = tmp_path / "empty.conf"
    path.write_text(text)
    assert _refused(str(path)) == f"{path}: there is no command in it (such as add or spdadd; see setkey(8))"


@pytest.mark.parametrize(
    ("data", "place"),
    [(b"\xff", "1:1"), (b"# \xc3\xa4\n\xe4", "2:1"), (b"flush;\n#\n  \xc3(", "3:3")],
)
def test_a_byte_that_is_not_utf_8_is_told_with_its_place(tmp_path: Path, data: bytes, place: str) -> None:
    """Outside of comments and keys such a byte is refused by its value."""
    path = tmp_path / "latin.conf"
    path.write_bytes(data)
    byte = data.rstrip(b"(")[-1]
    hint = "setkey(8) takes such a byte in comments and quoted keys alone"
    assert _refused(str(path)) == f"{path}:{place}: byte 0x{byte:02x} is not UTF-8 ({hint})"


def test_utf_16_is_told(tmp_path: Path) -> None:
    """What Windows writes for Unicode is refused by its name."""
    path = tmp_path / "wide.conf"
    path.write_bytes("flush;".encode("utf-16"))
    assert _refused(str(path)) == f"{path}:1:1: a file in UTF-16 (save it as UTF-8)"


def test_a_nul_byte_is_told_with_its_place(tmp_path: Path) -> None:
    """A NUL ends a key for setkey(8), and is no character elsewhere; in a comment it is one like others."""
    path = tmp_path / "nul.conf"
    path.write_bytes(b'flush;\n# "\0"\n\0')
    assert _refused(str(path)) == f"{path}:3:1: a NUL byte: this is not a text"
    path.write_bytes(b'add 127.0.0.1 127.0.0.1 esp 1000 -E des-cbc "0123\x00567";')
    assert _refused(str(path)) == (
        f"{path}:1:45: a NUL byte in a key, where setkey(8) copies no further (write the key as 0x...)"
    )


class _Endless(io.RawIOBase):
    """A stream of noise that remembers how much was asked for."""

    asked = 0

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes as are wanted."""
        self.asked += size
        return bytes([0xA5]) * size


def test_noise_without_end_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than the bound and one byte is ever read."""
    noise = _Endless()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=noise))
    assert _refused("-") == f"standard input: larger than {MAX_FILE_LEN} bytes, so it is not read"
    assert noise.asked == MAX_FILE_LEN + 1


def test_ten_megabytes_of_noise_are_refused(tmp_path: Path) -> None:
    """A large file is refused for its size, before anything in it is looked at."""
    path = tmp_path / "noise"
    path.write_bytes(bytes(range(256)) * 40_000)
    assert _refused(str(path)) == f"{path}: larger than {MAX_FILE_LEN} bytes, so it is not read"


def test_the_largest_file_is_read(tmp_path: Path) -> None:
    """A file of exactly the bound is still read."""
    path = tmp_path / "large.conf"
    path.write_bytes(b"flush;" + b"#" * (MAX_FILE_LEN - 6))
    assert read_file(str(path)).notes == []


def test_nothing_behind_the_first_mistake_is_read() -> None:
    """Ten million characters of noise end at the first."""
    with pytest.raises(UserError) as raised:
        load("%" * 10_000_000, "f")
    assert (raised.value.line, raised.value.column, raised.value.token) == (1, 1, "%")
