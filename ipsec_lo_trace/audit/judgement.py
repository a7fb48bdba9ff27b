"""Hold a packet that was opened against the policies, and pair it with what it answers."""

from __future__ import annotations

from collections import OrderedDict, deque

import msgspec

from ipsec_lo_trace.audit.due import DISCARDED, MET, MISSING, UNSURE, Due, Dues
from ipsec_lo_trace.audit.opening import SEALED, Opened
from ipsec_lo_trace.audit.pairing import Asked, Pairs, exchange
from ipsec_lo_trace.audit.tally import Tally
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.network import Layer


class Judged(msgspec.Struct, gc=False):
    """``wire`` are the packet's bytes as they crossed (b"": no IP), ``inside`` what was in it, if anything.

    The other fields are those of AuditPacket.
    """

    number: int
    time_ns: int
    wire: bytes
    inside: Opened | None
    asked: tuple[str, ...]
    got: str
    answers: int
    codes: tuple[str, ...]
    text: str


MAX_INSIDES = 1024
"""How many tunnel packets' insides are kept, and how far behind a closed packet its inside is looked for."""
DECAPSULATED, MAYBE = "decapsulated-again", "maybe-decapsulated"
REUSED = {"reply": "reply-in-clear-2003", "rst": "rst-in-clear-2003"}
"""The kinds of answer that the kernel of 2003 makes in the mbuf of what it answers, and their leak."""
NOT_SHOWN: tuple[tuple[str, ...], str] = ((), "")
WRONG = frozenset({"wrong-icv", "not-opened", "authenticator-missing"})
OPAQUE, UNKNOWN_SPI = "opaque-sa", "unknown-spi"
CLEAR_TEXT = "clear-text"
FAMILIES = {4: "IPv4", 16: "IPv6"}
"""The IP versions, by the bytes of an address."""
ECN = 3
"""The lower two bits of a traffic class; both are set where congestion was experienced.  RFC 3168."""
NOT_ALLOWED = frozenset({MISSING, DISCARDED})
ACCEPTED = {MISSING: "accepted-in-clear", DISCARDED: "accepted-though-discarded"}
"""The code of a packet that was answered, by how it stood to the inbound policies."""


class Judgement:
    """What was judged so far.

    ``tally`` counts codes, ``got`` packets by what they got, ``leaks`` those without the protection that they
    need; ``sealed`` are the IP versions of which some packet had protection, ``dues`` the policies.
    """

    def __init__(self, host: HostConfiguration) -> None:
        """Take what the host was configured with: its policies say what protection is due."""
        self.tally = Tally()
        self.pairs = Pairs()
        self.leaks = 0
        self.got: dict[str, int] = {}
        self.sealed: set[str] = set()
        self.dues = Dues(host)
        self._insides: OrderedDict[bytes, int] = OrderedDict()
        self.has_tunnels = has_tunnels(host)
        self._compresses = compresses(host)
        self._closed: deque[tuple[int, int]] = deque(maxlen=MAX_INSIDES)

    def judge(self, frame: Frame, packet: bytes, opened: Opened, also: tuple[str, ...] = ()) -> Judged:
        """Judge a packet; ``packet`` is how it crossed, ``also`` are codes that are known already."""
        if opened.code:
            return self._unopened(frame, packet, opened, also)
        number, layer, proto, payload, borne = (
            frame.number,
            opened.layer,
            opened.proto,
            opened.payload,
            opened.borne,
        )
        due = self.dues.of(layer, proto, payload, borne)
        got = due.got
        self.got[got] = self.got.get(got, 0) + 1
        asks, answers, kind = exchange(layer, proto, payload)
        asked = self.pairs.answer(answers) if answers else None
        cut = "cut-short" in also
        shown, text = self._shown_again(number, packet, due, cut=cut) if not borne else NOT_SHOWN
        codes = also + shown
        # An answer to a protected packet that no inbound policy refused needs no look.
        answers_badly = asked is not None and (asked.into or not asked.protected)
        if not shown and (due.out or due.into or opened.order or answers_badly):
            more, text = self._weigh(opened, due, kind, asked, protected=got != "clear")
            codes += more
        if borne:
            self.sealed.add(FAMILIES[len(layer.dst)])
        for code in codes:
            self.tally.add(code, number, FAMILIES[len(layer.dst)] if code == CLEAR_TEXT else opened.detail)
        if opened.tunnelled:
            self.remember(opened, number)
        if asks and not shown:
            self.pairs.ask(asks, Asked(number, got != "clear", due.into if due.out != MISSING else MET))
        answered = 0 if asked is None else asked.number
        inside = opened if borne else None
        return Judged(number, frame.time_ns, packet, inside, due.asked, got, answered, codes, text)

    def _unopened(self, frame: Frame, packet: bytes, opened: Opened, also: tuple[str, ...]) -> Judged:
        """Take a packet into account whose inside is not known."""
        code = opened.code
        got = "opaque" if code == OPAQUE else "wrong" if code in WRONG else "unopened"
        self.got[got] = self.got.get(got, 0) + 1
        codes = (*also, code)
        for one in codes:
            self.tally.add(one, frame.number, opened.detail)
        if opened.proto in SEALED:
            self.sealed.add(FAMILIES[len(opened.layer.dst)])
        self.note_closed(frame, opened)
        return Judged(frame.number, frame.time_ns, packet, None, (), got, 0, codes, opened.detail)

    def _weigh(
        self, opened: Opened, due: Due, kind: str, asked: Asked | None, *, protected: bool
    ) -> tuple[tuple[str, ...], str]:
        """Return the codes of a packet that lacks something, answers something, or came out of order."""
        codes: tuple[str, ...] = (opened.order,) if opened.order else ()
        outbound = self._outbound(due, kind, asked, protected=protected)
        inbound = "" if due.out in (MISSING, DISCARDED) else _inbound(due)
        codes += tuple(filter(None, dict.fromkeys((outbound, inbound))))
        if asked is not None and asked.into in ACCEPTED:
            self.leaks += asked.into == MISSING
            codes += (ACCEPTED[asked.into],)
        elif asked is not None and protected and not asked.protected:
            codes += ("request-in-clear",)
        return codes, _lack(due)

    def _outbound(self, due: Due, kind: str, asked: Asked | None, *, protected: bool) -> str:
        """Say by which code a packet does not do what its outbound policy says, "" if it does."""
        if due.out == MET:
            return ""
        if due.out == UNSURE:
            return "policy-unsure"
        self.leaks += 1
        if due.out == DISCARDED:
            return "crossed-though-discarded"
        if protected:
            return "wrong-protection"
        if asked is not None and asked.protected:
            return REUSED.get(kind, CLEAR_TEXT)
        return CLEAR_TEXT

    def _shown_again(self, number: int, packet: bytes, due: Due, *, cut: bool) -> tuple[tuple[str, ...], str]:
        """Say that a packet in clear was inside a packet before it, or may have been; its codes and words.

        Of a packet that was ``cut`` what is there must agree.
        """
        again = self._insides.get(packet, 0)
        if cut and not again:
            again = next((seen for inside, seen in self._insides.items() if inside.startswith(packet)), 0)
        if again:
            unsure = ("policy-unsure",) if UNSURE in (due.out, due.into) else ()
            return (DECAPSULATED, *unsure), f"what packet {again} had inside"
        if not self._closed or (due.out not in NOT_ALLOWED and due.into not in NOT_ALLOWED):
            return NOT_SHOWN
        for closed, size in reversed(self._closed):
            if number - closed <= MAX_INSIDES and len(packet) < size:
                return (MAYBE,), f"may be what packet {closed} has inside"
        return NOT_SHOWN

    def note_closed(self, frame: Frame, opened: Opened) -> None:
        """Keep that a packet stayed closed which may have had a whole packet inside."""
        if self.has_tunnels or opened.code == UNKNOWN_SPI:
            size = ip.MAX_LEN if self._compresses else max(len(opened.outer), frame.wire_len)
            self._closed.append((frame.number, size))

    def note_part(self, number: int, layer: Layer) -> None:
        """Keep that a fragment of a sealed packet came: the whole may never do."""
        if layer.proto in SEALED:
            self.sealed.add(FAMILIES[len(layer.dst)])
        if self.has_tunnels:
            self._closed.append((number, ip.MAX_LEN))

    def forget_parts(self, numbers: set[int]) -> None:
        """Forget the fragments of a packet that is whole."""
        if self.has_tunnels:
            kept = [closed for closed in self._closed if closed[0] not in numbers]
            self._closed = deque(kept, maxlen=MAX_INSIDES)

    def remember(self, opened: Opened, number: int) -> None:
        """Keep what tunnel packet ``number`` had inside: it may be seen again."""
        inside = opened.inside
        self._insides[inside] = number
        for value in _classes(network.class_of(inside), opened.outer_class):
            self._insides[network.with_class(inside, value)] = number
        while len(self._insides) > MAX_INSIDES:
            self._insides.popitem(last=False)


def _classes(inner: int, outer: int) -> set[int]:
    """Return the traffic classes that an inside may have once its tunnel is off, besides its own.

    What congested the tunnel congested the inside too, if that can be told so (RFC 6040 section 4.2), and a
    host may copy the DSCP inwards (RFC 2983 section 4.2).
    """
    congested = outer & ECN == ECN and inner & ECN
    ecns = {inner & ECN, ECN if congested else inner & ECN}
    return {dscp & ~ECN | ecn for dscp in (inner, outer) for ecn in ecns} - {inner}


def has_tunnels(host: HostConfiguration) -> bool:
    """Tell whether packets may have whole packets inside; an SA of mode any does as its policy says."""
    rules = (rule for policy in host.policies for rule in policy.rules)
    return (
        any(sa.mode not in ("any", "transport") or (sa.opaque and sa.mode == "any") for sa in host.sas)
        or any(rule.mode != "transport" for rule in rules)
        or any(policy.kind == UNKNOWN for policy in host.policies)
    )


def compresses(host: HostConfiguration) -> bool:
    """Tell whether packets may be longer inside than outside."""
    rules = (rule.proto for policy in host.policies for rule in policy.rules)
    return IPPROTO_IPCOMP in (*(sa.proto for sa in host.sas), *rules)


def _inbound(due: Due) -> str:
    """Say by which code a packet does not do what its inbound policy says, "" if it does."""
    return {MET: "", MISSING: "in-policy-unmet", DISCARDED: "in-policy-discards", UNSURE: "policy-unsure"}[
        due.into
    ]


def _lack(due: Due) -> str:
    if due.missing:
        return f"lacks {' and '.join(due.missing)}, which the outbound policy asks for"
    if due.refused:
        return f"lacks {' and '.join(due.refused)}, which the inbound policy requires"
    return ""
