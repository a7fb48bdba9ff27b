"""``ipsec-lo-trace ping`` and ``probe``: an echo request and its reply over lo0, or other traffic, traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import names_of_kind
from ipsec_lo_trace.cli.options import (
    HOST,
    fix_options,
    probe_options,
    run_options,
    view_options,
)
from ipsec_lo_trace.cli.params import StrictCommand


@click.command("ping", cls=StrictCommand, short_help="Trace an echo request and its reply over lo0.")
@HOST
@fix_options
@run_options
@view_options
def ping(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace an echo request and its reply over lo0.

    HOST is an address of this machine's lo0: 127.0.0.1, or one given with --local.
    """
    return perform("ping", **values)


@click.command("probe", cls=StrictCommand, short_help="Trace other traffic over lo0.")
@click.argument("probe", metavar="KIND", shell_complete=names_of_kind("probes"))
@HOST
@fix_options
@probe_options
@view_options
def probe(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace other traffic over lo0.

    KIND is one of those that 'ipsec-lo-trace list probes' names; 'explain KIND' says what each sends and what
    it tests. HOST is an address of this machine's lo0.
    """
    return perform("ping", **values)
