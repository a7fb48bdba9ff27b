"""Has every kind of operand its words and its notation, and every answer its words?"""

from __future__ import annotations

from typing import get_args

import pytest

from ipsec_lo_trace.model.operands import (
    NO_LIVE_SA,
    NO_SA_USED,
    Absent,
    AnyOf,
    Borne,
    DefaultPolicy,
    Hook,
    Operand,
    PacketEnds,
    PolicyRecord,
    Protocol,
    RequestRecord,
    SaId,
)
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Check, Step
from ipsec_lo_trace.render.facts import MISSING, answer_words, operand_words
from ipsec_lo_trace.render.minimal import step_lines
from tests.support import trace

REQUEST = RequestRecord("esp", "tunnel", "10.0.0.1", "10.0.0.2", "unique", 16385)
POLICY = PolicyRecord("in", "10.0.0.0/8", "0.0.0.0/0", 0, 7, 17, "ipsec", (REQUEST,))
NOTATION: dict[Operand, tuple[str, str]] = {
    Borne("OUT_DONE", "P1", "esp", 4096, "127.0.0.1"): (
        "OUT_DONE esp 0x00001000 to 127.0.0.1, made for P1",
        "OUT_DONE esp 0x00001000 to 127.0.0.1 made for P1",
    ),
    Borne("M_DECRYPTED", "P1", None, None, None): (
        "M_DECRYPTED, made for P1",
        "M_DECRYPTED made for P1",
    ),
    Absent(("M_DECRYPTED", "M_AUTHIPHDR")): (
        "no M_DECRYPTED and no M_AUTHIPHDR",
        "no M_DECRYPTED|M_AUTHIPHDR",
    ),
    AnyOf(("IN_DONE", "PF")): ("IN_DONE or PF", "IN_DONE|PF"),
    SaId("ah", 257, "10.0.0.2"): ("ah 0x00000101 to 10.0.0.2", "ah 0x00000101 to 10.0.0.2"),
    REQUEST: ("esp/tunnel/10.0.0.1-10.0.0.2/unique:16385",) * 2,
    PacketEnds("10.0.0.1", "10.0.0.2", 1, 0, 0): ("10.0.0.1 -> 10.0.0.2 icmp",) * 2,
    POLICY: ("in 10.0.0.0/8 -> 0.0.0.0/0[7] udp ipsec esp/tunnel/10.0.0.1-10.0.0.2/unique:16385",) * 2,
    DefaultPolicy("none", 2): ("none of 2 policies: the default, none", "default none of 2"),
    DefaultPolicy("discard", 0): ("no policy: the default, discard", "default discard of 0"),
    NO_SA_USED: ("no SA used yet", "no-sa-used"),
    NO_LIVE_SA: ("no live SA", "no-live-sa"),
    Protocol(50): ("esp", "esp"),
    Hook("PFIL_OUT"): ("PFIL_OUT", "PFIL_OUT"),
}


def test_every_kind_of_operand_is_told_below() -> None:
    """The table lacks no kind, and no code for what is missing."""
    assert {type(operand) for operand in NOTATION} == set(get_args(Operand))
    assert {NO_SA_USED.what, NO_LIVE_SA.what} == MISSING.keys()


@pytest.mark.parametrize("operand", NOTATION, ids=repr)
def test_an_operand_has_words_and_a_notation(operand: Operand) -> None:
    """People read the first, golden files hold the second."""
    words, notation = NOTATION[operand]
    assert operand_words(operand) == words
    [step] = trace("lo-esp").at("ip_input", "P1")[:1]
    assert isinstance(step, Step)
    step.checks, step.changes, step.decision = [Check("later", operand, operand, "code")], [], ""
    assert list(step_lines(step)) == [f"1 P1 ip_input ? later: {notation} | {notation} -> code"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_has_words(name: str) -> None:
    """Each code of a question has words; where it names the right side, those are that side's."""
    answers = QUESTIONS[name].answers
    assert answers
    for code, words in answers.items():
        assert answer_words(Check(name, NO_LIVE_SA, NO_LIVE_SA, code)) == words
    assert answer_words(Check(name, NO_LIVE_SA, NO_LIVE_SA, "later")) == "later"


def test_a_chosen_policy_or_sa_is_the_answer() -> None:
    """The policy's treatment and the SA's SPI say more than that there is one."""
    sa, packet = SaId("esp", 4096, "127.0.0.1"), PacketEnds("10.0.0.1", "10.0.0.2", 1, 0, 0)
    assert answer_words(Check("sa", REQUEST, sa, "chosen")) == "0x00001000"
    assert answer_words(Check("in-sa", sa, sa, "found")) == "0x00001000"
    assert answer_words(Check("out-policy", packet, POLICY, "covered")).startswith("ipsec esp/tunnel/")
    default = DefaultPolicy("none", 2)
    assert answer_words(Check("out-policy", packet, default, "default")) == "none: the default policy, none"
