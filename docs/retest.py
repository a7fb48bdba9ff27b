"""What the documentation takes from the fixes, the switches, the probes and the table of all of them."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tables import table

import ipsec_lo_trace
from ipsec_lo_trace import Matrix, Setup, run_matrix
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.build import KNOBS, values
from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.model.matrix import Cell, Row
from ipsec_lo_trace.pages.index import KINDS
from ipsec_lo_trace.render.matrix_words import headline, key_points, sentences
from ipsec_lo_trace.userland.probe_kind import known_probe

FIXES = ("none", "netbsd-2003-08", "netbsd-2.0", "strict")
"""The columns that the account of the re-test shows."""
EXAMPLES = Path(__file__).resolve().parent / "examples"


@cache
def matrix() -> Matrix:
    """Fill the table once for all blocks."""
    return run_matrix()


def fix_table(_old: str) -> str:
    """List what each fix does, as switches."""
    rows = (
        (f"`{fix.name}`", fix.date or "not known", f"{fix.title}.", _switches(fix.knobs))
        for fix in all_fixes()
    )
    return table(("fix", "date", "what it does", "switches"), rows)


def _switches(knobs: dict[str, str]) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in knobs.items()) or "none"


def fix_sources(_old: str) -> str:
    """List where each fix was read, and what the model leaves out of it."""
    known = {page.name: _known(page.sure, page.runs) for page in KINDS["fixes"][1]}
    rows = ((f"`{fix.name}`", known[fix.name], f"{fix.source}.", fix.note) for fix in all_fixes())
    return table(("fix", "known", "source", "left out, or to be known"), rows)


def knob_table(_old: str) -> str:
    """List the switches; the first value is the plain kernel's."""
    rows = (
        (f"`{name}`", ", ".join(f"`{value}`" for value in values(name)), f"{knob.text}.", knob.source)
        for name, knob in KNOBS.items()
    )
    return table(("knob", "values", "what it decides", "source"), rows)


def probe_table(_old: str) -> str:
    """List the probes."""
    rows = (
        (f"`{page.name}`", page.text, dict(page.details)["answered"], _known(page.sure, page.runs))
        for page in KINDS["probes"][1]
    )
    return table(("probe", "question", "counts as answered if", "known"), rows)


def case_table(_old: str) -> str:
    """List the cases."""
    rows = (
        (f"`{page.name}`", page.text, dict(page.details)["pings"], _known(page.sure, page.runs))
        for page in KINDS["cases"][1]
    )
    return table(("case", "what it is", "pings", "known"), rows)


def rows_of(chosen: Callable[[Row], bool], kind: str = "") -> Callable[[str], str]:
    """List what some rows of the table come to under four fixes; pages of ``kind`` say what is known."""

    def block(_old: str) -> str:
        at = [matrix().fixes.index(fix) for fix in FIXES]
        rows = [
            (row.name, *(_words(cells[number]) for number in at), *([_known_of(row, kind)] if kind else []))
            for row, cells in zip(matrix().rows, matrix().cells, strict=True)
            if chosen(row)
        ]
        return table(("row", *(f"`{fix}`" for fix in FIXES), *(["traffic"] if kind else [])), rows)

    return block


def _known_of(row: Row, kind: str) -> str:
    if kind == "probes":
        runs = known_probe(row.program.removeprefix("probe ")).runs_over(row.case)
        return _known("measured" if runs else "derived", runs)
    [page] = [page for page in KINDS[kind][1] if page.name == row.case]
    return _known(page.sure, page.runs)


def _known(sure: str, runs: tuple[RunName, ...]) -> str:
    return f"{sure}: {', '.join(f'`{run}`' for run in runs)}" if runs else sure


def run_table(_old: str) -> str:
    """List the runs that a statement called measured names."""
    rows = (
        (f"`{page.name}`", page.text, *(f"{text}." for _label, text in page.details))
        for page in KINDS["runs"][1]
    )
    return table(("run", "what it is", "what ran", "compared", "held by"), rows)


def _words(cell: Cell) -> str:
    outcome = f"**{cell.outcome}**" if cell.outcome in ("leak", "panic") else cell.outcome
    return outcome if cell.code == cell.outcome else f"{outcome} (`{cell.code}`)"


def points(_old: str) -> str:
    """Say what the whole table says first."""
    return "\n".join(f"- {text}" for text in (headline(matrix()), *key_points(matrix())))


def verdicts_on_fixes(_old: str) -> str:
    """Say of each fix what the whole table says."""
    return "\n".join(f"- {text}" for text in sentences(matrix()))


def interface(_old: str) -> str:
    """Describe what ``from ipsec_lo_trace import ...`` gives, from signatures and docstrings."""
    names = [name for name in ipsec_lo_trace.__all__ if not name.startswith("_")]
    return "\n\n".join(_described(getattr(ipsec_lo_trace, name)) for name in names)


def table_records(_old: str) -> str:
    """Describe what a table is made of."""
    return "\n\n".join(_described(thing) for thing in (Row, Cell))


def _described(thing: Callable[..., object]) -> str:
    lines = [f"### {thing.__name__}", "", "```python", *_signature(thing), "```", "", _prose(thing)]
    members = [
        (f"`{name}`", _prose(value))
        for name, value in (vars(thing).items() if inspect.isclass(thing) else ())
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))
    ]
    lines += ["", table(("member", "meaning"), members)] if members else []
    return "\n".join(lines)


def _signature(thing: Callable[..., object]) -> Iterator[str]:
    """Yield a signature, a line for each parameter; types are as the source spells them."""
    signature = inspect.signature(thing)
    yield f"{thing.__name__}("
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "    *,"
        given = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
        annotation = getattr(thing, "__annotations__", {}).get(parameter.name, parameter.annotation)
        yield f"    {parameter.name}: {annotation}{given},"
    returned = signature.return_annotation
    yield ")" if returned is signature.empty else f") -> {returned}"


def _default(value: object) -> str:
    if value == Setup():
        return "Setup()"
    return "{}" if repr(value) == "<factory>" else repr(value)


def _prose(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").replace("``", "`").split())


def example(name: str) -> Callable[[str], str]:
    """Show an example file."""
    return lambda _old: f"```python\n{(EXAMPLES / name).read_text(encoding='utf-8')}```"


BLOCKS: dict[str, Callable[[str], str]] = {
    "fix table": fix_table,
    "fix sources": fix_sources,
    "runs": run_table,
    "knob table": knob_table,
    "probe table": probe_table,
    "case table": case_table,
    "retest pings": rows_of(lambda row: row.program == "ping" and row.reflector == "kernel", "cases"),
    "retest reflector": rows_of(lambda row: row.reflector == "userspace"),
    "retest probes": rows_of(lambda row: row.program != "ping", "probes"),
    "retest points": points,
    "retest fixes": verdicts_on_fixes,
    "interface": interface,
    "table records": table_records,
    "example tests": example("test_lo0.py"),
}
