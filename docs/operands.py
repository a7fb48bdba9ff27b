"""What expressions of the kernel's code are about: addresses, SPIs, protocols and the like, or quantities.

That is decided by rule: by the type that a declaration has (``OF_TYPE``), and where that is a plain int, str
or bytes, by the name (``OF_NAME``).  An int of another name is a quantity: a length, a TTL, a count, a
sequence number.
"""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import ipsec_lo_trace

PACKAGE = Path(ipsec_lo_trace.__file__).parent
KERNEL = PACKAGE / "kernel"

Kinds = frozenset[str]
NOTHING: Kinds = frozenset()
QUANTITY, BYTES = frozenset({"quantity"}), frozenset({"bytes"})
ADDRESS, MARK, POLICY, SA = (frozenset({kind}) for kind in ("address", "mark", "policy", "SA"))
PROTOCOL, PORT, RULE = (frozenset({kind}) for kind in ("protocol", "port", "rule"))
LISTED = POLICY | SA
"""What SPD and SAD hold."""
OF_TYPE: dict[str, Kinds] = {
    "IPv4Address": ADDRESS,
    "IPv4Network": ADDRESS,
    "Direction": frozenset({"direction"}),
    "Level": frozenset({"level"}),
    "Mode": frozenset({"mode"}),
    "Policy": POLICY,
    "PolicyType": frozenset({"type of policy"}),
    "Request": RULE,
    "Selector": frozenset({"selector"}),
    "PacketSelector": frozenset({"selector"}),
    "SaHead": SA,
    "SaIndex": SA,
    "SaState": frozenset({"state of an SA"}),
    "SecurityAssociation": SA,
    "TdbIdent": SA,
    "Mark": MARK,
    "int": QUANTITY,
    "bytes": BYTES,
    "bytearray": BYTES,
}
"""What a declared type is about."""
OF_NAME: dict[str, Kinds] = {
    **dict.fromkeys(("src", "dst", "local", "groups", "packed"), ADDRESS),
    **dict.fromkeys(("proto", "ul_proto", "next_header", "ULPROTO_ANY"), PROTOCOL),
    **dict.fromkeys(("port", "src_port", "dst_port", "sport", "dport", "lport", "fport", "PORT_ANY"), PORT),
    **dict.fromkeys(("spi", "cpi"), frozenset({"SPI"})),
    "reqid": frozenset({"reqid"}),
}
"""What an attribute, a parameter or a variable of this name is about, whatever its type says."""
OF_LAMBDA: dict[str, Kinds] = {"sav": SA, "head": SA, "sp": POLICY, "isr": RULE, "mark": MARK, "tag": MARK}
"""What the parameter of a lambda is about, which declares none."""
OF_WIRE = {"address", "src", "dst", "ends", "dst_text", "ends_text"}
"""The functions of ``wire.ip`` that give addresses, as bytes or as text."""
PROTO_AT = (4, -1)
"""Where ``wire.ip.outline`` has the protocol."""


class Signature(NamedTuple):
    """What a function or a class takes, by name and in order, and gives; of a tuple its ``parts`` too."""

    takes: dict[str, Kinds] = {}  # noqa: RUF012 -- never changed
    gives: Kinds = NOTHING
    parts: tuple[Kinds, ...] = ()


class Known:
    """What the package declares: fields, constants, functions and classes of kernel and of what it imports.

    Two of one name are one here, about all that either is about.
    """

    def __init__(self, kernel: Mapping[str, ast.Module]) -> None:
        """Read the declarations; ``kernel`` has its modules by file."""
        self.fields: dict[str, Kinds] = {}
        self.constants: dict[str, Kinds] = {}
        self.classes: dict[str, dict[str, Kinds]] = {}
        self.signatures: dict[str, Signature] = {}
        records = ast.parse((PACKAGE / "model" / "operands.py").read_text(encoding="utf-8"))
        self.records = {node.name for node in records.body if isinstance(node, ast.ClassDef)}
        self._calls: dict[str, set[str]] = {}
        self._stages: set[str] = set()
        for module in (*_imported(kernel.values()), *kernel.values()):
            for node in ast.walk(module):
                self._declared(node)
        for file, module in kernel.items():
            if file.startswith("kern/"):
                self._marks(module)
            for node in ast.walk(module):
                if isinstance(node, ast.FunctionDef):
                    self._function(node)

    def _declared(self, node: ast.AST) -> None:
        if isinstance(node, ast.AnnAssign):
            target = node.target.attr if isinstance(node.target, ast.Attribute) else ast.unparse(node.target)
            self._add(self.fields, target, of_annotation(node.annotation))
        elif isinstance(node, ast.FunctionDef):
            self._signature(node)
        elif isinstance(node, ast.ClassDef):
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
            takes = {ast.unparse(one.target): of_named(one.target, one.annotation) for one in fields}
            self.classes[node.name] = takes
            self.signatures[node.name] = Signature(takes, OF_TYPE.get(node.name, NOTHING))
        elif isinstance(node, ast.Module):
            for one in node.body:
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                    name, value = one.targets[0].id, one.value
                    other = self.constants.get(value.attr) if isinstance(value, ast.Attribute) else None
                    self._add(self.constants, name, other or of_constant(name, value))

    def _signature(self, node: ast.FunctionDef) -> None:
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        takes = {one.arg: of_named(one, one.annotation) for one in arguments if one.arg != "self"}
        gives = of_annotation(node.returns)
        if any(ast.unparse(one) == "property" for one in node.decorator_list):
            self._add(self.fields, node.name, gives)
        old = self.signatures.get(node.name)
        parts = tuple(map(of_annotation, _tuple_of(node.returns)))
        self.signatures[node.name] = Signature(takes, gives | old.gives if old else gives, parts)
        if node.name == "__init__":
            self._kept(node, takes)

    def _kept(self, init: ast.FunctionDef, takes: dict[str, Kinds]) -> None:
        """Take the fields that an initialiser fills with its arguments, or with constants."""
        for node in ast.walk(init):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                argument = node.value.id if isinstance(node.value, ast.Name) else ""
                kinds = takes.get(argument) or of_constant("", node.value)
                self._add(self.fields, node.targets[0].attr, kinds)

    def _marks(self, module: ast.Module) -> None:
        """Take the names of marks: the constants of kernel/kern."""
        for node in module.body:
            if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Dict):
                for target in node.targets:
                    self.constants[ast.unparse(target)] = MARK

    def _function(self, node: ast.FunctionDef) -> None:
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        names |= {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
        self._calls.setdefault(node.name, set()).update(names)
        if any("stage" in ast.unparse(one) for one in node.decorator_list):
            self._stages.add(node.name)

    @staticmethod
    def _add(to: dict[str, Kinds], name: str, kinds: Kinds) -> None:
        to[name] = to.get(name, NOTHING) | kinds

    def reached(self) -> set[str]:
        """Name the functions that a stage calls, or one that it calls; setkey(8)'s half is not there."""
        found, waiting = set[str](), [*self._stages]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._calls[name] & self._calls.keys()
        return found


def _imported(kernel: Iterable[ast.Module]) -> Iterator[ast.Module]:
    """Yield the package's modules outside of kernel that the kernel imports."""
    names = {
        name
        for module in kernel
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom)
        for name in (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))
    }
    for name in sorted(names):
        path = PACKAGE.parent / f"{name.replace('.', '/')}.py"
        if name.startswith("ipsec_lo_trace.") and KERNEL not in path.parents and path.exists():
            yield ast.parse(path.read_text(encoding="utf-8"))


def of_annotation(annotation: ast.expr | None) -> Kinds:
    """Tell what a declared type is about; of a mapping, what it maps to."""
    if annotation is None:
        return NOTHING
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in ("dict", "Mapping"):
        inner = annotation.slice
        return of_annotation(inner.elts[-1]) if isinstance(inner, ast.Tuple) else NOTHING
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
        return NOTHING
    names = (node.id for node in ast.walk(annotation) if isinstance(node, ast.Name))
    return frozenset().union(*(OF_TYPE.get(name, NOTHING) for name in names))


def _tuple_of(annotation: ast.expr | None) -> list[ast.expr]:
    """Take the type of a tuple apart; nothing of any other."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "tuple":
        return annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
    return []


def of_named(named: ast.AST, annotation: ast.expr | None) -> Kinds:
    """Tell what a parameter, a field or a variable is about: by its name, or else by its type."""
    name = named.arg if isinstance(named, ast.arg) else ast.unparse(named)
    return OF_NAME.get(name) or of_annotation(annotation)


def of_constant(name: str, value: ast.expr) -> Kinds:
    """Tell what a module's constant is about."""
    if name.startswith("IPPROTO_"):
        return PROTOCOL
    if isinstance(value, ast.Constant) and isinstance(value.value, int):
        return QUANTITY
    if isinstance(value, ast.BinOp | ast.UnaryOp):
        return QUANTITY
    if isinstance(value, ast.Call):
        return OF_TYPE.get(ast.unparse(value.func), NOTHING)
    if isinstance(value, ast.Tuple | ast.List):
        return frozenset().union(*(of_constant("", one) for one in value.elts))
    return NOTHING


def identity(kinds: Kinds) -> Kinds:
    """Leave out what may be compared by order."""
    return kinds - QUANTITY - BYTES
