"""Does every odd packet get a code of its own, and is nothing made up about it?"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.audit.fragments import MAX_DATAGRAMS, Fragments
from ipsec_lo_trace.audit.judgement import MAX_INSIDES
from ipsec_lo_trace.audit.numbers import WINDOW_BITS, Numbers
from ipsec_lo_trace.audit.pairing import MAX_ENTRIES
from ipsec_lo_trace.model.audit import AUDIT_CODES
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
from ipsec_lo_trace.wire import ip, ipcomp, network
from ipsec_lo_trace.wire.esp import EspTransform
from tests import handmade
from tests.audit.support import (
    ACK,
    AES,
    AH,
    AH_KEYS,
    ESP_KEYS,
    LO,
    LO_ESP,
    RST,
    SYN,
    A,
    B,
    audited,
    audited_packets,
    capture,
    echo,
    message,
    packet,
    policies,
    reply,
    sealed,
    segment,
)

AB_OUT = policies(A, B, "esp/transport//require", "out") + policies(B, A, "esp/transport//require", "out")
IN_ONLY = f"add {LO} {LO} esp 0x1001 {ESP_KEYS};\n" + policies(LO, LO, "esp/transport//require", "in")
OTHER_KEY = LO_ESP.replace("-A hmac-sha1 0x00", "-A hmac-sha1 0xff")
NOT_AUTHENTICATED = f"add {LO} {LO} esp 0x1001 -E rijndael-cbc 0x{AES};\n"


def test_an_empty_capture_proves_nothing() -> None:
    """Without a packet the outcome is unsure, not clean."""
    done = audited_packets([])
    assert (done.verdict.outcome, done.verdict.code, done.verdict.packets) == ("unsure", "nothing-seen", 0)


def test_other_networks_are_set_aside() -> None:
    """What is no IP is counted by what it is, and judged by no policy."""
    ethernet = [b"\x88\xcc" + bytes(40), b"\x08\x06" + bytes(28), b"\x08\x00" + sealed(echo())]
    done = audited(capture(ethernet, link=1, head=bytes(12)), LO_ESP)
    assert done.codes == [("not-ip",), ("not-ip",), ()]
    assert done.got == ["", "", "esp"]
    assert [finding.text.partition(":")[0] for finding in done.verdict.findings] == [
        "EtherType 0x88cc",
        "ARP",
    ]
    assert done.verdict.outcome == "clean"


def test_other_protocols_follow_the_policies_too() -> None:
    """A clear packet of a protocol that nobody knows is a leak where the policy is for any protocol."""
    done = audited_packets([sealed(echo()), packet(132, bytes(20))])
    assert done.codes == [(), ("clear-text",)]
    assert done.verdict.outcome == "leak"


def test_ports_choose_the_policy() -> None:
    """A policy for one port covers that port's segments alone."""
    config = f"spdadd {LO} {LO}[80] tcp -P out ipsec esp/transport//require;"
    done = audited_packets([segment(SYN, 1024, 80), segment(SYN, 1024, 81), sealed(echo())], config)
    assert [bool(found.asked) for found in done.packets] == [True, False, False]


def test_an_unknown_spi_is_told_once() -> None:
    """Packets of an SA that the configuration lacks are one finding, and cannot be clean."""
    done = audited_packets([sealed(echo(seq), seq, spi=0x9999) for seq in range(1, 6)])
    finding = done.finding("unknown-spi")
    assert (finding.packets, finding.first) == (5, 1)
    assert "esp 0x00009999 to 127.0.0.1" in finding.text
    assert done.got == ["unopened"] * 5
    assert done.verdict.outcome == "unsure"


def test_a_wrong_key_is_told_once() -> None:
    """If no packet of an SA verifies, the key is doubted, in one finding."""
    done = audited_packets([sealed(echo(seq), 2 * seq) for seq in range(1, 101)], OTHER_KEY)
    assert done.verdict.code == "wrong-key"
    assert done.got == ["wrong"] * 100
    [finding] = done.verdict.findings
    assert (finding.packets, finding.first) == (100, 1)


def test_without_authentication_nonsense_shows_the_wrong_key() -> None:
    """If nothing authenticates, a packet that opens to nonsense is wrong, and one that makes sense is not."""
    plain = EspTransform("rijndael-cbc", bytes.fromhex(AES), "", b"")
    sealed_plainly = [sealed(echo(seq), seq, transform=plain) for seq in range(1, 11)]
    right = audited_packets(sealed_plainly, NOT_AUTHENTICATED)
    wrong = audited_packets(sealed_plainly, NOT_AUTHENTICATED.replace(AES, AES[::-1]))
    assert (right.got, right.found) == (["esp"] * 10, {})
    assert (wrong.got, wrong.found) == (["wrong"] * 10, {"wrong-key": 10})


def test_one_wrong_icv_is_no_wrong_key() -> None:
    """One altered packet among good ones is an altered packet."""
    good = sealed(echo())
    done = audited_packets([good, good[:-1] + bytes((good[-1] ^ 1,)), sealed(reply(), 3)])
    assert done.codes == [(), ("wrong-icv",), ()]
    assert done.got == ["esp", "wrong", "esp"]
    assert done.verdict.code == "wrong-icv"


def test_what_a_snap_length_cut_is_named() -> None:
    """A sealed packet that was cut cannot be verified; a clear one is judged by its beginning."""
    done = audited(capture([sealed(echo()), reply()], cut=60), LO_ESP)
    assert done.codes == [("cut-short",), ("cut-short", "clear-text")]
    assert done.got == ["unopened", "clear"]
    assert done.verdict.outcome == "leak"


@pytest.mark.parametrize("kept", [1, 19, 20, 27])
def test_packets_cut_anywhere_are_judged(kept: int) -> None:
    """Whatever is left of a packet, the audit goes on, and says that it was cut."""
    done = audited(capture([sealed(echo()), echo()], cut=kept), LO_ESP)
    assert all("cut-short" in codes for codes in done.codes)


def test_headers_that_lie_are_named() -> None:
    """A length beyond the packet, an absurd header length, AH that does not fit, ESP that is no block."""
    whole = echo()
    lies = [
        whole[:2] + b"\xff\xff" + whole[4:],
        b"\x4f" + whole[1:20],
        b"\x41" + whole[1:],
        packet(50, b"\0\0\x10\x01" + bytes(5)),
        packet(50, b"\0\0"),
        packet(51, b"\x01\xff\0\0" + b"\0\0\x10\x01" + bytes(40)),
        packet(4, bytes(3)),
    ]
    config = LO_ESP + f"add {LO} {LO} ah 0x1001 {AH_KEYS};"
    done = audited_packets(lies, config)
    assert done.codes[0] == ("malformed", "clear-text")
    assert done.codes[1:6] == [("malformed",)] * 5
    assert done.codes[6] == ("clear-text",)


def test_nested_headers_end_somewhere() -> None:
    """AH around AH around AH is opened only so far."""
    whole = echo()
    for seq in range(1, 40):
        whole = AH.seal(whole, spi=0x1002, seq=seq)
    done = audited_packets([whole], LO_ESP + f"add {LO} {LO} ah 0x1002 {AH_KEYS};")
    assert done.codes == [("malformed",)]


def test_repeated_numbers_are_named() -> None:
    """A duplicate is a replay, a late one is out of order, and neither is a leak."""
    numbers = [1, 2, 4, 3, 2]
    done = audited_packets([sealed(echo(seq), seq) for seq in numbers])
    assert done.codes == [(), (), (), ("out-of-order",), ("replayed",)]
    assert done.verdict.outcome == "clean"


def test_a_duplicated_clear_reply_is_found_twice() -> None:
    """A capture that has each packet twice has each leak twice, and one answered request."""
    doubled = [each for each in (sealed(echo()), reply()) for _ in range(2)]
    done = audited_packets(doubled)
    assert done.codes == [(), ("replayed",), ("reply-in-clear-2003",), ("reply-in-clear-2003",)]
    assert (done.verdict.leaks, done.verdict.answered) == (2, 1)


def test_fragments_of_a_sealed_packet_are_put_together() -> None:
    """The last fragment to come, in whatever order, brings the packet's judgement."""
    pieces = ip.fragment(sealed(echo(data=bytes(2000))), 600)
    done = audited_packets([pieces[1], *pieces[2:], pieces[0], sealed(reply(data=bytes(2000)), 3)])
    assert done.got == [""] * (len(pieces) - 1) + ["esp", "esp"]
    assert done.packets[-1].answers == len(pieces)
    assert done.verdict.outcome == "clean"


def test_missing_fragments_leave_the_packet_unjudged() -> None:
    """If a sealed packet's fragment is missing, nobody knows what was in it."""
    done = audited_packets([*ip.fragment(sealed(echo(data=bytes(2000))), 600)[1:], sealed(echo(2), 2)])
    assert done.verdict.code == "fragments-missing"
    assert done.finding("fragments-missing").packets == 1


def test_clear_fragments_share_their_firsts_judgement() -> None:
    """A clear reply in pieces is one leak; its later pieces bear the code of the first."""
    pieces = ip.fragment(reply(data=bytes(2000)), 600)
    done = audited_packets([sealed(echo(data=bytes(2000))), *pieces])
    assert done.codes[1:] == [("fragment", "reply-in-clear-2003")] * len(pieces)
    assert done.verdict.leaks == 1
    assert done.verdict.code == "reply-in-clear-2003"


def test_overlapping_fragments_are_given_up() -> None:
    """Fragments that overlap are no packet, and do not stay."""
    table = Fragments()
    pieces = ip.fragment(sealed(echo(data=bytes(2000))), 600)
    late = ip.patch(pieces[1], off=ip.read(pieces[1]).off - 1)
    for piece in (pieces[0], late, pieces[2]):
        assert table.add(piece, network.look(piece)) is None
    assert table.add(pieces[3], network.look(pieces[3])) is None
    assert (len(table), table.forgotten) == (0, 1)


def test_tables_forget_the_oldest_and_say_so() -> None:
    """More fragments and more open requests than the tables hold: the oldest go, and the verdict says so."""
    pieces = [ip.fragment(packet(50, bytes(100), ident=ident), 60)[0] for ident in range(MAX_DATAGRAMS + 3)]
    requests = [packet(17, struct.pack("!HHHH", port, 9, 8, 0)) for port in range(1, MAX_ENTRIES + 11)]
    done = audited_packets([*pieces, *requests], "spdflush;")
    assert done.finding("fragments-missing").packets == MAX_DATAGRAMS + 3
    assert done.finding("tables-full").text.startswith("10 requests")


def test_many_spis_are_counted_together() -> None:
    """SPIs of which there is no end take no memory without end."""
    done = audited_packets([sealed(echo(), spi=spi) for spi in range(0x2000, 0x2200)])
    assert sum(finding.code == "unknown-spi" for finding in done.verdict.findings) == 257
    assert done.found["unknown-spi"] == 512
    assert "tables-full" in done.found


def test_a_clear_request_with_a_protected_reply_is_noted() -> None:
    """Where no policy wants more, a clear request and its protected reply are worth a note."""
    done = audited_packets([echo(), sealed(reply())], f"add {LO} {LO} esp 0x1001 {ESP_KEYS};")
    assert done.codes == [(), ("request-in-clear",)]
    assert (done.verdict.outcome, done.verdict.code) == ("clean", "no-policy")


def test_an_answer_shows_that_clear_text_was_accepted() -> None:
    """A request that the inbound policy should have refused, and that was answered, is a leak."""
    done = audited_packets([echo(), sealed(reply())], IN_ONLY)
    assert done.codes == [("in-policy-unmet",), ("accepted-in-clear",)]
    assert done.verdict.code == "accepted-in-clear"


def test_less_than_the_policy_wants_is_a_leak() -> None:
    """ESP alone where ESP and AH are required is wrong protection, and no clear text."""
    config = f"add {LO} {LO} esp 0x1001 {ESP_KEYS};\n" + policies(
        LO, LO, "esp/transport//require ah/transport//require"
    )
    done = audited_packets([sealed(echo())], config)
    assert done.codes == [("wrong-protection",)]
    assert "lacks ah" in done.packets[0].text


def test_clear_text_beside_protected_packets_has_no_excuse() -> None:
    """Clear packets that answer nothing protected are clear text; nothing says that IPsec was off."""
    done = audited_packets([sealed(echo(1)), echo(2), reply(2)])
    assert done.codes == [(), ("clear-text",), ("clear-text",)]
    assert done.verdict.code == "clear-text"


def test_an_unreachable_names_the_datagram_that_it_is_about() -> None:
    """An ICMP error answers the packet whose beginning it quotes."""
    datagram = packet(17, struct.pack("!HHHH", 40000, 9, 8, 0))
    error = packet(1, message(3, data=datagram[:28]))
    done = audited_packets([sealed(datagram), sealed(error, 3)])
    assert done.packets[1].answers == 1


def test_a_rst_answers_whatever_segment_came_last() -> None:
    """A RST in clear answers a protected segment of the same connection, the other way round."""
    done = audited_packets([sealed(segment(SYN, 1024, 9)), segment(RST, 9, 1024), segment(RST, 9, 1025)])
    assert done.codes == [(), ("rst-in-clear-2003",), ("clear-text",)]
    assert "looutput" in done.finding("rst-in-clear-2003").fix


def test_the_inside_of_a_tunnel_may_be_seen_again() -> None:
    """What a tunnel packet had inside is no leak if it is seen again byte for byte; an altered one is."""
    config = f"add {LO} {LO} esp 0x1001 -m tunnel {ESP_KEYS};\n" + policies(
        LO, LO, f"esp/tunnel/{LO}-{LO}/require"
    )
    clear = echo()
    other = clear[:-1] + b"\xff"
    done = audited_packets([sealed(clear, tunnel=True), clear, other], config)
    assert done.codes == [(), ("decapsulated-again",), ("clear-text",)]


def compressed(clear: bytes) -> bytes:
    """Compress what a packet holds."""
    header = ip.read(clear)
    body = handmade.ipcomp(header.proto, 2, ipcomp.deflate(clear[header.header_len :]))
    return handmade.write(header._replace(proto=IPPROTO_IPCOMP), body)


def test_compression_is_taken_off_and_protects_nothing() -> None:
    """IPComp inside ESP opens; alone it is clear text; damaged, nobody knows what was in it."""
    squeezed = compressed(echo(data=bytes(400)))
    damaged = squeezed[:24] + b"\xff\xff" + squeezed[26:]
    done = audited_packets([sealed(squeezed), squeezed, damaged, packet(IPPROTO_IPCOMP, b"\1\0")])
    assert done.codes == [(), ("clear-text",), ("not-opened",), ("malformed",)]
    assert done.got == ["esp", "clear", "wrong", "unopened"]
    inside = done.packets[0].inside
    assert inside is not None
    assert inside.info == "echo request id 0x0007 seq 1"


def test_a_policy_may_ask_for_compression_in_vain() -> None:
    """A packet that was not compressed is no leak, whatever the policy asks: compression protects nothing."""
    config = f"add {LO} {LO} esp 0x1001 {ESP_KEYS};\n" + policies(
        LO, LO, "ipcomp/transport//require esp/transport//require"
    )
    done = audited_packets([sealed(echo()), echo(2)], config)
    assert done.codes == [(), ("clear-text",)]
    assert "lacks esp, which" in done.packets[1].text


def test_a_syn_ack_in_clear_is_clear_text() -> None:
    """A SYN-ACK is made in an mbuf of its own, so in clear it has another cause than the leak of 2003."""
    done = audited_packets([sealed(segment(SYN, 1024, 80)), segment(SYN | ACK, 80, 1024)])
    assert done.codes == [(), ("clear-text",)]
    assert done.packets[1].answers == 1


def test_errors_name_segments_and_requests_too() -> None:
    """An ICMP error answers what it quotes, if its receiver sent that; else it answers nothing."""
    asked = [segment(SYN, 1024, 80), echo(), packet(132, bytes(20))]
    errors = [packet(1, message(3, data=each[:28])) for each in asked]
    foreign = packet(1, message(3, data=packet(17, bytes(8), src=A)))
    done = audited_packets([*asked, *errors, foreign, packet(1, message(3, data=b"")), packet(1, b"\3")])
    assert [found.answers for found in done.packets] == [0, 0, 0, 1, 2, 0, 0, 0, 0]


def test_another_ip_version_is_no_ipv4() -> None:
    """Bytes that say IP version 5 are set aside, whatever the link type promised."""
    done = audited(capture([b"\x55" + bytes(30), sealed(echo())], link=228), LO_ESP)
    assert done.codes == [("not-ip",), ()]
    assert done.packets[0].text == "IP version 5"


def test_a_sealed_fragment_in_a_tunnel_is_not_put_together() -> None:
    """Where a tunnel carries fragments of ESP, what they hold stays unknown."""
    config = f"add {LO} {LO} esp 0x1002 -m tunnel {ESP_KEYS};\n" + LO_ESP
    piece = ip.fragment(sealed(echo(data=bytes(400))), 200)[0]
    broken = sealed(packet(4, bytes(5)), 2, 0x1002)
    done = audited_packets([sealed(piece, spi=0x1002, tunnel=True), broken], config)
    assert done.codes == [("fragments-missing",), ("malformed",)]


def test_a_cut_fragment_is_still_a_fragment() -> None:
    """A clear fragment that a snap length cut is judged like any other, and said to be cut."""
    pieces = ip.fragment(reply(data=bytes(2000)), 600)
    done = audited(capture(pieces[:1], cut=100), LO_ESP)
    assert done.codes == [("fragment", "cut-short", "clear-text")]


def test_old_insides_of_tunnels_are_forgotten() -> None:
    """Only the last insides are kept, so what was inside long ago is clear text."""
    config = f"add {LO} {LO} esp 0x1001 -m tunnel {ESP_KEYS};\n" + policies(
        LO, LO, f"esp/tunnel/{LO}-{LO}/require"
    )
    clear = [echo(seq) for seq in range(1, MAX_INSIDES + 2)]
    tunnelled = [sealed(each, seq, tunnel=True) for seq, each in enumerate(clear, start=1)]
    done = audited_packets([*tunnelled, clear[0], clear[1]], config)
    assert done.codes[-2:] == [("clear-text",), ("decapsulated-again",)]


@given(st.lists(st.integers(1, 3 * WINDOW_BITS), max_size=60))
def test_numbers_are_told_apart_as_a_set_would(numbers: list[int]) -> None:
    """A number is a replay only if it came before, and always if it did and lies within the window."""
    seen: set[int] = set()
    table = Numbers()
    for number in numbers:
        highest = max(seen, default=-1)
        said = table.see(number)
        assert said != "replayed" or number in seen
        if number in seen and highest - number < WINDOW_BITS:
            assert said == "replayed"
        assert (said == "") == (number > highest)
        seen.add(number)


@given(st.lists(st.binary(max_size=120), max_size=8), st.sampled_from([LO_ESP, AB_OUT, IN_ONLY, "spdflush;"]))
def test_any_bytes_are_judged(bodies: list[bytes], config: str) -> None:
    """Whatever the packets are, each is judged, and every code is one that is explained."""
    done = audited(capture(bodies, link=228), config)
    assert len(done.packets) == done.verdict.packets == len(bodies)
    assert {code for codes in done.codes for code in codes} <= AUDIT_CODES.keys()


@given(st.integers(0, 135), st.binary(min_size=1, max_size=4))
def test_any_damage_is_judged(at: int, damage: bytes) -> None:
    """Wherever a sealed packet is damaged, it is judged; what still opens is as it was."""
    whole = sealed(echo())
    harmed = whole[:at] + damage + whole[at + len(damage) :]
    done = audited_packets([harmed])
    assert len(done.packets) == 1
    if done.got == ["esp"]:
        assert harmed[20:136] == whole[20:]
