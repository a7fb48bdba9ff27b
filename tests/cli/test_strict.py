"""--strict, from every command that reads a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.support import check, written
from tests.cli.support import assert_refused, invoke, ping

REFUSED = "::1 is an IPv6 address, and the 2003 port is IPv4 only"
TEXT = """\
add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc "12345678";
add ::1 ::1 esp 300 -E null;
spdadd 127.0.0.1 127.0.0.1 icmp -P out ipsec esp/transport//require;
"""
IN_A_CHECK = f'''\
[[check]]
name = "one"
outcome = "leak"
[check.setup]
strict = true
config = """
{TEXT}"""
'''


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Return a configuration of which the kernel would refuse one line."""
    path = tmp_path / "own.conf"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    "command",
    [
        ["ping", "-q"],
        ["probe", "mask", "-q"],
        ["diff"],
        ["export", "@unpatched", "--to", "dot"],
        ["show", "@unpatched", "--bytes", "layers"],
    ],
    ids=lambda command: str(command[0]),
)
def test_every_command_with_a_configuration_takes_it(command: list[str], config: str) -> None:
    """What the kernel would refuse is left out with a note, and with --strict it is a mistake."""
    assert_refused(invoke(*command, "-f", config, "--strict"), f"{config}:2:5: {REFUSED}")
    assert f"{config}:2:5: {REFUSED}: left out\n" in invoke(*command, "-f", config).err


def test_strict_takes_what_the_kernel_takes(config: str, tmp_path: Path) -> None:
    """A configuration that the kernel takes whole gives the same run with --strict."""
    path = tmp_path / "whole.conf"
    path.write_text(TEXT.replace("add ::1", "# ::1"), encoding="utf-8")
    assert ping("-q", "--strict", "-f", str(path)).out == invoke("ping", "-q", "-f", config).out


@pytest.mark.parametrize(
    "command", [["ping"], ["probe", "mask"], ["ping", "--case", "ab-esp"], ["show", "@unpatched"]]
)
def test_strict_without_a_configuration_is_a_mistake(command: list[str]) -> None:
    """It has nothing to act on."""
    assert_refused(invoke(*command, "--strict"), "--strict")


def test_a_stored_trace_s_keys_may_be_asked_for_strictly(config: str, tmp_path: Path) -> None:
    """Keys for a stored trace come from a file that is read in the same way."""
    trace = tmp_path / "own.jsonl"
    assert invoke("ping", "-f", config, "--format", "jsonl", "-o", str(trace)).code == 0
    shown = ["show", str(trace), "--bytes", "layers", "-f", config]
    assert invoke(*shown).code == 0
    assert_refused(invoke(*shown, "--strict"), f"{config}:2:5: {REFUSED}")
    exported = ["export", str(trace), "-o", str(tmp_path / "own.pcapng"), "-f", config]
    assert invoke(*exported).code == 0
    assert_refused(invoke(*exported, "--strict"), f"{config}:2:5: {REFUSED}")


def test_a_check_file_may_ask_for_it(tmp_path: Path) -> None:
    """With strict = true a check whose configuration the kernel would refuse is a mistake."""
    assert_refused(check(written(tmp_path, IN_A_CHECK)), f"configuration:2:5: {REFUSED}")
    done = check(written(tmp_path, IN_A_CHECK.replace("true", "false")))
    assert (done.code, done.err) == (0, f"ipsec-lo-trace: configuration:2:5: {REFUSED}: left out\n")
