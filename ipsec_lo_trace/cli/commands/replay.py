"""``ipsec-lo-trace replay``: a capture's packets, fed to the modelled kernel at lo0 and traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.commands.audit import CAPTURE, CONFIG_OPTION
from ipsec_lo_trace.cli.options import SEED_OPTION, SET_OPTION, fix_options, trace_options
from ipsec_lo_trace.cli.params import FieldText, StrictCommand


@click.command(
    "replay", cls=StrictCommand, short_help="Trace a capture's packets through the modelled kernel."
)
@CAPTURE
@CONFIG_OPTION
@fix_options
@SET_OPTION
@click.option(
    "--local",
    type=FieldText("address"),
    multiple=True,
    help="Add this address to lo0 (repeatable); it has all that the capture's packets are from and to.",
)
@SEED_OPTION
@trace_options
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace a capture's packets through the modelled kernel.

    Each IPv4 packet of CAPTURE enters ip_input as if lo0 had just queued it, in a fresh mbuf; the kernel's
    own answers follow before the next one comes. CAPTURE is a pcap or pcapng file; - is standard input.
    """
    return perform("replay", **values)
