"""Facts in words: SAs, policies, marks, and the operands and answers of checks.

This is the one place that makes them; every view takes them from here, and nothing reads them back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ipsec_lo_trace.model.operands import (
    Absent,
    AnyOf,
    Borne,
    DefaultPolicy,
    Hook,
    Nothing,
    Operand,
    PacketEnds,
    PolicyRecord,
    Protocol,
    RequestRecord,
    SaId,
)
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Check, Run, SaRecord

ANY = 255
ORIGINS = {
    "built-in": "built in (--show-config prints it)",
    "probe": "the probe's own (--show-config prints it)",
    "given": "given as a text",
}
NAMING = frozenset({"covered", "chosen", "found"})
"""Answers that are the right side itself: its policy or its SA says more than they do."""
MISSING = {"no-sa-used": "no SA used yet", "no-live-sa": "no live SA"}


def proto_name(number: int) -> str:
    """Name an upper protocol; its number if it has no name here."""
    return "any" if number == ANY else PROTO_NAMES.get(number, str(number))


def program_text(run: Run) -> str:
    """Name what ran: "ping", "probe KIND" or "replay CAPTURE"."""
    return " ".join(filter(None, (run.program, run.probe, run.capture)))


def title_text(run: Run) -> str:
    """Name what ran, and between which ends."""
    return f"{program_text(run)} {run.src} -> {run.dst}"


def origin_words(run: Run) -> str:
    """Say where the configuration came from, as the option that gave it if one did."""
    if run.source == "case":
        return f"--case {run.case}"
    if run.source == "file":
        return files_text(run.config)
    return ORIGINS.get(run.source, run.source)


def ends_words(run: Run) -> str:
    """Say that nobody gave the ends of a run, and whose they are."""
    return f"those of the first IPsec policy, made local (--ends {run.ends})"


def files_text(names: list[str]) -> str:
    """Name files as the options that gave them."""
    return " ".join(f"-f {name}" for name in names)


def sa_words(sa: SaRecord) -> str:
    """Show an SA in one line."""
    algorithms = " ".join(name for name in (sa.cipher, sa.auth) if name)
    both = ", both ways" if sa.src == sa.dst else ""
    mode = "" if sa.mode == "any" else f" {sa.mode}"
    reqid = f" reqid {sa.reqid}" if sa.reqid else ""
    window = f" window {sa.replay_window_bytes} bytes" if sa.replay_window_bytes else ""
    return f"0x{sa.spi:08x} {sa.proto} {sa.src} -> {sa.dst}{mode}{reqid} {algorithms}{window}{both}"


DIR_COLUMNS = 3
"""Columns that a direction takes where policies stand below each other."""


def policy_words(policy: PolicyRecord, dir_columns: int = 0) -> str:
    """Show a policy in one line."""
    src = policy.src + (f"[{policy.src_port}]" if policy.src_port else "")
    dst = policy.dst + (f"[{policy.dst_port}]" if policy.dst_port else "")
    return f"{policy.dir:<{dir_columns}} {src} -> {dst} {proto_name(policy.upper)} {treatment_words(policy)}"


def treatment_words(policy: PolicyRecord) -> str:
    """Show what a policy does with what it covers."""
    return " ".join([policy.type, *map(request_text, policy.requests)])


def request_text(request: RequestRecord) -> str:
    """Show a rule as setkey(8) writes it: PROTO/MODE/SRC-DST/LEVEL."""
    ends = f"{request.src}-{request.dst}" if request.src else ""
    number = f":{request.reqid}" if request.reqid else ""
    return f"{request.proto}/{request.mode}/{ends}/{request.level}{number}"


def _borne(mark: Borne) -> str:
    ident = "" if mark.spi is None else f" {mark.proto} 0x{mark.spi:08x} to {mark.dst}"
    return f"{mark.name}{ident}, made for {mark.made_for}"


def _packet(packet: PacketEnds) -> str:
    src, dst = (
        f"{address}[{port}]" if port else address
        for address, port in ((packet.src, packet.src_port), (packet.dst, packet.dst_port))
    )
    return f"{src} -> {dst} {proto_name(packet.upper)}"


def _default(policy: DefaultPolicy) -> str:
    among = f"none of {policy.among} policies" if policy.among else "no policy"
    return f"{among}: the default, {policy.type}"


_WORDS: dict[type[Operand], Callable[[Any], str]] = {
    Borne: _borne,
    Absent: lambda absent: f"no {' and no '.join(absent.names)}",
    AnyOf: lambda wanted: " or ".join(wanted.names),
    SaId: lambda sa: f"{sa.proto} 0x{sa.spi:08x} to {sa.dst}",
    RequestRecord: request_text,
    PacketEnds: _packet,
    PolicyRecord: policy_words,
    DefaultPolicy: _default,
    Nothing: lambda nothing: MISSING.get(nothing.what, nothing.what),
    Protocol: lambda protocol: proto_name(protocol.number),
    Hook: lambda hook: hook.name,
}


def operand_words(operand: Operand) -> str:
    """Say one side of a check."""
    return _WORDS[type(operand)](operand)


def answer_words(check: Check) -> str:
    """Say the answer; its code if a later version's trace has another question or another answer."""
    right = check.right
    if check.answer in NAMING and isinstance(right, PolicyRecord):
        return treatment_words(right)
    if check.answer in NAMING and isinstance(right, SaId):
        return f"0x{right.spi:08x}"
    question = QUESTIONS.get(check.id)
    said = question.answers.get(check.answer, check.answer) if question else check.answer
    return f"{said}, {right.type}" if isinstance(right, DefaultPolicy) else said


def compared_words(check: Check) -> str:
    """Say both sides of a check and its answer."""
    return f"[{operand_words(check.left)}] against [{operand_words(check.right)}]: {answer_words(check)}"
