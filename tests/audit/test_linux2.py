"""Do real captures of today's Linux come to what is known of them, packet by packet?"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.audit import LEAK_CODES
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration
from ipsec_lo_trace.xfrm.load import load_all
from tests.audit.linux2 import CAPTURES, audit_of, host_of, rows, texts
from tests.audit.support import audited_under
from tests.audit.test_shards import audit, in_shares

ROWS = rows()
NAMES = [row["name"] for row in ROWS]
SEALED = ("esp", "ah", "esp+ah")


def expected(row: dict[str, str], field: str) -> int:
    """Read a count of the table."""
    return int(row[field])


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_verdict_is_the_table_s(row: dict[str, str]) -> None:
    """Outcome and code are those that the set-up makes true."""
    verdict = audit_of(row).verdict
    if row["expected_outcome"] == "not-clean":
        assert verdict.outcome != "clean"
    else:
        assert verdict.outcome == row["expected_outcome"]
    assert row["expected_code"] in ("", verdict.code)
    others = 2 if row["name"] == "any-mixed" else 0
    assert verdict.packets + others == expected(row, "packets")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_packets_are_counted_as_they_are(row: dict[str, str]) -> None:
    """Protected ones, insides shown again, and those that go against a policy are as many as there are."""
    done = audit_of(row)
    sealed = sum(got in SEALED for got in done.got) + sum("fragment" in codes for codes in done.codes)
    sealed -= sum(
        "fragment" in codes and got in SEALED for codes, got in zip(done.codes, done.got, strict=True)
    )
    again = sum("decapsulated-again" in codes for codes in done.codes)
    against = sum(bool({*codes} & {*LEAK_CODES, "in-policy-unmet"}) for codes in done.codes)
    cut = sum("cut-short" in codes for codes in done.codes)
    if not cut:
        assert sealed == expected(row, "protected")
        assert against >= expected(row, "clear_against_policy")
    assert again == expected(row, "decapsulated_again")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_insides_are_those_of_an_independent_opener(row: dict[str, str]) -> None:
    """What each protected packet holds is what another decryptor found in it."""
    told = [one.strip() for one in row["inside_by_opener"].split(" ; ")]
    of_lo = [words for words in told if not words.startswith(("if3", "if4"))]
    for packet, words in zip(audit_of(row).packets, of_lo, strict=True):
        if packet.got in SEALED and "esp:" in words and "ipcomp" not in words:
            assert packet.inside is not None
            assert ("echo request" in packet.inside.info) == ("echo-request" in words)
            assert ("echo reply" in packet.inside.info) == ("echo-reply" in words)
            number = int(words.split("#")[1].split("[")[0])
            assert packet.wire.seq == [number] or packet.wire.offset


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_shares_come_to_the_same(row: dict[str, str]) -> None:
    """However many processes share it, they come to the verdict of one."""
    data, host = (CAPTURES / row["capture"]).read_bytes(), host_of(row)
    whole = audit(data, host).verdict()
    assert [in_shares(data, host, count) for count in (2, 3, 5, 8)] == [whole] * 4


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_order_of_texts_is_of_no_account(row: dict[str, str]) -> None:
    """State first or policies first: the same verdict."""
    data = (CAPTURES / row["capture"]).read_bytes()
    assert audited_under(data, load_all(texts(row)[::-1])).verdict == audit_of(row).verdict


@given(row=st.sampled_from(ROWS), data=st.data())
def test_what_is_left_out_adds_doubts_alone(row: dict[str, str], data: st.DataObject) -> None:
    """Any SAs and policies that cannot be read: no leak becomes clean, nothing protected becomes clear."""
    host, whole = host_of(row), audit_of(row)
    opaque = data.draw(st.sets(st.integers(0, max(0, len(host.sas) - 1))))
    unknown = data.draw(st.sets(st.integers(0, max(0, len(host.policies) - 1))))
    left = HostConfiguration(
        sas=[
            msgspec.structs.replace(sa, opaque="left out") if place in opaque else sa
            for place, sa in enumerate(host.sas)
        ],
        policies=[
            msgspec.structs.replace(policy, kind=UNKNOWN, rules=()) if place in unknown else policy
            for place, policy in enumerate(host.policies)
        ],
    )
    part = audited_under((CAPTURES / row["capture"]).read_bytes(), left)
    assert (whole.verdict.outcome, part.verdict.outcome) not in (("leak", "clean"), ("clean", "leak"))
    for before, after in zip(whole.got, part.got, strict=True):
        assert (before == "clear") == (after == "clear")


@given(row=st.sampled_from(ROWS), data=st.data())
def test_sas_that_are_not_given_make_no_leak(row: dict[str, str], data: st.DataObject) -> None:
    """SAs that the configuration lacks: their packets are doubts, and what was inside is no clear text."""
    host, whole = host_of(row), audit_of(row)
    gone = data.draw(st.sets(st.integers(0, max(0, len(host.sas) - 1))))
    left = HostConfiguration(
        sas=[sa for place, sa in enumerate(host.sas) if place not in gone], policies=host.policies
    )
    part = audited_under((CAPTURES / row["capture"]).read_bytes(), left)
    assert not (whole.verdict.outcome == "clean" and part.verdict.outcome == "leak")
