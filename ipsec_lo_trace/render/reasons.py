"""Why a row came out as it did: its questions, the marks that settled them, and what depends on it later."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.operands import Borne, Operand, PacketEnds, PolicyRecord, RequestRecord, SaId
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.suggest import did_you_mean, likely, same
from ipsec_lo_trace.model.trace import Change, Check, Mark, Step, Verdict
from ipsec_lo_trace.pages.generated import FILES
from ipsec_lo_trace.pages.questions import PLACES
from ipsec_lo_trace.render.facts import ANY, answer_words, operand_words, proto_name, treatment_words
from ipsec_lo_trace.render.lives import Identity, Lives, identity, lives_of
from ipsec_lo_trace.render.store import StoredTrace

ROLES = ("cause", "effect", "seen", "unseen")
MANY_ROWS = 12
"""Rows of a stage that a message names."""


MADE_FOR = "made for"
EQUAL, DIFFERENT, COVERED, NOT_COVERED, ALONE = "=", "!=", "in", "not in", ""
"""How a part of the left operand relates to its counterpart; alone if there is none."""


class Part(msgspec.Struct, frozen=True):
    """One part of both operands: what it is, both values ("" where one has none), how they relate."""

    label: str
    left: str
    relation: str
    right: str


class Settled(msgspec.Struct, frozen=True):
    """The mark that settled a question: where it was made, for which packet, and since when it is stale.

    ``stage`` made it; ``stale_since`` is the row of ``stale_stage``, None while the mark is not stale.
    """

    mark: Mark
    stage: str
    stale_since: int | None
    stale_stage: str


class Asked(msgspec.Struct, frozen=True):
    """One question: who asks in which kernel file, both operands whole and side by side, the answer.

    ``answer`` is the answer's code, ``said`` its words.
    """

    id: str
    text: str
    by: str
    file: str
    left_is: str
    left: str
    right_is: str
    right: str
    parts: list[Part]
    answer: str
    said: str
    settled_by: Settled | None
    stale_code: str


class Later(msgspec.Struct, frozen=True):
    """A later row, and how it depends on this one."""

    row: int
    stage: str
    how: str


class Why(msgspec.Struct, frozen=True):
    """All that a trace can say about one row; ``roles`` are those that the verdict gives it."""

    row: int
    echo: int
    packet: str
    stage: str
    file: str
    did: str
    decision: str
    to: str
    errno: str | None
    reason: str
    changes: list[Change]
    roles: dict[str, str]
    questions: list[Asked]
    later: list[Later]


def why(trace: StoredTrace, wanted: str) -> Why:
    """Return the reasons of a row, by its number, its role in the verdict, or its stage if that has but one.

    UserError if there is none, or if a stage has more.
    """
    row = _row(trace, wanted)
    target: Step | None = None
    last = 0
    for step in trace.steps():
        last = step.row
        target = step if step.row == row else target
    if target is None:
        has = f"rows 1 to {last}" if last else "no row"
        raise UserError(f"row {row}: there is none; the trace has {has}", file=trace.name)
    echo = target.echo
    return reasons(target, [step for step in trace.steps() if step.echo == echo], trace.verdict)


def _row(trace: StoredTrace, wanted: str) -> int:
    if wanted.isascii() and wanted.isdigit():
        return int(wanted[:20])
    roles = {name: row for name, row in _roles(trace.verdict) if row is not None}
    if wanted.lower() in roles:
        return roles[wanted.lower()]
    stages = dict.fromkeys(step.stage for step in trace.steps())
    stage = same(wanted, stages)
    rows = [step.row for step in trace.steps() if step.stage == stage]
    if len(rows) == 1:
        return rows[0]
    if rows:
        first = ", ".join(map(str, rows[:MANY_ROWS])) + (", ..." if len(rows) > MANY_ROWS else "")
        raise UserError(f"{stage} has {len(rows)} rows: {first}", hint=f"why {rows[0]}")
    known = f"a row's number{''.join(f', {name}' for name in roles)}, or a stage that the trace has"
    near = did_you_mean(likely(wanted, [*roles, *stages]))
    raise UserError(f"ROW {wanted}: the verdict names no such row", hint=near or known)


def _roles(verdict: Verdict) -> Iterator[tuple[str, int | None]]:
    return ((name, getattr(verdict, name)) for name in ROLES)


def reasons(step: Step, echo: list[Step], verdict: Verdict) -> Why:
    """Return the reasons of a row, out of all rows of its echo."""
    roles = {
        name: verdict.reasons.get(name, verdict.text) for name, row in _roles(verdict) if row == step.row
    }
    lives = lives_of(echo)
    return Why(
        row=step.row,
        echo=step.echo,
        packet=step.packet,
        stage=step.stage,
        file=FILES.get(step.stage, ""),
        did=step.text,
        decision=step.decision,
        to=step.to,
        errno=step.errno,
        reason=step.reason,
        changes=step.changes,
        roles=roles,
        questions=[_asked(check, lives) for check in step.checks],
        later=_later(step, echo, lives, verdict),
    )


def _asked(check: Check, lives: Lives) -> Asked:
    question, place = QUESTIONS.get(check.id), PLACES.get(check.id)
    return Asked(
        id=check.id,
        text=question.text if question else "",
        by=question.by if question else "",
        file=place.file if place else "",
        left_is=place.left if place else "",
        left=operand_words(check.left),
        right_is=place.right if place else "",
        right=operand_words(check.right),
        parts=side_by_side(check.left, check.right),
        answer=check.answer,
        said=answer_words(check),
        settled_by=_settled(check.mark, lives) if check.mark else None,
        stale_code=question.stale_code if question else "",
    )


def _settled(mark: Mark, lives: Lives) -> Settled:
    stale = lives.stale.get(identity(mark)) if mark.stale else None
    made = lives.stages.get(mark.row, "")
    return Settled(mark, made, stale.row if stale else None, stale.stage if stale else "")


def _later(step: Step, echo: list[Step], lives: Lives, verdict: Verdict) -> list[Later]:
    """Return the later rows of the echo that depend on a row, in order."""
    after = [other for other in echo if other.row > step.row]
    found = [*_next(step, after)]
    settled: dict[Identity, dict[int, list[str]]] = {}
    for at, other in enumerate(after):
        for check in other.checks:
            if check.mark is not None:
                settled.setdefault(identity(check.mark), {}).setdefault(at, []).append(check.id)
    for mark in step.marks:
        how = _how(mark, step, lives)
        for at, ids in settled.get(identity(mark), {}).items():
            said = f"{mark.name}, {how}, settles {' and '.join(ids)}"
            found.append(Later(after[at].row, after[at].stage, said))
    stages = {other.row: other.stage for other in after}
    for name, row in _roles(verdict):
        if row in stages:
            reason = verdict.reasons.get(name, verdict.text)
            found.append(Later(row, stages[row], f"the verdict's {name.upper()}: {reason}"))
    return sorted(found, key=lambda later: later.row)


def _next(step: Step, after: list[Step]) -> Iterator[Later]:
    for other in after:
        if other.stage == step.to:
            yield Later(other.row, other.stage, f"takes the packet next, by {other.via}")
            return


def _how(mark: Mark, step: Step, lives: Lives) -> str:
    if mark.row == step.row:
        return "made here"
    stale = lives.stale.get(identity(mark))
    return "stale from here on" if stale and stale.row == step.row else "carried through here"


def side_by_side(left: Operand, right: Operand) -> list[Part]:
    """Take operands apart so that equal parts stand side by side; one part if none can be compared."""
    if isinstance(left, (Borne, SaId)) and isinstance(right, SaId):
        return _of_sas(left, right)
    if isinstance(left, RequestRecord) and isinstance(right, SaId):
        return _of_request(left, right)
    if isinstance(left, PacketEnds) and isinstance(right, PolicyRecord):
        return _of_packet(left, right)
    return [Part("", operand_words(left), ALONE, operand_words(right))]


def _equal(label: str, left: str, right: str) -> Part:
    return Part(label, left, EQUAL if left == right else DIFFERENT, right)


def _spi(spi: int | None) -> str:
    return "" if spi is None else f"0x{spi:08x}"


def _of_sas(left: Borne | SaId, right: SaId) -> list[Part]:
    """Compare tdb_idents: a tag's or a header's with an SA's."""
    parts = [
        _equal("proto", left.proto or "", right.proto),
        _equal("spi", _spi(left.spi), _spi(right.spi)),
        _equal("dst", left.dst or "", right.dst),
    ]
    if isinstance(left, Borne):
        made_for = Part(MADE_FOR, left.made_for, ALONE, "(not compared)")
        return [Part("tag", left.name, ALONE, ""), *parts, made_for]
    return parts


def _of_request(left: RequestRecord, right: SaId) -> list[Part]:
    """Compare what a rule asks for with the SA that was chosen."""
    parts = [_equal("proto", left.proto, right.proto), _equal("dst", left.dst, right.dst)]
    alone = {"src": left.src, "mode": left.mode, "level": left.level}
    alone |= {"reqid": str(left.reqid)} if left.reqid else {}
    parts += [Part(label, value, ALONE, "") for label, value in alone.items()]
    return [*parts, Part("spi", "", ALONE, _spi(right.spi))]


def _of_packet(left: PacketEnds, right: PolicyRecord) -> list[Part]:
    """Compare a packet's selector with the policy's that covers it."""
    parts = [_covered("src", left.src, right.src), _covered("dst", left.dst, right.dst)]
    upper = COVERED if right.upper in (ANY, left.upper) else NOT_COVERED
    parts.append(Part("protocol", proto_name(left.upper), upper, proto_name(right.upper)))
    ports = (("src port", left.src_port, right.src_port), ("dst port", left.dst_port, right.dst_port))
    parts += [_port(*each) for each in ports if each[2]]
    return [*parts, Part("policy", "", ALONE, f"{right.dir} {treatment_words(right)}")]


def _port(label: str, left: int, right: int) -> Part:
    return _equal(label, str(left) if left else "", str(right))


def _covered(label: str, left: str, right: str) -> Part:
    try:
        covered = IPv4Network(left).subnet_of(IPv4Network(right, strict=False))
    except ValueError:  # a trace that somebody wrote by hand
        return Part(label, left, ALONE, right)
    return Part(label, left, COVERED if covered else NOT_COVERED, right)
