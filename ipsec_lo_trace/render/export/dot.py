"""The stage graph in Graphviz's language, for ``dot -Tsvg``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.render.export.graph import Edge, Graph, Node, graph
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.store import StoredTrace

STALE = 'color="#c2410c", fontcolor="#c2410c", penwidth=3'
NOTED = 'color="#c2410c", penwidth=3'


def write_dot(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write the graph: a thick arrow with ``!`` carries stale marks, a dashed one is the reply's."""
    for line in dot_lines(graph(trace)):
        out.write(line.encode() + b"\n")


def dot_lines(made: Graph) -> Iterator[str]:
    """Yield the graph's lines."""
    yield "digraph trace {"
    yield f"  graph [label={_quoted(made.title)}, labelloc=t, fontname=monospace]"
    yield "  node [shape=box, fontname=monospace]"
    yield "  edge [fontname=monospace, fontsize=10]"
    names = {name: f"n{number}" for number, name in enumerate(made.nodes)}
    for node in made.nodes.values():
        yield f"  {names[node.name]} [{_node(node)}]"
    for edge in made.edges.values():
        yield f"  {names[edge.start]} -> {names[edge.end]} [label={_quoted(edge.label)}{_edge(edge)}]"
    yield "}"


def _node(node: Node) -> str:
    if not node.stage:
        return f"label={_quoted(node.name)}, shape=ellipse, style=dashed"
    label = f"label={_quoted(node.name, *node.notes)}"
    return f"{label}, {NOTED}" if node.notes else label


def _edge(edge: Edge) -> str:
    style = "" if edge.packet == REQUEST else ", style=dashed"
    return f"{style}, {STALE}" if edge.stale else style


def _quoted(*lines: str) -> str:
    """Quote lines of text: a backslash of theirs is none of Graphviz's escapes."""
    texts = (plain(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(texts) + '"'
