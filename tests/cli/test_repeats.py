"""Does the last of two contradictory options win in silence?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.main import run


@pytest.mark.parametrize(
    "repeated", [["-c", "1", "-c", "2"], ["-f", "a", "--config", "b"], ["-o", "x", "-o", "y"]]
)
def test_an_option_that_takes_one_value_may_be_given_once(
    repeated: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The second of two values does not win: exit 2, and the option is named."""
    assert run(["ping", *repeated]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{repeated[0]} is given more than once" in said.err


def test_flags_and_lists_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """A flag given twice says nothing new, and --local is a list."""
    assert run(["ping", "-q", "-q", "--local", "10.9.9.1", "--local", "10.9.9.2"]) == 0
    assert capsys.readouterr().out.startswith("VERDICT LEAK")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "code"), [("--bogus", 2), ("-q --expect clean", 1), ("-q --expect leak", 0)]
)
def test_a_standard_error_that_takes_nothing_does_not_change_the_exit_code(options: str, code: int) -> None:
    """With standard error on a full disk a met expectation is met, and bad usage is bad usage."""
    command = [sys.executable, "-m", "ipsec_lo_trace", "ping", *options.split()]
    with Path("/dev/full").open("wb", buffering=0) as full:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=full, check=False)
    assert done.returncode == code
