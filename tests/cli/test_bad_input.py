"""Bad input: one clear message, exit code 2, nothing on standard output, nothing half-written."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.cli.support import assert_refused, invoke, shell, spawn

CHOICES = ["--proto", "--mode", "--level", "--format", "--detail", "--bytes", "--color"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the name of a trace that must not come to be."""
    return tmp_path / "out" / "trace"


def refused(path: Path, *arguments: str) -> str:
    """Run ping with -o, check that it is refused and leaves nothing, and give the message."""
    path.parent.mkdir(exist_ok=True)
    done = invoke("ping", "-o", str(path), *arguments)
    assert_refused(done)
    assert list(path.parent.iterdir()) == []
    return done.err


@pytest.mark.parametrize("option", CHOICES)
def test_unknown_value(option: str, path: Path) -> None:
    """An unknown value is refused with the option's name and the values that there are."""
    message = refused(path, option, "nonsense")
    assert option in message
    assert "not one of " in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--enc", "aes-cbc"], "rijndael-cbc"),
        (["--enc", "rot13"], "rot13"),
        (["--auth", "md4"], "md4"),
        (["--proto", "ah", "--enc", "des-cbc"], "AH does not encrypt"),
        (["--proto", "ah", "--auth", "none"], "AH without an authenticator"),
        (["--seed", "-1"], "--seed -1: not from 0 to 4294967295"),
        (["-T", "0"], "-T 0: not from 1 to 255"),
        (["-T", "256"], "-T 256: not from 1 to 255"),
        (["-l", "-1"], "-l -1: not from 0 to 1000000"),
    ],
)
def test_value_that_cannot_be(options: list[str], words: str, path: Path) -> None:
    """A value that no run could have is refused with what could be."""
    assert words in refused(path, *options)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("10.1.2.3", "--local 10.1.2.3 adds it"),
        ("0.0.0.0", "no interface can have it"),  # noqa: S104 -- an address to refuse
        ("224.0.0.1", "no interface can have it"),
        ("255.255.255.255", "no interface can have it"),
        ("example.org", "names are not resolved"),
        ("127.0.0.256", "not an IPv4 address"),
        ("127.1", "not an IPv4 address"),
        ("", "not an IPv4 address"),
        ("::1", "IPv4 only"),
        ("fe80::1%lo0", "IPv4 only"),
    ],
)
def test_host(host: str, words: str, path: Path) -> None:
    """A HOST that is not local, or no IPv4 address, is refused with the reason and, if any, a way out."""
    assert words in refused(path, host)


@pytest.mark.parametrize("option", ["-I", "--local"])
def test_other_addresses(option: str, path: Path) -> None:
    """-I and --local take IPv4 addresses only."""
    assert "IPv4 only" in refused(path, option, "::1")
    assert "not an IPv4 address" in refused(path, option, "lo0")


def test_source_that_is_not_local(path: Path) -> None:
    """-I must be an address of lo0."""
    assert "-I 10.0.0.1: not local" in refused(path, "-I", "10.0.0.1")


def test_source_without_a_configuration(path: Path) -> None:
    """The built-in configuration covers one address, so another source is refused, not sent in the clear."""
    assert "give -f" in refused(path, "--local", "10.0.0.1", "-I", "10.0.0.1")


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "240.0.0.1"])  # noqa: S104 -- an address to refuse
def test_local_that_cannot_be(address: str, path: Path) -> None:
    """--local takes only what an interface can have."""
    assert "not an address that an interface can have" in refused(path, "--local", address)


@pytest.mark.parametrize("size", ["-1", "65508", "99999999999999999999", "x", "1.5", "", "0x10"])
def test_size(size: str, path: Path) -> None:
    """A size below 0, above 65507 or not a number is refused."""
    assert f"-s {size}: not ".replace(" :", ":") in refused(path, "-s", size)


@pytest.mark.parametrize("count", ["0", "-1", "1000001", "9" * 30, "many", ""])
def test_count(count: str, path: Path) -> None:
    """A count of 0, beyond a million or not a number is refused."""
    assert f"-c {count}: not ".replace(" :", ":") in refused(path, "-c", count)


@pytest.mark.parametrize("pattern", ["xyz", "0x12", "1 2", "-1", "12\n"])
def test_pattern(pattern: str, path: Path) -> None:
    """A pattern that is not hexadecimal is refused."""
    assert "not hexadecimal" in refused(path, "-p", pattern)


def test_pattern_too_long(path: Path) -> None:
    """A pattern of more than ping(8)'s 16 bytes is refused."""
    assert "17 bytes, and ping(8) takes 16" in refused(path, "-p", "00" * 17)


def test_config_missing(path: Path, tmp_path: Path) -> None:
    """A configuration that does not exist is named."""
    assert f"cannot read {tmp_path}/none.conf: no such file" in refused(
        path, "-f", str(tmp_path / "none.conf")
    )


def test_config_directory(path: Path, tmp_path: Path) -> None:
    """A directory is no configuration."""
    assert "it is a directory" in refused(path, "-f", str(tmp_path))


def test_config_without_permission(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that may not be read is refused with that reason."""
    config = tmp_path / "secret.conf"
    config.touch(mode=0)
    if os.access(config, os.R_OK):  # root may read it

        def denied(*_arguments: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", denied)
    done = invoke("ping", "-f", str(config), "-o", str(path))
    assert_refused(done, "cannot read ", "secret.conf: permission denied")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "there is no command in it"),
        (b"# a comment and nothing else\n", "there is no command in it"),
        (b"flush ;\nadd \xff\xfe", ":2:5: byte 0xff is not UTF-8"),
        (b"\x7fELF\x00\x00", "a NUL byte"),
        (bytes(range(256)) * 40960, "larger than"),
        (b"noise " * 1000, ":1:1:"),
        (b'add 127.0.0.1 127.0.0.1 esp 0x100 -E des-cbc "1234', ":1:46:"),
        (b"add 127.0.0.1 127.0.0.1 esp 0x100 -E aes-cbc 0x00 ;", "rijndael-cbc"),
        (b"add 127.0.0.1 127.0.0.1 esp 0x100 -E des-cbc 0x00 ;", ":1:"),
        (b"delete 127.0.0.1 127.0.0.1 ah 0x100;\n" * 2, "2:31: ENOENT"),
        (b"add ::1 ::1 esp 0x100 -E des-cbc 0x0011223344556677 ;", "IPv4 only"),
    ],
    ids=["empty", "comment", "utf-8", "nul", "10MB", "words", "quote", "cipher", "key", "left out", "IPv6"],
)
def test_config_contents(data: bytes, words: str, path: Path, tmp_path: Path) -> None:
    """What is no configuration is refused with its file, place and reason."""
    config = tmp_path / "bad.conf"
    config.write_bytes(data)
    message = refused(path, "-f", str(config))
    assert "bad.conf" in message
    assert words in message


def test_config_from_standard_input(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake on standard input is told with its place there."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"flush ;\nbogus ;\n")))
    assert "standard input:2:1:" in refused(path, "-f", "-")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--patched", "--unpatched"],
        ["-q", "-v"],
        ["-q", "--detail", "full"],
        ["-q", "--bytes", "all"],
        ["--detail", "minimal", "--bytes", "all"],
        ["--detail", "minimal", "-v"],
        *(
            ["--format", form, *option]
            for form in ("json", "jsonl")
            for option in (["--detail", "full"], ["--bytes", "all"], ["--color", "never"], ["-q"], ["-v"])
        ),
        *(
            ["-f", "some.conf", *option]
            for option in (
                ["--proto", "ah"],
                ["--mode", "tunnel"],
                ["--level", "use"],
                ["--enc", "des-cbc"],
                ["--auth", "none"],
            )
        ),
        *(
            ["--show-config", *option]
            for option in (
                ["--expect", "leak"],
                ["--format", "json"],
                ["--detail", "full"],
                ["--bytes", "all"],
                ["--color", "always"],
                ["-q"],
                ["-v"],
            )
        ),
    ],
    ids=" ".join,
)
def test_contradictions(arguments: list[str], path: Path) -> None:
    """Options that cannot both be obeyed are refused, in either order: the last does not win."""
    refused(path, *arguments)
    done = invoke("ping", *reversed_options(arguments))
    assert_refused(done)


def reversed_options(arguments: list[str]) -> list[str]:
    """Put the options in the opposite order, each with its value."""
    options: list[list[str]] = []
    for word in arguments:
        if word.startswith("-"):
            options.append([word])
        else:
            options[-1].append(word)
    return [word for option in reversed(options) for word in option]


def test_unknown_expectation(path: Path) -> None:
    """--expect takes outcomes and codes only: it suggests one, or says which there are."""
    assert "did you mean leak?" in refused(path, "--expect", "leek")
    message = refused(path, "--expect", "nothing")
    assert "leak" in message
    assert "list codes" in message


def test_message_stays_one_line(tmp_path: Path) -> None:
    """A file name with a newline or an escape sequence in it is told in one line, as no terminal obeys it."""
    assert_refused(invoke("ping", "-f", str(tmp_path / "a\nb\x1b[31m")), r"a\nb\x1b[31m")


@pytest.mark.slow
def test_message_in_ascii(tmp_path: Path) -> None:
    """A name that the stream cannot show is escaped, in a process whose locale is ASCII."""
    name = str(tmp_path / "caf\u00e9.conf")
    done = spawn("ping", "-f", name, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert_refused(done, "cannot read ", r"caf\xe9.conf: no such file")


def test_file_name_that_is_not_text(tmp_path: Path) -> None:
    """A configuration whose name is no UTF-8 is read, and its name escaped in the trace."""
    name = tmp_path / os.fsdecode(b"\xff.conf")
    name.write_bytes(invoke("ping", "--show-config").out)
    for form in ("text", "jsonl"):
        done = invoke("ping", "-f", str(name), "--format", form)
        assert (done.code, done.err) == (0, "")
        assert "udcff.conf" in done.text


@pytest.mark.slow
def test_no_traceback_without_streams() -> None:
    """Closed standard streams are trouble, not a fault of ours."""
    assert_refused(shell("$T ping >&-"), "cannot write standard output: it is closed")
    assert_refused(shell("$T ping -f - <&-"), "cannot read standard input: there is none")
    assert shell("$T ping --nope 2>&-").code == 2
    assert shell("$T ping 2>&-").code == 0
