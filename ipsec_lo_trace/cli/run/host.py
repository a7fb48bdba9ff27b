"""The configuration of a real host, in whichever of the forms people have it."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ipsec_lo_trace.cli.files import complain
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.xfrm.load import read_host


def host_configuration(paths: tuple[str, ...]) -> HostConfiguration:
    """Read setkey(8) commands or dumps, or what ip xfrm prints; notes go to stderr.

    UserError if that cannot be read, or there is nothing in it.
    """
    read = read_host(paths)
    _tell(read.notes)
    return read


def kernel_configuration(paths: tuple[str, ...]) -> Configuration:
    """Read the same for the kernel of 2003, which takes less of it."""
    from ipsec_lo_trace.xfrm.kernel import read_kernel  # noqa: PLC0415 -- an audit does without a kernel

    read = read_kernel(paths)
    _tell(read.notes)
    return read


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        complain(note)


STDIN = "-"


def one_stdin(*names: str) -> None:
    """Refuse to read standard input twice."""
    if names.count(STDIN) > 1:
        raise click.UsageError("of CAPTURE and -f only one can be standard input")
