"""Captures of several interfaces: which packets are taken, and what becomes of those that nobody reads."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_lo_trace.capture.choice import MAX_OTHERS
from ipsec_lo_trace.capture.frame import CaptureError, Frame
from ipsec_lo_trace.capture.pcapng import MAX_INTERFACES, MAX_LINK_TYPES
from ipsec_lo_trace.capture.read import open_capture
from tests.capture.support import (
    EN10MB,
    IPV4_PACKET,
    IPV6_PACKET,
    RAW,
    Packet,
    enhanced,
    ethernet,
    frames,
    interface,
    option,
    pcap,
    read_until_fault,
    section,
    simple,
)
from tests.cli.support import invoke

LINUX2 = Path(__file__).parents[1] / "data" / "linux2"
SLL, SLL2 = 113, 276
LOOPBACK, ETHER = 772, 1
WIRELESS = 127
IF_NAME = 2


def sll(data: bytes = IPV4_PACKET, hatype: int = LOOPBACK, kind: bytes = b"\x08\x00") -> bytes:
    """Put the header of LINUX_SLL before a packet."""
    return struct.pack("!HHH8s", 0, hatype, 6, b"") + kind + data


def sll2(
    data: bytes = IPV4_PACKET, index: int = 1, hatype: int = LOOPBACK, kind: bytes = b"\x08\x00"
) -> bytes:
    """Put the header of LINUX_SLL2 before a packet."""
    return kind + struct.pack("!HIHBB8s", 0, index, hatype, 0, 6, b"") + data


def named(name: bytes, link_type: int = RAW) -> bytes:
    """Describe an interface with a name."""
    return interface(link_type, options=option(IF_NAME, name))


def taken(data: bytes, wanted: str | None = None) -> tuple[list[int], str]:
    """Give the numbers of the packets that are taken, and what is said of the others."""
    capture = open_capture(io.BytesIO(data), "f", wanted)
    return [frame.number for frame in capture], capture.choice.told()


@pytest.mark.parametrize(("link_type", "header"), [(SLL, sll), (SLL2, sll2)], ids=["LINUX_SLL", "LINUX_SLL2"])
def test_what_linux_makes_up_is_taken_off(link_type: int, header: Callable[..., bytes]) -> None:
    """Behind either header stands the packet, tags or not; what is no IP is named."""
    packets = [
        header(),
        header(IPV6_PACKET, kind=b"\x86\xdd"),
        header(b"\0\5\x08\x00" + IPV4_PACKET, kind=b"\x81\x00"),
        header(bytes(28), kind=b"\x08\x06"),
        header(bytes(28), kind=b"\0\4"),
        header(b"")[:-1],
    ]
    read = frames(pcap([Packet(0, packet) for packet in packets], link_type))
    assert [(frame.data, frame.note) for frame in read] == [
        (IPV4_PACKET, ""),
        (IPV6_PACKET, ""),
        (IPV4_PACKET, ""),
        (b"", "ARP"),
        (b"", "IEEE 802.3"),
        (b"", "no link header"),
    ]


@pytest.mark.parametrize(
    ("wanted", "numbers", "told"),
    [
        (None, [1, 4], "2 packets are of other interfaces (3, 12) and passed over"),
        ("lo", [1, 4], "2 packets are of other interfaces (3, 12) and passed over"),
        ("lo0", [1, 4], "2 packets are of other interfaces (3, 12) and passed over"),
        ("1", [1, 4], "2 packets are of other interfaces (3, 12) and passed over"),
        ("3", [2], "3 packets are of other interfaces (1, 12) and passed over"),
        ("012", [3], "3 packets are of other interfaces (1, 3) and passed over"),
        ("any", [1, 2, 3, 4], ""),
    ],
)
def test_sll2_has_interfaces_by_number(wanted: str | None, numbers: list[int], told: str) -> None:
    """Of SLL2 loopback's packets are taken, or those of the number that is asked for; numbers stay."""
    packets = [sll2(), sll2(index=3, hatype=ETHER), sll2(index=12, hatype=ETHER), sll2()]
    assert taken(pcap([Packet(0, packet) for packet in packets], SLL2), wanted) == (numbers, told)


def test_sll_tells_loopback_alone() -> None:
    """Of SLL loopback's packets are taken, unless all are asked for."""
    data = pcap([Packet(0, sll()), Packet(0, sll(hatype=ETHER))], SLL)
    assert taken(data) == taken(data, "lo") == ([1], "1 packet is of other interfaces and passed over")
    assert taken(data, "any") == ([1, 2], "")


def test_pcapng_has_interfaces_by_name_and_number() -> None:
    """Of pcapng lo's packets are taken and those without a name, or those of the name or number asked for."""
    data = section() + named(b"lo\0") + named(b"eth0", EN10MB) + interface(RAW) + named(b"lo")
    packet, ether = Packet(0, IPV4_PACKET), Packet(0, ethernet())
    data += enhanced(packet, 0) + enhanced(ether, 0, 1) + enhanced(packet, 0, 2) + enhanced(packet, 0, 3)
    data += section() + named(b"eth0") + simple(packet)
    assert taken(data, "any") == ([1, 2, 3, 4, 5], "")
    assert taken(data)[0] == [1, 3, 4]
    assert taken(data, "lo")[0] == [1, 4]
    assert taken(data, "eth0") == ([2, 5], "3 packets are of other interfaces (lo, 2) and passed over")
    assert taken(data, "2")[0] == [3]
    assert taken(data, "0")[0] == [1, 5]
    without_lo = section() + named(b"eth0", EN10MB) + enhanced(ether, 0)
    assert taken(without_lo)[0] == [1]


def test_linux_cooked_packets_beside_others_in_pcapng() -> None:
    """An interface ``any`` beside an Ethernet gives its loopback's packets, or what is asked for."""
    data = section() + named(b"any", SLL2) + named(b"eth0", EN10MB) + interface(SLL)
    data += enhanced(Packet(0, sll2()), 0) + enhanced(Packet(0, sll2(index=2, hatype=ETHER)), 0)
    data += enhanced(Packet(0, ethernet()), 0, 1) + enhanced(Packet(0, sll(hatype=ETHER)), 0, 2)
    assert taken(data)[0] == [1, 3]
    assert taken(data, "lo")[0] == [1]
    assert taken(data, "eth0")[0] == [3]
    assert taken(data, "1")[0] == [1, 3]
    assert taken(data, "2")[0] == [2, 4]
    assert taken(data, "any")[0] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "wanted", "message"),
    [
        (
            pcap([Packet(0, sll2()), Packet(0, sll2(index=4))], SLL2),
            "eth0",
            "f: no packet in it is of interface eth0 (there are 1, 4; -i any takes all)",
        ),
        (
            pcap([Packet(0, sll2())], SLL2),
            "9" * 5000,
            f"f: no packet in it is of interface {'9' * 5000} (there are 1; -i any takes all)",
        ),
        (pcap([Packet(0, sll())], SLL), "1", "f: no packet in it is of interface 1 (-i any takes all)"),
        (
            pcap([Packet(0, IPV4_PACKET)], RAW),
            "lo0",
            "f: RAW (101) does not say which interface a packet is of (leave -i lo0 out)",
        ),
        (
            section() + named(b"lo") + enhanced(Packet(0, IPV4_PACKET), 0),
            "",
            "f: no packet in it is of interface  (there are lo; -i any takes all)",
        ),
    ],
    ids=["a name in SLL2", "a number of many digits", "a number in SLL", "none in pcap", "nothing in pcapng"],
)
def test_an_interface_that_is_not_there(data: bytes, wanted: str, message: str) -> None:
    """Whoever asks for an interface of which there is nothing is told what there is."""
    with pytest.raises(CaptureError) as error:
        list(open_capture(io.BytesIO(data), "f", wanted))
    assert str(error.value) == message


def test_an_empty_capture_has_packets_of_no_interface() -> None:
    """A capture without a packet is no fault of the interface that was asked for."""
    assert taken(pcap([], SLL2), "eth0") == ([], "")


def test_an_interface_that_nobody_reads_costs_its_own_packets_only() -> None:
    """In pcapng the packets of a link type that is not read are named by it, and the others are given."""
    air = enhanced(Packet(7, bytes(30), 5), 7)
    given = frames(
        section() + interface(WIRELESS) + interface(RAW) + air + enhanced(Packet(0, IPV4_PACKET), 0, 1)
    )
    assert given == [
        Frame(1, 7_000, b"", 35, 30, "IEEE802_11_RADIOTAP (127)"),
        Frame(2, 0, IPV4_PACKET, 28, 28),
    ]


@pytest.mark.parametrize("others", [b"", interface(RAW)], ids=["alone", "beside one without packets"])
def test_a_capture_of_which_nothing_is_read_is_refused(others: bytes) -> None:
    """If no packet is of a link type that is read, the capture is refused behind its last one."""
    data = section() + interface(WIRELESS) + others + enhanced(Packet(0, bytes(30)), 0) * 2
    given, error = read_until_fault(data)
    assert [frame.note for frame in given] == ["IEEE802_11_RADIOTAP (127)"] * 2
    assert str(error) == (
        "f: none of its packets is read: IEEE802_11_RADIOTAP (127) is not one of a loopback interface"
        " (a wireless interface has it; capture with -i lo, or -i lo0)"
    )


@pytest.mark.parametrize(
    ("link_type", "words"),
    [
        (258, "PKTAP (258)"),
        (149, "PKTAP (149)"),
        (192, "PPI (192)"),
        (105, "IEEE802_11 (105)"),
        (127, "IEEE802_11_RADIOTAP (127)"),
        (109, "ENC (109)"),
        (117, "PFLOG (117)"),
    ],
)
def test_link_types_that_people_have_are_refused_by_name(link_type: int, words: str) -> None:
    """Who captured elsewhere than on loopback is told what he has, and what to do."""
    with pytest.raises(CaptureError) as error:
        frames(pcap([], link_type))
    assert str(error.value).startswith(f"f: {words} is not one of a loopback interface (")
    assert error.value.hint.endswith("capture with -i lo, or -i lo0")


def test_what_is_kept_of_interfaces_is_bounded() -> None:
    """A section may describe so many interfaces; names and link types are kept up to a limit."""
    many = section() + interface(RAW) * MAX_INTERFACES
    assert read_until_fault(many * 2) == ([], None)
    _given, error = read_until_fault(many + interface(RAW))
    assert f"a section describes more than {MAX_INTERFACES} interfaces" in str(error)
    types = section() + b"".join(interface(kind) for kind in range(1000, 1000 + 2 * MAX_LINK_TYPES))
    capture = open_capture(io.BytesIO(types), "f")
    assert list(capture) == []
    assert capture.link_type.count("link type") == MAX_LINK_TYPES
    packets = [Packet(0, sll2(index=index, hatype=ETHER)) for index in range(2 * MAX_OTHERS)]
    assert taken(pcap(packets, SLL2))[1].count(",") == MAX_OTHERS - 1
    long = section() + named(b"x" * 60_000) + enhanced(Packet(0, IPV4_PACKET), 0)
    with pytest.raises(CaptureError, match=r"there are x{64};"):
        taken(long, "eth0")


@pytest.mark.parametrize(
    ("options", "packets", "told"),
    [((), 4, True), (("-i", "1"), 4, True), (("-i", "any"), 6, False), (("-i", "3"), 1, True)],
)
def test_a_real_capture_of_any(options: tuple[str, ...], packets: int, told: bool) -> None:
    """Of what tcpdump -i any wrote, audit judges lo's packets, or those of the interface that -i names."""
    name = str(LINUX2 / "any-mixed")
    config = ("-f", f"{name}.state.txt", "-f", f"{name}.policy.txt")
    done = invoke("audit", f"{name}.pcap", *config, "--format", "jsonl", *options)
    assert done.code == 0
    assert (done.records[-1]["packets"], done.records[-1]["outcome"]) == (packets, "clean")
    assert ("and passed over" in done.err) is told


def test_a_real_capture_of_sll() -> None:
    """The four packets that tcpdump -y LINUX_SLL saw on lo are all judged."""
    config = ("-f", str(LINUX2 / "caps.state.txt"), "-f", str(LINUX2 / "caps.policy.txt"))
    done = invoke("audit", str(LINUX2 / "caps-sll.pcap"), *config, "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    assert done.records[-1]["got"] == {"clear": 2, "esp": 2}


def test_a_replay_takes_loopback_s_packets() -> None:
    """The modelled kernel is fed what crossed loopback, and the rest is counted."""
    data, config = str(LINUX2 / "any-mixed.pcap"), str(LINUX2 / "any-mixed.state.txt")
    done = invoke("replay", data, "-f", config, "--format", "jsonl")
    assert done.records[0]["count"] == 4
    assert "any-mixed.pcap: 2 packets are of other interfaces (4, 3) and passed over" in done.err
