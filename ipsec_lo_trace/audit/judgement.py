"""Hold a packet that was opened against the policies, and pair it with what it answers."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ipsec_lo_trace.audit.due import COMPRESSION, Due, Dues
from ipsec_lo_trace.audit.opening import Opened
from ipsec_lo_trace.audit.pairing import Asked, Pairs, exchange
from ipsec_lo_trace.audit.tally import Tally
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.audit import AuditPacket, AuditRun
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.wire.summary import summarise

NO_PACKET = Packet([], [], [], [], "", "", 0, 0, 0, 0, more=False, info="")


class Judged(msgspec.Struct, gc=False):
    """``wire`` are the packet's bytes as they crossed (b"": no IPv4), ``inside`` those that were in it.

    The other fields are those of AuditPacket.
    """

    number: int
    time_ns: int
    wire: bytes
    inside: bytes | None
    asked: tuple[str, ...]
    got: str
    answers: int
    codes: tuple[str, ...]
    text: str


def described(judged: Judged) -> AuditPacket:
    """Make the record of a packet."""
    inside = judged.inside
    return AuditPacket(
        judged.number,
        judged.time_ns,
        summarise(judged.wire) if judged.wire else NO_PACKET,
        None if inside is None else summarise(inside),
        judged.asked,
        judged.got,
        judged.answers,
        judged.codes,
        judged.text,
    )


MAX_INSIDES = 64
DECAPSULATED = "decapsulated-again"
REUSED = {"reply": "reply-in-clear-2003", "rst": "rst-in-clear-2003"}
"""The kinds of answer that the kernel of 2003 makes in the mbuf of what it answers, and their leak."""
GOT = {(): "clear", ("esp",): "esp", ("ah",): "ah", ("ah", "esp"): "esp+ah"}
"""What a packet got, by the headers that were taken off it, outermost first."""
WRONG = frozenset({"wrong-icv", "not-opened"})


class Judgement:
    """What was judged so far.

    ``tally`` counts codes, ``got`` packets by what they got, ``leaks`` those without the protection that they
    need, ``asked`` those of which the outbound policy asks for some.
    """

    def __init__(self, run: AuditRun) -> None:
        """Take the head of the audit: its policies say what protection is due."""
        self.tally = Tally()
        self.pairs = Pairs()
        self.leaks = self.asked = 0
        self.got: dict[str, int] = {}
        self._dues = Dues(run)
        self._insides: OrderedDict[bytes, int] = OrderedDict()

    def judge(self, frame: Frame, packet: bytes, opened: Opened, also: tuple[str, ...] = ()) -> Judged:
        """Judge a packet; ``packet`` is how it crossed, ``also`` are codes that are known already."""
        number, data, borne = frame.number, opened.data, opened.borne
        if opened.code:
            return self._unopened(frame, packet, opened, also)
        due = self._dues.of(data, borne)
        got = self._note_got(GOT.get(borne) or _got(borne))
        asks, answers, kind = exchange(data)
        asked = self.pairs.answer(answers) if answers else None
        codes, text = also, ""
        if due.missing or due.refused or asked is not None or opened.order:
            more, text = self._weigh(opened, due, kind, asked, protected=got != "clear")
            codes += more
        for code in codes:
            self.tally.add(code, number, opened.detail)
        if due.asked:
            self.asked += 1
        if opened.tunnelled:
            self._remember(data, number)
        if asks and DECAPSULATED not in codes:
            self.pairs.ask(asks, Asked(number, got != "clear", due.refused))
        answered = 0 if asked is None else asked.number
        inside = data if borne else None
        return Judged(number, frame.time_ns, packet, inside, due.asked, got, answered, codes, text)

    def _note_got(self, got: str) -> str:
        self.got[got] = self.got.get(got, 0) + 1
        return got

    def _unopened(self, frame: Frame, packet: bytes, opened: Opened, also: tuple[str, ...]) -> Judged:
        """Take a packet into account whose inside is not known."""
        got = self._note_got("wrong" if opened.code in WRONG else "unopened")
        codes = (*also, opened.code)
        for code in codes:
            self.tally.add(code, frame.number, opened.detail)
        return Judged(frame.number, frame.time_ns, packet, None, (), got, 0, codes, opened.detail)

    def _weigh(
        self, opened: Opened, due: Due, kind: str, asked: Asked | None, *, protected: bool
    ) -> tuple[tuple[str, ...], str]:
        """Return the codes of a packet that lacks something, answers something, or came out of order."""
        codes: tuple[str, ...] = (opened.order,) if opened.order else ()
        text = ""
        if due.missing:
            code, text = self._missing(opened, due, kind, asked, protected=protected)
            codes += (code,)
        elif due.refused:
            codes += ("in-policy-unmet",)
            text = f"lacks {' and '.join(due.refused)}, which the inbound policy requires"
        if asked is not None and asked.unmet:
            self.leaks += 1
            codes += ("accepted-in-clear",)
        elif asked is not None and protected and not asked.protected:
            codes += ("request-in-clear",)
        return codes, text

    def _missing(
        self, opened: Opened, due: Due, kind: str, asked: Asked | None, *, protected: bool
    ) -> tuple[str, str]:
        """Say by which code a packet lacks what its outbound policy asks for."""
        tunnel = self._insides.get(opened.data)
        if tunnel is not None and not opened.borne:
            return DECAPSULATED, f"what packet {tunnel} had inside"
        self.leaks += 1
        text = f"lacks {' and '.join(due.missing)}, which the outbound policy asks for"
        if protected:
            return "wrong-protection", text
        if asked is not None and asked.protected:
            return REUSED.get(kind, "clear-text"), text
        return "clear-text", text

    def _remember(self, inside: bytes, number: int) -> None:
        """Keep what a tunnel packet had inside: it may be seen again."""
        self._insides[inside] = number
        if len(self._insides) > MAX_INSIDES:
            self._insides.popitem(last=False)


def _got(borne: tuple[str, ...]) -> str:
    names = {name for name in borne if name != COMPRESSION}
    return "+".join(name for name in ("esp", "ah") if name in names) or "clear"
