"""The rows of a timeline: number, function, packet, a lane for each mark, size, and what happened."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.lanes import (
    LANES_OF_A_NAME,
    MEANINGS,
    SIGNS,
    STYLES,
    Borne,
    Lane,
    Lanes,
    Sign,
    lanes_of,
    told,
)
from ipsec_lo_trace.render.phrases import phrase
from ipsec_lo_trace.render.styles import Line

STAGE_COLUMNS = 22
PACKET_FROM, DECISION_FROM, NARROW_COLUMNS = 100, 120, 66
"""From these widths on a row says its packet, and its decision; below the last its words stand under it."""
SPACED_LANES, NAMED_LANES = 4, 6
"""So many lanes stand apart, and so many are named above their own column."""
PHRASE_COLUMNS = 36
HANG = 5


class Glyphs(msgspec.Struct, frozen=True):
    """The characters of a timeline beside the signs of its lanes."""

    signs: dict[Sign, str]
    rule: str
    border: str
    corner: str
    stem: str
    crosses: str
    clear: str


UNICODE = Glyphs(
    {sign: each[0] for sign, each in SIGNS.items()},
    rule="\u2500",
    border="\u2550",
    corner="\u256d\u2500",
    stem="\u2502",
    crosses="\u25b6",
    clear="\u2717",
)
ASCII = Glyphs(
    {sign: each[1] for sign, each in SIGNS.items()},
    rule="-",
    border="=",
    corner=",-",
    stem="|",
    crosses=">",
    clear="X",
)
CHARACTERS = frozenset("".join([*UNICODE.signs.values(), *msgspec.structs.astuple(UNICODE)[1:]]))
"""Every character beyond ASCII that a timeline may have."""


class Rows:
    """Lays out the rows of one trace."""

    def __init__(self, held: list[Step], width: int, glyphs: Glyphs, *, echoes: bool) -> None:
        """Find the lanes and the width of each column in the first rows; ``echoes``: there are several."""
        self._glyphs = glyphs
        self._width = width
        self._lanes = Lanes(lanes_of(held))
        self._gap = " " if len(self._lanes.lanes) <= SPACED_LANES else ""
        self._echoes = echoes
        packets = [self._named(step) for step in held] if echoes or width >= PACKET_FROM else []
        self._packet_columns = max(map(len, packets), default=0)
        self._proto_columns = max((len(step.wire.proto[0]) for step in held if step.wire.proto), default=4)
        self._len_columns = max((len(str(step.wire.len)) for step in held), default=3)
        self._row_columns = max(3, len(str(held[-1].row))) if held else 3
        self._decides = width >= DECISION_FROM and any(step.decision for step in held)
        self._shown: set[Sign] = set()
        self._crossed: set[str] = set()

    def _named(self, step: Step) -> str:
        return f"{step.echo} {step.packet}" if self._echoes else step.packet

    def heads(self) -> Iterator[Line]:
        """Name the lanes, and the columns under them."""
        lanes = self._lanes.lanes
        before = 6 + STAGE_COLUMNS + (self._packet_columns and self._packet_columns + 1)
        head = f"row  {'function':<{STAGE_COLUMNS}} "
        if self._packet_columns:
            head += f"{'pkt' if self._packet_columns > len('P1') else 'P':<{self._packet_columns}} "
        if len(lanes) > NAMED_LANES or self._width < NARROW_COLUMNS:
            letters = [chr(ord("a") + number) for number in range(len(lanes))]
            named: dict[str, str] = {}
            for letter, lane in zip(letters, lanes, strict=True):
                named[lane.name] = named.get(lane.name, "") + letter
            for name, its in named.items():
                yield Line(f"     {its:<{LANES_OF_A_NAME}} ", style="quiet").say(_meaning(name))
            head += self._gap.join(letters)
            line = Line(head, style="quiet") if len(head) <= self._width else Line(style="quiet").say(head)
            yield self._decision_head(line, len(head))
            return
        stem = f"{self._glyphs.stem}{self._gap}"
        for number, lane in enumerate(lanes[:-1]):
            yield Line(f"{' ' * (before - 1)}{stem * number}{self._glyphs.corner} ").say(_named(lane))
        lead = f"{head}{stem * (len(lanes) - 1)}{self._glyphs.corner if lanes else ''} "
        last = _named(lanes[-1]) if lanes else ""
        yield self._decision_head(Line(lead, style="quiet").say(last), len(lead + last) + bool(last))

    def _decision_head(self, line: Line, columns: int) -> Line:
        """Name the decisions' column, if there is one; the line's next word would begin at ``columns``."""
        if not self._decides:
            return line
        signs = len(self._gap.join("." * len(self._lanes.lanes)))
        size = self._proto_columns + 1 + self._len_columns
        packet = self._packet_columns and self._packet_columns + 1
        before = self._row_columns + 3 + STAGE_COLUMNS + packet + signs + len(self._gap) + 2 + size
        return line.glue(" " * (before + PHRASE_COLUMNS + 1 - columns) + "decision", "quiet")

    def row(self, step: Step, role: str) -> Line:
        """Lay out a row; rows come in order, and each is given, shown or not."""
        borne = self._lanes.borne(step)
        self._shown.update(borne.signs)
        crossing = self._crossing(step)
        lead: list[tuple[str, str]] = [
            (f"{step.row:>{self._row_columns}}", "quiet"),
            (crossing or " ", "stale" if step.unmet else "keep"),
            (f" {step.stage:<{STAGE_COLUMNS}} ", ""),
        ]
        if self._packet_columns:
            lead.append((f"{self._named(step):<{self._packet_columns}} ", ""))
        signs = list(self._signs(borne))
        size = f"{_proto(step):<{self._proto_columns}} {step.wire.len:>{self._len_columns}}"
        if self._width < NARROW_COLUMNS:
            line = self._narrow(lead, signs).glue(" ".join(size.split()))
        else:
            line = Line([*lead, *signs, (f"{self._gap} {size} ", "")])
        return self._words(line, step, role)

    def _narrow(self, lead: list[tuple[str, str]], signs: list[tuple[str, str]]) -> Line:
        """Leave the words to the lines below; the lanes too, where not even they have room."""
        if sum(len(text) for text, _style in (*lead, *signs)) <= self._width:
            return Line([*lead, *signs, (" ", "")], hang=HANG)
        number, crossing, *names = lead
        line = Line([number, crossing, (" ", "")], hang=HANG)
        for text, style in names:
            line.glue(text.strip(), style)
        return line.glue("".join(text for text, _style in signs).replace(" ", ""))

    def pass_by(self, step: Step) -> None:
        """Keep up with a row that is not shown."""
        self._lanes.pass_by(step)

    def _words(self, line: Line, step: Step, role: str) -> Line:
        words = phrase(step)
        if role:
            line.glue(role, "pointer")
        line.say(words, "bad" if step.unmet else "")
        if self._decides and step.decision:
            used = len(words) + (len(role) + 1 if role else 0)
            line.glue(" " * max(PHRASE_COLUMNS - used, 0) + step.decision, "quiet")
        line.is_row = True
        return line

    def _signs(self, borne: Borne) -> Iterator[tuple[str, str]]:
        glyphs = self._glyphs.signs
        for number, sign in enumerate(borne.signs):
            yield f"{self._gap if number else ''}{glyphs[sign]}", STYLES[sign]
        if borne.own:
            yield f" +{borne.own}", "add"
        if borne.stale:
            yield f" {glyphs['stale']}{borne.stale}", "stale"

    def _crossing(self, step: Step) -> str:
        """Mark what leaves this host, and what lacks protection where it does, or is accepted."""
        if step.unmet:
            self._crossed.add("clear")
            return self._glyphs.clear
        if step.stage == "ether_output" or "if_opackets" in step.counters:
            self._crossed.add("crosses")
            return self._glyphs.crosses
        return ""

    def legend(self) -> Iterator[Line]:
        """Explain the signs that occurred, in one line if there are any."""
        line, signs = Line(hang=2, style="quiet"), list(told(self._shown))
        for sign in signs:
            line.glue(f"{self._glyphs.signs[sign]} {SIGNS[sign][2]}", STYLES[sign]).say(" ")
        if "crosses" in self._crossed:
            line.glue(f"{self._glyphs.crosses} on the wire")
        if "clear" in self._crossed:
            line.glue(f"{self._glyphs.clear} unprotected", "bad")
        if signs or self._crossed:
            yield line


def _proto(step: Step) -> str:
    return step.wire.proto[0].upper() if step.wire.proto else "?"


def _meaning(name: str) -> str:
    return f"{name}: {MEANINGS[name]}" if name in MEANINGS else name


def _named(lane: Lane) -> str:
    return f"{lane.name}, another" if lane.number else _meaning(lane.name)
