"""What stages ask of addresses, SPIs, protocols and the like, and by which operators, read out of their code.

Only of quantities may a stage ask which is greater.  An SPI that is given to a parameter for a quantity is
noticed there, and what is of no kind that is known is no quantity.
"""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from operands import (
    ADDRESS,
    BYTES,
    KERNEL,
    LISTED,
    MARK,
    NOTHING,
    OF_LAMBDA,
    OF_NAME,
    OF_TYPE,
    OF_WIRE,
    PROTO_AT,
    PROTOCOL,
    QUANTITY,
    RULE,
    Kinds,
    Known,
    Signature,
    identity,
    of_annotation,
    of_named,
)
from tables import table

SYMBOLS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
ORDERS = {"<", "<=", ">", ">="}
LOOKUP, FIRST, THERE, EACH = "key", "first match", "there", "each in order"
EVERY, PART, NUMBER, PLACE = "every one", "a part or a class of it", "as a number", "by its place in the list"
ALLOWED = {"==", "!=", "is", "is not", "in", "not in", LOOKUP, FIRST, THERE, EACH}
"""What a stage may ask: is it equal, is it in a set or a network, is it there; which one fits first."""
BY_VALUE = {"max", "min", "sorted", "sum", "len", "reversed", "sort"}
PASSES_ON = {"next", "list", "tuple", "iter", "set", "frozenset", "int", "str", "bytes", "bytearray"}
PASSES_ON |= BY_VALUE - {"len"}

_CLASS = "addresses of special classes; no shape of the scope has one, examples alone have"
_RECORD = "how many policies there are goes on record; no answer depends on it"
_AGE = "of several SAs of a kind the newest, and the others die: argued below, and run in examples alone"
EXCEPTIONS: dict[str, tuple[set[str], str]] = {
    "net/route.py rtalloc": ({PART}, f"groups: {_CLASS}"),
    "net/route.py source_for": (
        {"min"},
        "the lowest own address, where none is 127.0.0.1; every host has that",
    ),
    "netinet/ip_icmp.py _undeserved": ({PART}, f"groups: {_CLASS}"),
    "netinet/ip_icmp.py may_answer": ({"<", NUMBER}, f"network 0, classes D and E: {_CLASS}"),
    "netinet/ip_input.py _forward": ({PART}, f"groups: {_CLASS}"),
    "netinet/ip_input.py _header_fault": ({PART, NUMBER}, f"class D, and network 127 off lo0: {_CLASS}"),
    "netinet/ip_input.py in_canforward": ({"<", NUMBER}, f"network 0, classes D and E: {_CLASS}"),
    "netinet/ip_input_options.py ip_dooptions": ({PART}, f"groups: {_CLASS}"),
    "netinet/ip_output.py ip_output": ({PART}, f"groups: {_CLASS}"),
    "netinet/udp_usrreq.py _no_port": ({PART}, f"groups: {_CLASS}"),
    "netipsec/xform_ipip.py ipip_output": ({NUMBER}, f"0.0.0.0 as an SA's end: {_CLASS}"),
    "netinet/ip_input.py _policy_by_tag": ({"len"}, _RECORD),
    "netipsec/ipsec.py ipsec_getpolicybyaddr": ({"len"}, _RECORD),
    "netipsec/key.py KEY_ALLOCSP": ({"len"}, "how many answers are kept; each is that of the walk"),
    "netipsec/key.py key_do_allocsa_policy": ({EVERY}, _AGE),
    "netipsec/key.py key_lookup_policy": ({EVERY}, _AGE),
    "netipsec/key.py _newest": ({"max"}, _AGE),
    "netipsec/xform_ipcomp.py ipcomp_output": ({NUMBER}, "16 bits of the SPI: IPComp is in examples alone"),
    "kern/uipc_mbuf.py m_set_flag": (
        {"sorted"},
        "three flags in the order of their bits, on every host the same",
    ),
    "netinet/ip_encap.py encap4_input": (
        {"sorted"},
        "of three flags one that is not stale, if any, goes on record",
    ),
}
"""Who asks by another operator, by file and function; by which, and why that is no matter here."""


class Asked(NamedTuple):
    """An operand of the configuration that a function asks about: kind, the expression, and the operator."""

    place: str
    line: int
    kind: str
    what: str
    operator: str


def asked(instead: Mapping[str, str] = MappingProxyType({})) -> list[Asked]:
    """Return what the stages ask, and what they call, in the order of the files.

    ``instead`` has other texts for files of kernel, as a test plants them.
    """
    texts = {
        path.relative_to(KERNEL).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(KERNEL.rglob("*.py"))
    }
    kernel = {file: ast.parse(text) for file, text in (texts | dict(instead)).items()}
    known = Known(kernel)
    reached = known.reached()
    return [
        one
        for file, module in kernel.items()
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef) and node.name in reached
        for one in Reader(known, node, f"{file} {node.name}").asked()
    ]


def wrong(found: Iterable[Asked]) -> list[Asked]:
    """Return what is asked by an operator that is not allowed, but for the exceptions."""
    return [
        one
        for one in found
        if one.operator not in ALLOWED and one.operator not in EXCEPTIONS.get(one.place, (set(), ""))[0]
    ]


class Reader:
    """Reads a function: what each expression in it is about, and what is asked of it."""

    def __init__(self, known: Known, function: ast.FunctionDef, place: str) -> None:
        """Find out what its variables are about."""
        self._known = known
        self._function = function
        self._place = place
        self._found: dict[Asked, None] = {}
        self._names = dict(known.signatures.get(function.name, Signature()).takes)
        arguments = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
        self._names |= {one.arg: of_named(one, one.annotation) for one in arguments}
        self._fields = {
            one.arg: known.classes.get(ast.unparse(one.annotation).rpartition(".")[2], {})
            for one in arguments
            if one.annotation
        }
        self._nodes = sorted(_body(function), key=_where)
        self._kinds: dict[type[ast.expr], Callable[[ast.expr], Kinds]] = {
            ast.Name: self._of_name,
            ast.Attribute: self._of_attribute,
            ast.Call: self._of_call,
            ast.Subscript: self._of_subscript,
            ast.Constant: lambda node: QUANTITY if type(getattr(node, "value", None)) is int else NOTHING,
            ast.Compare: lambda _node: NOTHING,
            ast.JoinedStr: lambda _node: NOTHING,
            ast.Lambda: lambda node: self.kinds(node.body) if isinstance(node, ast.Lambda) else NOTHING,
            ast.IfExp: lambda node: (
                self._all(node.body, node.orelse) if isinstance(node, ast.IfExp) else NOTHING
            ),
        }
        for _ in range(2):  # what is assigned below may be read above, in a loop
            for node in self._nodes:
                self._assigned(node)

    def _assigned(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign):
            self._names[ast.unparse(node.target)] = of_named(node.target, node.annotation)
        elif isinstance(node, ast.For | ast.comprehension):
            self._bind(node.target, node.iter)
        elif isinstance(node, ast.Lambda):
            self._names |= {one.arg: OF_LAMBDA.get(one.arg, NOTHING) for one in node.args.args}

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        """Note what a variable is about; of several at once, each by itself where the values stand apart."""
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        parts = self._parts(value) if isinstance(target, ast.Tuple) else [self.kinds(value)]
        if len(parts) != len(targets):
            parts = [self.kinds(value)] * len(targets)
        for one, kinds in zip(targets, parts, strict=True):
            if isinstance(one, ast.Name):
                named = NOTHING if isinstance(value, ast.Compare) else OF_NAME.get(one.id, NOTHING)
                self._names[one.id] = self._names.get(one.id, NOTHING) | (named or kinds)

    def _parts(self, value: ast.expr) -> list[Kinds]:
        """Tell what the parts of a tuple are about, nothing where they are not known apart."""
        if isinstance(value, ast.Tuple):
            return [*map(self.kinds, value.elts)]
        if isinstance(value, ast.IfExp):
            either = zip(self._parts(value.body), self._parts(value.orelse), strict=False)
            return [one | other for one, other in either]
        return [*self._known.signatures.get(called(value), Signature()).parts]

    def kinds(self, node: ast.expr) -> Kinds:
        """Tell what an expression is about; a collection is about what is in it."""
        told = self._kinds.get(type(node))
        if told is not None:
            return told(node)
        return self._all(*(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)))

    def _all(self, *nodes: ast.expr) -> Kinds:
        return frozenset().union(*map(self.kinds, nodes))

    def _of_name(self, node: ast.expr) -> Kinds:
        name = node.id if isinstance(node, ast.Name) else ""
        if name in self._names:
            return self._names[name]
        return OF_NAME.get(name) or self._known.constants.get(name) or OF_TYPE.get(name, NOTHING)

    def _of_attribute(self, node: ast.expr) -> Kinds:
        if not isinstance(node, ast.Attribute):
            return NOTHING
        if ast.unparse(node.value) in OF_TYPE:
            return OF_TYPE[ast.unparse(node.value)]
        if node.attr == "name" and self.kinds(node.value) & MARK:
            return MARK
        of_class = self._fields.get(ast.unparse(node.value), {})
        found = OF_NAME.get(node.attr) or of_class.get(node.attr) or self._known.fields.get(node.attr)
        return found or self._known.constants.get(node.attr, NOTHING)

    def _of_call(self, node: ast.expr) -> Kinds:
        if not isinstance(node, ast.Call):
            return NOTHING
        name = called(node)
        if name in PASSES_ON:
            made = OF_TYPE.get(name, NOTHING)
            return self._all(*node.args) | made if name != "int" else self._all(*node.args) or QUANTITY
        if name == "len":
            return QUANTITY
        if isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value) == "ip" and name in OF_WIRE:
                return ADDRESS
            if name in ("get", "pop", "setdefault", "values", "items"):
                return self.kinds(node.func.value)
        return self._known.signatures.get(name, Signature(gives=OF_TYPE.get(name, NOTHING))).gives

    def _of_subscript(self, node: ast.expr) -> Kinds:
        if not isinstance(node, ast.Subscript):
            return NOTHING
        if called(node.value) == "outline" and _number(node.slice) in PROTO_AT:
            return PROTOCOL
        whole = self.kinds(node.value)
        if whole == BYTES and not isinstance(node.slice, ast.Slice):
            return QUANTITY
        return whole

    def asked(self) -> list[Asked]:
        """Return what the function asks, each question once."""
        looks: dict[tuple[type[ast.AST], ...], Callable[[Any], None]] = {
            (ast.Compare,): self._compare,
            (ast.Call,): self._call,
            (ast.Subscript,): self._subscript,
            (ast.BinOp,): lambda node: self._note(node, identity(self.kinds(node)), NUMBER),
            (ast.Attribute,): self._attribute,
            (ast.BoolOp,): lambda node: self._tested(*node.values[:-1]),
            (ast.UnaryOp,): self._unary,
            (ast.If, ast.IfExp, ast.While): lambda node: self._tested(node.test),
            (ast.Return,): self._returned,
            (ast.For, ast.comprehension): self._iterated,
        }
        for node in self._nodes:
            for types, look in looks.items():
                if isinstance(node, types):
                    look(node)
        return sorted(self._found, key=lambda one: one.line)

    def _note(self, node: ast.expr, kinds: Kinds, operator: str, what: str = "") -> None:
        if kinds:
            text = what or ast.unparse(node)
            self._found[Asked(self._place, node.lineno, ", ".join(sorted(kinds)), text, operator)] = None

    def _compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
            operator = SYMBOLS[type(op)]
            each = [self.kinds(left), self.kinds(right)]
            kinds = identity(each[0] | each[1])
            if operator in ORDERS and not kinds and not all(each):
                kinds = frozenset({"of no kind that is known"})
            self._note(node, kinds, operator, f"{ast.unparse(left)} {operator} {ast.unparse(right)}")

    def _call(self, node: ast.Call) -> None:
        name = called(node)
        if name in BY_VALUE:
            of = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "key")]
            if name == "sort" and isinstance(node.func, ast.Attribute):
                of.append(node.func.value)
            kinds = self._all(*of)
            counted = LISTED if name == "len" else identity(kinds)
            self._note(node, identity(kinds) & counted, name)
        elif name in ("get", "pop") and node.args and isinstance(node.func, ast.Attribute):
            self._note(node, identity(self.kinds(node.args[0])), LOOKUP)
        elif name == "int":
            self._note(node, identity(self._all(*node.args)), NUMBER)
        self._given(node, name)

    def _given(self, node: ast.Call, name: str) -> None:
        """Note what is given to a parameter or a field for a quantity, and is none."""
        signature = self._known.signatures.get(name)
        if (
            signature is None
            or name in self._known.records
            or any(isinstance(one, ast.Starred) for one in node.args)
        ):
            return
        pairs = [*zip(signature.takes, node.args, strict=False)]
        pairs += [(one.arg, one.value) for one in node.keywords if one.arg]
        for parameter, value in pairs:
            if signature.takes.get(parameter) == QUANTITY:
                self._note(value, identity(self.kinds(value)), NUMBER, f"{ast.unparse(value)} as {parameter}")

    def _subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            return
        whole = identity(self.kinds(node.value))
        self._note(node, whole & ADDRESS, PART)
        self._note(node, identity(self.kinds(node.slice)), LOOKUP)
        at = _number(node.slice)
        if isinstance(node.slice, ast.Slice) or at:
            self._note(node, whole & (LISTED | RULE), PLACE)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr.startswith("is_"):
            self._note(node, identity(self.kinds(node.value)), PART)

    def _unary(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._tested(node.operand)
        else:
            self._note(node, identity(self.kinds(node)), NUMBER)

    def _tested(self, *nodes: ast.expr) -> None:
        """Note what is asked whether it is there; a test of several parts ends with the last of them."""
        for node in nodes:
            if isinstance(node, ast.BoolOp):
                self._tested(node.values[-1])
            elif not isinstance(node, ast.Compare | ast.UnaryOp):
                self._note(node, identity(self.kinds(node)), THERE)

    def _returned(self, node: ast.Return) -> None:
        if node.value is not None and of_annotation(self._function.returns) == QUANTITY:
            self._note(node.value, identity(self.kinds(node.value)), NUMBER)

    def _iterated(self, node: ast.For | ast.comprehension) -> None:
        kinds = identity(self.kinds(node.iter))
        listed = kinds & LISTED
        if listed:
            self._note(node.iter, listed, FIRST if self._leaves(node) else EVERY)
        else:
            self._note(node.iter, kinds, EACH)

    def _leaves(self, node: ast.For | ast.comprehension) -> bool:
        """Tell whether an iteration ends at the first that fits, and keeps nothing of those before."""
        if isinstance(node, ast.For):
            return _first_match(self._function, node)
        generators = [
            one for one in self._nodes if isinstance(one, ast.GeneratorExp) and node in one.generators
        ]
        return bool(generators) and self._for_next(generators[0])

    def _for_next(self, generator: ast.GeneratorExp) -> bool:
        """Tell whether a generator is there for ``next`` alone, by itself or as a variable."""
        nexts = [one for one in self._nodes if isinstance(one, ast.Call) and called(one) == "next"]
        given = {id(one.args[0]) for one in nexts}
        names = {
            target.id
            for one in self._nodes
            if isinstance(one, ast.Assign) and one.value is generator
            for target in one.targets
            if isinstance(target, ast.Name)
        }
        uses = [
            one
            for one in self._nodes
            if isinstance(one, ast.Name) and one.id in names and isinstance(one.ctx, ast.Load)
        ]
        return id(generator) in given or (len(uses) == 1 and id(uses[0]) in given)


def _body(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield what a function does, without the types that it declares, and without functions inside it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        left_out = node.annotation if isinstance(node, ast.AnnAssign) else None
        waiting += [one for one in ast.iter_child_nodes(node) if one is not left_out]


def _where(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


def called(node: ast.expr) -> str:
    """Return the last name of what a call calls; "" of anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)


def _number(node: ast.expr) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def _first_match(function: ast.FunctionDef, loop: ast.For) -> bool:
    """Tell whether a loop returns at the first that fits, and leaves nothing behind where none did."""
    inside = {id(one) for one in ast.walk(loop)}
    nodes = [one for part in loop.body for one in ast.walk(part)]
    stores = {one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    read_outside = {
        one.id
        for one in ast.walk(function)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and id(one) not in inside
    }
    does = (ast.Expr, ast.AugAssign, ast.Delete, ast.Continue)
    kept = any(
        isinstance(one, ast.Attribute | ast.Subscript) and not isinstance(one.ctx, ast.Load) for one in nodes
    )
    acts = any(isinstance(one, does) for one in nodes)
    returns = any(isinstance(one, ast.Return) for one in nodes)
    return returns and not kept and not acts and not stores & read_outside


def _cell(text: str) -> str:
    return f"`{text}`"


def operators(_old: str) -> str:
    """List what stages ask about operands of the configuration, by function."""
    found = [one for one in asked() if one.operator in ALLOWED]
    rows = []
    for place in dict.fromkeys(one.place for one in found):
        mine = [one for one in found if one.place == place]
        about = ", ".join(sorted({kind for one in mine for kind in one.kind.split(", ")}))
        what = ", ".join(dict.fromkeys(_cell(one.what) for one in mine))
        by = ", ".join(dict.fromkeys(one.operator for one in mine))
        rows.append((_cell(place.split()[1]), about, what, by))
    return table(("function", "about", "what is asked", "by"), rows)


def exceptions(_old: str) -> str:
    """List who asks by another operator, and why it is no matter."""
    found = [one for one in asked() if one.operator not in ALLOWED]
    rows = []
    for place in dict.fromkeys(one.place for one in found):
        mine = ", ".join(dict.fromkeys(_cell(one.what) for one in found if one.place == place))
        rows.append((_cell(place.split()[1]), mine, EXCEPTIONS.get(place, (set(), "?"))[1]))
    return table(("function", "what it does", "why it is no matter here"), rows)


BLOCKS = {"operators": operators, "operator exceptions": exceptions}
