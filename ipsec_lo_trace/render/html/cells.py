"""A row of one trace as the page shows it: what it did, marks, decision, bytes, what depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.dump import changed_bytes
from ipsec_lo_trace.render.html.decision import ending_html, later_html, questions_html
from ipsec_lo_trace.render.html.marks import marks_html
from ipsec_lo_trace.render.html.markup import element, heard, linked, words
from ipsec_lo_trace.render.html.sides import Side
from ipsec_lo_trace.render.lanes import SIGNS, STYLES, Sign
from ipsec_lo_trace.render.reasons import reasons
from ipsec_lo_trace.render.styles import Line
from ipsec_lo_trace.render.timeline import mark_cell, packet_text

PLACEHOLDERS = (".", "(none)")
SHOWN_AGAIN = 512
"""Bytes of a packet that are shown in each row; more only where they change."""


class Cells:
    """Makes the cells of one side and one echo; they are asked for in the order of the rows."""

    def __init__(self, side: Side, rows: list[Step]) -> None:
        """Begin with the echo's first row."""
        self.side = side
        self.rows = rows
        self._packet = ""
        self._data: dict[str, tuple[bytes, int]] = {}

    def cell(self, step: Step) -> str:
        """Return a row's cell."""
        letter = self.side.letter
        why = reasons(step, self.rows, self.side.trace.verdict)
        roles = (element("p", words(f"{name}: {text}"), class_="role") for name, text in why.roles.items())
        asked = questions_html(why, letter) or element("p", "Nothing is asked in this row.", class_="quiet")
        parts = {
            "": self._lead(step) + "".join(roles),
            "Marks": marks_html(step, self.side.follow.ledger, letter),
            "Decision": asked + ending_html(why) + _counters(step),
            "Bytes": self._bytes(step),
        }
        twin = (_part(title, content, "part twin") for title, content in parts.items())
        later = _part("What depends on it", later_html(why, letter), "part")
        return _part("", self._head(step), "part") + "".join(twin) + later

    def _head(self, step: Step) -> str:
        letter = self.side.letter
        name = element("a", words(f"{self.side.name}, row {step.row}"), href=f"#{letter}{step.row}")
        wire = step.wire
        route = f"packet {step.packet}, {packet_text(wire)}, {wire.src} to {wire.dst}"
        where = ", ".join(part for part in (route, wire.info, f"by {step.via}") if part)
        crosses = self.side.crossings.get(step.row)
        on_lo0 = element("p", words(f"crosses lo0 as {crosses}"), class_="lo0") if crosses else ""
        where = element("p", words(where), class_="packet")
        return element("p", name, class_="name") + where + self._strip(step) + on_lo0

    def _strip(self, step: Step) -> str:
        """Show the lanes in a line, where there is no room for them beside the list of rows."""
        borne = zip(self.side.lanes, self.side.follow.borne[step.row].signs, strict=True)
        marks = " ".join(_lane(lane.name, sign) for lane, sign in borne if sign != "none")
        return element("p", marks, class_="strip") if marks else ""

    def _lead(self, step: Step) -> str:
        """Say what the row did, in the text view's words."""
        reborn = self._packet != step.packet
        self._packet = step.packet
        cell = [(text, style) for text, style in mark_cell(step, reborn=reborn) if text not in PLACEHOLDERS]
        marks = " ".join(element("span", words(text), class_=f"m {style}") for text, style in cell)
        pointer = self.side.pointers.get(step.row, "")
        pointed = f" {element('strong', words(f'<== {pointer}'), class_='pointer')}" if pointer else ""
        return element("p", f"{marks}{': ' if marks else ''}{words(step.text)}{pointed}", class_="did")

    def _bytes(self, step: Step) -> str:
        mbuf = packet_name(step.packet).part
        if step.row in self.side.follow.carried:
            self._data[mbuf] = self.side.follow.carried[step.row]
        before, since = self._data.get(mbuf, (b"", step.row))
        if step.bytes is None:
            about = linked(Line().say(f"{len(before)} bytes, as in").refer([since]), self.side.letter)
            again = dump_html(before, set(), same=True) if len(before) <= SHOWN_AGAIN else ""
            return element("p", about, class_="quiet") + again
        after = bytes.fromhex(step.bytes)
        self._data[mbuf] = after, step.row
        changed = changed_bytes(before, after)
        many = "all of them" if len(changed) == len(after) else str(len(changed) or "none")
        about = words(f"{len(after)} bytes; changed here, and underlined: {many}")
        return element("p", about, class_="quiet") + dump_html(after, changed, same=False)


def _lane(name: str, sign: Sign) -> str:
    glyph, _ascii, meaning = SIGNS[sign]
    return element("span", f"{glyph} {words(name)}{heard(f' ({meaning})')}", class_=STYLES[sign])


def _part(title: str, content: str, class_: str) -> str:
    return element("div", (element("h4", title) if title else "") + content, class_=class_)


def _counters(step: Step) -> str:
    moved = ", ".join(f"{name} {by:+d}" for name, by in step.counters.items())
    return element("p", words(f"counted: {moved}"), class_="quiet") if moved else ""


def missing(side: Side) -> str:
    """Say that a side has no such row."""
    return element("p", words(side.name), class_="name") + element(
        "p", words(f"There is no such row in {side.letter.upper()}."), class_="quiet"
    )


LINE, GROUP = 16, 8


def dump_html(data: bytes, changed: set[int], *, same: bool) -> str:
    """Return lines of 16 bytes in two groups, which stand below each other where the column is narrow.

    ``same`` bytes are those of the row before, and left out on paper.
    """
    lines = (_line(data, start, changed) for start in range(0, len(data), LINE))
    return element("div", "".join(lines), class_="dump same" if same else "dump")


def _line(data: bytes, start: int, changed: set[int]) -> str:
    end = min(start + LINE, len(data))
    groups = (range(at, min(at + GROUP, end)) for at in range(start, end, GROUP))
    bytes_ = " ".join(element("span", "".join(_runs(data, group, changed))) for group in groups)
    return element("div", f"<i>{start:04x}</i> {bytes_}")


def _runs(data: bytes, places: range, changed: set[int]) -> Iterator[str]:
    """Mark neighbours that changed as one run; the space between two runs belongs to neither."""
    gap = ""
    for is_changed, run in groupby(places, changed.__contains__):
        text = " ".join(f"{data[at]:02x}" for at in run)
        yield gap + (element("mark", text) if is_changed else text)
        gap = " "
