"""An audit as text: what is audited, a row for each packet, what was found, and the verdict.

An ordinary row is a plain string, which is a fifth of the cost of styled text; a capture may have millions.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rich.text import Text

from ipsec_lo_trace.model.audit import (
    AuditFinding,
    AuditPacket,
    AuditPolicy,
    AuditRun,
    AuditSa,
    AuditVerdict,
)
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.render.facts import DIR_COLUMNS, files_text, proto_name, request_text
from ipsec_lo_trace.render.header import labelled
from ipsec_lo_trace.render.styles import Line, outcome_style

OUTCOME_STYLES = {"unsure": "stale-outcome"}
FINDING_STYLES = {"leak": "bad", "unsure": "stale-outcome", "note": ""}
INDENT = 24
"""Where the packet's column begins."""
BLANK = " " * INDENT
SEALED = ("esp", "ah", "ipcomp")
QUIET_CODES = frozenset({"fragment", "not-ip"})
"""What a row shows by itself."""


def head_lines(run: AuditRun, width: int) -> Iterator[Text]:
    """Say what is audited, and against what."""
    lines = [
        labelled("capture").glue(run.capture).say(run.link_type),
        labelled("config").glue(files_text(run.config)),
    ]
    lines += [labelled("policy").say(_policy_words(policy)) for policy in run.policies]
    lines += [labelled("SA").say(_sa_words(sa)) for sa in run.sas]
    if not run.policies:
        lines.append(labelled("policy").say("none"))
    if not run.sas:
        lines.append(labelled("SA").say("none"))
    for line in lines:
        yield from line.wrap(width)


def row_head(width: int) -> Iterator[Text]:
    """Give the columns their names."""
    yield Text("")
    yield from (
        Line(f"{'packet':>6} {'asked':<8}{'got':<9}", style="quiet").say("what it is", "quiet").wrap(width)
    )


def _policy_words(policy: AuditPolicy) -> str:
    src, dst = (
        (network or "anywhere") + ("" if port is None else f"[{port}]")
        for network, port in ((policy.src, policy.src_port), (policy.dst, policy.dst_port))
    )
    asked = " ".join([policy.type, *map(request_text, policy.requests)])
    only = f", only with {policy.condition}" if policy.condition else ""
    return f"{policy.dir:<{DIR_COLUMNS}} {src} -> {dst} {proto_name(policy.upper)} {asked}{only}"


def _sa_words(sa: AuditSa) -> str:
    both = ", both ways" if sa.src == sa.dst else ""
    mode = "" if sa.mode == "any" else f" {sa.mode}"
    reqid = f" reqid {sa.reqid}" if sa.reqid else ""
    esn = " extended sequence numbers" if sa.extended else ""
    algorithms = "".join(f" {name}" for name in (sa.cipher, " or ".join(sa.auths)) if name)
    closed = f", not to be read: {sa.opaque}" if sa.opaque else ""
    return f"0x{sa.spi:08x} {sa.proto} {sa.src} -> {sa.dst}{mode}{reqid}{algorithms}{esn}{both}{closed}"


def plain_row(packet: AuditPacket, width: int) -> str:
    """Give the row of a packet about which nothing is to be said; "" if something is."""
    for code in packet.codes:
        if code not in QUIET_CODES:
            return ""
    return _folded(_lead(packet) + _told(packet), width)


def packet_lines(packet: AuditPacket, width: int) -> list[Text]:
    """Give the row of a packet about which something is to be said."""
    line = Line(_lead(packet), hang=INDENT).say(_told(packet))
    if packet.text:
        line.say(f"({packet.text})", "quiet")
    for code in packet.codes:
        if code not in QUIET_CODES:
            line.glue(f"<== {code}", "pointer")
    return line.wrap(width)


def _lead(packet: AuditPacket) -> str:
    return f"{packet.number:>6} {_columns(packet.asked, packet.got)}"


@lru_cache(maxsize=64)
def _columns(asked: tuple[str, ...], got: str) -> str:
    """Show what the policy asks for and what the packet got, in columns."""
    shown = "CLEAR" if asked and got == "clear" else got or "-"
    return f"{'+'.join(asked) or '-':<8}{shown:<9}"


def _folded(row: str, width: int) -> str:
    """Break a row at its blanks, as Line does, for a tenth of the cost."""
    if len(row) <= width:
        return row
    cut = row.rfind(" ", INDENT + 1, width + 1)
    if cut < 0:
        cut = row.find(" ", INDENT + 1)
    return row if cut < 0 else f"{row[:cut]}\n{_folded(BLANK + row[cut + 1 :], width)}"


def _told(packet: AuditPacket) -> str:
    """Say in words what a packet is, from its outside in."""
    wire, inside = packet.wire, packet.inside
    if not wire.proto:
        return packet.text or wire.info or "no IP packet"
    seen = _upper(wire) if inside is None else f"{_headers(wire)} [{_upper(inside)}]"
    if wire.offset or wire.more:
        seen = f"{seen} at {wire.offset}"
    if packet.answers:
        seen = f"{seen}, answers {packet.answers}"
    return f"{wire.src} > {wire.dst} {seen}"


def _headers(wire: Packet) -> str:
    """Show AH, ESP and IPComp headers as ``ah:1011#1/esp:1001#1``."""
    if len(wire.spi) == 1 and wire.proto[0] in SEALED:
        return f"{wire.proto[0]}:{wire.spi[0]:x}#{wire.seq[0]}"
    around = "udp/" if wire.proto[0] == "udp" else ""
    names = [name for name in wire.proto if name in SEALED]
    numbers = zip(names, wire.spi, wire.seq, strict=False)
    return around + "/".join(f"{name}:{spi:x}#{seq}" for name, spi, seq in numbers)


def _upper(packet: Packet) -> str:
    """Show what a packet carries."""
    if packet.spi:
        return _headers(packet)
    if packet.ports:
        return f"{packet.proto[-1]} {packet.info}"
    return packet.info or packet.proto[-1]


def where(finding: AuditFinding) -> str:
    """Say which packets show a finding."""
    first = f"packet {finding.first}"
    return first if finding.packets == 1 else f"{finding.packets} packets, the first is {first}"


def finding_lines(finding: AuditFinding, width: int) -> Iterator[Text]:
    """Give a finding with its fix."""
    line = Line("  ", hang=4).glue(finding.code, FINDING_STYLES[finding.weight])
    yield from line.say(f"{where(finding)}: {finding.text}").wrap(width)
    if finding.fix:
        yield from Line("    fix ", hang=8).say(finding.fix).wrap(width)


def end_lines(verdict: AuditVerdict, width: int) -> Iterator[Text]:
    """Say what was found, how much was seen, and the result."""
    yield Text("")
    if verdict.findings:
        yield from Line().say("findings", "heading").wrap(width)
        for finding in verdict.findings:
            yield from finding_lines(finding, width)
        yield Text("")
    counts = ", ".join(f"{count} {got}" for got, count in verdict.got.items())
    seen = f"{verdict.packets} in all{f': {counts}' if counts else ''}; {verdict.answered} answered"
    yield from labelled("packets").say(seen).wrap(width)
    if verdict.trouble:
        yield from labelled("trouble").say(f"the capture is not whole: {verdict.trouble}", "bad").wrap(width)
    yield from verdict_line(verdict).wrap(width)


def verdict_line(verdict: AuditVerdict) -> Line:
    """Give the verdict in one line."""
    style = OUTCOME_STYLES.get(verdict.outcome) or outcome_style(verdict.outcome)
    line = Line("VERDICT ", hang=8, style="heading").glue(verdict.outcome.upper(), style)
    return line.say(f"({verdict.code}) {verdict.text}")
