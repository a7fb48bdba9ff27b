"""What a fix is, and how it is found."""

from __future__ import annotations

import importlib
from functools import cache, lru_cache

import msgspec

from ipsec_lo_trace.fixes import presets
from ipsec_lo_trace.model.build import Build, turn, turned
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, listed

UNPATCHED = "none"
PATCHED = "netbsd-2003-08"
SHORT = {"unpatched": UNPATCHED, "patched": PATCHED}
"""What a fix may be called for short."""


class Fix(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment of stale marks: a kernel whose switches differ from the plain one's.

    ``date`` is that of the code or text it was read in (YYYY-MM-DD, YYYY-MM, YYYY, or "" if none was seen);
    ``source`` says where, and how sure that is.  ``note`` is what the model leaves out of it.
    """

    name: str
    title: str
    date: str
    source: str
    build: Build = Build()
    note: str = ""

    @property
    def knobs(self) -> dict[str, str]:
        """The switches that the fix turns, as ``--set`` takes them."""
        return turned(self.build)


@lru_cache(maxsize=256)
def find_fix(name: str) -> Fix | None:
    """Find a fix by its name or short name, ignoring case; None if there is none."""
    wanted = SHORT.get(name.lower(), name.lower())
    module = wanted.replace("-", "_").replace(".", "_")
    if not module.isidentifier():
        return None
    try:
        fix = _load(module)
    except ModuleNotFoundError:
        return None
    return fix if fix.name == wanted else None


def known_fix(name: str, field: str = "fix") -> Fix:
    """Find a fix by its name or short name; UserError, about ``field``, if there is none."""
    fix = find_fix(name)
    if fix is None:
        raise UserError("no such fix", field=field, token=name, hint=hint(name, fix_names(), listed("fixes")))
    return fix


def fix_names() -> list[str]:
    """Name every fix, the short names first."""
    return [*SHORT, *(fix.name for fix in all_fixes())]


@cache
def _modules() -> tuple[str, ...]:
    import pkgutil  # noqa: PLC0415 -- dear, and a run knows its fix by name

    return tuple(module.name for module in pkgutil.iter_modules(presets.__path__))


def _load(module: str) -> Fix:
    fix: Fix = importlib.import_module(f"{presets.__name__}.{module}").FIX
    return fix


@cache
def all_fixes() -> tuple[Fix, ...]:
    """Give every fix: "none" first, then by date, the undated last."""
    fixes = [_load(module) for module in _modules()]
    return tuple(sorted(fixes, key=lambda fix: (fix.name != "none", not fix.date, fix.date, fix.name)))


def built(fix: Fix, settings: dict[str, str]) -> Build:
    """Give the kernel's switches under a fix; ``settings`` are turned by hand and win."""
    return turn(fix.build, settings)
