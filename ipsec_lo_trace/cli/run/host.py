"""The configuration of a real host, in whichever of the two forms people have it."""

from __future__ import annotations

import click

from ipsec_lo_trace.cli.files import complain
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.xfrm.load import read_files


def host_configuration(paths: tuple[str, ...]) -> Configuration:
    """Read setkey(8) text, or what ip xfrm prints; its notes go to stderr.  UserError at a mistake."""
    read = read_files(paths)
    for note in read.notes:
        complain(note)
    return read


STDIN = "-"


def one_stdin(*names: str) -> None:
    """Refuse to read standard input twice."""
    if names.count(STDIN) > 1:
        raise click.UsageError("of CAPTURE and -f only one can be standard input")
