"""The scope of a proof, from the code: what may stand in each place, and how many hosts that makes."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

from tables import table

from ipsec_lo_trace.prove.examples import others
from ipsec_lo_trace.prove.path import size
from ipsec_lo_trace.prove.scope import PING, VIEWS, hosts_of, kernels_of
from ipsec_lo_trace.prove.shapes import COMBINED


def scope(_old: str) -> str:
    """List the shapes: the places of the SPD with how many policies may stand there, and the SAs."""
    rows = []
    for name, shape in COMBINED.items():
        places = ", ".join(f"{slot.name} ({len(slot.policies)})" for slot in shape.slots)
        taken = {slot.name for slot in shape.slots}
        sas = ", ".join(variable for variable in shape.hosts if variable not in taken)
        rows.append((f"`{name}`", places, sas, f"{size(shape.hosts):,}"))
    return table(("shape", "places of the SPD (values of each)", "SAs, each there or missing", "hosts"), rows)


def views(_old: str) -> str:
    """List the views: hosts and kernels that are run together, for ping."""
    rows = []
    for view in VIEWS:
        hosts, kernels = size(hosts_of(view)), size(kernels_of(view, PING).every)
        rows.append((f"`{view}`", f"{hosts:,}", f"{kernels:,}", f"{hosts * kernels:,}"))
    return table(("view", "hosts", "kernels", "cases"), rows)


def examples(_old: str) -> str:
    """List the hosts that are examples, but for the cases and what the probes bring along."""
    return table(("example", "what it is"), [(f"`{each.name}`", each.title) for each in others()])


BLOCKS = {"proof scope": scope, "proof views": views, "proof examples": examples}
