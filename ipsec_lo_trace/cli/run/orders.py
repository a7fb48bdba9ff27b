"""``ping --schedule all``: run the same ping in every order, and write which endings there are."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.cli.exits import EXIT_NOT_MET
from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.run.traces import as_expected, read_configuration
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write
from ipsec_lo_trace.tracer.orders import explore
from ipsec_lo_trace.tracer.setup import planned


def run_orders(setup: Setup, *, format_: str, path: str, color: str | None, expect: str | None) -> int:
    """Try every order; write the endings; give 1 if one of them is not what --expect says."""
    # A run changes its databases, and standard input can be read once: each run reads this text.
    read = read_configuration(setup)
    text = write(read.db)
    orders = explore(planned(setup, read), lambda: load(text, "configuration"))
    with output(path) as out:
        if format_ == "json":
            out.write(msgspec.json.encode(orders) + b"\n")
        else:
            from ipsec_lo_trace.render.orders import orders_lines  # noqa: PLC0415 -- loads rich, for text alone

            width, colour = look(path, color)
            write_lines(orders_lines(orders, width), text_stream(out), colour=colour)
    return EXIT_NOT_MET if any(as_expected(expect, ending) for ending in orders.endings) else 0
