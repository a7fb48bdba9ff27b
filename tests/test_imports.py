"""No module of the package imports one that imports it back, be it late or for its types alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import ipsec_lo_trace

PACKAGE = Path(ipsec_lo_trace.__file__).parent
DOOR = PACKAGE.name
"""The package itself: it names where its Python interface lives, and loads that only when it is used."""


def _module(path: Path) -> str:
    """Return the dotted name of a file."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module(path): path for path in PACKAGE.rglob("*.py")}


def _imported(source: str) -> Iterator[str]:
    """Yield what a module imports from this package, in functions and for type checkers too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in MODULES:
                    yield whole
                elif node.module in MODULES:
                    yield node.module


def _sorted(arrows: dict[str, set[str]]) -> list[str]:
    return list(TopologicalSorter(arrows).static_order())


def test_no_module_is_imported_by_what_it_imports() -> None:
    """The modules can be put in an order in which each imports earlier ones only."""
    arrows = {
        name: set(_imported(path.read_text(encoding="utf-8"))) - {name}
        for name, path in MODULES.items()
        if name != DOOR
    }
    assert sum(map(len, arrows.values())) > 1000
    assert len(_sorted(arrows)) == len(MODULES)


def test_the_order_knows_a_circle() -> None:
    """A circle through an import inside a function is one."""
    late = set(_imported("def f():\n    from ipsec_lo_trace.machine.run import Machine\n"))
    with pytest.raises(CycleError):
        _sorted(
            {"ipsec_lo_trace.model.mbuf": late, "ipsec_lo_trace.machine.run": {"ipsec_lo_trace.model.mbuf"}}
        )
