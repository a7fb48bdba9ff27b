"""``ipsec-lo-trace check``: run what check files say and compare with what they expect."""

from __future__ import annotations

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, OUTPUT_OPTION
from ipsec_lo_trace.cli.params import OneOf, StrictCommand


@click.command("check", cls=StrictCommand, short_help="Run checks: what to run and what to expect.")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "junit", "github"]),
    default="text",
    show_default=True,
    help="As text, as JUnit's XML, or with an annotation for GitHub Actions.",
)
@COLOR_OPTION
@OUTPUT_OPTION
@click.option("--update", is_flag=True, help="Rewrite golden files and minimal = PATH from what comes out.")
@click.option("--allow-ci", is_flag=True, help="With --update: also if the variable CI is set.")
def command(files: tuple[str, ...], format_: str, color: str | None, output: str, **updates: bool) -> int:
    """Run what check files say, and exit 1 if anything else comes out than they expect.

    FILE is TOML (FILE.toml) or a golden minimal trace with its command in a comment.  Without a FILE, the
    smoke set that comes with the program is run.
    """
    if updates["allow_ci"] and not updates["update"]:
        raise click.UsageError("--allow-ci is for --update")
    if format_ != "text" and color is not None:
        raise click.UsageError("--color is for text")
    return perform("check", files, format_=format_, path=output, color=color, **updates)
