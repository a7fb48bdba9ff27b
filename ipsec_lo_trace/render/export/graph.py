"""The stages that a trace visited, as a graph, with the packets' paths as its edges."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import SOCKET, Step
from ipsec_lo_trace.render.export.flow import Moment, follow
from ipsec_lo_trace.render.facts import program_text, title_text
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers

TOLD_ROWS = 4
"""How many rows of one edge are named; the others are counted."""


class Node(msgspec.Struct):
    """A stage, or an end of a path (``stage`` is False): who sent, who received, why it was dropped."""

    name: str
    stage: bool
    notes: list[str] = msgspec.field(default_factory=list)


class Edge(msgspec.Struct):
    """What led packets of one name (P1: the requests, P2: the replies) from a node to a node.

    ``rows`` are the first rows at which they came there, ``count`` counts all; for an edge to an end, the
    rows that it came from.  ``stale`` names the stale marks that they bore; ``names_them`` on the first edge
    of a packet that bore them, so that each label is said once.
    """

    start: str
    end: str
    packet: str
    stale: tuple[str, ...]
    rows: list[int] = msgspec.field(default_factory=list)
    count: int = 0
    names_them: bool = False

    @property
    def label(self) -> str:
        """Say whose edge it is, at which rows, and what stale marks it carries."""
        rows = ", ".join(map(str, self.rows))
        more = f" and {self.count - len(self.rows)} more" if self.count > len(self.rows) else ""
        stale = " !" if self.stale else ""
        names = f" {', '.join(self.stale)}" if self.names_them else ""
        return f"{self.packet}: row {rows}{more}{stale}{names}"


class Graph(msgspec.Struct):
    """Nodes and edges, each in the order of first use; its size depends on the stages, not on the rows.

    ``told`` are the packets and their stale marks that an edge has.
    """

    title: str
    nodes: dict[str, Node] = msgspec.field(default_factory=dict)
    edges: dict[tuple[str, str, str, tuple[str, ...]], Edge] = msgspec.field(default_factory=dict)
    told: set[tuple[str, tuple[str, ...]]] = msgspec.field(default_factory=set)

    def node(self, name: str, *, stage: bool = True) -> Node:
        """Find or add a node."""
        return self.nodes.setdefault(name, Node(name, stage))

    def path(self, start: str, end: str, step: Step, row: int) -> None:
        """Note that the packet of ``step`` went from a node to a node, at ``row``."""
        stale = tuple(sorted({mark.name for mark in step.marks if mark.stale}))
        key = (start, end, packet_name(step.packet).whole, stale)
        if key not in self.edges:
            self.edges[key] = Edge(*key, names_them=bool(stale) and key[2:] not in self.told)
            self.told.add(key[2:])
        edge = self.edges[key]
        edge.count += 1
        if len(edge.rows) < TOLD_ROWS:
            edge.rows.append(row)


def graph(trace: StoredTrace) -> Graph:
    """Make the graph of a trace."""
    run, verdict = trace.run, trace.verdict
    made = Graph(
        f"{title_text(run)}, kernel {run.kernel}, fix {run.fix}: {verdict.outcome.upper()} ({verdict.code})"
    )
    noted = pointers(verdict)
    for now in follow(trace):
        step = now.step
        _arrive(made, now, program_text(run))
        if step.row in noted:
            made.nodes[step.stage].notes.append(f"{noted[step.row]} (row {step.row})")
        if now.ends:
            end = f"dropped: {step.reason}" if step.reason else f"received by {step.to.removeprefix(SOCKET)}"
            made.node(end, stage=False)
            made.path(step.stage, end, step, step.row)
    return made


def _arrive(made: Graph, now: Moment, program: str) -> None:
    step = now.step
    came_from = now.came_from
    if came_from is None:
        start = f"sent by {program}"
        made.node(start, stage=False)
    else:
        start = came_from.stage
    made.node(step.stage)
    # An edge carries what the packet bore when it left, under the name that it arrives with.
    made.path(start, step.stage, _leaving(step, came_from), step.row)


def _leaving(step: Step, came_from: Step | None) -> Step:
    if came_from is None or came_from.packet != step.packet:
        return step
    return came_from
