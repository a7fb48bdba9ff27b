"""The command ``ipsec-lo-trace``: its group, its exit codes, and who answers for an error.

Commands are imported when they are run, so that --help and --version load neither scapy nor rich.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import click
from click.shell_completion import add_completion_class, shell_complete

from ipsec_lo_trace import __version__
from ipsec_lo_trace.cli.commands import load
from ipsec_lo_trace.cli.exits import EXIT_INTERRUPT, EXIT_PIPE, EXIT_SIGNAL, answer
from ipsec_lo_trace.cli.files import PROGRAM, flush_stdout
from ipsec_lo_trace.cli.params import HELP_OPTIONS
from ipsec_lo_trace.model.suggest import same

COMPLETE_VARIABLE = "_IPSEC_LO_TRACE_COMPLETE"
"""Set by a shell that asks for completions, in the form that click's own main() looks for."""
GC_THRESHOLD = 100_000
"""Objects between two searches for garbage: start-up makes many that stay, and looking them through is a
twentieth of its time; what runs afterwards leaves hardly a cycle behind.
"""

COMMANDS = {
    "ping": ("ping:ping", "Trace an echo request and its reply over lo0."),
    "probe": ("ping:probe", "Trace other traffic over lo0."),
    "diff": ("diff:command", "Show where two traces part, and what follows."),
    "show": ("show:command", "Show a stored trace as text, whole or in part."),
    "matrix": ("matrix:command", "Run every case under every fix, in one table."),
    "sweep": ("sweep:command", "Look for surprises in random configurations."),
    "prove": ("prove:command", "Prove claims over every small configuration."),
    "export": ("export:command", "Write a trace for Wireshark, a browser, a graph viewer."),
    "check": ("check:command", "Run checks: what to run and what to expect."),
    "audit": ("audit:command", "Judge what a real loopback carried."),
    "replay": ("replay:command", "Trace a capture's packets through the modelled kernel."),
    "why": ("why:command", "Say what one row asked, and what depends on the answer."),
    "explain": ("explain:command", "Say what a name in an output means."),
    "learn": ("learn:command", "Learn the bug by exercises: predict, run, explain."),
    "list": ("list:command", "List names by kind, one a line."),
    "schema": ("schema:command", "Print the JSON Schema of a trace's records."),
    "help": ("help:command", "Show a command's help, or a page on exit codes, environment or faults."),
}
"""Each command's place in cli.commands, and its line in --help."""


class LazyGroup(click.Group):
    """A group that imports a command only to run it or to show its help."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Name the commands, in order of use."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import the command ``name``, in any case."""
        name = same(name, COMMANDS)
        if not name:
            return None
        command: click.Command = load(f"ipsec_lo_trace.cli.commands.{COMMANDS[name][0]}")
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples."""
        from ipsec_lo_trace.cli.help_text import write_examples  # noqa: PLC0415 -- for --help alone

        write_examples("", PROGRAM, formatter)


@click.group(cls=LazyGroup, context_settings={"help_option_names": HELP_OPTIONS, "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM)
def cli() -> None:
    """Trace packets over lo0 through NetBSD's FAST_IPSEC of August 2003."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with one of the documented codes."""
    gc.set_threshold(GC_THRESHOLD)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    unheard: list[int] = []
    sys.unraisablehook = partial(_again, unheard)
    code = run(arguments)
    signal.setitimer(signal.ITIMER_REAL, 0)
    sys.exit(unheard[0] if unheard else code)


def _terminate(number: int, _frame: FrameType | None) -> NoReturn:
    """Leave by an exception, so that a half-written file is removed on the way."""
    raise SystemExit(EXIT_SIGNAL + number)


PATIENCE = 0.01
"""Seconds after which a signal is told again that came where nobody could hear it."""


def _again(unheard: list[int], lost: sys.UnraisableHookArgs) -> None:
    """Raise a signal's exception again that a destructor, or another callback of Python's, has swallowed.

    ``unheard`` gets its exit code, for a run that is over before.
    """
    error = lost.exc_value
    if not isinstance(error, (SystemExit, KeyboardInterrupt)):
        sys.__unraisablehook__(lost)
        return
    code = EXIT_INTERRUPT if isinstance(error, KeyboardInterrupt) else int(error.code or 0)
    unheard.append(code)

    def tell(_number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(code)

    signal.signal(signal.SIGALRM, tell)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line; give the exit code, with every error told in one message."""
    try:
        result = _dispatch(sys.argv[1:] if arguments is None else arguments)
        flush_stdout()
    except BrokenPipeError:
        _abandon_stdout()
        return EXIT_PIPE
    except KeyboardInterrupt:
        return EXIT_INTERRUPT
    except Exception as error:  # noqa: BLE001 -- the last line of defence: no traceback reaches a user
        return answer(error)
    return result if isinstance(result, int) else 0


def _dispatch(arguments: list[str]) -> Any:  # noqa: ANN401 -- whatever a command returns
    """Run the command as click's own main() does, which would exit 1 for a closed pipe."""
    if instruction := os.environ.get(COMPLETE_VARIABLE):
        from ipsec_lo_trace.cli.shells import SHELLS  # noqa: PLC0415 -- for a shell that asks alone

        for shell in SHELLS:
            add_completion_class(shell)
        return shell_complete(cli, {}, PROGRAM, COMPLETE_VARIABLE, instruction)
    try:
        with cli.make_context(PROGRAM, list(arguments)) as context:
            return cli.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code


def _abandon_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush cannot fail too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
