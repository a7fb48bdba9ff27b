"""Captures and policies that are made to cost much: each packet costs the same."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.audit.due import Dues
from ipsec_lo_trace.audit.numbers import WINDOW_BITS, Numbers, high_halves
from ipsec_lo_trace.audit.policies import Ends, Policies
from ipsec_lo_trace.setkey.host import load
from ipsec_lo_trace.wire import network
from tests.audit import independent as by_rfc
from tests.audit.support import LO_ESP, audited, capture, packet

NUMBERS = st.integers(0, (1 << 64) - 1)


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_gap_costs_no_memory(numbers: list[int]) -> None:
    """Whatever the numbers are, what is kept of them fits the window; each is told by the ones before it."""
    table = Numbers()
    came: list[int] = []
    for seq in numbers:
        told = table.see(seq)
        highest = max(came, default=-1)
        if seq > highest:
            assert told == ""
        elif seq in came and highest - seq < WINDOW_BITS:
            assert told == "replayed"
        else:
            assert told == "out-of-order"
        came.append(seq)
        assert table.seen.bit_length() <= WINDOW_BITS
        assert table.highest == max(came)


@given(high=st.integers(0, 1 << 31), low=st.integers(0, (1 << 32) - 1), ahead=st.integers(-1000, 1 << 20))
def test_the_high_half_is_among_the_guesses(high: int, low: int, ahead: int) -> None:
    """A number near the highest before it is found, whichever side of a wrap it is on, and comes first."""
    highest = high << 32 | low
    seq = max(0, highest + ahead)
    guesses = high_halves(seq & 0xFFFFFFFF, highest, (0,))
    assert guesses[0] == (seq >> 32).to_bytes(4, "big")
    assert len(guesses) <= 6


def test_thousands_of_policies_are_not_walked_for_each_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only policies whose networks hold a packet's ends are looked at, however many others there are."""
    text = "".join(
        f"spdadd 10.{number >> 8}.{number & 255}.1/32 10.9.9.2/32 any -P out ipsec esp/transport//require;\n"
        for number in range(4000)
    )
    seen = 0
    fitting = Policies.fitting

    def counted(self: Policies, way: str, ends: Ends) -> list[object]:
        nonlocal seen
        found = fitting(self, way, ends)
        seen += len(found)
        return list(found)

    monkeypatch.setattr(Policies, "fitting", counted)
    flows = [packet(1, bytes(8), f"10.0.{number}.1", "10.9.9.2") for number in range(100)]
    done = audited(capture(flows * 3), text)
    assert done.found["policy-not-applied"] == 300
    assert seen == 100


def test_addresses_are_no_text_where_packets_are_judged() -> None:
    """A packet is held against policies by its bytes: the same ends are looked up once."""
    dues = Dues(load(LO_ESP, "a test"))
    flow = packet(17, struct.pack("!HHHH", 1, 2, 8, 0))
    layer = network.look(flow)
    for _again in range(10):
        dues.of(layer, layer.proto, flow[layer.at :], ())
    assert dues._of.cache_info().misses == 1  # noqa: SLF001 -- how often it looked is the claim


@pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 12, 13, 19, 20, 39, 40, 41, 47, 48, 60])
def test_any_beginning_of_any_packet_is_judged(length: int) -> None:
    """However short a packet of either version is, with any header, it gets a code and raises nothing."""
    wholes = [
        by_rfc.header(version, proto, bytes(40), by_rfc.ENDS[version])
        for version in (4, 6)
        for proto in (0, 1, 4, 6, 17, 41, 43, 44, 50, 51, 58, 60, 108, 135)
    ]
    done = audited(capture([whole[:length] for whole in wholes]), LO_ESP)
    assert all(codes or got == "clear" for codes, got in zip(done.codes, done.got, strict=True))


@given(
    st.binary(max_size=120),
    st.sampled_from([4, 6]),
    st.sampled_from([0, 4, 41, 43, 44, 50, 51, 60, 108, 135]),
)
def test_no_bytes_behind_a_header_are_too_bad(data: bytes, version: int, proto: int) -> None:
    """Any bytes behind any header are judged and described."""
    whole = by_rfc.header(version, proto, data, by_rfc.ENDS[version])
    done = audited(capture([whole]), LO_ESP)
    assert len(done.packets) == 1
