from __future__ import annotations

import re
from ipaddress import IPv4Address

import pytest

from ipsec_lo_trace.xfrm.load import load, load_all
from tests.xfrm.support import LINUX2, entries_of, only_policy, only_sa, printed, said

STATE, POLICY = printed("lo1-esp.state"), printed("lo1-esp.policy")
AB = printed("ab-esp.state")
KEY = "0x00112233445566778899aabbccddeeff"
MAC = "0x000102030405060708090a0b0c0d0e0f10111213"
SHUT = ": packets of this SA are not opened"
GONE = ": SA left out"
OPEN = ": what this policy asks for is not known"


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (" mode transport", "", "f:1:1: mode is missing from this line"),
        ("mode transport", "mode ro", "f:2:40: mode ro is not known"),
        ("mode transport", "mode in_trigger", "f:2:40: mode in_trigger is not known"),
        ("mode transport", "mode iptfs", "f:2:40: mode iptfs is not known"),
        ("mode transport", "mode 5", "f:2:40: mode 5 is not known"),
        ("reqid 0", "reqid x", "f:2:33: x where a reqid should be (a number from 0 to 4294967295)"),
        ("reqid 0", "what reqid 0", "f:2:27: what is not known here (one of proto, spi, reqid, mode)"),
        ("window 0", "window", "f:3:2: nothing stands behind replay-window"),
        (
            "window 0",
            "window -1",
            "f:3:16: -1 where a replay window should be (a number from 0 to 4294967295)",
        ),
        ("hmac(sha1)", "hmac(foo)", "f:4:13: hmac(foo) is not an algorithm that is known"),
        (" 96", " 168", "f:4:13: hmac(sha1) cannot be cut to 168 bits"),
        (" 96", " 97", "f:4:67: an ICV of 97 bits is not of whole bytes"),
        (MAC + " 96", "96", "f:4:13: hmac(sha1) cannot have a key of 0 bytes"),
        (MAC + " 96", MAC, "f:4:13: how many bits of hmac(sha1) are kept is not said"),
        (MAC, MAC[2:], "f:4:24: this is not a key (0x and two hexadecimal digits for each byte)"),
        (MAC, MAC[:-1], "f:4:24: this is not a key (0x and two hexadecimal digits for each byte)"),
        (MAC, f"{MAC} {MAC}", "f:4:67: more than a key stands behind the algorithm"),
        ("enc cbc(aes)", "enc ecb(aes)", "f:5:6: ecb(aes) is not an algorithm that is known"),
        ("enc cbc(aes)", "comp lzs", "f:5:7: lzs is not an algorithm that is known"),
        ("cbc(aes) " + KEY, "", "f:5:2: no algorithm stands behind enc"),
        (KEY, "0x00", "f:5:6: cbc(aes) cannot have a key of 1 bytes (16 or 24 or 32 bytes)"),
        (KEY, "", "f:5:6: cbc(aes) cannot have a key of 0 bytes (16 or 24 or 32 bytes)"),
        (KEY, "(ERROR truncated)", "f:5:22: more than a key stands behind the algorithm"),
        (
            "\tsel",
            "\tencap type espintcp sport 4500 dport 4500 addr 0.0.0.0\n\tsel",
            "f:7:13: packets in espintcp are not read",
        ),
        (
            "\tsel",
            "\tencap type espinudp-nonike sport 1 dport 2 addr ::\n\tsel",
            "f:7:13: packets in espinudp-nonike are not read",
        ),
        (
            "\tsel",
            "\tencap type espinudp sport x dport 1 addr ::\n\tsel",
            "f:7:28: x where a port should be (a number from 0 to 65535)",
        ),
        ("\tsel", "\tencap\n\tsel", "f:7:2: type is missing from this line"),
        ("proto esp", "proto ah", "f:4:2: auth-trunc and enc is not what ah needs"),
    ],
)
def test_an_sa_that_cannot_be_opened_is_known_by_its_spi(old: str, new: str, note: str) -> None:
    """What is wrong with an SA is one note with line and column; its packets are still known for its."""
    assert old in STATE
    read = load(STATE.replace(old, new, 1), "f")
    (sa,) = read.sas
    assert (str(sa.src), str(sa.dst), sa.spi, bool(sa.opaque)) == ("127.0.0.1", "127.0.0.1", 0x1001, True)
    assert read.notes == [note + SHUT]
    assert MAC[2:-1] not in read.notes[0]


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("src 127.0.0.1 dst 127.0.0.1", "src 127.0.0.1 dst lo", "f:1:19: lo where an address should be"),
        ("src 127.0.0.1 dst 127.0.0.1", "src 127.0.0.1", "f:1:1: dst is missing from this line"),
        ("src 127.0.0.1 dst", "src <server ip> dst", "f:1:5: <server where an address should be"),
        ("src 127.0.0.1", "src ::1", "f:1:13: src and dst are of two families"),
        ("src 127.0.0.1", "src fe80::1%lo", "f:1:5: fe80::1%lo where an address should be"),
        ("dst 127.0.0.1\n", "dst\n", "f:1:1: dst is missing from this line"),
        ("proto esp", "proto hao", "f:2:8: a state of protocol hao, not of IPsec"),
        ("proto esp", "proto route2", "f:2:8: a state of protocol route2, not of IPsec"),
        ("proto esp", "proto 4", "f:2:8: a state of protocol 4, not of IPsec"),
        ("proto esp", "proto 41", "f:2:8: a state of protocol 41, not of IPsec"),
        ("\tproto", "\tprotocol", "f:1:1: the SA has no line with its protocol"),
        ("proto esp", "proto esq", "f:2:8: esq where esp, ah or comp should be"),
        ("proto esp", "proto 50", "f:2:8: 50 where esp, ah or comp should be"),
        ("proto esp", "proto 256", "f:2:8: 256 where esp, ah or comp should be"),
        ("spi 0x00001001 ", "", "f:1:1: spi is missing from this line"),
        ("0x00001001", "0x1000000010", "f:2:16: 0x... where an SPI should be"),
        ("0x00001001", "4294967296", "f:2:16: 4294967296 where an SPI should be"),
        ("0x00001001", "many", "f:2:16: many where an SPI should be"),
        ("0x00001001", "0x00000000", "f:1:1: an SA without an SPI, not yet agreed upon"),
    ],
)
def test_what_is_no_sa_is_left_out(old: str, new: str, note: str) -> None:
    """Without ends, protocol or SPI there is nothing to know packets by; the other SAs are as they were.

    That an SA is lost is told, but not of what is there and seals nothing.
    """
    assert old in STATE
    read = load(AB + STATE.replace(old, new, 1), "f")
    alone = load(AB, "f")
    assert said(read) == said(alone)
    assert read.lost_sas == ("not of IPsec" not in note and "not yet agreed" not in note)
    line, column, reason = note.split(":", 3)[1:]
    assert read.notes[-1].startswith(f"f:{int(line) + AB.count(chr(10))}:{column}:{reason}")
    assert read.notes[-1].endswith(GONE)


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("dir in", "dir in action maybe", "f:2:16: maybe where allow or block should be"),
        (
            "priority 0",
            "priority low",
            "f:2:18: low where a priority should be (a number from 0 to 4294967295)",
        ),
        (
            "priority 0",
            "prio 0",
            "f:2:9: prio is not known here (one of dir, socket, action, index, priority, ptype, share)",
        ),
        ("ptype main", "ptype sub", "f:2:26: a policy of type sub, which goes with another one"),
        ("ptype main", "ptype main flag sideways", "f:2:36: sideways is not a flag that is known"),
        ("tmpl src", "tmpl from", "f:3:7: from is not known here (one of src, dst)"),
        ("tmpl", "templ", "f:3:2: templ is not known in a policy"),
        ("tmpl src 127.0.0.1", "tmpl src ::1", "f:3:19: src and dst are of two families"),
        ("proto esp", "proto route2", "f:4:9: route2 where esp, ah or comp should be"),
        ("proto esp", "proto 4", "f:4:9: 4 where esp, ah or comp should be"),
        ("proto esp", "proto 255", "f:4:9: 255 where esp, ah or comp should be"),
        ("mode transport", "mode iptfs", "f:4:26: mode iptfs is not known"),
        ("reqid 0", "spi x reqid 0", "f:4:17: x where an SPI should be (a number from 0 to 4294967295)"),
        (
            "mode transport",
            "mode transport\n\t\tlevel what",
            "f:5:9: what where required, use or a number should be (a number from 0 to 4294967295)",
        ),
        (
            "mode transport",
            "mode transport\n\t\tproto esp reqid 0 mode transport",
            "f:5:9: proto stands here twice",
        ),
        ("\ttmpl", "\tsideways 7\n\ttmpl", "f:3:2: sideways is not known in a policy"),
    ],
)
def test_a_policy_that_cannot_be_read_stands_in_the_way(old: str, new: str, note: str) -> None:
    """What is wrong with a policy is one note; it keeps its place, and may ask for anything."""
    (text, _outbound) = entries_of(POLICY)
    assert old in text
    read = load(text.replace(old, new, 1), "f")
    (one,) = read.policies
    assert (one.direction, str(one.src), str(one.dst)) == ("in", "127.0.0.1/32", "127.0.0.1/32")
    assert (one.kind, one.rules, read.notes) == ("unknown", (), [note + OPEN])


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("127.0.0.1/32", "127.0.0.1/33", "f:1:5: 127.0.0.1/33 where a network should be"),
        ("127.0.0.1/32 dst", "127.0.0.1/32 to", "f:1:18: to is not known here"),
        ("127.0.0.1/32 dst", "::1/128 dst", "f:1:17: src and dst are of two families"),
        ("127.0.0.1/32 dst", "fe80::1%lo/128 dst", "f:1:5: fe80::1%lo/128 where a network should be"),
    ],
)
def test_a_policy_without_a_readable_selector_is_for_everything(old: str, new: str, note: str) -> None:
    """Where not even the addresses can be read, any packet may be meant."""
    read = load(entries_of(POLICY)[0].replace(old, new, 1), "f")
    (one,) = read.policies
    assert (one.src, one.dst, one.kind) == (None, None, "unknown")
    assert read.notes[0].startswith(note)
    assert len(read.notes) == 1


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (
            "/32 \n",
            "/32 proto nope\n",
            "f:1:41: nope is not a protocol of the built-in list (write its number)",
        ),
        ("/32 \n", "/32 proto 255\n", "f:1:41: 255 where a protocol should be (a number from 0 to 254)"),
        (
            "/32 \n",
            "/32 proto \u0663\n",
            "f:1:41: \\u0663 is not a protocol of the built-in list (write its number)",
        ),
        (
            "/32 \n",
            "/32 proto tcp sport 65536\n",
            "f:1:51: 65536 where a port, type or code should be (a number from 0 to 65535)",
        ),
    ],
)
def test_a_policy_whose_upper_protocol_cannot_be_read(old: str, new: str, note: str) -> None:
    """Its addresses are known all the same."""
    read = load(entries_of(POLICY)[0].replace(old, new, 1), "f")
    (one,) = read.policies
    assert (str(one.src), one.kind, read.notes) == ("127.0.0.1/32", "unknown", [note + OPEN])


def test_a_policy_without_a_direction_stands_in_both() -> None:
    """Whichever way it goes, it is in the way; so is what has two directions."""
    for new in ("dir up", "dir 17", "direction in"):
        read = load(entries_of(POLICY)[0].replace("dir in", new), "f")
        assert {(one.direction, one.kind) for one in read.policies} == {("in", "unknown"), ("out", "unknown")}
        assert len(read.notes) == 1


@pytest.mark.parametrize(
    ("head", "direction", "note"),
    [
        ("src 10.9.9.1/32 dst 10.9.9.2/32 dev eth0", "dir in", "a policy for eth0"),
        ("src ::/0 dst ::/0 dev eth0 ", "dir in priority 0", "a policy for eth0"),
        ("src 10.9.9.1/32 dst 10.9.9.2/32", "socket in", "a socket's own policy"),
        ("src 0.0.0.0/0 dst 0.0.0.0/0", "socket out priority 0 ptype main", "a socket's own policy"),
        (
            "src 0.0.0.0/0 dst 0.0.0.0/0 uid 0",
            "socket in action allow index 7 priority 0",
            "a socket's own policy",
        ),
        ("src 0.0.0.0/0 dst 0.0.0.0/0", "dir 3 priority 0 ptype main", "a socket's own policy"),
        ("src ::/0 dst ::/0", "dir 4 priority 0 ptype main", "a socket's own policy"),
        ("src 10.9.9.1/32 dst 10.9.9.2/32", "dir fwd priority 0", "a policy for forwarding"),
    ],
)
def test_policies_without_a_say_on_lo_are_left_out(head: str, direction: str, note: str) -> None:
    """What decides about other packets than those of lo is left out, with a note, and counted."""
    read = load(f"{head}\n\t{direction}\n{POLICY}", "f")
    assert read.notes == [f"f:1:1: {note}: left out"]
    assert said(read) == said(load(POLICY, "f"))
    assert (read.policies_left_out, load(POLICY, "f").policies_left_out) == (1, 0)


@pytest.mark.parametrize(
    ("line", "direction"),
    [("socket in", "in"), ("socket out", "out"), ("dir 3", "in"), ("dir 4", "out")],
)
def test_a_sockets_own_policy_that_asks_for_something_may_be_asked(line: str, direction: str) -> None:
    """One with a template is kept, ahead of all others, on the condition that the packet is its socket's."""
    (text, *_rest) = entries_of(POLICY)
    read = load(POLICY + text.replace("dir in", line).replace("priority 0", "priority 9"), "f")
    first = read.policies[0]
    assert (first.direction, first.kind, first.condition) == (direction, "ipsec", "a socket")
    assert first.rules == read.policies[1].rules
    assert (len(read.policies), read.policies_left_out, len(read.notes)) == (3, 0, 1)


def test_a_sockets_own_policy_that_blocks_or_cannot_be_read_may_be_asked() -> None:
    """Without a template it is left out only if it lets everything pass."""
    head = "src 0.0.0.0/0 dst 0.0.0.0/0\n"
    kinds = {
        "\tsocket in action block priority 0\n": "discard",
        "\tsocket in priority 0\n\ttmpk src 0.0.0.0\n": "unknown",
    }
    for text, kind in kinds.items():
        (one,) = load(head + text, "f").policies
        assert (one.direction, one.kind, one.condition) == ("in", kind, "a socket")


@pytest.mark.parametrize(
    ("lines", "condition"),
    [
        ("\tmark 0x2a/0xffffffff \n", "a mark"),
        ("\tmark 42/0x2a\n", "a mark"),
        ("\tmark 0/0x6\n", "a mark"),
        ("\tif_id 0x4\n", "an if_id"),
        ("\tsecurity context system_u:object_r:ipsec_spd_t:s0 \n", "a security context"),
        ("\tif_id 0x4\n\tmark 0x1/0x1 \n", "a mark and an if_id"),
    ],
)
def test_a_policy_that_hangs_on_what_no_capture_shows(lines: str, condition: str) -> None:
    """It keeps what it asks for, says on what it hangs, and is noted."""
    text = entries_of(POLICY)[0]
    one = only_policy(text + lines)
    assert (one.condition, one.kind) == (condition, "ipsec")
    assert one.rules == only_policy(text).rules
    assert load(text + lines, "f").notes == [
        f"f:5:2: a policy that hangs on {condition}, which is not looked at: it may be asked or passed over"
    ]


@pytest.mark.parametrize(
    ("words", "upper", "ports", "condition"),
    [
        ("proto icmp type 8 code 0", 1, (8, 0), ""),
        ("proto icmp type 0", 1, (0, None), ""),
        ("proto icmp code 3", 1, (None, 3), ""),
        ("proto icmp", 1, (None, None), ""),
        ("proto ipv6-icmp type 135", 58, (135, None), ""),
        ("proto 58 type 136 code 0", 58, (136, 0), ""),
        ("proto udp sport 53 dport 53", 17, (53, 53), ""),
        ("proto dccp dport 5", 33, (None, 5), ""),
        ("proto gre key 5", 47, (None, None), "a GRE key"),
        ("proto mobility-header type 5", 135, (None, None), "a message type"),
        ("proto mobility-header type 5 (dport) 0x0100", 135, (None, None), "a message type"),
        ("proto UDP sport 4500", 17, (4500, None), ""),
        ("proto ospfigp", 89, (None, None), ""),
        ("dev lo", 255, (None, None), ""),
        ("dev lo0 uid 0", 255, (None, None), ""),
    ],
)
def test_selectors(words: str, upper: int, ports: tuple[int | None, int | None], condition: str) -> None:
    """Types and codes of ICMP stand where ports do; what is finer is a condition."""
    one = only_policy(f"src 10.9.9.1/32 dst 10.9.9.2/32 {words} \n\tdir in priority 1 \n")
    assert (one.upper, (one.src_port, one.dst_port), one.condition) == (upper, ports, condition)
    assert one.kind == "none"


@pytest.mark.parametrize(
    ("flags", "highs"),
    [
        ("flag esn", (0x1, 0x2)),
        ("flag af-unspec esn", (0x1, 0x2)),
        ("flag esnextra_flag oseq-may-wrap", (0x1, 0x2)),
        ("flag 80", (0x1, 0x2)),
        ("flag noecn 80", (0x1, 0x2)),
        ("seq 0x00000000 flag noecn esn (0x10000001)", (0x1, 0x2)),
        ("", None),
        ("flag noecn nopmtudiscextra_flag dont-encap-dscp", None),
        ("flag noecn decap-dscp nopmtudisc wildrecv icmp af-unspec align4", None),
        ("seq 0x00000000 flag  (0x10000000)", None),
        ("flag 40", None),
        ("flag noecnextra_flag dont-encap-dscp 80", None),
    ],
)
def test_extended_sequence_numbers_are_what_the_flag_says(flags: str, highs: tuple[int, int] | None) -> None:
    """An SA with a wide window has the same context without the flag."""
    context = (
        "\tanti-replay esn context:\n\t seq-hi 0x1, seq 0x2, oseq-hi 0x2, oseq 0x2\n"
        "\t replay_window 64, bitmap-length 2\n\t 00000000 00000003 \n"
    )
    text = STATE.replace("replay-window 0", f"replay-window 0 {flags}").replace("\tsel", f"{context}\tsel")
    sa = only_sa(text)
    assert (sa.seq_hi, sa.window, sa.opaque) == (highs, 64, "")
    assert load(text, "f").notes == []


def test_high_halves_are_named_once_and_are_nought_where_none_is_named() -> None:
    """Both directions of one SA may have the same; without a context, numbers have just begun."""
    text = STATE.replace("replay-window 0", "replay-window 0 flag esn")
    assert only_sa(text).seq_hi == (0,)
    newest = text.replace("replay-window 0 flag", "flag").replace(
        "anti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000",
        "anti-replay esn context:\t oseq-hi 0x7, oseq 0xa",
    )
    assert only_sa(newest).seq_hi == (7,)


@pytest.mark.parametrize(
    ("ports", "kept"),
    [
        ("sport 4500 dport 4500 ", (4500,)),
        ("sport 10500 dport 4500 ", (10500, 4500)),
        ("sport 0 dport 10500 ", (10500,)),
        ("", ()),
    ],
)
def test_ports_of_esp_in_udp(ports: str, kept: tuple[int, ...]) -> None:
    """The SA has the ports that its packets have outside; 0 is any."""
    read = load(f"{STATE}\tencap type espinudp {ports}addr 0.0.0.0\n", "f")
    assert ([sa.udp_ports for sa in read.sas], read.notes) == ([kept], [])


@pytest.mark.parametrize(
    "line",
    [
        "coa 2001:db8::9",
        "lastused 2026-11-28 20:18:49",
        "tfcpad 300",
        "dir out",
        "dir in",
        "output-mark 0x11/0xffffffff",
        "pcpu-num 3",
        "iptfs-opts pkt-size 0 max-queue-size 1048576",
        "crypto offload parameters: dev eth2 dir out mode packet",
        "lifetime config:",
        "limit: soft (INF)(bytes), hard (INF)(bytes)",
        "expire add: soft 0(sec), hard 0(sec)",
        "stats:",
        "replay-window 5 replay 6 failed 7",
    ],
)
def test_lines_that_change_nothing(line: str) -> None:
    """What says nothing of how packets look on lo leaves the SA as it is, without a note."""
    read = load(f"{STATE}\t{line}\n", "f")
    assert (said(read), read.notes) == (said(load(STATE, "f")), [])


def test_a_flag_that_nobody_knows_is_left_out_of_an_sa() -> None:
    """A later kernel may have more of them; the keys are right all the same."""
    read = load(STATE.replace("window 0", "window 0 flag esn sideways"), "f")
    assert [(sa.opaque, sa.seq_hi) for sa in read.sas] == [("", (0,))]
    assert read.notes == ["f:3:27: sideways is not a flag that is known: left out"]


def test_a_line_that_nobody_knows_is_left_out_of_an_sa() -> None:
    """A later iproute2 may have more to say; the keys are right all the same."""
    read = load(f"{STATE}\tnat-keepalive 20\n", "f")
    assert said(read) == said(load(STATE, "f"))
    assert read.notes == ["f:8:2: nat-keepalive is not known in an SA: line left out"]
    several = load(f"{STATE}\tnat-keepalive 20\n\tsideways\n\tx\n", "f")
    assert several.notes == ["f:8:2: nat-keepalive (and 2 more) is not known in an SA: line left out"]


@pytest.mark.parametrize(
    ("level", "read"), [("required", "require"), ("use", "use"), ("16", "use"), ("0", "require")]
)
def test_levels(level: str, read: str) -> None:
    """Whatever number is not 0 makes a template optional."""
    text = entries_of(POLICY)[0] + f"\t\tlevel {level} share any \n"
    assert only_policy(text).rules[0].level == read


@pytest.mark.parametrize("anywhere", [str(IPv4Address(0)), "::"])
def test_tunnels_may_be_open(anywhere: str) -> None:
    """Where a tunnel begins may be open, as may where it ends, though no SA serves that."""
    there = "fd00::1" if anywhere == "::" else "10.9.9.1"
    head = "src 10.1.0.0/24 dst 10.2.0.0/24 \n\tdir out priority 5 ptype main \n"
    for src, dst in ((anywhere, there), (there, anywhere), (anywhere, anywhere)):
        text = f"{head}\ttmpl src {src} dst {dst}\n\t\tproto esp reqid 0 mode tunnel\n"
        (rule,) = only_policy(text).rules
        assert (rule.src is None, rule.dst is None) == (src == anywhere, dst == anywhere)


def test_tunnels_of_one_family_in_the_other() -> None:
    """IPv4 in an IPv6 tunnel and IPv6 in an IPv4 tunnel are read as they stand."""
    for inside, ends in (("10.1.0.0/24", "fd00::1"), ("fd00::/64", "10.0.0.1")):
        head = f"src {inside} dst {inside} \n\tdir out priority 5 ptype main \n"
        text = f"{head}\ttmpl src {ends} dst {ends}\n\t\tproto esp reqid 0 mode tunnel\n"
        one = only_policy(text)
        assert (str(one.src), str(one.rules[0].src), str(one.rules[0].dst)) == (inside, ends, ends)


def test_a_blocking_policy_asks_for_nothing() -> None:
    """With action block, templates do not count."""
    one = only_policy(entries_of(POLICY)[0].replace("dir in", "dir in action block"))
    assert (one.kind, one.rules) == ("discard", ())


def test_an_entry_of_one_line() -> None:
    """An output that was cut off behind a first line: an SA is left out, a policy may ask for anything."""
    read = load(f"{STATE}src 10.0.0.1 dst 10.0.0.2", "f")
    assert read.notes == [f"f:8:1: the SA has no line with its protocol{GONE}"]
    read = load(f"{STATE}src 10.0.0.1/32 dst 10.0.0.2/32", "f")
    assert read.notes == [f"f:8:1: dir is missing from this line{OPEN}"]
    assert [one.kind for one in read.policies] == ["unknown"] * 2


def test_the_same_sa_twice() -> None:
    """Of the outputs of two days the first counts, as Linux finds the newest first; of two files, none is."""
    later = STATE.replace(KEY, f"0x{bytes(16).hex()}")
    read = load(STATE + later, "f")
    assert said(read) == said(load(STATE, "f"))
    assert read.notes == ["f:8:1: SA esp 0x00001001 to 127.0.0.1 stands here for the second time: left out"]
    files = [(STATE, "f"), (later, "g")]
    assert said(load_all(files)) == said(load_all(files[::-1]))


def test_marks_tell_sas_apart() -> None:
    """Two SAs with one SPI and different marks are two."""
    marked = [STATE.replace("\tauth", f"\tmark {mark}/0xff \n\tauth") for mark in ("0x1", "0x2")]
    read = load("".join(marked), "f")
    assert len(read.sas) == 2


def test_the_default_policies() -> None:
    """``ip xfrm policy getdefault`` fills the defaults; forwarding is nobody's business on lo."""
    text = (LINUX2 / "texts" / "swan.getdefault.txt").read_text(encoding="utf-8")
    assert load(STATE + text, "f").defaults == {"in": "none", "out": "none"}
    blocked = text.replace("in:  accept", "in:  block")
    assert load(blocked, "f").defaults == {"in": "discard", "out": "none"}
    assert load("Default policies: in: block fwd: accept out: allow\n", "f").defaults == {
        "in": "discard",
        "out": "none",
    }
    read = load(STATE + text.replace("out: accept", "out: block"), "f")
    assert read.defaults == {"in": "none", "out": "none"}
    assert read.notes == ["f:11:7: what goes out by lo is excepted from the default: left out"]


@pytest.mark.parametrize("word", ["blck", "unspec", "bl@ck", "..."])
@pytest.mark.parametrize(("direction", "line"), [("in", 9), ("out", 11)])
def test_a_default_that_cannot_be_read_is_unknown(direction: str, line: int, word: str) -> None:
    """A direction whose default is none of the two words may pass or block what no policy fits."""
    text = (LINUX2 / "texts" / "swan.getdefault.txt").read_text(encoding="utf-8")
    read = load(STATE + re.sub(rf"({direction}:\s+)accept", rf"\1{word}", text), "f")
    assert read.defaults == {"in": "none", "out": "none"} | {direction: "unknown"}
    reason = f"{word} where accept or block should be: this default is not known"
    assert read.notes == [f"f:{line}:7: {reason}"]


@pytest.mark.parametrize(
    "count",
    [
        "\t SAD count 0\n",
        "\t SAD count 2 buckets count 8 Max 1048576\n",
        "\t SPD IN  2 OUT 2 FWD 0\n",
        "\t SPD IN  2 OUT 2 FWD 0 (Sock: IN 0 OUT 0 FWD 0)\n",
    ],
)
def test_counts_bring_nothing(count: str) -> None:
    """What ip xfrm state count and ip xfrm policy count print is left out, with a note."""
    read = load(count + STATE, "f")
    assert said(read) == said(load(STATE, "f"))
    assert read.notes == ["f:1:3: a count, not what is counted: left out"]
