"""Commands as click knows them: arguments, options and help; what one does once it runs is found by name.

Nothing here, and nothing that this imports, loads scapy, rich, cryptography or a room that traces.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from ipsec_lo_trace.cli.params import spelt
from ipsec_lo_trace.model.errors import UserError


def load(place: str) -> Any:  # noqa: ANN401 -- whatever stands there
    """Import what stands at MODULE:NAME."""
    module, _colon, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def perform(command: str, *arguments: Any, **values: Any) -> int:  # noqa: ANN401 -- as click gives them
    """Load what ``command`` does, run it, return its exit code; errors call a field as the user did."""
    try:
        code: int = load(f"ipsec_lo_trace.cli.run.{command}:run")(*arguments, **values)
    except UserError as error:
        if error.field == "host" and not error.hint:
            from ipsec_lo_trace.cli.mistakes import no_host  # noqa: PLC0415 -- for a mistake alone

            error.hint = no_host(error.token)
        raise (spelt(error, click.get_current_context()) if error.field else error) from None
    return code
