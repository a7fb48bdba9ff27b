"""The command help, and the topics that are no command."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import click
import pytest

from ipsec_lo_trace.cli import exits, main
from ipsec_lo_trace.cli.commands.help import TOPICS
from tests.cli.support import COMMAND, ROOT, VARIABLES, assert_refused, environment, invoke


def test_index() -> None:
    """Without a topic, the topics and the commands are listed with a line on each."""
    done = invoke("help")
    assert (done.code, done.err) == (0, "")
    for name in (*TOPICS, *main.COMMANDS):
        assert re.search(rf"^  {re.escape(name)} +\S", done.text, re.MULTILINE), name


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_a_command_s_help(name: str) -> None:
    """``help COMMAND`` is what ``COMMAND --help`` prints, and the group's line on it is its short help."""
    assert invoke("help", name).text == invoke(name, "--help").text
    with main.cli.make_context("ipsec-lo-trace", ["help"]) as context:
        command = main.cli.get_command(context, name)
    assert command is not None
    assert command.get_short_help_str(limit=1000) == main.COMMANDS[name][1]


def test_exit_codes() -> None:
    """``help exit-codes`` lists exactly the exit codes that the program has, and 0."""
    codes = {str(value) for name, value in vars(exits).items() if name.startswith("EXIT_")} | {"0"}
    codes -= {str(exits.EXIT_SIGNAL)}
    codes |= {str(exits.EXIT_SIGNAL + number) for number in (signal.SIGHUP, signal.SIGTERM)}
    assert {code for code, _meaning in TOPICS["exit-codes"].rows} == codes
    shown = invoke("help", "exit-codes").lines
    assert {line.split()[0] for line in shown if line[:1].isdigit()} == codes


def test_faults() -> None:
    """``help faults`` asks for the command, its files, what was said and every version, and for no key."""
    shown = " ".join(invoke("help", "faults").text.split())
    asked = ("command line", "files", "standard error", "exit code", "--version", "python --version")
    assert [words for words in asked if words not in shown] == []
    assert "Leave real keys" in shown


def test_environment() -> None:
    """``help environment`` lists every variable that the tests know to change a text, and completion's."""
    shown = invoke("help", "environment").text
    assert [name for name in (*VARIABLES, main.COMPLETE_VARIABLE) if name not in shown] == []


def test_unknown_topic() -> None:
    """An unknown topic exits 2, and is told which it may be or where they are listed."""
    assert_refused(invoke("help", "exit-code"), "no such topic", "did you mean exit-codes?")
    assert_refused(invoke("help", "nothing"), "no such topic", "'ipsec-lo-trace help' lists them")


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["help"],
        ["help", "environment"],
        ["list", "marks"],
        ["schema"],
        *([name, "--help"] for name in main.COMMANDS),
    ],
    ids=" ".join,
)
def test_cheap_commands_load_nothing_dear(arguments: list[str]) -> None:
    """Help, lists and the schema import neither scapy nor rich nor cryptography."""
    assert imported(arguments).isdisjoint({"scapy", "rich", "cryptography"})


def test_text_without_colour_needs_no_rich() -> None:
    """A run whose text goes into a pipe does not import rich, which takes longer than the run."""
    assert "scapy" in imported(["ping"])
    assert "rich" not in imported(["ping"])


def imported(arguments: list[str]) -> set[str]:
    """Run the program; return the packages that it imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:], *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}


@pytest.mark.parametrize("name", list(main.COMMANDS))
def test_help_has_a_short_form_wherever_it_is_asked_first(name: str) -> None:
    """-h is an option of each command, also where the first to look at it had no program around it."""
    command = main.cli.get_command(click.Context(main.cli), name)
    assert command is not None
    fresh = type(command)(name, params=command.params)
    help_option = fresh.get_help_option(fresh.make_context(name, [], resilient_parsing=True))
    assert help_option is not None
    assert help_option.opts == ["-h", "--help"]
