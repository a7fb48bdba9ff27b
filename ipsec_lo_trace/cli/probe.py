"""``ipsec-lo-trace probe``: other traffic over lo0, traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.complete import names_of_kind
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.pingoptions import view_options
from ipsec_lo_trace.cli.runoptions import HOST, fix_options, probe_options, run_arguments
from ipsec_lo_trace.cli.strict import StrictCommand


@click.command("probe", cls=StrictCommand, short_help="Trace other traffic over lo0.")
@click.argument("probe", metavar="KIND", shell_complete=names_of_kind("probes"))
@HOST
@fix_options
@probe_options
@view_options
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace other traffic over lo0.

    KIND is one of those that 'ipsec-lo-trace list probes' names; 'explain KIND' says what each sends and what
    it tests. HOST is an address of this machine's lo0.
    """
    arguments = PingArguments(run=run_arguments(values), **values)
    arguments.check()
    from ipsec_lo_trace.cli.run_ping import run_ping  # noqa: PLC0415 -- scapy and rich load only to run

    return run_ping(arguments)
