from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ipsec_lo_trace.model.build import PLAIN, Build, values
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Level, PolicyType
from ipsec_lo_trace.model.trace import Change, Mark
from ipsec_lo_trace.model.undecided import UndecidedStrip
from ipsec_lo_trace.prove.path import Path

PLACES = ("icmp_input", "icmp_reflect", "if_output", "looutput")


class Strips:
    def __init__(self, places: tuple[str, ...]) -> None:
        self.places = places
        self.values = list(itertools.product(*(values(p) for p in places)))
        self.mask = {
            p: {v: sum(1 << i for i, c in enumerate(self.values) if c[n] == v) for v in values(p)}
            for n, p in enumerate(places)
        }

    @property
    def all(self) -> int:
        return (1 << len(self.values)) - 1


class Switches:
    def __init__(self, sets: dict[str, dict[str, str]]) -> None:
        self.names = list(sets)
        self.builds = [replace(PLAIN, **one) for one in sets.values()]
        self.mask: dict[str, dict[str, int]] = {}
        for name in Build.__struct_fields__:
            m: dict[str, int] = {}
            for i, b in enumerate(self.builds):
                m[getattr(b, name)] = m.get(getattr(b, name), 0) | 1 << i
            self.mask[name] = m

    @property
    def all(self) -> int:
        return (1 << len(self.builds)) - 1


class OpenMark(Mark, frozen=True, gc=False, kw_only=True):
    path: Any
    under: int

    @property
    def there(self) -> bool:
        return self.path.ask("strips", self.under)


class OpenStrip(UndecidedStrip):
    def __init__(self, path: Path, masks: dict[str, int]) -> None:
        self.path, self.masks = path, masks

    def each(self, m: Mbuf, do: Callable[[str], object]) -> None:
        tags, flags, changes = m.tags, m.flags, list(m.changes)
        possible = self.path.kernels["strips"]
        left = dict.fromkeys(map(id, m.marks), 0)
        for value, mask in self.masks.items():
            if not mask & possible:
                continue
            m.tags, m.flags = tags, flags
            do(value)
            for mark in m.marks:
                left[id(mark)] |= mask
        possible = self.path.kernels["strips"]
        m.changes[:] = changes
        keep: dict[int, Mark] = {}
        for mark in (*tags, *flags):
            under = left[id(mark)] & (mark.under if isinstance(mark, OpenMark) else -1)
            if under & possible == 0:
                m.changes.append(Change("remove", mark))
            elif possible & ~under == 0:
                keep[id(mark)] = mark
            else:
                keep[id(mark)] = OpenMark(
                    mark.name,
                    mark.made_for,
                    mark.row,
                    mark.stale,
                    mark.proto,
                    mark.spi,
                    mark.dst,
                    path=self.path,
                    under=under,
                )
        m.tags = tuple(keep[id(t)] for t in tags if id(t) in keep)
        m.flags = tuple(keep[id(t)] for t in flags if id(t) in keep)


class OpenBuild:
    def __init__(self, path: Path, strips: Strips, switches: Switches) -> None:
        self._path, self._switches = path, switches
        for place in strips.places:
            setattr(self, place, OpenStrip(path, strips.mask[place]))

    def __getattr__(self, name: str) -> str:
        masks = self._switches.mask[name]
        last = None
        for value, mask in masks.items():
            if self._path.ask("switch", mask):
                return value
        raise AssertionError


class OpenSysctl:
    def __init__(self, build: OpenBuild) -> None:
        self._build = build
        self.def_policy = PolicyType.NONE

    def __getattr__(self, name: str) -> Level:
        return Level[getattr(self._build, name).upper()]
