"""What do the policies ask of a packet?  Each case differs in one part from one that matches."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from msgspec import structs

from ipsec_lo_trace.findings.required import NOTHING, Demand, Ends, Referee, ends_of, lacking, unmet
from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.trace import Packet, SaRecord
from tests.findings.test_judge import run_record

PACKET = Ends("10.9.9.1", "10.9.9.2", 17, 7, 53)
RULE = RequestRecord("esp", "transport", "", "", "require", 0)
POLICY = PolicyRecord(
    dir="out", src="10.9.9.1/32", dst="10.9.9.0/24", src_port=7, dst_port=53, upper=17, type="ipsec",
    requests=(RULE,),
)  # fmt: skip
ESP = Demand(("esp",), ("esp",))


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ({}, True),
        ({"dir": "in"}, False),
        ({"src": "10.9.9.2/32"}, False),
        ({"src": "0.0.0.0/0"}, True),
        ({"dst": "10.9.8.0/24"}, False),
        ({"dst": "0.0.0.0/0"}, True),
        ({"src_port": 8}, False),
        ({"src_port": 0}, True),
        ({"dst_port": 54}, False),
        ({"dst_port": 0}, True),
        ({"upper": 6}, False),
        ({"upper": 255}, True),
    ],
)
def test_a_policy_is_for_a_packet_if_every_part_of_its_selector_is(
    changed: dict[str, object], *, asks: bool
) -> None:
    """Direction, both prefixes, both ports and the protocol must fit; 0 and 255 fit any."""
    referee = Referee(run_record(structs.replace(POLICY, **changed)))
    assert referee.demand("out", PACKET) == (ESP if asks else NOTHING)


def test_the_first_policy_that_fits_decides() -> None:
    """A policy without rules in front asks for nothing; the one behind it is not looked at."""
    none = structs.replace(POLICY, type="none", requests=())
    assert Referee(run_record(none, POLICY)).demand("out", PACKET) == NOTHING
    assert Referee(run_record(POLICY, none)).demand("out", PACKET) == ESP


SERVED = SaRecord(
    proto="esp", spi=256, src="10.9.9.1", dst="10.9.9.2", mode="transport", reqid=7, cipher="", auth="",
    replay_window_bytes=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("of_sa", "of_rule", "served"),
    [
        ({}, {}, True),
        ({"proto": "ah"}, {}, False),
        ({"src": "10.9.9.2"}, {}, False),
        ({"dst": "10.9.9.1"}, {}, False),
        ({"mode": "tunnel"}, {}, False),
        ({"mode": "any"}, {}, True),
        ({}, {"reqid": 7}, True),
        ({}, {"reqid": 8}, False),
        ({}, {"src": "127.0.0.1"}, False),
        ({"src": "127.0.0.1"}, {"src": "127.0.0.1"}, True),
        ({}, {"dst": "127.0.0.1"}, False),
        ({"dst": "127.0.0.1"}, {"dst": "127.0.0.1"}, True),
    ],
)
def test_a_use_rule_asks_for_what_an_sa_can_serve(
    of_sa: dict[str, object], of_rule: dict[str, object], *, served: bool
) -> None:
    """An SA serves a rule by protocol, both ends, mode and reqid; without one, use asks for nothing."""
    rule = structs.replace(RULE, level="use", **of_rule)
    run = structs.replace(
        run_record(structs.replace(POLICY, requests=(rule,))), sas=[structs.replace(SERVED, **of_sa)]
    )
    assert Referee(run).demand("out", PACKET) == (Demand(("esp",), ()) if served else NOTHING)


@pytest.mark.parametrize("level", ["use", "default", "require", "unique"])
@pytest.mark.parametrize("direction", ["in", "out"])
@pytest.mark.parametrize("proto", ["esp", "ah", "ipcomp"])
def test_which_rules_insist(level: str, direction: str, proto: str) -> None:
    """Require and unique insist, with or without an SA, but not on IPComp from what comes in."""
    rule = structs.replace(RULE, proto=proto, level=level)
    run = structs.replace(run_record(structs.replace(POLICY, dir=direction, requests=(rule,))), sas=[])
    insists = level in ("require", "unique")
    demand = Referee(run).demand(direction, PACKET)
    assert demand.asked == ((proto,) if insists else ())
    assert demand.insisted == ((proto,) if insists and (direction, proto) != ("in", "ipcomp") else ())


@pytest.mark.parametrize(
    ("asked", "insisted", "borne", "missing"),
    [
        (["esp", "ah"], [], [], ("esp", "ah")),
        (["esp", "ah"], [], ["ah"], ()),
        (["esp", "ah"], ["esp"], ["ah"], ("esp",)),
        (["esp", "ah"], ["esp"], ["esp"], ()),
        (["esp", "esp"], ["esp", "esp"], [], ("esp",)),
        ([], [], [], ()),
    ],
)
def test_what_a_packet_that_goes_out_lacks(
    asked: list[str], insisted: list[str], borne: list[str], missing: tuple[str, ...]
) -> None:
    """All that is insisted on, each once; or, if it bears nothing of what is asked for, all of that."""
    assert unmet(Demand(tuple(asked), tuple(insisted)), borne) == missing
    assert lacking(tuple(insisted), borne) == tuple(dict.fromkeys(p for p in insisted if p not in borne))


@pytest.mark.parametrize(
    ("proto", "ports", "upper"),
    [
        (["esp"], [], 50),
        (["icmp"], [], 1),
        (["udp"], [7, 53], 17),
        (["99"], [], 99),
        (["fragment"], [], 255),
        ([], [], 255),
        (["ah", "udp"], [], 51),
    ],
)
def test_the_ends_of_a_packet_are_those_of_its_outermost_header(
    proto: list[str], ports: list[int], upper: int
) -> None:
    """Protocol by name or number, any for what is neither; ports if it has some."""
    wire = Packet(proto, [], [], ports, "10.9.9.1", "10.9.9.2", 84, 1, 255, 0, more=False, info="")
    assert ends_of(wire) == Ends("10.9.9.1", "10.9.9.2", upper, *ports)
    nowhere = structs.replace(wire, src="", dst="")
    assert [int(IPv4Address(end)) for end in ends_of(nowhere)[:2]] == [0, 0]
