"""What a probe is, and how it is found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

import msgspec

from ipsec_lo_trace.model.build import Build, turned
from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, listed
from ipsec_lo_trace.userland import probes
from ipsec_lo_trace.userland.program import ProbeOptions, Program


class ProbeKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of traffic whose handling on lo0 is worth a look.

    ``title`` is one line, ``text`` says what is sent and what it tests, ``answer`` what counts as answered.
    ``stage`` decides what becomes of it.  ``runs`` are those in which NetBSD's own stack had this
    traffic, unpatched and patched; without one it is derived from source.  So it is over the cases
    ``derived_over``, where the code that ran says something else than that of 2003.
    ``build`` turns the switches that the probe needs; ``program`` makes the process.
    ``config`` is the setkey(8) text for where none is given, "" for the usual one; ``size`` the usual bytes
    of data, 0 for a probe that sends none.
    """

    name: str
    title: str
    text: str
    answer: str
    stage: str
    runs: tuple[RunName, ...] = ()
    derived_over: tuple[str, ...] = ()
    program: Callable[[ProbeOptions], Program]
    build: Build = Build()
    config: str = ""
    size: int = 56

    @property
    def knobs(self) -> dict[str, str]:
        """The switches that the probe needs, as ``--set`` takes them."""
        return turned(self.build)

    def runs_over(self, case: str) -> tuple[RunName, ...]:
        """Return the runs that tell of this traffic over a case, "" for its own configuration."""
        return () if case in self.derived_over else self.runs


def find_probe(name: str) -> ProbeKind | None:
    """Find a probe by its name, ignoring case; None if there is none."""
    module = name.lower().replace("-", "_")
    if module not in _modules():
        return None
    probe = _load(module)
    return probe if probe.name == name.lower() else None


def known_probe(name: str) -> ProbeKind:
    """Find a probe by its name; UserError if there is none."""
    probe = find_probe(name)
    if probe is None:
        names = [_name(module) for module in _modules()]
        raise UserError("no such probe", field="probe", token=name, hint=hint(name, names, listed("probes")))
    return probe


def _name(module: str) -> str:
    return module.replace("_", "-")


@cache
def _modules() -> tuple[str, ...]:
    return tuple(module.name for module in pkgutil.iter_modules(probes.__path__))


@cache
def _load(module: str) -> ProbeKind:
    probe: ProbeKind = importlib.import_module(f"{probes.__name__}.{module}").PROBE
    return probe


@cache
def all_probes() -> tuple[ProbeKind, ...]:
    """Give every probe, by name."""
    return tuple(sorted((_load(module) for module in _modules()), key=lambda probe: probe.name))
