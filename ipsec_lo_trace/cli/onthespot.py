"""Traces by name: stored ones, and ``@NAME``, a run on the spot under the fix of that name."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing, contextmanager
from difflib import get_close_matches

from ipsec_lo_trace.cli.diffargs import ON_THE_SPOT
from ipsec_lo_trace.cli.runargs import RunArguments
from ipsec_lo_trace.cli.traces import opened
from ipsec_lo_trace.fixes.fix import PATCHED, UNPATCHED, Fix, all_fixes, find_fix
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.setkey.configuration import Configuration

SHORT = {"unpatched": UNPATCHED, "patched": PATCHED}


def fix_named(name: str) -> Fix | None:
    """Find the fix behind ``@NAME``; None for a stored trace, UserError if there is none of that name."""
    if not name.startswith(ON_THE_SPOT):
        return None
    wanted = name.removeprefix(ON_THE_SPOT)
    found = find_fix(SHORT.get(wanted, wanted))
    if found is None:
        kernels = [*SHORT, *(fix.name for fix in all_fixes())]
        near = get_close_matches(wanted, kernels, n=1)
        choice = ", ".join(ON_THE_SPOT + kernel for kernel in kernels)
        hint = f"did you mean {ON_THE_SPOT}{near[0]}?" if near else f"there are {choice}"
        raise UserError(f"{name}: no such fix", hint=f"{hint}; a file of that name is ./{name}")
    return found


def read_configuration(arguments: RunArguments) -> Configuration:
    """Read the configuration once: it may come from standard input, and its notes are told once."""
    from ipsec_lo_trace.cli.start import configuration  # noqa: PLC0415 -- loads scapy, which stored traces do without

    return configuration(arguments)


@contextmanager
def trace_named(
    name: str, fix: Fix | None, arguments: RunArguments, read: Configuration | None
) -> Iterator[StoredTrace]:
    """Open a stored trace, or run it on a copy of the configuration: a run changes its SAs."""
    if fix is None or read is None:
        with opened(name) as trace:
            yield trace
        return
    from ipsec_lo_trace.cli.start import start  # noqa: PLC0415 -- as above

    tracing = start(arguments, fix, chosen=name, read=copy.deepcopy(read))
    with closing(tracing.crossings):
        trace = spool(tracing, tracing.crossings.lines())
    trace.name = name
    with closing(trace):
        yield trace
