"""Man pages from click's commands: one for the program and one for each command, in man(7)'s macros."""
# ruff: noqa: INP001 -- a script beside the pages, not in a package

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from ipsec_lo_trace import __version__
from ipsec_lo_trace.cli.commands.help import TOPICS
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.cli.help_text import EXAMPLES, sections
from ipsec_lo_trace.cli.main import COMMANDS, cli

MAN = Path(__file__).resolve().parent / "man"
SECTION = 1


def pages() -> dict[Path, str]:
    """Return every page's file and text."""
    with click.Context(cli, info_name=PROGRAM, **cli.context_settings) as root:
        found = {MAN / f"{PROGRAM}.{SECTION}": lines_text(program_lines())}
        for name in COMMANDS:
            command = cli.get_command(root, name)
            if command is not None:
                with click.Context(command, info_name=name, parent=root) as context:
                    found[MAN / f"{page_name(name)}.{SECTION}"] = lines_text(command_lines(name, context))
    return found


def page_name(command: str) -> str:
    """Name a command's page."""
    return f"{PROGRAM}-{command}"


def lines_text(lines: Iterable[str]) -> str:
    """Join lines to a file's text."""
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """Escape text for troff: backslashes, hyphens that are to stay hyphens, a leading dot or quote."""
    line = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line


def head(name: str, about: str) -> Iterator[str]:
    """Begin a page."""
    yield f'.TH "{escaped(name.upper())}" "{SECTION}" "" "{PROGRAM} {__version__}" "User Commands"'
    yield from (".SH NAME", f"{escaped(name)} \\- {escaped(about.rstrip('.'))}")


def program_lines() -> Iterator[str]:
    """Yield the page of the program: its commands, exit codes, and environment."""
    yield from head(PROGRAM, summary(cli))
    yield from (".SH SYNOPSIS", f".B {escaped(PROGRAM)}", "[OPTIONS] COMMAND [ARGS]...")
    yield from description(cli)
    yield ".SH COMMANDS"
    for name, (_module, text) in COMMANDS.items():
        yield from (".TP", f".BR {escaped(page_name(name))} ({SECTION})", escaped(text))
    yield from topics()
    yield from examples("")
    yield from see_also(map(page_name, COMMANDS))


def command_lines(name: str, context: click.Context) -> Iterator[str]:
    """Yield the page of one command."""
    command = context.command
    yield from head(page_name(name), command.get_short_help_str(limit=1000))
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (".SH SYNOPSIS", f".B {escaped(PROGRAM)} {name}", escaped(usage))
    yield from description(command)
    yield ".SH OPTIONS"
    parts = sections(command.get_params(context))
    for title, members in parts:
        yield from ([f'.SS "{title}"'] if len(parts) > 1 else [])
        for option in members:
            record = option.get_help_record(context)
            if record is not None:
                yield from (".TP", f".B {escaped(record[0])}", escaped(record[1]))
    yield from examples(name)
    yield from see_also([PROGRAM])


def examples(name: str) -> Iterator[str]:
    """Yield a command's examples, those of the program for ""."""
    yield ".SH EXAMPLES"
    for number, (what, words) in enumerate(EXAMPLES[name]):
        yield from ([".PP"] if number else [])
        yield from (escaped(what), ".RS", ".nf", escaped(f"{PROGRAM} {words}"), ".fi", ".RE")


def summary(command: click.Command) -> str:
    """Return a command's first sentence."""
    return (command.help or "").partition("\n")[0]


def description(command: click.Command) -> Iterator[str]:
    """Yield a command's help, paragraph by paragraph."""
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate(re.split(r"\n\s*\n", (command.help or "").strip())):
        yield from ([".PP"] if number else [])
        yield escaped(paragraph)


def topics() -> Iterator[str]:
    """Yield the help topics, each in a section of its own."""
    for name, topic in TOPICS.items():
        yield from (f'.SH "{"EXIT STATUS" if name == "exit-codes" else name.upper()}"', escaped(topic.text))
        for word, meaning in topic.rows:
            yield from (".TP", f".B {escaped(word)}", escaped(meaning))
        yield from ([".PP", escaped(topic.after)] if topic.after else [])


def see_also(names: Iterable[str]) -> Iterator[str]:
    """Name other pages."""
    yield ".SH SEE ALSO"
    listed = list(names)
    for name in listed:
        yield f".BR {escaped(name)} ({SECTION})" + ("," if name != listed[-1] else "")
