"""Make mutants of a source file: one place changed at a time, as a slip of the hand might change it.

Conditions are negated, a comparison takes its neighbour's sign, an operand of ``and`` or ``or`` is left out,
an integer grows by one, a statement is left out, two arguments change places, an errno becomes another.
What alters words alone is left as it is: docstrings, texts, annotations; so are ``__slots__`` and decorators.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, get_args

from ipsec_lo_trace.model.codes import Errno

NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
EQUALITIES = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
ERRNOS = [errno for errno in get_args(Errno) if errno]
NO_ERRNO = dict(pairwise([*ERRNOS, ERRNOS[0]]))
UNTOUCHED = frozenset({"annotation", "returns", "decorator_list", "type_params"})
"""The fields of a node that hold types and decorators."""


class Mutant(NamedTuple):
    """One changed place of a file."""

    file: str
    line: int
    source: str
    """The line, without its indent."""
    change: str
    """What became of what."""
    text: bytes
    """The whole file, changed."""

    def __str__(self) -> str:
        """Say where it is and what is changed."""
        return f"{self.file}:{self.line}: {self.change}"


class Change(NamedTuple):
    """A node and what is to stand in its place."""

    node: ast.expr | ast.stmt
    by: str


def mutants(root: Path, file: str) -> list[Mutant]:
    """Make every mutant of a file, in the order of their places."""
    source = (root / file).read_bytes()
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    made = {}
    for node, by in changes(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start, end = (
            starts[node.lineno - 1] + node.col_offset,
            starts[node.end_lineno - 1] + node.end_col_offset,
        )
        old = " ".join(source[start:end].decode().split())
        here = lines[node.lineno - 1].decode().strip()
        made[start, end, by] = Mutant(
            file, node.lineno, here, f"{old} -> {by}", source[:start] + by.encode() + source[end:]
        )
    return [made[place] for place in sorted(made)]


def changes(node: ast.AST, *, inside: bool = False) -> Iterator[Change]:
    """Give every change below a node; ``inside`` a function statements may be left out."""
    if isinstance(node, ast.JoinedStr) or _is_typing(node):
        return
    if isinstance(node, ast.stmt) and inside:
        yield from _left_out(node)
    if isinstance(node, ast.expr):
        yield from _expression(node)
    conditions = [] if _only_words(node) else [*getattr(node, "ifs", ()), getattr(node, "test", None)]
    yield from (_negated(test) for test in conditions if test is not None)
    inside = inside or isinstance(node, ast.FunctionDef)
    for child in _children(node):
        for change in changes(child, inside=inside):
            # An equality that is the whole condition is turned round by its negation already.
            if not (change.node in conditions and _is_equality(change.node)):
                yield change


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes right below a node, without types and decorators."""
    for name, value in ast.iter_fields(node):
        if name not in UNTOUCHED:
            below = value if isinstance(value, list) else [value]
            yield from (child for child in below if isinstance(child, ast.AST))


def _is_equality(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], EQUALITIES)


def _is_typing(node: ast.AST) -> bool:
    """Tell whether a node is for the type checker or the interpreter's layout only."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in {"Literal", "Final"}
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"__slots__", "__all__"}


def _is_text(node: ast.AST | None) -> bool:
    """Tell whether a node is words: a formatted text, or a constant one that is no code."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) and _is_text(node.right)
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return isinstance(node, ast.JoinedStr) or (
        constant and isinstance(node, ast.Constant) and (not node.value or " " in str(node.value))
    )


def _only_words(node: ast.AST) -> bool:
    """Tell whether a condition chooses between texts."""
    return isinstance(node, ast.IfExp) and _is_text(node)


def _left_out(node: ast.stmt) -> Iterator[Change]:
    """Leave a statement out, unless it only says something."""
    kinds = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete)
    value = getattr(node, "value", None)
    says = isinstance(node, ast.Expr) and isinstance(value, ast.Constant | ast.Yield)
    if isinstance(node, kinds) and not says and not _is_text(value):
        yield Change(node, "pass")


def _negated(test: ast.expr) -> Change:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return Change(test, f"({ast.unparse(test.operand)})")
    return Change(test, f"(not ({ast.unparse(test)}))")


def _expression(node: ast.expr) -> Iterator[Change]:
    """Give the changes of an expression itself."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        sign = NEIGHBOURS[type(node.ops[0])]()
        changed = ast.Compare(left=node.left, ops=[sign], comparators=node.comparators)
        yield Change(node, f"({ast.unparse(changed)})")
    elif isinstance(node, ast.BoolOp):
        for number in range(len(node.values)):
            rest = node.values[:number] + node.values[number + 1 :]
            kept = rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest)
            yield Change(node, f"({ast.unparse(kept)})")
    elif isinstance(node, ast.Constant):
        if type(node.value) is int:
            yield Change(node, str(node.value + 1))
        elif isinstance(node.value, str) and node.value in NO_ERRNO:
            yield Change(node, repr(NO_ERRNO[node.value]))
    elif isinstance(node, ast.Call) and len(node.args) > 1:
        first, second, *others = node.args
        starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
        if not starred and not (_is_text(first) and _is_text(second)):
            swapped = ast.Call(func=node.func, args=[second, first, *others], keywords=node.keywords)
            yield Change(node, ast.unparse(swapped))
