"""Options of commands whose work is shared out: among processes, among machines, and over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ipsec_lo_trace.cli.params import FileName

F = TypeVar("F", bound=Callable[..., Any])
MAX_JOBS = 64

JOBS_OPTION = click.option(
    "-j",
    "--jobs",
    "jobs",
    metavar="N",
    type=click.IntRange(1, MAX_JOBS),
    default=1,
    show_default=True,
    help="Use N processes.",
)
RESUME_OPTION = click.option(
    "--resume",
    type=FileName(),
    metavar="FILE",
    help="Keep what is done in FILE, and go on from there if it exists.",
)


def shard_options(shard: str, merge: str) -> Callable[[F], F]:
    """Give --shard and --merge; ``shard`` and ``merge`` are their help."""

    def give(command: F) -> F:
        flag = click.option("--merge", is_flag=True, help=merge)
        return click.option("--shard", metavar="I/N", help=shard)(flag(command))

    return give
