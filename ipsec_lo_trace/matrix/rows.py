"""What the rows of the table run: a ping over every case, and every probe over four of them."""

from __future__ import annotations

from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.model.matrix import Row
from ipsec_lo_trace.userland.probe_kind import all_probes

PROBED = ("lo-esp", "lo-ah", "lo-bundle", "ab-esp")
"""The cases that a probe without a configuration of its own runs over."""
REFLECTED = ("lo-esp", "lo-ah", "ab-esp", "asymmetric")
"""The cases that a process in user space answers a ping over."""


def all_rows() -> list[Row]:
    """Return every row, pings first."""
    pings = [Row(f"ping {case.name}", case.title, "ping", case.name) for case in all_cases()]
    answered = [
        Row(f"reflector {name}", "A process answers the ping, not the kernel.", "ping", name, "userspace")
        for name in REFLECTED
    ]
    probes = [
        Row(f"{probe.name} {case}".rstrip(), probe.title, f"probe {probe.name}", case)
        for probe in all_probes()
        for case in (("",) if probe.config else PROBED)
    ]
    return [*pings, *answered, *probes]
