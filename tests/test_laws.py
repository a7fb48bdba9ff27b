"""What holds for every configuration, whatever it is?

Configurations are drawn at random: addresses, protocols, modes, levels, selectors, bundles, SAs that are
there or not.  ESP and AH on lo0 are opened by scapy, which shares no code with ours.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.ipsec import AH, ESP, SecurityAssociation

from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.operands import Operand, PolicyRecord
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.load import load
from tests.support import PATCHED, UNPATCHED, Traced, trace
from tests.support import A as HOST_A
from tests.support import B as HOST_B

ADDRESSES = ["10.9.9.1", "10.9.9.2"]
ESP_KEY, ESP_AUTH, AH_KEY = "123456789012345678901234", "0123456789abcdef", "01234567890123456789"
ESP_KEYS = f'-E 3des-cbc "{ESP_KEY}" -A hmac-md5 "{ESP_AUTH}"'
AH_KEYS = f'-A hmac-sha1 "{AH_KEY}"'


@st.composite
def rules(draw: st.DrawFn, src: str, dst: str) -> str:
    """Draw the rules of an ipsec policy for one direction."""
    protos = draw(st.sampled_from([["esp"], ["ah"], ["esp", "ah"], ["ah", "esp"]]))
    level = draw(st.sampled_from(["default", "use", "require"]))
    tunnel = draw(st.booleans())
    first = f"{protos[0]}/" + (f"tunnel/{src}-{dst}/{level}" if tunnel else f"transport//{level}")
    return " ".join([first, *(f"{proto}/transport//{level}" for proto in protos[1:])])


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """Draw a setkey(8) text about two local addresses."""
    lines = []
    for number, (src, dst) in enumerate([ADDRESSES, ADDRESSES[::-1]]):
        for proto, keys in (("esp", ESP_KEYS), ("ah", AH_KEYS)):
            if draw(st.integers(0, 9)) < 8:
                window = draw(st.sampled_from([0, 0, 4]))
                spi = 0x1000 + number + (0x100 if proto == "ah" else 0)
                lines.append(f"add {src} {dst} {proto} {spi} -r {window} {keys} ;")
    for direction in ("out", "in"):
        for src, dst in (ADDRESSES, ADDRESSES[::-1]):
            kind = draw(st.sampled_from(["ipsec", "ipsec", "ipsec", "absent", "none", "discard"]))
            upper = draw(st.sampled_from(["any", "icmp", "tcp"]))
            wide = draw(st.booleans())
            ends = "10.9.9.0/24 10.9.9.0/24" if wide else f"{src} {dst}"
            if kind == "absent" or (wide and (src, dst) != tuple(ADDRESSES)):
                continue
            policy = f"ipsec {draw(rules(src, dst))}" if kind == "ipsec" else kind
            lines.append(f"spdadd {ends} {upper} -P {direction} {policy} ;")
    return "\n".join(lines) or "flush ;"


def run(config: str, fix: str, **options: Any) -> Traced:  # noqa: ANN401 -- passed on
    """Trace a ping from A to B."""
    return trace(load(config, "drawn"), fix, src=HOST_A, dst=HOST_B, **options)


laws = settings(max_examples=settings().max_examples * 6 // 5, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(config=configurations(), fix=st.sampled_from([UNPATCHED, PATCHED]), preload=st.integers(1, 3))
def test_every_trace_is_well_formed(config: str, fix: str, preload: int) -> None:
    """Rows count up; marks are stale on another packet only; totals are sums; names are explained."""
    traced = run(config, fix, count=3, preload=preload)
    assert [step.row for step in traced.steps] == list(range(1, len(traced.steps) + 1))
    for step in traced.steps:
        assert all(mark.stale == (mark.made_for != step.packet) for mark in step.marks)
        assert all(check.answer in QUESTIONS[check.id].answers for check in step.checks)
        assert step.reason == "" or step.reason in CODES
        assert 0 <= step.analysis <= 8
    moved = Counter[str]()
    for step in traced.steps:
        moved.update(step.counters)
    assert traced.verdict.counters == dict(sorted(moved.items()))
    assert traced.verdict.outcome in OUTCOMES
    assert traced.verdict.code in CODES


@laws
@given(config=configurations())
def test_both_kernels_agree_until_icmp_reflect(config: str) -> None:
    """Up to the row of icmp_reflect the patched trace is the unpatched one, row by row."""
    unpatched, patched = run(config, UNPATCHED), run(config, PATCHED)
    for one, other in zip(unpatched.steps, patched.steps, strict=False):
        if one.stage == "icmp_reflect":
            break
        assert one == other


@laws
@given(config=configurations())
def test_with_the_fix_no_tag_enters_step_8(config: str) -> None:
    """With the fix the reply enters ip_output without a tag, and with every flag that the request had."""
    traced = run(config, PATCHED)
    for reflected in traced.at("icmp_reflect"):
        before = traced.steps[reflected.row - 2]
        assert [mark.name for mark in reflected.marks] == [
            mark.name for mark in before.marks if mark.name.startswith("M_")
        ]


@laws
@given(config=configurations())
def test_without_the_fix_the_reply_inherits_every_mark(config: str) -> None:
    """Without it, icmp_reflect changes no mark: all of the request's are the reply's, and stale."""
    traced = run(config, UNPATCHED)
    for reflected in traced.at("icmp_reflect"):
        before = traced.steps[reflected.row - 2]
        assert [mark.name for mark in reflected.marks] == [mark.name for mark in before.marks]
        assert all(mark.stale for mark in reflected.marks)


@laws
@given(config=configurations(), fix=st.sampled_from([UNPATCHED, PATCHED]))
def test_two_runs_are_the_same(config: str, fix: str) -> None:
    """The same configuration and options give the same records."""
    assert run(config, fix, count=2) == run(config, fix, count=2)


@laws
@given(config=configurations(), fix=st.sampled_from([UNPATCHED, PATCHED]))
def test_scapy_opens_what_crosses_lo0(config: str, fix: str) -> None:
    """Every packet on lo0 opens with scapy under the configured keys and holds the echo message."""
    traced = run(config, fix)
    for step in traced.at("looutput"):
        packet = IP(_bytes_at(traced, step))
        while packet.proto in (50, 51, 4):
            packet = packet[IP].payload if packet.proto == 4 else _opened(packet)
        assert packet[ICMP].type == (8 if step.packet == "P1" else 0)


def _bytes_at(traced: Traced, step: Step) -> bytes:
    """Return the packet's bytes at a row: those of the last row that changed them."""
    shown = [other.bytes for other in traced.steps[: step.row] if other.bytes is not None]
    return bytes.fromhex(shown[-1])


def _opened(packet: IP) -> IP:
    sa = SecurityAssociation(
        ESP if packet.proto == 50 else AH,
        spi=(packet[ESP] if packet.proto == 50 else packet[AH]).spi,
        crypt_algo="3DES" if packet.proto == 50 else None,
        crypt_key=ESP_KEY.encode() if packet.proto == 50 else None,
        auth_algo="HMAC-MD5-96" if packet.proto == 50 else "HMAC-SHA1-96",
        auth_key=(ESP_AUTH if packet.proto == 50 else AH_KEY).encode(),
    )
    return IP(bytes(sa.decrypt(packet)))


@laws
@given(config=configurations(), fix=st.sampled_from([UNPATCHED, PATCHED]))
def test_clean_means_clean(config: str, fix: str) -> None:
    """A clean run answered every echo, let no stale mark decide, and sent nothing with less than required."""
    traced = run(config, fix, count=2)
    if traced.verdict.outcome != "clean":
        return
    assert traced.verdict.ping == "ok"
    for step in traced.steps:
        assert not any(check.decided_by_stale for check in step.checks)
        asked = next((check for check in step.checks if check.id == "out-policy"), None)
        if step.to == "looutput" and asked is not None and _asks_for_esp(asked.right):
            assert "esp" in step.wire.proto


def _asks_for_esp(policy: Operand) -> bool:
    return isinstance(policy, PolicyRecord) and any(rule.proto == "esp" for rule in policy.requests)


@laws
@given(config=configurations())
def test_the_fix_never_leaks_more(config: str) -> None:
    """What leaks with the fix did not come out clean without it."""
    if run(config, PATCHED).verdict.outcome == "leak":
        assert run(config, UNPATCHED).verdict.outcome != "clean"
