"""Are the tags those that NetBSD's own stack bore at the same places?

The expectations state what NetBSD's network stack (2016 sources, run as a user-space kernel; OUT_DONE
compared per SA and looutput not stripping, as in 2003) printed for one echo: at ipsec4_output, which is our
ip_output's IPsec block, at looutput, and at the beginning of icmp_reflect.  Newest tag first; 1 and 2 are the
SAs of the request's and the reply's direction, I is IN_DONE, O is OUT_DONE, E is the tunnel's ENCAP.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.model.trace import Mark, Step
from tests.support import PATCHED, UNPATCHED, Traced, trace

SPI_DIGIT = {0x1001: "1", 0x2001: "1", 0x2002: "2"}

LO_PATCHED = "out[] out[O1] lo[O1] reflect[{E}I1 O1] out[] out[O1] lo[O1]"
LO_UNPATCHED = "out[] out[O1] lo[O1] reflect[{E}I1 O1] out[{E}I1 O1] lo[{E}I1 O1]"
AB_PATCHED = "out[] out[O1] lo[O1] reflect[{E}I1 O1] out[] out[O2] lo[O2]"
AB_UNPATCHED = "out[] out[O1] lo[O1] reflect[{E}I1 O1] out[{E}I1 O1] out[O2 {E}I1 O1] lo[O2 {E}I1 O1]"

TAGS = {
    ("lo", PATCHED): LO_PATCHED,
    ("lo", UNPATCHED): LO_UNPATCHED,
    ("ab", PATCHED): AB_PATCHED,
    ("ab", UNPATCHED): AB_UNPATCHED,
}
PLACES = {"ip_output": "out", "looutput": "lo", "icmp_reflect": "reflect"}


def tags_at_the_places(traced: Traced) -> str:
    """Show the tags that packets bore when they came to the three places."""
    shown = []
    bearing: tuple[Mark, ...] = ()
    for step in traced.steps:
        if step.stage in PLACES:
            shown.append(f"{PLACES[step.stage]}[{' '.join(_tag(mark) for mark in bearing if _is_tag(mark))}]")
        bearing = _marks_after(step)
    return " ".join(shown)


def _marks_after(step: Step) -> tuple[Mark, ...]:
    return step.marks


def _is_tag(mark: Mark) -> bool:
    return not mark.name.startswith("M_")


def _tag(mark: Mark) -> str:
    return mark.name[0] + SPI_DIGIT.get(mark.spi or 0, "")


@pytest.mark.parametrize("fix", [PATCHED, UNPATCHED])
@pytest.mark.parametrize("proto", ["esp", "ah"])
@pytest.mark.parametrize("mode", ["", "-tunnel"])
@pytest.mark.parametrize("hosts", ["lo", "ab"])
def test_tags_are_those_of_netbsd(hosts: str, mode: str, proto: str, fix: str) -> None:
    """At each of the three places the packet bears the tags that NetBSD's stack showed there."""
    encap = "E " if mode else ""
    expected = TAGS[hosts, fix].format(E=encap)
    assert tags_at_the_places(trace(f"{hosts}-{proto}{mode}", fix)) == expected


@pytest.mark.parametrize(
    ("name", "fix", "flags"),
    [
        ("lo-esp", UNPATCHED, ["M_DECRYPTED"]),
        ("lo-ah", UNPATCHED, ["M_AUTHIPHDR", "M_AUTHIPDGM"]),
        ("lo-bundle", UNPATCHED, ["M_AUTHIPHDR", "M_DECRYPTED", "M_AUTHIPDGM"]),
        ("lo-esp", PATCHED, ["M_DECRYPTED"]),
        ("lo-ah", PATCHED, ["M_AUTHIPHDR", "M_AUTHIPDGM"]),
        ("lo-bundle", PATCHED, ["M_AUTHIPHDR", "M_DECRYPTED", "M_AUTHIPDGM"]),
    ],
)
def test_the_reply_crosses_lo0_with_the_requests_flags(name: str, fix: str, flags: list[str]) -> None:
    """The mbuf flags of the request are still on the reply at lo0, with the fix of 2003 too."""
    (reply,) = traced_reply(trace(name, fix))
    borne = [mark for mark in reply.marks if not _is_tag(mark)]
    assert [mark.name for mark in borne] == flags
    assert all(mark.stale and mark.made_for == "P1" for mark in borne)


def traced_reply(traced: Traced) -> list[Step]:
    """Return the rows in which the reply crosses lo0."""
    return traced.at("looutput", "P2")


@pytest.mark.parametrize(
    ("name", "unpatched", "patched"),
    [
        # 20 bytes of IP header, 8 of ICMP header, 56 of data; AES: 8 + 16 + 80 + 12 around 64 bytes.
        ("lo-esp", [136, 84], [136, 136]),
        ("lo-ah", [108, 84], [108, 108]),
        ("lo-bundle", [160, 84], [160, 160]),
        ("lo-esp-tunnel", [152, 84], [152, 152]),
    ],
)
def test_lengths_on_lo0(name: str, unpatched: list[int], patched: list[int]) -> None:
    """What crosses lo0 has the lengths, in bytes, that the transforms' headers and padding give it."""
    for fix, expected in ((UNPATCHED, unpatched), (PATCHED, patched)):
        assert [crossing.len for crossing in trace(name, fix).verdict.lo0] == expected
