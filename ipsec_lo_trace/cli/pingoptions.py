"""The options of ``ping`` and ``probe`` that say what to show, what to try, and what to expect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ipsec_lo_trace.cli.viewoptions import COLOR_OPTION, OUTPUT_OPTION

F = TypeVar("F", bound=Callable[..., Any])

TRIAL_OPTIONS = (
    click.option("--show-config", is_flag=True, help="Print the configuration as setkey(8) text, and stop."),
    click.option(
        "--drop-mark",
        metavar="NAME@STAGE[:VISIT]",
        multiple=True,
        help="What if: delete this mark, or all tags, flags or marks, right after that stage (repeatable).",
    ),
    click.option(
        "--bisect", is_flag=True, help="What if: find the rows after which deleting the tags helps."
    ),
)

VIEW_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "jsonl", "json"]),
        default="text",
        show_default=True,
        help="As a timeline, as JSON Lines, or as one JSON document.",
    ),
    click.option(
        "--detail", type=click.Choice(["minimal", "summary", "full"]), help="How much text [summary]."
    ),
    click.option(
        "--bytes", "show_bytes", type=click.Choice(["none", "changed", "all"]), help="Packet bytes [none]."
    ),
    COLOR_OPTION,
    click.option("-q", "quiet", is_flag=True, help="Print the verdict line only."),
    click.option("-v", "verbose", is_flag=True, help="List every assumption."),
    OUTPUT_OPTION,
    click.option(
        "--expect", metavar="OUTCOME", help="Exit 1 unless it ends so: an outcome or a verdict's code."
    ),
)


def view_options(command: F) -> F:
    """Give a command all of these options."""
    for option in reversed((*TRIAL_OPTIONS, *VIEW_OPTIONS)):
        command = option(command)
    return command


def trace_options(command: F) -> F:
    """Give a command those that say how to show a trace, and what to expect of it."""
    for option in reversed(VIEW_OPTIONS):
        command = option(command)
    return command
