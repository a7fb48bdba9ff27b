"""A kernel of which nothing is decided: what it strips stays open until a mark is looked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ipsec_lo_trace.kernel.state import Sysctl
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Level, PolicyType
from ipsec_lo_trace.model.trace import Change, Mark
from ipsec_lo_trace.model.undecided import UndecidedStrip
from ipsec_lo_trace.prove.kernels import STRIPS, SWITCH, Kernels
from ipsec_lo_trace.prove.path import Path

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpenMark(Mark, frozen=True, gc=False, kw_only=True):
    """A mark that some of the kernels have stripped: the packet bears it ``under`` the others."""

    path: Any
    under: int

    @property
    def there(self) -> bool:
        """Whether the packet bears it; from now on that is decided."""
        there: bool = self.path.ask(STRIPS, self.under)
        return there


class OpenStrip(UndecidedStrip):
    """What a place strips: each value is tried on the marks, and a mark keeps under which it stays."""

    def __init__(self, path: Path, kernels: Mapping[str, int]) -> None:
        """Take, by value, the kernels in which the place strips that."""
        self._path = path
        self._kernels = kernels

    def each(self, m: Mbuf, do: Callable[[str], object]) -> None:
        """Strip with every value, and put together what is left."""
        tags, flags, changes = m.tags, m.flags, list(m.changes)
        left = dict.fromkeys(map(id, m.marks), 0)
        for value, kernels in self._kernels.items():
            if kernels & self._path.possible(STRIPS):
                m.tags, m.flags = tags, flags
                do(value)
                for mark in m.marks:
                    left[id(mark)] |= kernels
        m.changes[:] = changes
        m.tags = self._left(m, tags, left)
        m.flags = self._left(m, flags, left)

    def _left(self, m: Mbuf, marks: tuple[Mark, ...], left: dict[int, int]) -> tuple[Mark, ...]:
        found = []
        for mark in marks:
            under = left[id(mark)] & (mark.under if isinstance(mark, OpenMark) else -1)
            if not under & self._path.possible(STRIPS):
                m.changes.append(Change("remove", mark))
            else:
                found.append(self._opened(mark, under))
        return tuple(found)

    def _opened(self, mark: Mark, under: int) -> Mark:
        return OpenMark(
            mark.name,
            mark.made_for,
            mark.row,
            mark.stale,
            mark.proto,
            mark.spi,
            mark.dst,
            path=self._path,
            under=under,
        )


class OpenBuild:
    """A build whose switches are decided as they are read, but for what places strip."""

    def __init__(self, path: Path, kernels: Kernels) -> None:
        """Leave every switch open."""
        self._path = path
        self._of_switch = kernels.of_switch
        for place, of_strip in kernels.of_strip.items():
            vars(self)[place] = OpenStrip(path, of_strip)

    def __getattr__(self, name: str) -> str:
        """Decide a switch: it has the first value that is possible."""
        for value, kernels in self._of_switch[name].items():
            if self._path.ask(SWITCH, kernels):
                vars(self)[name] = value  # decided: from now on it is found without coming here
                return value
        msg = f"nothing is possible of {name}"
        raise BrokenInvariantError(msg)

    @property
    def build(self) -> Build:
        """Itself, as a kernel takes it."""
        return cast("Build", self)


class OpenSysctl:
    """The sysctls, which are switches too: the default policy's is read at boot, a level when it is asked."""

    def __init__(self, build: Build) -> None:
        """Boot."""
        self._build = build
        self.def_policy = PolicyType[build.def_policy.upper()]

    def __getattr__(self, name: str) -> Level:
        """Decide a default level."""
        return Level[getattr(self._build, name).upper()]

    @property
    def sysctl(self) -> Sysctl:
        """Itself, as a kernel takes it."""
        return cast("Sysctl", self)
