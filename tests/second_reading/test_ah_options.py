"""AH and IP options: ah_massage_headers of 2003 added the header's 20 bytes twice."""

from __future__ import annotations

import hmac

import pytest

from ipsec_lo_trace import Setup, probe
from ipsec_lo_trace.fixes.fix import all_fixes, known_fix
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.wire import ah, ip
from tests import handmade
from tests.kernel.bench import ONE_AH, Bench, header
from tests.support import LOCALHOST, A, B

KEY = bytes(range(20))
OUT_AH = "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec ah/transport//require ;"
RECORD_ROUTE = bytes((7, 39, 4)) + bytes(36) + bytes(1)
NOP = b"\x01"
ROUTER_ALERT = bytes((148, 4, 0, 0))
STREAM_ID = bytes((136, 4, 9, 9))
"""An option that AH takes for one that may change."""


def packet(options: bytes, payload: bytes = b"payload") -> bytes:
    """Write an ICMP packet with options."""
    return handmade.write(header()._replace(options=options), payload)


def digest(sealed: bytes, *zeroed: tuple[int, int]) -> bytes:
    """Make the ICV over a copy with TOS, offset, TTL, checksum and some more (start, length) zeroed."""
    plain = bytearray(sealed)
    for first, length in ((1, 1), (6, 3), (10, 2), *zeroed):
        plain[first : first + length] = bytes(length)
    return hmac.digest(KEY, bytes(plain), "sha1")[:12]


@pytest.mark.parametrize("fix", [fix.name for fix in all_fixes()])
def test_a_record_route_over_ah_is_lost_where_20_bytes_are_added_twice(fix: str) -> None:
    """ip_input writes slot 0 before AH is checked: ahs_badauth under every fix until xform_ah.c 1.42."""
    verdict = probe("record-route", Setup(case="lo-ah", fix=fix)).verdict
    build = known_fix(fix).build
    lost = build.ah_options == "added-twice" and build.lo_ipsec == "on"
    assert verdict.received == (0 if lost else 1)
    assert verdict.counters.get("ahs_badauth", 0) == lost


def test_the_2003_form_is_that_of_none_to_netbsd_2_0_and_of_freebsd() -> None:
    """Mended are NetBSD's of 2015 and later, FreeBSD 13 and OpenBSD's of today."""
    mended = {fix.name for fix in all_fixes() if fix.build.ah_options == "mended"}
    assert mended == {
        "netbsd-2015", "netbsd-9", "netbsd-current", "freebsd-13", "freebsd-pf-2021", "openbsd-now",
    }  # fmt: skip


def test_a_record_routes_first_slot_stays_under_the_icv() -> None:
    """The bytes from 40 on are an empty slot, which ends the search: nothing is zeroed."""
    sealed = ah.AhTransform("hmac-sha1", KEY, options="added-twice").seal(packet(RECORD_ROUTE), spi=1, seq=1)
    assert sealed[72:84] == digest(sealed, (72, 12))
    assert sealed[72:84] != digest(sealed, (72, 12), (20, 39))


def test_what_is_found_too_far_on_is_zeroed_at_the_start_of_the_options() -> None:
    """An option at byte 40 has its length in zeros at byte 20, on output and input alike."""
    options = ROUTER_ALERT * 5 + STREAM_ID + bytes(4)
    xform = ah.AhTransform("hmac-sha1", KEY, options="added-twice")
    sealed = xform.seal(packet(options), spi=1, seq=1)
    at = 20 + len(options) + 12
    assert sealed[at : at + 12] == digest(sealed, (at, 12), (20, 4))
    assert xform.icv_ok(sealed)
    changed = bytearray(sealed)
    changed[21:24] = b"abc"
    assert xform.icv_ok(bytes(changed))
    changed[42] ^= 1
    assert not xform.icv_ok(bytes(changed))


@pytest.mark.parametrize("twenty", [NOP * 20, ROUTER_ALERT * 5])
def test_twenty_bytes_of_options_over_icmp_are_refused_by_ah_output(twenty: bytes) -> None:
    """Byte 40 is AH's own next header, 1: a NOP; then comes AH's length, 4, an option of length 0."""
    bench = Bench(ONE_AH + OUT_AH)
    steps = bench.enter_output(packet(twenty))
    assert (steps[-1].stage, steps[-1].reason, steps[-1].errno) == ("ah_output", "ah-ip-options", "EINVAL")
    assert bench.counters["ahs_output"] == 1
    assert bench.sa.replay is not None
    assert bench.sa.replay.count == 1
    mended = Bench(ONE_AH + OUT_AH, build=Build(ah_options="mended"))
    assert mended.enter_output(packet(twenty))[-1].reason != "ah-ip-options"


def test_ah_input_refuses_them_too_and_counts_it() -> None:
    """On input the refusal is ahs_hdrops, after ahs_ibytes."""
    sealed = ah.AhTransform("hmac-sha1", b"01234567890123456789").seal(packet(NOP * 20), spi=0x1001, seq=1)
    bench = Bench(ONE_AH)
    step = bench.receive(sealed)[-1]
    assert (step.stage, step.reason, step.errno) == ("ah_input", "ah-ip-options", "EINVAL")
    assert bench.counters["ahs_hdrops"] == 1
    assert "ahs_badauth" not in bench.counters


@pytest.mark.parametrize(
    ("option", "refused"),
    [
        (bytes((136, 4, 0, 0)), False),
        (bytes((136, 5, 0, 0)), True),
        (bytes((136, 1, 0, 0)), True),
        (b"\1\1\1\x88", True),
    ],
)
def test_a_length_below_two_or_past_the_end_is_refused(option: bytes, *, refused: bool) -> None:
    """An option may end where the options end and not a byte later; type and length must both be there."""
    whole = bytearray(20) + option + bytes(24)
    if refused:
        with pytest.raises(ah.OptionError):
            ah.massage_options(whole, 24, 20, out=True)
    else:
        ah.massage_options(whole, 24, 20, out=True)


def test_a_source_routes_last_address_is_the_destination_under_the_icv() -> None:
    """On output the ICV is over the destination that the packet has when it arrives."""
    options = bytes((131, 7, 4)) + B.packed + bytes(1)
    xform = ah.AhTransform("hmac-sha1", KEY)
    sealed = bytearray(xform.seal(packet(options), spi=1, seq=1))
    assert not xform.icv_ok(bytes(sealed))
    sealed[16:20] = B.packed
    assert xform.icv_ok(bytes(sealed))


def test_the_audit_keeps_the_form_of_the_rfc() -> None:
    """A transform that is told nothing looks for the options where they are."""
    sealed = bytearray(ah.AhTransform("hmac-sha1", KEY).seal(packet(RECORD_ROUTE), spi=1, seq=1))
    sealed[23:27] = A.packed
    assert ah.AhTransform("hmac-sha1", KEY).icv_ok(bytes(sealed))
    assert ip.read(bytes(sealed)).dst == LOCALHOST
