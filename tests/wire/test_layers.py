"""Packets by layers: what scapy sees in a row's packet, and what the keys open of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace import Setup, ping, probe
from ipsec_lo_trace.cases.case import known_case
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.packets import TracedStep, all_sas
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.layers import dissected, layers
from tests import handmade
from tests.support import A, B

# scapy's layers after wire.build, which keeps them from asking the host for its routes.
from scapy.layers.inet import ICMP, IP  # isort: skip
from scapy.layers.ipsec import AH, ESP  # isort: skip
from scapy.packet import Raw  # isort: skip

OTHER_KEY = (
    "add 127.0.0.1 127.0.0.1 esp 0x1001 -E 3des-cbc 0x0123456789abcdeffedcba98765432100011223344556677 ;"
)


def keys(case: str) -> tuple[SecurityAssociation, ...]:
    """Return the SAs of a case."""
    return all_sas(load(known_case(case).text, "a test").db)


def row(case: str, stage: str) -> TracedStep:
    """Return the first row of a stage in a ping over a case."""
    return ping(Setup(case=case)).at(stage)[0]


def names(data: bytes, sas: tuple[SecurityAssociation, ...] = ()) -> list[str]:
    """Name a packet's layers."""
    return [name for name, _fields in layers(data, sas)]


def test_every_row_has_a_packet() -> None:
    """A row's packet is there whether or not its stage changed it, and as long as the row's summary says."""
    trace = ping(Setup(case="lo-esp"))
    assert {step.bytes is None for step in trace.steps} == {True, False}
    for step in trace.steps:
        assert len(step.data) == step.wire.len
        packet = step.scapy()
        assert (packet[IP].src, packet[IP].dst, packet[IP].ttl) == (
            step.wire.src,
            step.wire.dst,
            step.wire.ttl,
        )


def test_the_keys_of_the_run_open_its_esp() -> None:
    """The ICMP message inside ESP is the one that was sent, and the trailer says what it is."""
    trace = ping(Setup(case="lo-esp"))
    clear, sealed = trace.at("ip_output")[0], trace.at("looutput")[0]
    assert sealed.wire.proto == ["esp"]
    assert bytes(sealed.scapy()[ICMP]) == clear.data[20:]
    assert names(sealed.data, keys("lo-esp")) == ["IP", "ESP", "ICMP", "Raw", "ESP trailer"]


def test_ah_inside_esp_and_tunnels_are_opened_too() -> None:
    """Every layer inside is found: AH behind ESP, a whole packet in a tunnel."""
    in_esp = row("lo-ah-in-esp", "looutput").scapy()
    assert (in_esp[AH].nh, in_esp[ICMP].type) == (1, 8)
    tunnel = row("lo-esp-tunnel", "looutput").scapy()
    assert [str(layer.dst) for layer in (tunnel[IP], tunnel[IP].payload.data[IP])] == ["127.0.0.1"] * 2


def test_what_the_keys_do_not_open_stays_closed() -> None:
    """With another key for the SPI, or none, ESP is one layer over its bytes; the record is as it was."""
    sealed = row("lo-esp", "looutput")
    for config in (OTHER_KEY, "flush ;"):
        closed = sealed.scapy(config)
        assert not closed.haslayer(ICMP)
        assert bytes(closed) == sealed.data
        assert isinstance(closed[IP].payload, ESP)


def test_keys_may_be_given() -> None:
    """Keys from a text open what the run's own would."""
    text = known_case("lo-esp").text
    assert row("lo-esp", "looutput").scapy(text).haslayer(ICMP)


def test_options_are_layers_of_their_own() -> None:
    """A route and timestamps stand behind their header, with slots and pointer; what fills up does not."""
    route = probe("record-route").at("ip_output")[0]
    assert names(route.data)[:3] == ["IP", "IP Option Record Route", "ICMP"]
    stamp = dict(layers(probe("timestamp-option").steps[-1].data))["IP Option Timestamp"]
    assert dict(stamp)["slots"].startswith("7f000001")


def test_names_come_from_this_program_alone() -> None:
    """Protocols are named as in a trace, ports are numbers, checksums hexadecimal, flags letters."""
    fields = dict(layers(probe("tcp-open").at("ip_output")[0].data))
    assert {"proto": "tcp", "flags": "DF"}.items() <= dict(fields["IP"]).items()
    tcp = dict(fields["TCP"])
    assert (tcp["dport"], tcp["flags"], tcp["chksum"][:2]) == ("80", "S", "0x")
    assert tcp["options"].startswith("MSS/33152,NOP,WScale/0")


def test_the_record_is_the_trace_s() -> None:
    """A step with its packet is written and compared as the record is: nothing is added to it."""
    import msgspec  # noqa: PLC0415 -- for this test

    step = row("lo-esp", "looutput")
    fields = msgspec.structs.asdict(step)
    assert "data" not in fields
    assert msgspec.json.decode(msgspec.json.encode(step))["kind"] == "step"


@given(st.binary(max_size=120), st.integers(0, 255))
def test_any_bytes_have_layers(data: bytes, proto: int) -> None:
    """Whatever a packet holds, scapy's errors included, it is told by layers and never raises."""
    sas = keys("lo-esp")
    assert names(data, sas)[:1] in (["IP"], ["Raw"], [])
    packet = handmade.write(handmade.fresh(proto, A, B, ttl=64), data)
    assert names(packet, sas)[0] == "IP"
    assert bytes(dissected(packet)) == packet


def test_endless_nesting_is_raw() -> None:
    """Thousands of headers in each other, which scapy cannot follow, are bytes."""
    nested = bytes.fromhex("4500ffff0000000040040000") + bytes(8)
    assert isinstance(dissected(nested * 3270), (Raw, IP))
    assert len(nested) == ip.HEADER_LEN
