"""Pages to look at, and what a reader of HTML finds in them."""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.render.html.page import write_html
from ipsec_lo_trace.render.store import StoredTrace, write_jsonl
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.program import ProbeOptions
from tests.render.support import stored
from tests.support import LOCALHOST, PATCHED, UNPATCHED

VOID = ("meta", "input")


@dataclass(slots=True)
class Node:
    """An element with its attributes and what is in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """Give its classes."""
        return self.attributes.get("class", "").split()

    def nodes(self) -> Iterator[Node]:
        """Give the element and all that are inside, in the order of the page."""
        yield self
        for part in self.parts:
            if isinstance(part, Node):
                yield from part.nodes()

    def find(self, name: str = "", class_: str = "") -> list[Node]:
        """Give the elements inside with this name and this class."""
        found = (node for node in self.nodes() if node is not self)
        return [node for node in found if name in ("", node.name) and class_ in ("", *node.classes)]

    @property
    def text(self) -> str:
        """Give its words with one space between them."""
        return squeezed("".join(self.texts()))

    def texts(self) -> Iterator[str]:
        """Give its pieces of text as they are."""
        for part in self.parts:
            yield from [part] if isinstance(part, str) else part.texts()


class _Reader(HTMLParser):
    """Builds the tree; AssertionError where an element is not closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        assert len(node.attributes) == len(attrs), "an attribute comes twice"
        self._open[-1].parts.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)

    def close(self) -> None:
        super().close()
        assert self._open == [self.root]


@functools.cache
def parsed(page: bytes) -> Node:
    """Read a page."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    return reader.root


def trace(fix: str, name: str, **options: Any) -> StoredTrace:  # noqa: ANN401 -- passed on to stored()
    """Open a run's trace under a name."""
    return StoredTrace(io.BytesIO(stored(fix, **options)), name)


def probe(kind: str) -> StoredTrace:
    """Trace a probe that is no echo."""
    plan = Plan(ProbeOptions(kind, LOCALHOST), known_fix(UNPATCHED), chosen="a test", config=Origin("given"))
    configuration = load(builtin_text(proto="esp", mode="transport", local=LOCALHOST), "a test")
    tracing = Tracing(plan, configuration)
    lines = io.BytesIO()
    with closing(tracing.crossings):
        write_jsonl(tracing.stretches(), tracing.crossings.lines(), lines)
    return StoredTrace(lines, kind)


def written(a: StoredTrace, b: StoredTrace | None = None) -> bytes:
    """Write a page."""
    out = io.BytesIO()
    write_html(a, b, out)
    return out.getvalue()


@functools.cache
def default_page() -> bytes:
    """Write the page of the default diff."""
    return written(trace(UNPATCHED, "@unpatched"), trace(PATCHED, "@patched"))


def squeezed(text: str) -> str:
    """Give a text with one space between its words."""
    return re.sub(r"\s+", " ", text).strip()
