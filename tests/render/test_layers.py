"""Layers as lines: which fields are marked, and which layer is the one that was there before."""

from __future__ import annotations

from ipsec_lo_trace.render.dump import Layer, counterparts, layer_lines

IP: Layer = ("IP", [("len", "84"), ("proto", "icmp")])
ICMP: Layer = ("ICMP", [("type", "8"), ("code", "0")])
ESP: Layer = ("ESP", [("spi", "0x00001000")])


def lines(before: list[Layer], after: list[Layer], width: int = 80) -> list[str]:
    """Return the lines as plain text."""
    return [text for line in layer_lines(before, after, indent=2) for text in line.plain(width)]


def test_only_what_changed_is_marked() -> None:
    """A star stands before a field that holds something else than before, and before no other."""
    after: list[Layer] = [("IP", [("len", "120"), ("proto", "icmp")]), ICMP]
    assert lines([IP, ICMP], after) == ["  IP: *len=120 proto=icmp", "  ICMP: type=8 code=0"]


def test_all_of_a_new_layer_is_marked() -> None:
    """A layer that was not there is new, field by field, and so is all of a first packet."""
    assert lines([IP, ICMP], [IP, ESP, ICMP])[1] == "  ESP: *spi=0x00001000"
    assert lines([], [ICMP]) == ["  ICMP: *type=8 *code=0"]


def test_of_two_headers_the_outer_one_is_new() -> None:
    """A packet that is wrapped keeps its own header: layers are matched from the inside out."""
    outer: Layer = ("IP", [("len", "104"), ("proto", "ipip")])
    assert counterparts([IP, ICMP], [outer, IP, ICMP]) == {1: IP[1], 2: ICMP[1]}
    assert lines([IP, ICMP], [outer, IP, ICMP]) == [
        "  IP: *len=104 *proto=ipip",
        "  IP: len=84 proto=icmp",
        "  ICMP: type=8 code=0",
    ]


def test_long_layers_are_wrapped() -> None:
    """No line is wider than asked; a field is not torn apart, and goes on indented."""
    assert lines([], [IP], width=14) == ["  IP: *len=84", "    *proto=icmp"]
