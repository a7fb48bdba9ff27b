"""The stage graph as a Mermaid flowchart, which Markdown viewers draw."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.render.export.graph import Edge, Graph, Node, graph
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.store import StoredTrace

STYLES = (
    "classDef noted stroke:#c2410c,stroke-width:3px",
    "classDef outside stroke-dasharray:4 3",
)
STALE_STYLE = "stroke:#c2410c,stroke-width:3px"


def write_mermaid(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write the chart: a thick arrow with ``!`` carries stale marks, a dotted one is the reply's."""
    for line in mermaid_lines(graph(trace)):
        out.write(line.encode() + b"\n")


def mermaid_lines(made: Graph) -> Iterator[str]:
    """Yield the chart's lines."""
    yield "flowchart TD"
    # A comment ends with its line, and may not hold what opens a directive.
    title = re.sub(r"[^\w .,:()>-]", " ", plain(made.title), flags=re.ASCII)
    yield f"  %% {title}"
    names = {name: f"n{number}" for number, name in enumerate(made.nodes)}
    for node in made.nodes.values():
        yield f"  {names[node.name]}{_shape(node)}"
    stale = []
    for number, edge in enumerate(made.edges.values()):
        yield f"  {names[edge.start]} {_arrow(edge)}|{_quoted(edge.label)}| {names[edge.end]}"
        if edge.stale:
            stale.append(str(number))
    if stale:
        yield f"  linkStyle {','.join(stale)} {STALE_STYLE}"
    yield from (f"  {style}" for style in STYLES)


def _shape(node: Node) -> str:
    if not node.stage:
        return f"([{_quoted(node.name)}]):::outside"
    text = "<br>".join(map(_escaped, [node.name, *node.notes]))
    return f'["{text}"]' + (":::noted" if node.notes else "")


def _arrow(edge: Edge) -> str:
    if edge.stale:
        return "==>"
    return "-->" if edge.packet == REQUEST else "-.->"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Write what Mermaid or HTML could take for its own as Mermaid's character reference, ``#N;``."""
    return re.sub(r"[^\w .,:()!@/+=-]", lambda match: f"#{ord(match[0])};", plain(text), flags=re.ASCII)
