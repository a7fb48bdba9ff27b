"""The rows of a difference: both rows in a line, a lane for each mark on either side, what was asked."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import Check, Mark, Step
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Pair
from ipsec_lo_trace.render.diff.words import label, sides
from ipsec_lo_trace.render.facts import answer_words, compared_words
from ipsec_lo_trace.render.lanes import SIGNS, STYLES, Lane, Lanes, Sign, told
from ipsec_lo_trace.render.marks import sa_text
from ipsec_lo_trace.render.phrases import phrase
from ipsec_lo_trace.render.rows import SPACED_LANES, STAGE_COLUMNS, Glyphs
from ipsec_lo_trace.render.styles import Line

SIGN = {SAME: "=", CHANGED: "~", REMOVED: "-", ADDED: "+"}
OP_STYLES = {SAME: "quiet", CHANGED: "pointer", REMOVED: "bad", ADDED: "add"}
INDENT, LABEL_COLUMNS = 10, 10
PACKET = "wire."
SHOWN_ELSEWHERE = frozenset({"marks", "changes", "checks", "counters", "text"})
"""Fields that lanes, questions and the table of counters show."""
SAID_BY_PHRASES = frozenset({"decision", "to", "reason", "errno"})
"""Fields that two phrases tell of, if they differ."""
NOT_ASKED = "not asked"


class PairRows:
    """Lays out pairs of rows; every pair of a comparison comes, in order."""

    def __init__(self, lanes: list[Lane], glyphs: Glyphs, *, digits: int) -> None:
        """Show these lanes on either side; rows' numbers have so many digits."""
        self._glyphs = glyphs
        self._lanes = lanes
        self._sides = Lanes(lanes), Lanes(lanes)
        self._gap = " " if len(lanes) <= SPACED_LANES else ""
        self._digits = digits
        # What was said of the row above, and of which row that is: it is not said again.
        self._packet: tuple[int, dict[str, tuple[str, str]]] = (0, {})
        self._marks: tuple[int, list[tuple[str, str]]] = (0, [])
        self._seen: set[Sign] = set()

    def head(self) -> Iterator[Line]:
        """Name the lanes, and the columns."""
        letters = [chr(ord("a") + number) for number in range(len(self._lanes))]
        named = [f"{letter} {lane.name}" for letter, lane in zip(letters, self._lanes, strict=True)]
        if named:
            yield Line("marks     ", hang=INDENT, style="quiet").say(", ".join(named), "quiet")
        columns = self._gap.join(letters)
        sides_ = " ".join(f"{side:>{self._digits}}" for side in "AB")
        yield Line(f"  {sides_} {'function':<{STAGE_COLUMNS}} {columns}  {columns}", style="quiet")

    def pass_by(self, pair: Pair) -> tuple[tuple[Sign, ...], ...]:
        """Follow the marks of a pair; return what each side's lanes show."""
        both = zip(self._sides, (pair.a, pair.b), strict=True)
        return tuple(() if step is None else lanes.borne(step).signs for lanes, step in both)

    def lines(self, pair: Pair, signs: tuple[tuple[Sign, ...], ...]) -> Iterator[Line]:
        """Lay a pair out: its row, and under it what no sign and no phrase shows."""
        yield self._row(pair, signs)
        if pair.a is not None and pair.b is not None:
            yield from self._fields(pair, pair.a, pair.b)

    def _row(self, pair: Pair, signs: tuple[tuple[Sign, ...], ...]) -> Line:
        op, steps = pair.op, (pair.a, pair.b)
        self._seen.update(*signs)
        numbers = " ".join(f"{one.row if one else '-':>{self._digits}}" for one in steps)
        lead = [(f"{SIGN[op]} {numbers} ", OP_STYLES[op]), (f"{pair.step.stage:<{STAGE_COLUMNS}} ", "")]
        for borne, behind in zip(signs, ("  ", " "), strict=True):
            lead += self._signs(borne)
            lead.append((behind, ""))
        line = Line(lead)
        if op is not CHANGED:
            return line.say(phrase(pair.step), OP_STYLES[op] if op is not SAME else "quiet")
        a, b = (phrase(step) if step is not None else "" for step in steps)
        return line.say(a, "quiet") if a == b else _arrow(line, a, b)

    def _signs(self, signs: tuple[Sign, ...]) -> Iterator[tuple[str, str]]:
        if not signs:
            yield self._gap.join(" " for _lane in self._lanes), ""
        for number, sign in enumerate(signs):
            yield f"{self._gap if number else ''}{self._glyphs.signs[sign]}", STYLES[sign]

    def _fields(self, pair: Pair, a: Step, b: Step) -> Iterator[Line]:
        marks = _marks(a.marks, b.marks) if "marks" in pair.fields else []
        if (a.row - 1, marks) != self._marks:
            yield from (_arrow(_lead("mark"), *both) for both in marks)
        self._marks = a.row, marks
        if "checks" in pair.fields:
            yield from _questions(a.checks, b.checks)
        packet = {name: sides(pair, name) for name in pair.fields if name.startswith(PACKET)}
        if packet and (a.row - 1, packet) != self._packet:
            yield _together("packet", packet)
        self._packet = a.row, packet
        told = SHOWN_ELSEWHERE | (SAID_BY_PHRASES if phrase(a) != phrase(b) else set())
        others = {name: sides(pair, name) for name in pair.fields if name not in packet and name not in told}
        if others:
            yield _together("", others)

    def legend(self) -> Line:
        """Explain the signs that occurred."""
        line = Line(hang=2, style="quiet")
        for sign in told(self._seen):
            line.glue(f"{self._glyphs.signs[sign]} {SIGNS[sign][2]}", STYLES[sign])
        return line


def _arrow(line: Line, a: str, b: str) -> Line:
    return line.say(a, "bad").say("=>", "quiet").say(b, "add")


def _lead(name: str) -> Line:
    return Line(f"{'':{INDENT}}{name:<{LABEL_COLUMNS - 1}} ", hang=INDENT + 2)


def _together(name: str, found: dict[str, tuple[str, str]]) -> Line:
    """Say several fields in one line."""
    line = _lead(name) if name else Line(" " * INDENT, hang=INDENT + 2)
    last = next(reversed(found))
    for field, (a, b) in found.items():
        line.say(label(field).removeprefix("packet "), "quiet")
        _arrow(line, a, b if field == last else f"{b},")
    return line


def _marks(a: tuple[Mark, ...], b: tuple[Mark, ...]) -> list[tuple[str, str]]:
    """Say what no lane shows: that marks of one name are of other SAs, or came in another order."""
    said = []
    for name in dict.fromkeys(mark.name for mark in a):
        sas = [[sa_text(mark) for mark in marks if mark.name == name] for marks in (a, b)]
        said += [(name + one, name + other) for one, other in zip(*sas, strict=False) if one != other]
    names = [[mark.name for mark in marks] for marks in (a, b)]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        said.append((", ".join(names[0]), ", ".join(names[1])))
    return said


def _questions(a: list[Check], b: list[Check]) -> Iterator[Line]:
    """Say each question that came out otherwise, or that only one side asked."""
    one, other = _by_question(a), _by_question(b)
    for key in dict.fromkeys([*one, *other]):
        asked = one.get(key), other.get(key)
        said = _answer(asked[0]), _answer(asked[1])
        if said[0] == said[1] and _fields_of(asked[0]) != _fields_of(asked[1]):
            said = _compared(asked[0]), _compared(asked[1])
        if said[0] != said[1]:
            yield _arrow(_lead(f"{key[0]}:"), *said)


def _by_question(checks: list[Check]) -> dict[tuple[str, int], Check]:
    """Find questions by their name, and how often it was asked before in the row."""
    found: dict[tuple[str, int], Check] = {}
    for check in checks:
        number = sum(name == check.id for name, _number in found)
        found[check.id, number] = check
    return found


def _fields_of(check: Check | None) -> object:
    """Give what two checks share that differ in the row of their mark alone."""
    return check and (check.left, check.right, check.answer)


def _compared(check: Check | None) -> str:
    return compared_words(check) if check is not None else NOT_ASKED


def _answer(check: Check | None) -> str:
    if check is None:
        return NOT_ASKED
    by = f", by a stale {check.mark.name}" if check.decided_by_stale and check.mark else ""
    return f"{answer_words(check)}{by}"
