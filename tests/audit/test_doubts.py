"""What could not be read, or hangs on what no capture shows, is a doubt: never clear text, never clean."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.host import UNKNOWN, Cut, HostConfiguration, HostPolicy, HostRule, HostSa
from ipsec_lo_trace.wire import network
from tests.audit import independent as by_rfc
from tests.audit.independent import ENDS, OUTER, Keys
from tests.audit.support import audited_under, capture

KEYS = Keys("aes-gcm", bytes(range(20)), "", b"", 16)
ESP = HostRule(proto=by_rfc.ESP, mode="transport")
OUTCOMES = ("clean", "unsure", "leak")


def sa(version: int = 4, spi: int = 0x2001, *, back: bool = False, outer: int = 0) -> HostSa:
    """Make an SA from the first end to the second, or back."""
    ends = OUTER[outer] if outer else ENDS[version]
    src, dst = map(ip_address, ends[::-1] if back else ends)
    return HostSa(
        proto=by_rfc.ESP,
        spi=spi,
        src=src,
        dst=dst,
        mode="tunnel" if outer else "transport",
        cipher=KEYS.cipher,
        enc_key=KEYS.enc_key,
        cuts=(Cut("", 16),),
    )


def policy(
    direction: str, version: int = 4, *, back: bool = False, kind: str = "ipsec", condition: str = ""
) -> HostPolicy:
    """Make a policy for what goes from the first end to the second, or back."""
    src, dst = map(ip_network, ENDS[version][::-1] if back else ENDS[version])
    rules = (ESP,) if kind == "ipsec" else ()
    return HostPolicy(direction=direction, src=src, dst=dst, kind=kind, rules=rules, condition=condition)


def both_ways(version: int = 4) -> HostConfiguration:
    """Configure two ends that must protect all they say to each other."""
    return HostConfiguration(
        sas=[sa(version), sa(version, 0x2002, back=True)],
        policies=[policy(way, version, back=back) for way in ("in", "out") for back in (False, True)],
    )


def clear(version: int = 4, *, reply: bool = False, seq: int = 1) -> bytes:
    """Make an echo request, or its reply, in clear."""
    ends = ENDS[version][::-1] if reply else ENDS[version]
    return by_rfc.header(version, by_rfc.ICMP[version], by_rfc.echo(version, seq, reply=reply), ends)


def sealed(version: int = 4, *, reply: bool = False, seq: int = 1) -> bytes:
    """Make the same under ESP."""
    return by_rfc.esp_packet(KEYS, version, seq=seq, spi=0x2002 if reply else 0x2001, reply=reply)


@pytest.mark.parametrize("version", [4, 6])
def test_a_reply_in_clear_is_the_leak_of_2003_over_either_ip(version: int) -> None:
    """A protected request and its reply in clear are told as what they are."""
    done = audited_under(capture([sealed(version), clear(version, reply=True)]), both_ways(version))
    assert (done.verdict.outcome, done.verdict.code) == ("leak", "reply-in-clear-2003")


@pytest.mark.parametrize("version", [4, 6])
def test_clear_text_against_a_policy_is_a_leak_over_either_ip(version: int) -> None:
    """IPv6 in clear against IPv6 policies is a leak as IPv4 is."""
    done = audited_under(capture([clear(version), clear(version, reply=True)]), both_ways(version))
    assert (done.verdict.outcome, done.verdict.code) == ("leak", "policy-not-applied")


@pytest.mark.parametrize("version", [4, 6])
def test_each_ip_version_is_judged_by_itself(version: int) -> None:
    """Where one version is protected and the other is not at all, IPsec does not apply to the other."""
    host, six = both_ways(4), both_ways(6)
    host.sas += six.sas
    host.policies += six.policies
    done = audited_under(capture([sealed(10 - version), clear(version)]), host)
    assert done.verdict.code == "policy-not-applied"
    assert done.finding("policy-not-applied").text.startswith(f"IPv{version}: ")
    both = audited_under(capture([sealed(version), clear(version)]), host)
    assert both.verdict.code == "clear-text"


def test_an_sa_that_cannot_be_read_is_opaque() -> None:
    """Its packets are counted and doubted, never opened, never clear; the detail says why."""
    host = both_ways()
    host.sas[0] = msgspec.structs.replace(host.sas[0], opaque="its keys are hidden")
    done = audited_under(capture([sealed()]), host)
    assert (done.got, done.codes) == (["opaque"], [("opaque-sa",)])
    assert (done.verdict.outcome, done.verdict.code) == ("unsure", "opaque-sa")
    assert "its keys are hidden" in done.finding("opaque-sa").text


def test_a_key_that_the_cipher_cannot_use_makes_an_opaque_sa() -> None:
    """A key of a wrong length is told, and nothing is raised."""
    host = both_ways()
    host.sas[0] = msgspec.structs.replace(host.sas[0], enc_key=b"short")
    assert audited_under(capture([sealed()]), host).codes == [("opaque-sa",)]


def test_a_policy_that_cannot_be_read_decides_nothing() -> None:
    """Clear text that it may be about is doubted, and so is protection that it may not be content with."""
    host = both_ways()
    host.policies = [policy("out", kind=UNKNOWN), *host.policies]
    done = audited_under(capture([clear(), sealed()]), host)
    assert [codes[:1] for codes in done.codes] == [("policy-unsure",), ("policy-unsure",)]
    assert done.verdict.outcome == "unsure"


def test_a_policy_that_hangs_on_a_mark_may_be_passed_over() -> None:
    """Clear text is doubted where the policy may not have been asked; protection meets it either way."""
    host = HostConfiguration(sas=[sa()], policies=[policy("out", condition="a mark")])
    done = audited_under(capture([sealed(), clear()]), host)
    assert done.codes == [(), ("policy-unsure",)]
    assert done.verdict.outcome == "unsure"


def test_a_mark_is_no_excuse_where_the_next_policy_asks_for_the_same() -> None:
    """What violates every policy that may be asked is a leak."""
    host = HostConfiguration(sas=[sa()], policies=[policy("out", condition="a mark"), policy("out")])
    assert audited_under(capture([clear()]), host).verdict.outcome == "leak"


def test_what_the_outbound_policy_discards_should_not_cross() -> None:
    """A packet that crossed all the same has a word of its own, and is a leak."""
    host = HostConfiguration(policies=[policy("out", kind="discard")])
    done = audited_under(capture([clear()]), host)
    assert (done.verdict.outcome, done.verdict.code) == ("leak", "crossed-though-discarded")


def test_what_the_inbound_policy_discards_should_not_be_answered() -> None:
    """A packet on its way to be discarded is no fault; its answer is."""
    host = HostConfiguration(sas=[sa()], policies=[policy("in", kind="discard")])
    unanswered = audited_under(capture([sealed()]), host)
    assert (unanswered.codes, unanswered.verdict.code) == ([("in-policy-discards",)], "clean")
    answered = audited_under(capture([sealed(), clear(reply=True)]), host)
    assert answered.verdict.code == "accepted-though-discarded"


def test_a_default_of_block_discards() -> None:
    """Where no policy fits, the direction's default is asked."""
    host = both_ways()
    host.defaults = {"out": "discard"}
    stranger = by_rfc.header(4, 1, by_rfc.echo(4), ("10.1.1.1", "10.1.1.2"))
    assert audited_under(capture([stranger]), host).codes == [("crossed-though-discarded",)]


def test_no_policy_is_said_only_where_none_is_listed() -> None:
    """Policies that fit no packet have a note of their own."""
    assert audited_under(capture([clear()]), HostConfiguration(sas=[sa()])).verdict.code == "no-policy"
    host = HostConfiguration(policies=[policy("out", 6)])
    done = audited_under(capture([clear()]), host)
    assert (done.verdict.code, done.found) == ("clean", {"no-policy-fits": 1})


@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_inside_that_a_tunnel_shows_again_is_excused(direction: str) -> None:
    """Byte for byte what was inside, against a policy of either direction; another packet is not."""
    host = HostConfiguration(sas=[sa(outer=4)], policies=[policy(direction)])
    tunnel = by_rfc.esp_packet(KEYS, 4, outer=4)
    done = audited_under(capture([tunnel, clear()]), host)
    assert (done.codes, done.verdict.outcome) == ([(), ("decapsulated-again",)], "clean")
    other = audited_under(capture([tunnel, clear(seq=2)]), host)
    assert other.verdict.outcome == {"in": "unsure", "out": "leak"}[direction]


def test_a_beet_sa_shows_its_inner_ends() -> None:
    """BEET has no inner header: the inner ends come from the SA, and what is shown again is excused."""
    inner = tuple(map(ip_address, ENDS[4]))
    beet = msgspec.structs.replace(sa(outer=4), mode="beet", inner=(inner[0], inner[1]))
    body = by_rfc.esp(KEYS, 0x2001, 1, 1, by_rfc.echo(4))
    sealed_ = by_rfc.header(4, by_rfc.ESP, body, OUTER[4])
    host = HostConfiguration(sas=[beet], policies=[policy("out")])
    done = audited_under(capture([sealed_, clear()]), host)
    inside = done.packets[0].inside
    assert inside is not None
    assert (inside.src, inside.dst) == ENDS[4]
    assert done.codes == [(), ("decapsulated-again",)]


def without(host: HostConfiguration, sas: set[int], policies: set[int]) -> HostConfiguration:
    """Leave SAs and policies out as the readers do: they are there, and cannot be read."""
    return HostConfiguration(
        sas=[
            msgspec.structs.replace(one, opaque="left out") if place in sas else one
            for place, one in enumerate(host.sas)
        ],
        policies=[
            msgspec.structs.replace(one, kind=UNKNOWN, rules=()) if place in policies else one
            for place, one in enumerate(host.policies)
        ],
    )


PACKETS = st.sampled_from(
    [
        clear(),
        clear(reply=True),
        sealed(),
        sealed(reply=True),
        clear(6),
        sealed(6),
        by_rfc.esp_packet(KEYS, 4, outer=4),
    ]
)


@given(
    packets=st.lists(PACKETS, min_size=1, max_size=8),
    sas=st.sets(st.integers(0, 4)),
    policies=st.sets(st.integers(0, 7)),
)
def test_leaving_out_adds_doubts_alone(packets: list[bytes], sas: set[int], policies: set[int]) -> None:
    """A leak never becomes clean, a protected packet never clear, and a clean capture at most unsure."""
    host = both_ways()
    six = both_ways(6)
    host.sas += [*six.sas, sa(outer=4, spi=0x2001)]
    host.policies += six.policies
    whole = audited_under(capture(packets), host)
    part = audited_under(capture(packets), without(host, sas, policies))
    assert not (whole.verdict.outcome == "leak" and part.verdict.outcome == "clean")
    assert not (whole.verdict.outcome == "clean" and part.verdict.outcome == "leak")
    for before, after in zip(whole.got, part.got, strict=True):
        assert (after == "clear") == (before == "clear")


def in_fragments(packet: bytes, version: int, size: int) -> list[bytes]:
    """Cut a packet into fragments."""
    at, proto = (20, packet[9]) if version == 4 else (40, packet[6])
    payload, ends = packet[at:], OUTER[version]
    pieces = []
    for place in range(0, len(payload), size):
        more = place + size < len(payload)
        if version == 4:
            piece = bytearray(by_rfc.header(4, proto, payload[place : place + size], ends))
            piece[6:8] = (place // 8 | (0x2000 if more else 0)).to_bytes(2, "big")
            pieces.append(bytes(piece))
        else:
            head = bytes((proto, 0)) + (place | more).to_bytes(2, "big") + bytes(4)
            pieces.append(by_rfc.header(6, 44, head + payload[place : place + size], ends))
    return pieces


@pytest.mark.parametrize("outer", [4, 6])
def test_a_lost_fragment_of_a_tunnel_packet_leaves_a_doubt(outer: int) -> None:
    """What is shown again may have been inside a packet that the capture has in part."""
    host = HostConfiguration(sas=[sa(outer=outer)], policies=[policy("out")])
    pieces = in_fragments(by_rfc.esp_packet(KEYS, 4, outer=outer), outer, 64)
    done = audited_under(capture([*pieces[:-1], clear()]), host)
    assert (done.verdict.outcome, done.codes[-1]) == ("unsure", ("maybe-decapsulated",))
    whole = audited_under(capture([*pieces, clear()]), host)
    assert (whole.verdict.outcome, whole.codes[-1]) == ("clean", ("decapsulated-again",))
    other = audited_under(capture([*pieces, clear(seq=2)]), host)
    assert other.verdict.outcome == "leak"


@pytest.mark.parametrize("outer", [4, 6])
def test_a_fragment_inside_a_tunnel_is_shown_again(outer: int) -> None:
    """An IPv6 fragment that a tunnel carried is excused like any other inside."""
    head = bytes((58, 0)) + (64 | 1).to_bytes(2, "big") + b"\0\0\0\7"
    inner = by_rfc.header(6, 44, head + bytes(64), ENDS[6])
    body = by_rfc.esp(KEYS, 0x2001, 1, 41, inner)
    tunnel = by_rfc.header(outer, by_rfc.ESP, body, OUTER[outer])
    host = HostConfiguration(sas=[sa(outer=outer)], policies=[policy("out", 6)])
    done = audited_under(capture([tunnel, inner]), host)
    assert (done.codes[-1], done.verdict.outcome) == (("fragment", "decapsulated-again"), "clean")


@pytest.mark.parametrize("version", [4, 6])
def test_a_traffic_class_may_come_from_the_tunnel(version: int) -> None:
    """Congestion in the tunnel, and its DSCP, may show in what was inside; nothing else may differ."""
    host = HostConfiguration(sas=[sa(outer=4)], policies=[policy("out", version)])
    ect = network.with_class(clear(version), 0x01)
    body = by_rfc.esp(KEYS, 0x2001, 1, by_rfc.INSIDE[version], ect)
    tunnel = network.with_class(by_rfc.header(4, by_rfc.ESP, body, OUTER[4]), 0x2B)
    for value, right in (
        (0x01, True),
        (0x03, True),
        (0x29, True),
        (0x2B, True),
        (0x02, False),
        (0x40, False),
    ):
        shown = network.with_class(clear(version), value)
        done = audited_under(capture([tunnel, shown]), host)
        assert (done.codes[-1] == ("decapsulated-again",)) == right


def test_what_is_compressed_may_be_longer_inside() -> None:
    """Where packets may be compressed, a closed one may hold a longer one."""
    comp = HostRule(proto=108, mode="tunnel", level="use")
    host = HostConfiguration(
        sas=[msgspec.structs.replace(sa(outer=4), opaque="hidden")],
        policies=[msgspec.structs.replace(policy("out"), rules=(comp, ESP))],
    )
    long = by_rfc.header(4, 1, by_rfc.echo(4) + bytes(900), ENDS[4])
    done = audited_under(capture([by_rfc.esp_packet(KEYS, 4, outer=4), long]), host)
    assert done.codes[-1] == ("maybe-decapsulated",)


def test_two_headers_are_asked_for_twice() -> None:
    """A policy with two ESP rules is not met by one ESP header."""
    host = both_ways()
    host.policies[2] = msgspec.structs.replace(host.policies[2], rules=(ESP, ESP))
    assert audited_under(capture([sealed()]), host).verdict.code == "wrong-protection"


def test_an_sa_that_is_lost_may_serve_a_policy() -> None:
    """A policy of level use asks for nothing without an SA; whether there is one may not be known."""
    use = msgspec.structs.replace(ESP, level="use")
    host = HostConfiguration(policies=[msgspec.structs.replace(policy("out"), rules=(use,))])
    assert audited_under(capture([clear()]), host).verdict.outcome == "clean"
    host.lost_sas = True
    assert audited_under(capture([clear()]), host).codes == [("policy-unsure",)]


def test_two_sas_of_one_spi_are_both_tried() -> None:
    """Where a mark tells two SAs apart, either key opens."""
    other = msgspec.structs.replace(sa(), enc_key=bytes(20))
    for sas in ([sa(), other], [other, sa()]):
        done = audited_under(capture([sealed()]), HostConfiguration(sas=sas))
        assert done.got == ["esp"]
