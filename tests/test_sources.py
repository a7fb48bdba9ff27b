"""Who has a kernel file open finds ours by its name: what cites X.c stands in X.py or X_*.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import ipsec_lo_trace

pytestmark = pytest.mark.slow

PACKAGE = Path(ipsec_lo_trace.__file__).parent
CITED = re.compile(r"\bSource: +(?P<folder>[\w/]+)/(?P<stem>\w+)\.(?P<kind>[ch])\b(?P<rest>[^;.]*)")

BYTES = "bytes are read and written in wire only"
EXCEPTIONS = {
    "kernel/kern/uipc_mbuf.py module": "sys/mbuf.h's flags, which macros set",
    "kernel/netinet/ip_input.py in_canforward": "in.c would be in.py, a name that Python keeps",
    "kernel/netipsec/xform_ipcomp.py _pack": "no crypto framework: who asks does its work",
    "kernel/state.py Sysctl": "what is global in any file of the kernel is a field of one Kernel",
    "kernel/state.py iptime": "ip_input.c and ip_icmp.c call each other: the clock is below both",
    "model/sa.py TdbIdent": "a record that every room shares",
    "setkey/apply.py _check_lifetimes": "no lifetime reaches the kernel",
    "setkey/dump_policy.py _priority": "what libipsec prints, read back",
    "wire/ah.py massage_options": BYTES,
    "wire/algorithms.py _keyed": BYTES,
    "wire/esp.py padding_len": BYTES,
    "wire/ip.py with_options": BYTES,
    "wire/ip.py fragment": BYTES,
    "wire/ip.py copied": BYTES,
    "wire/ipcomp.py deflate": BYTES,
    "wire/ipcomp.py inflate": BYTES,
    "wire/tcp.py turned": BYTES,
}
"""What stands elsewhere, by file and function, and why."""


class Citation(NamedTuple):
    """A file of the kernel that a docstring names first, and where ours stands."""

    path: Path
    name: str
    text: str

    @property
    def place(self) -> str:
        """Return the file and the function, as the exceptions are named."""
        return f"{self.path.relative_to(PACKAGE).as_posix()} {self.name}"

    @property
    def fits(self) -> bool:
        """Tell whether folder and file are named as the kernel's."""
        found = CITED.search(self.text)
        if found is None:
            return False
        home = PACKAGE / "kernel" / found["folder"]
        return self.path.parent == home and f"{self.path.stem}_".startswith(f"{found['stem']}_")


def citations() -> list[Citation]:
    """Return what cites a file of the kernel, but for constants: they stand where they are used."""
    found: list[Citation] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                if CITED.search(text):
                    found.append(Citation(path, getattr(node, "name", "module"), text))
    return found


def test_what_cites_a_kernel_file_stands_in_a_file_of_its_name() -> None:
    """Folder and file are the kernel's, but for the named exceptions, which do stand elsewhere."""
    found = citations()
    assert len(found) > 100
    assert {citation.place for citation in found if not citation.fits} == set(EXCEPTIONS)


def test_every_stage_cites_the_function_that_it_is_named_for() -> None:
    """A stage's docstring names its own C function, in the file that it stands in."""
    cited = {(citation.path, citation.name): citation for citation in citations()}
    stages = list(_stages())
    assert len(stages) > 30
    for path, name in stages:
        found = CITED.search(cited[path, name].text)
        assert found is not None
        assert name in re.findall(r"\w+", found["rest"]), name


def _stages() -> Iterator[tuple[Path, str]]:
    """Yield the file and the name of each function that is a stage."""
    for path in sorted((PACKAGE / "kernel").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and any(map(_makes_a_stage, node.decorator_list)):
                yield path, node.name


def _makes_a_stage(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=ast.Name(id="stage")):
            return True
    return False
