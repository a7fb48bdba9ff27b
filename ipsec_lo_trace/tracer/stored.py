"""A stored trace as a Python object."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from ipsec_lo_trace.model.errors import unreadable
from ipsec_lo_trace.render.recognise import as_json_lines
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.tracer.packets import with_packets
from ipsec_lo_trace.tracer.tracing import Trace


def load(path: str | os.PathLike[str]) -> Trace:
    """Read a stored trace, of JSON Lines or one JSON document; UserError if it is none or cannot be read.

    No keys are stored: a step's ``scapy()`` opens ESP with the configuration that it is given.
    """
    name = os.fspath(path)
    try:
        file = Path(path).open("rb")  # noqa: SIM115 -- closed below
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    with file, closing(as_json_lines(file, name)) as lines:
        stored = StoredTrace(lines, name)
        return Trace(stored.run, with_packets(stored.steps(), ()), stored.verdict)
