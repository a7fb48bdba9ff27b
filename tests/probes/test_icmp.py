"""Do the ICMP probes come out as on NetBSD's own stack, and as its sources say?

Requests, IP options and fragments were seen when that stack (2016 sources, run as a user-space kernel with
switches for 2003) handled them; multicast, forwarding and source routes follow from the sources alone.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.userland.icmp_exchange import MULTICAST_CONFIG
from ipsec_lo_trace.userland.probe_kind import all_probes
from ipsec_lo_trace.wire import icmp, ip
from tests.probes.machine import Ran, names, probe
from tests.support import PATCHED, UNPATCHED, A

REQUESTS = ["timestamp", "mask", "record-route", "timestamp-option", "big", "encap"]
FLAGS = {
    "esp": ["M_DECRYPTED"],
    "ah": ["M_AUTHIPHDR", "M_AUTHIPDGM"],
    "esp+ah": ["M_AUTHIPHDR", "M_DECRYPTED", "M_AUTHIPDGM"],
}
STRIPPING = ["netbsd-2.0", "looutput-only", "freebsd", "openbsd-now", "strict"]
AH_TUNNEL = """
add 127.0.0.1 127.0.0.1 ah 0x1000 -m tunnel -A hmac-sha1 "01234567890123456789" ;
spdadd 0.0.0.0/0 192.0.2.0/24 any -P out ipsec ah/tunnel/127.0.0.1-127.0.0.1/require ;
"""
ESP_FOR_IPIP_ALONE = """
add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc "12345678" ;
spdadd 127.0.0.1 127.0.0.1 4 -P out ipsec esp/transport//require ;
spdadd 127.0.0.1 127.0.0.1 icmp -P in discard ;
"""


def seen(ran: Ran) -> tuple[int, int, str]:
    """Return what the process saw."""
    return ran.program.sent, ran.program.received, ran.program.errno


def reply_on_lo0(ran: Ran) -> list[str]:
    """Name the marks of the reply (P2) as it crosses lo0."""
    return names(ran.at("looutput", "P2")[0])


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_reply_leaks_as_an_echo_reply_does(kind: str) -> None:
    """Unpatched, whatever the request, its reply crosses lo0 in clear under stale marks, and is accepted."""
    ran = probe(kind)
    whole = [crossed for crossed in ran.lo0 if crossed in ("esp", "icmp")]
    assert (whole[0], whole[-1], seen(ran)) == ("esp", "icmp", (1, 1, ""))
    assert [name for name in reply_on_lo0(ran) if name != "ENCAP!"] == [
        "IN_DONE!",
        "OUT_DONE!",
        "M_DECRYPTED!",
    ]


@pytest.mark.parametrize("kind", REQUESTS)
def test_the_patch_protects_the_reply(kind: str) -> None:
    """Patched, every reply is ESP again, its tags new and its M_DECRYPTED still the request's."""
    ran = probe(kind, PATCHED)
    assert set(ran.lo0) == {"esp"}
    assert reply_on_lo0(ran) == ["OUT_DONE", "M_DECRYPTED!"]
    assert seen(ran) == (1, 1, "")


@pytest.mark.parametrize("proto", FLAGS)
@pytest.mark.parametrize("kind", ["timestamp", "mask"])
def test_the_flags_follow_the_protocol(kind: str, proto: str) -> None:
    """ESP leaves M_DECRYPTED on the reply, AH its two flags, a bundle all three; patched and unpatched."""
    for fix in (UNPATCHED, PATCHED):
        ran = probe(kind, fix, proto=proto)
        flags = [mark.name for mark in ran.at("looutput", "P2")[0].marks if mark.name.startswith("M_")]
        assert flags == FLAGS[proto]


def test_a_timestamp_reply_holds_both_times() -> None:
    """Echo by echo the clock is a second on: originate, receive and transmit are the same time."""
    ran = probe("timestamp", count=3)
    times = [bytes.fromhex(step.bytes or "")[-12:] for step in ran.at("icmp_input") if step.bytes]
    assert times == [(1000 * echo).to_bytes(4, "big") * 3 for echo in range(3)]


def test_a_mask_reply_holds_lo0_s_mask() -> None:
    """The mask is 255.0.0.0, and the checksum is right."""
    message = bytes.fromhex(
        probe("mask").at("icmp_send")[0].bytes or probe("mask").at("icmp_input")[0].bytes or ""
    )
    assert message[28:32] == bytes((255, 0, 0, 0))
    assert icmp.checksum_ok(message[20:])


def test_without_maskrepl_the_request_goes_to_the_raw_socket() -> None:
    """maskrepl=0: no reply is made; the request itself is delivered, and nobody takes it for an answer."""
    ran = probe("mask", maskrepl="0")
    assert (ran.lo0, seen(ran)) == (["esp"], (1, 0, ""))
    assert (ran.steps[-1].packet, ran.steps[-1].to) == ("P1", "socket:ping")


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("kind", ["record-route", "timestamp-option"])
def test_options_are_kept_in_the_reply(kind: str, fix: str) -> None:
    """The reply bears the request's option with what each ip_input wrote, and tags as without options."""
    ran = probe(kind, fix)
    plain = probe("big", fix)
    delivered = ip.read(bytes.fromhex(ran.at("ip_input", "P2")[-1].bytes or ""))
    slot = 4 if kind == "record-route" else 8
    visits = len(ran.at("ip_input"))
    assert delivered.options[2] == (4 if kind == "record-route" else 5) + slot * min(visits, 4)
    assert reply_on_lo0(ran) == reply_on_lo0(plain)


def test_a_transport_sa_brings_in_what_the_policy_discards() -> None:
    """ICMP inside a process's own IP-in-IP packet passes an inbound policy that discards ICMP, by IN_DONE."""
    ran = probe("ipip", config=ESP_FOR_IPIP_ALONE)
    inside = ran.at("ip_input", "P1")[-1]
    assert [(check.id, check.answer) for check in inside.checks] == [
        ("packet-filter", "skipped"),
        ("gate-1-tag", "default"),
    ]
    assert (inside.wire.proto, names(inside)) == (["icmp"], ["ENCAP", "IN_DONE", "OUT_DONE", "M_DECRYPTED"])
    assert ran.at("icmp_input", "P1")[0].decision == "reflect"


def test_without_ipsec_nobody_takes_ip_in_ip() -> None:
    """In clear the packet bears no flag: the tunnel input leaves it to the raw sockets, which have none."""
    ran = probe("ipip", config="flush ;")
    last = ran.steps[-1]
    assert [step.decision for step in ran.at("encap4_input")] == ["raw"]
    assert (last.stage, last.reason, seen(ran)) == ("rip_input", "no-socket", (1, 0, ""))


def test_only_the_first_fragment_bears_the_marks() -> None:
    """Of two fragments the first has tags and flags; the packet put together has the first's."""
    ran = probe("big")
    assert ran.lo0 == ["esp", "esp", "icmp", "icmp"]
    assert names(ran.at("looutput", "P2/2")[0]) == []
    assert names(ran.at("rip_input")[0]) == reply_on_lo0(ran)
    assert names(ran.at("looutput", "P1")[0]) == ["OUT_DONE"]
    assert names(ran.at("looutput", "P1/2")[0]) == []


def test_too_long_with_ipsec_and_df_is_lost_without_a_word() -> None:
    """The call succeeds; after ESP the packet is too long, ips_cantfrag counts it, and nobody is told."""
    ran = probe("df")
    last = ran.steps[-1]
    assert (last.stage, last.errno, last.reason, last.returned) == (
        "ip_output",
        "EMSGSIZE",
        "cannot-fragment",
        None,
    )
    assert (ran.lo0, seen(ran), ran.kernel.counters["ips_cantfrag"]) == ([], (1, 0, ""), 1)


def test_without_ipsec_it_fits() -> None:
    """In clear the same packet crosses lo0 and is answered."""
    assert seen(probe("df", config="spdflush ;")) == (1, 1, "")


def test_too_long_at_once_and_df_is_told() -> None:
    """A packet that is too long before IPsec, and gets none, fails in sendto."""
    assert seen(probe("df", config="spdflush ;", size=40000)) == (1, 0, "EMSGSIZE")


def test_the_encap_tag_stays_and_decides_nothing() -> None:
    """The reply from a tunnel bears ENCAP beside the other leftovers; no question is settled by it."""
    ran = probe("encap")
    assert reply_on_lo0(ran)[0] == "ENCAP!"
    settled = [check.mark.name for step in ran.steps for check in step.checks if check.mark]
    assert "ENCAP" not in settled


# --- source routes ---------------------------------------------------------------------------------


def test_a_source_route_takes_the_esp_packet_on() -> None:
    """The first hop forwards the packet with ESP still on it; the stale OUT_DONE spares it a second."""
    ran = probe("source-route", host=A)
    first = ran.at("ip_forward")[0]
    assert (first.packet, first.wire.proto, first.wire.ttl, names(first)) == (
        "P2",
        ["esp"],
        254,
        ["OUT_DONE!"],
    )
    assert ran.at("ip_output", "P2")[0].decision == "skip"
    assert seen(ran) == (1, 1, "")


def test_the_reply_takes_the_route_back() -> None:
    """The reply has the route reversed in front of its options, and is forwarded at its own first hop."""
    ran = probe("source-route", host=A)
    out = ip.read(bytes.fromhex(ran.at("ip_output", "P3")[0].bytes or ""))
    assert (out.dst, out.options) == (A, bytes((1, 131, 7, 4)) + A.packed)
    assert [step.packet for step in ran.at("ip_forward")] == ["P2", "P4"]


@pytest.mark.parametrize("fix", ["looutput-only", "netbsd-2.0"])
def test_without_the_stale_tag_the_first_hop_encrypts_again(fix: str) -> None:
    """Where lo0 strips tags, the forwarded ESP packet gets a second ESP; it is answered all the same."""
    ran = probe("source-route", fix, host=A)
    assert len(ran.at("esp_output", "P2")) == 1
    assert seen(ran) == (1, 1, "")


def test_no_packet_to_network_127_is_forwarded() -> None:
    """A source route over 127.0.0.1 ends in ip_forward."""
    ran = probe("source-route")
    assert (ran.steps[-1].reason, ran.kernel.counters["ips_cantforward"]) == ("cannot-forward", 1)


# --- multicast --------------------------------------------------------------------------------------


def test_to_a_group_on_lo0_only_the_copy_in_clear_comes_back() -> None:
    """The copy is taken before IPsec: plain, unmarked, refused by gate 1; the packet itself is not sent."""
    ran = probe("multicast")
    assert (ran.lo0, seen(ran)) == (["icmp"], (1, 0, ""))
    assert (ran.steps[-1].packet, ran.steps[-1].reason) == ("P1/loop1", "in-policy")
    assert all(step.marks == () for step in ran.steps)


def test_to_a_group_elsewhere_a_copy_of_the_esp_packet_comes_back_too() -> None:
    """The second pass loops the ESP packet with a copy of OUT_DONE; that copy is decrypted and answered."""
    ran = probe("multicast-out", config=MULTICAST_CONFIG.replace("127.0.0.1", "10.9.9.1"), host=A)
    assert ran.lo0 == ["icmp"]
    copied = ran.at("ip_mloopback", "P1/loop2")[0]
    assert (names(copied), copied.marks[0].made_for, copied.marks[0].row) == (
        ["OUT_DONE"],
        "P1/loop2",
        copied.row,
    )
    assert [(step.packet, step.wire.proto) for step in ran.at("ether_output")] == [("P1", ["esp"])]
    assert names(ran.at("looutput", "P2/loop2")[0]) == ["IN_DONE!", "OUT_DONE!", "M_DECRYPTED!"]
    assert seen(ran) == (1, 1, "")


def test_without_policies_both_copies_are_not_made() -> None:
    """In clear ip_output sees the packet once: one copy, one packet on the wire, one answer."""
    ran = probe("multicast-out", config="spdflush ;", host=A)
    assert (ran.lo0, len(ran.at("ether_output")), seen(ran)) == (["icmp"], 1, (1, 1, ""))


# --- forwarding -------------------------------------------------------------------------------------


def test_a_forwarded_packet_leaves_in_clear() -> None:
    """Out of the tunnel and on to ex0 in the same mbuf: the OUT_DONE of its first trip skips IPsec."""
    ran = probe("forward")
    out = ran.at("ip_output", "P2")[0]
    assert (out.decision, [check.decided_by_stale for check in out.checks][1]) == ("skip", True)
    last = ran.steps[-1]
    assert (last.stage, last.packet, last.wire.proto, last.wire.ttl) == ("ether_output", "P2", ["icmp"], 3)
    assert names(last) == ["ENCAP!", "IN_DONE!", "OUT_DONE!", "M_DECRYPTED!"]
    assert (ran.kernel.counters["ips_forward"], seen(ran)) == (1, (1, 1, ""))


def test_the_patch_does_not_reach_forwarding() -> None:
    """icmp_reflect's fix leaves it as it is, since nothing is reflected."""
    assert probe("forward", PATCHED).lo0 == probe("forward").lo0 == ["esp"]
    assert probe("forward", PATCHED).at("ether_output")[0].wire.proto == ["icmp"]


@pytest.mark.parametrize("fix", STRIPPING)
def test_where_lo0_strips_tags_the_packet_goes_round_until_its_ttl_ends(fix: str) -> None:
    """Without OUT_DONE the policy sends it into the tunnel each time; the error at its end is suppressed."""
    ran = probe("forward", fix)
    assert (ran.lo0, ran.at("ether_output")) == (["esp"] * 4, [])
    assert (ran.steps[-1].stage, ran.steps[-1].reason) == ("icmp_error", "error-suppressed")


def test_a_host_that_does_not_forward_drops_it() -> None:
    """forwarding=0: ips_cantforward."""
    ran = probe("forward", forwarding="0")
    assert (ran.steps[-1].reason, ran.kernel.counters["ips_cantforward"]) == ("not-forwarding", 1)


def test_no_redirect_is_sent_about_a_decrypted_packet() -> None:
    """Each copy bears M_DECRYPTED, at first fresh and then stale, and icmp_error keeps silent."""
    ran = probe("redirect")
    copies = [step for step in ran.at("icmp_error") if step.packet.endswith("/copy")]
    assert [step.packet for step in copies] == ["P1/copy", "P2/copy", "P3/copy"]
    assert {step.reason for step in copies} == {"error-suppressed"}
    assert [names(step)[-1] for step in copies] == ["M_DECRYPTED", "M_DECRYPTED!", "M_DECRYPTED!"]
    assert (ran.kernel.counters["ips_redirectsent"], seen(ran)) == (3, (1, 0, ""))


def test_over_ah_the_redirect_comes() -> None:
    """Without M_DECRYPTED it is sent, in a new mbuf without marks, and points to the route's gateway."""
    ran = probe("redirect", config=AH_TUNNEL)
    reflected = ran.at("icmp_reflect")[0]
    message = bytes.fromhex(reflected.bytes or "")[20:]
    assert (message[0], message[1], message[4:8], names(reflected)) == (5, 1, bytes((127, 0, 0, 1)), [])
    assert seen(ran) == (1, 1, "")


# --- all --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("fix", ["none", "netbsd-2003-08", "netbsd-2015", "lo-exempt", "kame", "strict"])
@pytest.mark.parametrize("kind", [kind.name for kind in all_probes()])
def test_every_probe_runs_under_any_fix(kind: str, fix: str) -> None:
    """Three of each end; at most one answer to each that was sent; every row is a linked stage's."""
    ran = probe(kind, fix, host=A, count=3)
    assert 0 <= ran.program.received <= ran.program.sent <= 3
    assert ran.steps
