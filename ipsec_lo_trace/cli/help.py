"""``ipsec-lo-trace help``: the topics, a topic, or a command's --help."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.strict import StrictCommand
from ipsec_lo_trace.cli.topics import TOPICS
from ipsec_lo_trace.model.errors import UserError


def _commands(context: click.Context) -> tuple[click.Group, click.Context]:
    """Give the program's group of commands and its context."""
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
    "help", cls=StrictCommand, short_help="Show a command's help, or a page on exit codes or environment."
)
@click.argument("name", required=False, metavar="[TOPIC]", shell_complete=_complete)
@click.pass_context
def command(context: click.Context, name: str | None) -> int:
    """Show a command's help, or a page on exit codes or environment.

    Without a TOPIC, the topics are listed.
    """
    click.echo(_text(context, name).rstrip("\n"))
    return 0


def _text(context: click.Context, name: str | None) -> str:
    group, root = _commands(context)
    if name is None:
        return _index(context)
    if name in TOPICS:
        return _topic(context, name)
    found = group.get_command(root, name)
    if found is None:
        there = ", ".join((*TOPICS, *group.list_commands(root)))
        raise UserError(f"help {name}: no such topic", hint=f"there are {there}")
    with click.Context(found, info_name=name, parent=root) as inner:
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
