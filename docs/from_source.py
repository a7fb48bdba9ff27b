"""What the documentation reads out of the package's source: hand-offs, and statements marked in comments."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from pathlib import Path

import ipsec_lo_trace
from ipsec_lo_trace.machine import stage as stages
from ipsec_lo_trace.machine.stage import Stage


def rooms() -> Iterator[tuple[int, str, str]]:
    """Yield level, name and first line of each room, in the order of the contract in pyproject.toml."""
    package = Path(ipsec_lo_trace.__file__).parent
    config = (package.parent / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r'"([^"]+)"', config.partition("\nlayers = [")[2].partition("]")[0])
    for level, layer in enumerate(layers, start=1):
        for name in layer.split(" | "):
            folder = package / name
            file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
            doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            yield level, name, doc.partition("\n")[0].replace("``", "`")


def said(stage: Stage) -> list[str]:
    """Split a stage's docstring into parts of one line each: the sentence, then "Source: " and others."""
    doc = inspect.getdoc(stage.function) or ""
    return [" ".join(part.split()) for part in re.split(r"\n\n|\n(?=[A-Z]\w*: )", doc)]


def transfers(stage: Stage) -> dict[str, str]:
    """Find by which transfer a stage reaches each symbol, from the hand-offs in its source.

    A hand-off that names no symbol goes through a switch, to those that no other hand-off names.
    """
    module = ast.parse(Path(inspect.getfile(stage.function)).read_text(encoding="utf-8"))
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, str] = {}
    through_switch = ""
    waiting, seen = [stage.function.__name__], set[str]()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for node in ast.walk(ast.Module(functions[name].body, [])):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in functions.keys() - seen:
                waiting.append(node.func.id)
            elif node.func.id == "hand_off":
                to, via = ast.unparse(node.args[0]), getattr(stages, ast.unparse(node.args[1]))
                if to.startswith("defs."):
                    found[to.removeprefix("defs.")] = via
                else:
                    through_switch = via
    return {to: found.get(to, through_switch) for to in sorted(stage.may_reach)}


def statements(path: Path, marker: str) -> Iterator[tuple[str, str]]:
    """Find a file's marked statements: the function (or module), and the text up to its paragraph's end."""
    source = path.read_text(encoding="utf-8")
    nodes = ast.walk(ast.parse(source))
    owners = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for line, text in paragraphs(source):
        if marker in text:
            inside = [node.name for node in owners if node.lineno <= line <= (node.end_lineno or 0)]
            yield inside[-1] if inside else "module", text.split(marker, 1)[1].strip()


def paragraphs(source: str) -> Iterator[tuple[int, str]]:
    """Yield each paragraph of comments and of strings as one line, with its line number."""
    comment: list[str] = []
    start = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            start = start if comment else token.start[0]
            comment.append(token.string.lstrip("# "))
        elif token.type not in (tokenize.NL, tokenize.NEWLINE):
            if comment:
                yield start, " ".join(comment)
            comment = []
            if token.type == tokenize.STRING:
                for part in textwrap.dedent(token.string.strip('"')).split("\n\n"):
                    yield token.start[0], " ".join(part.split())
