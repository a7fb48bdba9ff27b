"""``ipsec-lo-trace help``: the topics, a topic, or a command's --help."""

from __future__ import annotations

from typing import NamedTuple

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.params import StrictCommand
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, same


class Topic(NamedTuple):
    """A topic: what it is about, its words, and a table of them."""

    about: str
    text: str
    rows: tuple[tuple[str, str], ...]
    after: str = ""


TOPICS = {
    "exit-codes": Topic(
        "What the exit code says.",
        "The exit codes are an interface and do not change within a major version.",
        (
            ("0", "it ran; diff: the same; check, --expect: met; a leak found by a plain ping is 0 too"),
            ("1", "only: diff: a difference; check, --expect: not met; audit: clear text; learn: not right"),
            ("2", "usage, an unreadable or faulty input, an output that cannot be written"),
            ("3", "a fault of ipsec-lo-trace itself; please report it (help faults)"),
            ("129", "the terminal was closed (SIGHUP); a half-written file is removed"),
            ("130", "interrupted (Ctrl-C)"),
            ("141", "whoever read the output closed the pipe"),
            ("143", "it was told to terminate (SIGTERM); a half-written file is removed"),
        ),
    ),
    "environment": Topic(
        "The variables that change an output.",
        "Colour never carries meaning alone.",
        (
            ("COLUMNS", "the width of text, 20 to 65536 [the terminal's, or 80 for a pipe or a file]"),
            ("NO_COLOR", "if not empty: no colour"),
            ("FORCE_COLOR, CLICOLOR_FORCE", "colour also for a pipe; empty, 0 and false count as unset"),
            ("TERM", "dumb: no colour, and the signs of a timeline in ASCII"),
            ("LC_ALL, LC_CTYPE, LANG", "the first that is set is not UTF-8: the signs in ASCII, but for -o"),
            ("CI", "set (and not 0 or false): check --update rewrites nothing unless --allow-ci is given"),
            ("_IPSEC_LO_TRACE_COMPLETE", "set by a shell that asks for completions"),
        ),
        "--color always and --color never go before all of these, and NO_COLOR before FORCE_COLOR. Nothing"
        " else in the environment changes the output: not the clock, the host's name, or its"
        " own network configuration.",
    ),
    "faults": Topic(
        "What to send when the program says that a fault is its own.",
        "Report it where the program came from. A run is the same everywhere: this is enough to repeat it.",
        (
            ("command", "the whole command line, and what the shell or the check file put into it"),
            ("files", "the smallest that it names which still show it; for standard input, what came in"),
            ("message", "all of standard error, and the exit code"),
            ("versions", "ipsec-lo-trace --version, python --version, the operating system"),
        ),
        "Leave real keys and other people's packets out: another key of the same length does as well. If a"
        " file from others can do harm that way, tell it in private, as .github/SECURITY.md says.",
    ),
}  # fmt: skip
"""The topics, by the names that ``help`` takes."""


def _commands(context: click.Context) -> tuple[click.Group, click.Context]:
    """Return the program's group of commands and its context."""
    root = context.find_root()
    if not isinstance(root.command, click.Group):
        raise TypeError("help is a command of a group")
    return root.command, root


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    group, root = _commands(context)
    return [
        CompletionItem(name) for name in (*TOPICS, *group.list_commands(root)) if name.startswith(incomplete)
    ]


@click.command(
    "help",
    cls=StrictCommand,
    short_help="Show a command's help, or a page on exit codes, environment or faults.",
)
@click.argument("name", required=False, metavar="[TOPIC]", shell_complete=_complete)
@click.pass_context
def command(context: click.Context, name: str | None) -> int:
    """Show a command's help, or a page on exit codes, environment or faults.

    Without a TOPIC, the topics are listed.
    """
    click.echo(_text(context, name).rstrip("\n"))
    return 0


def _text(context: click.Context, name: str | None) -> str:
    group, root = _commands(context)
    if name is None:
        return _index(context)
    names = [*TOPICS, *group.list_commands(root)]
    known = same(name, names)
    if known in TOPICS:
        return _topic(context, known)
    found = group.get_command(root, known)
    if found is None:
        where = "'ipsec-lo-trace help' lists them"
        raise UserError(f"help {name}: no such topic", hint=hint(name, names, where))
    with click.Context(found, info_name=known, parent=root) as inner:
        return found.get_help(inner)


def _index(context: click.Context) -> str:
    group, root = _commands(context)
    formatter = context.make_formatter()
    with formatter.section("Topics"):
        formatter.write_dl([(name, topic.about) for name, topic in TOPICS.items()])
    group.format_commands(root, formatter)
    formatter.write_paragraph()
    formatter.write_text("What a name in an output means: ipsec-lo-trace explain NAME")
    return formatter.getvalue()


def _topic(context: click.Context, name: str) -> str:
    topic = TOPICS[name]
    formatter = context.make_formatter()
    formatter.write_text(topic.about)
    formatter.write_paragraph()
    formatter.write_dl(topic.rows)
    formatter.write_paragraph()
    formatter.write_text(f"{topic.text} {topic.after}".rstrip())
    return formatter.getvalue()
