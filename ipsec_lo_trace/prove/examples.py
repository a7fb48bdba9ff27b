"""Hosts that no combination of places and SAs gives: the cases, the probes' own, and those of ``others``.

Each file of ``others`` says in its first line what it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address

from ipsec_lo_trace.cases.case import SUFFIX, Case, all_cases, read_case
from ipsec_lo_trace.userland.probe_kind import all_probes

FOLDER = "others"
LOCALHOST = IPv4Address("127.0.0.1")


@cache
def all_examples() -> tuple[Case, ...]:
    """Give each once: the cases, what each probe has for its own, the others; within that by name."""
    found: dict[str, Case] = {}
    for each in (*all_cases(), *_probes(), *others()):
        found.setdefault(each.text, each)
    return tuple(found.values())


def _probes() -> Iterator[Case]:
    for probe in all_probes():
        if probe.config:
            yield Case(f"probe {probe.name}", probe.title, LOCALHOST, LOCALHOST, probe.config)


def others() -> Iterator[Case]:
    """Yield the hosts of ``others``, by name."""
    texts = {
        each.name.removesuffix(SUFFIX): each.read_text(encoding="utf-8")
        for each in files(__package__).joinpath(FOLDER).iterdir()
    }
    for name, text in sorted(texts.items()):
        yield read_case(name, text)
