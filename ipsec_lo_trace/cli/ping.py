"""``ipsec-lo-trace ping``: an echo request and its reply over lo0, traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.pingoptions import view_options
from ipsec_lo_trace.cli.runoptions import HOST, fix_options, run_arguments, run_options
from ipsec_lo_trace.cli.strict import StrictCommand


@click.command("ping", cls=StrictCommand, short_help="Trace an echo request and its reply over lo0.")
@HOST
@fix_options
@run_options
@view_options
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace an echo request and its reply over lo0.

    HOST is an address of this machine's lo0: 127.0.0.1, or one given with --local.
    """
    arguments = PingArguments(run=run_arguments(values), **values)
    arguments.check()
    from ipsec_lo_trace.cli.run_ping import run_ping  # noqa: PLC0415 -- scapy and rich load only to run

    return run_ping(arguments)
