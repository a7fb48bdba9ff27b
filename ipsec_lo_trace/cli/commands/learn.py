"""``ipsec-lo-trace learn``: exercises, in which one predicts before one runs."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.commands import load, perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, OUTPUT_OPTION
from ipsec_lo_trace.cli.params import FileName, StrictCommand


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a lesson's name."""
    names: list[str] = load("ipsec_lo_trace.lessons.lesson:lesson_names")()
    return [CompletionItem(name) for name in names if name.startswith(incomplete.lower())]


@click.command("learn", cls=StrictCommand, short_help="Learn the bug by exercises: predict, run, explain.")
@click.argument("lesson", required=False, metavar="[LESSON]", shell_complete=_complete)
@click.option("--hint", "hints", count=True, help="Give a hint with the question; three times for all three.")
@click.option("--answer", metavar="TEXT", help="The answer, instead of asking for it.")
@click.option("--progress", type=FileName(), metavar="FILE", help="Keep in FILE what is solved (JSON).")
@click.option(
    "--grade", type=FileName(), metavar="DIR", help="Grade a folder of answer files, as JUnit's XML."
)
@COLOR_OPTION
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Learn the bug by exercises: predict, run, explain.

    LESSON is a number or a name; without it, the lessons are listed. At the prompt, ? gives a hint. A wrong
    answer is explained by the rows of the very run, and exits 1.
    """
    return perform("learn", **values)
