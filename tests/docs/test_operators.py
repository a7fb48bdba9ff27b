"""Do stages ask of addresses, SPIs, protocols and the like only whether they are equal, and what fits first?

The cutoff argument (docs/explanation/every-small-configuration.md) rests on it.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from tests.docs.test_docs import DOCS, script

KERNEL = DOCS.parent / "ipsec_lo_trace" / "kernel"
KEY, IPSEC, INPUT = "netipsec/key.py", "netipsec/ipsec.py", "netipsec/ipsec_input.py"
PLANTS = {
    "an address by order": (KEY, "head.src == wanted.src", "head.src <= wanted.src", "<="),
    "an address by its bits": (KEY, "packet.src in policy.src", "int(packet.src) & 1", "as a number"),
    "the last byte of an address": (
        KEY,
        "packet.src in policy.src",
        "packet.src.packed[3]",
        "a part or a class",
    ),
    "an SPI by order": (KEY, "sav.spi == tdbi.spi", "sav.spi >= tdbi.spi", ">="),
    "a reqid by order": (KEY, "wanted.reqid in (0, head.reqid)", "wanted.reqid < head.reqid", "<"),
    "a protocol by order": (INPUT, "sav.proto != IPPROTO_IPCOMP", "sav.proto < IPPROTO_IPCOMP", "<"),
    "a level by order": (IPSEC, "isr.level is Level.UNIQUE", "isr.level > Level.REQUIRE", ">"),
    "a mode by order": (IPSEC, "tunnel = isr.mode is Mode.TUNNEL", "tunnel = isr.mode > Mode.ANY", ">"),
    "a type of policy by order": (IPSEC, "chosen.kind is PolicyType.IPSEC", "chosen.kind >= 2", ">="),
    "an SPI in another variable": (
        INPUT,
        "    if sav is None:",
        "    number = spi\n    if sav is None or number < 4096:",
        "<",
    ),
    "an SPI in a helper": (
        INPUT,
        "    if sav is None:",
        "    def low(spot: int) -> bool:\n        return spot < 4096\n\n    if sav is None or low(sav.spi):",
        "as a number",
    ),
    "the lowest of some addresses": (KEY, "packet.src in policy.src", "min(packet.src, packet.dst)", "min"),
    "the last policy that covers": (KEY, "next(walk, None)", "[*walk][-1]", "every one"),
    "the policies from behind": (
        KEY,
        "k.db.sptree[direction] if key_cmp",
        "reversed(k.db.sptree[direction]) if key_cmp",
        "reversed",
    ),
    "the second policy": (
        KEY,
        "sav = KEY_ALLOCSA(k, tdbi)",
        "sav = k.db.sptree[direction][1]",
        "by its place",
    ),
    "how many SAs there are": (KEY, "return key_do_allocsa_policy(k, head)", "return len(head.savs)", "len"),
    "the last SA that fits": (
        KEY,
        "            if sav.state is SaState.MATURE:\n                return sav\n    return None",
        "            if sav.state is SaState.MATURE:\n                found = sav\n    return found",
        "every one",
    ),
    "what is of no known kind": (IPSEC, "chosen.kind is PolicyType.IPSEC", "k.unheard_of > 3", ">"),
}
"""What no stage may ask: the file, what stands there, what a stage would ask instead, the operator."""


def test_stages_ask_of_operands_only_what_a_renaming_keeps() -> None:
    """No stage asks of an operand of the configuration by another operator, but for the named exceptions."""
    operators = script("operators")
    assert operators.wrong(operators.asked()) == []


def test_each_exception_is_needed() -> None:
    """Each exception is about an operator that its function does ask by."""
    operators = script("operators")
    found = {(one.place, one.operator) for one in operators.asked()}
    named = {(place, by) for place, (allowed, _why) in operators.EXCEPTIONS.items() for by in allowed}
    assert named - found == set()


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_another_question_is_noticed(plant: tuple[str, str, str, str]) -> None:
    """A stage that asks by order, by arithmetic, by place or for the last that fits is found, and named."""
    operators = script("operators")
    file, old, new, operator = plant
    text = (KERNEL / file).read_text(encoding="utf-8")
    assert old in text
    found = operators.wrong(operators.asked({file: text.replace(old, new, 1)}))
    assert found
    assert {one.place.split()[0] for one in found} == {file}
    assert any(one.operator.startswith(operator) for one in found)


def test_lengths_and_numbers_may_be_compared() -> None:
    """Which of two quantities is greater is asked often, and is no question about the configuration."""
    operators = script("operators")
    quantity = (
        "    if len(m.data) < args.hlen + 20 or ip.read(m.data).ttl <= 1:\n        return Panic('', '')\n"
    )
    text = (KERNEL / INPUT).read_text(encoding="utf-8")
    changed = text.replace("    if sav is None:\n", f"{quantity}    if sav is None:\n", 1)
    assert changed != text
    assert operators.asked({INPUT: changed}) != []
    assert operators.wrong(operators.asked({INPUT: changed})) == []


def test_what_stages_call_is_read_and_setkey_s_half_is_not() -> None:
    """Each linked stage is read, with what it calls; what answers PF_KEY messages is no stage."""
    operators = script("operators")
    kernel = {
        path.relative_to(KERNEL).as_posix(): operators.ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(KERNEL.rglob("*.py"))
    }
    reached = operators.Known(kernel).reached()
    assert {stage.function.__name__ for stage in link_table().values()} <= reached
    assert not {"key_add", "key_delete", "key_spdadd", "key_flush"} & reached
    found = {one.place.split()[1] for one in operators.asked()}
    assert {"KEY_ALLOCSP", "KEY_ALLOCSA", "_head_fits", "loop_detection", "m_tag_find"} <= found
