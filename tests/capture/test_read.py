from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.capture.read import open_capture, opened
from ipsec_lo_trace.model.errors import UserError
from tests.capture.support import (
    EN10MB,
    IPV4_PACKET,
    IPV6_PACKET,
    NULL,
    RAW,
    Packet,
    Trickle,
    block,
    enhanced,
    ethernet,
    frames,
    interface,
    null,
    obsolete,
    option,
    pcap,
    pcapng,
    section,
    simple,
)

LINUX = Path(__file__).parents[1] / "data" / "linux"
SECOND_NS = 10**9
ORDERS = st.sampled_from("<>")
TIMES = st.integers(0, (1 << 32) * SECOND_NS - 1)
PACKETS = st.lists(
    st.builds(Packet, TIMES, st.binary(max_size=100).map(lambda rest: b"\x45" + rest), st.integers(0, 99)),
    max_size=8,
)


def expected(packets: list[Packet], unit_ns: int = 1) -> list[Frame]:
    """Say what reading raw IPv4 packets must give."""
    return [
        Frame(
            number,
            packet.time_ns // unit_ns * unit_ns,
            packet.data,
            len(packet.data) + packet.cut_len,
            len(packet.data),
        )
        for number, packet in enumerate(packets, 1)
    ]


@given(PACKETS, ORDERS, st.booleans())
def test_pcap_gives_back_what_was_written(packets: list[Packet], order: str, nanoseconds: bool) -> None:
    """Bytes, lengths and times come back, in both byte orders and with both units of time."""
    data = pcap(packets, RAW, order, nanoseconds=nanoseconds)
    assert frames(data) == expected(packets, 1 if nanoseconds else 1000)


@given(PACKETS, ORDERS)
def test_pcapng_gives_back_what_was_written(packets: list[Packet], order: str) -> None:
    """Bytes, lengths and times come back, in both byte orders."""
    assert frames(pcapng(packets, RAW, order)) == expected(packets)


@given(PACKETS, st.sampled_from(["pcap", "pcapng"]), st.integers(1, 40), st.booleans())
def test_how_the_stream_is_cut_up_does_not_matter(
    packets: list[Packet], kind: str, size: int, packed: bool
) -> None:
    """A stream that gives few bytes at a time gives the same packets, packed by gzip or not."""
    data = pcapng(packets, RAW) if kind == "pcapng" else pcap(packets, RAW, nanoseconds=True)
    stream = Trickle(gzip.compress(data, mtime=0) if packed else data, size)
    assert list(open_capture(cast("BinaryIO", stream), "f")) == expected(packets)


@pytest.mark.parametrize(
    ("link_type", "packet", "note"),
    [
        (NULL, null(), ""),
        (NULL, null(order=">"), ""),
        (NULL, null(IPV6_PACKET, 24), ""),
        (NULL, null(IPV6_PACKET, 30, ">"), ""),
        (NULL, null(family=28), "IP version 4"),
        (NULL, null(family=7), "address family 7"),
        (NULL, b"\2\0\0", "no link header"),
        (108, null(order=">"), ""),
        (108, null(IPV6_PACKET, 24, ">"), ""),
        (12, IPV4_PACKET, ""),
        (12, null(order=">"), ""),
        (12, b"", "no bytes"),
        (14, IPV4_PACKET, ""),
        (RAW, IPV4_PACKET, ""),
        (RAW, IPV6_PACKET, ""),
        (RAW, b"\x75" + IPV4_PACKET[1:], "IP version 7"),
        (228, IPV4_PACKET, ""),
        (228, b"", "no bytes"),
        (229, IPV6_PACKET, ""),
        (229, b"", "no bytes"),
        (EN10MB, ethernet(), ""),
        (EN10MB, ethernet(kind=b"\x81\x00\x00\x05\x08\x00"), ""),
        (EN10MB, ethernet(kind=b"\x88\xa8\x00\x05\x81\x00\x00\x06\x08\x00"), ""),
        (EN10MB, ethernet(IPV6_PACKET, b"\x81\x00\x00\x05\x86\xdd"), ""),
        (EN10MB, ethernet(kind=b"\x81\x00", data=b"\0"), "EtherType 0x8100"),
        (EN10MB, ethernet(IPV6_PACKET, b"\x86\xdd"), ""),
        (EN10MB, ethernet(kind=b"\x86\xdd"), "IP version 4"),
        (EN10MB, ethernet(kind=b"\x08\x06"), "ARP"),
        (EN10MB, ethernet(kind=b"\x88\xcc"), "EtherType 0x88cc"),
        (EN10MB, ethernet(kind=b"\x00\x26"), "IEEE 802.3"),
        (EN10MB, ethernet()[:13], "no link header"),
    ],
)
def test_link_types(link_type: int, packet: bytes, note: str) -> None:
    """Behind each link header stands the packet; what is no IP is named and counted, never lost."""
    inside = next(ip for ip in (IPV4_PACKET, IPV6_PACKET, b"") if packet.endswith(ip))
    for data in (pcap([Packet(0, packet)], link_type), pcapng([Packet(0, packet)], link_type)):
        assert frames(data) == [Frame(1, 0, b"" if note else inside, len(packet), len(packet), note)]


def test_ethernet_checksum_bits_are_no_link_type() -> None:
    """The upper bits of a pcap file's link type, which tell of checksums behind packets, do not count."""
    assert frames(pcap([Packet(0, IPV4_PACKET)], RAW | 0x24000000))[0].data == IPV4_PACKET


def test_snap_length_cuts_are_marked() -> None:
    """A packet that a snap length cut has fewer bytes than were on the wire, and says so."""
    cut = Packet(0, IPV4_PACKET, 12)
    for data in (pcap([cut], RAW), pcapng([cut], RAW), section() + interface(RAW, snap_len=28) + simple(cut)):
        (frame,) = frames(data)
        assert frame.cut
        assert (frame.captured_len, frame.wire_len, frame.data) == (28, 40, IPV4_PACKET)


def test_every_kind_of_packet_block_in_several_sections() -> None:
    """Sections bring byte order and interfaces; packets count on; unknown blocks are passed over."""
    packet = Packet(0, IPV4_PACKET)
    data = b"".join(
        [
            section(),
            block(0xBAD, bytes(1_000_000)),
            interface(RAW),
            enhanced(packet, 7, options=option(1, b"a comment") + option(0, b"")),
            interface(NULL, options=option(9, b"\x83")),
            block(5, bytes(8)),
            obsolete(Packet(0, null()), 12, number=1),
            simple(packet),
            section(">"),
            interface(EN10MB, ">", options=option(9, b"\x0c", ">") + option(14, b"\0" * 7 + b"\2", ">")),
            enhanced(Packet(0, ethernet()), 5_999, order=">"),
            simple(Packet(0, ethernet()), ">"),
        ]
    )
    assert [(frame.number, frame.time_ns, frame.data) for frame in frames(data)] == [
        (1, 7_000, IPV4_PACKET),
        (2, 3 * SECOND_NS // 2, IPV4_PACKET),
        (3, 0, IPV4_PACKET),
        (4, 2 * SECOND_NS + 5, IPV4_PACKET),
        (5, 0, IPV4_PACKET),
    ]


def test_a_capture_tells_its_kind_and_link_types() -> None:
    """A pcapng file has as many link types as its interfaces told so far."""
    capture = open_capture(io.BytesIO(section() + interface(EN10MB) + interface(RAW)), "f")
    assert (list(capture), capture.kind, capture.link_type) == ([], "pcapng", "EN10MB (1), RAW (101)")
    capture = open_capture(io.BytesIO(pcap([])), "f")
    assert (list(capture), capture.kind, capture.link_type) == ([], "pcap", "NULL (0)")


def test_gzip_is_taken_off() -> None:
    """One gzip member, several, and zeros behind them all give what is packed."""
    data = pcap([Packet(0, IPV4_PACKET)] * 3, RAW)
    several = gzip.compress(data[:50], mtime=0) + gzip.compress(data[50:], mtime=0) + bytes(700)
    for packed in (gzip.compress(data, mtime=0), several):
        assert frames(packed) == frames(data)


def test_a_file_and_standard_input_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path opens the file; - reads what comes in."""
    data = pcap([Packet(5 * SECOND_NS, IPV4_PACKET)], RAW)
    (tmp_path / "f.pcap").write_bytes(data)
    with opened(str(tmp_path / "f.pcap")) as capture:
        assert list(capture) == frames(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    with opened("-") as capture:
        assert list(capture) == frames(data)
        assert capture.name == "standard input"


@pytest.mark.interop
@pytest.mark.parametrize("name", sorted(path.name for path in LINUX.glob("*.pcap")))
@pytest.mark.parametrize("kind", ["pcapng", "nsecpcap"])
def test_what_editcap_makes_of_a_capture_reads_the_same(name: str, kind: str, tmp_path: Path) -> None:
    """Wireshark's own converter changes the format of a capture and nothing else."""
    if shutil.which("editcap") is None:
        pytest.skip("editcap is not installed")
    made = tmp_path / "made"
    subprocess.run(["editcap", "-F", kind, LINUX / name, made], check=True)  # noqa: S607 -- found on PATH
    assert frames(made.read_bytes()) == frames((LINUX / name).read_bytes())


def test_no_such_file() -> None:
    """A file that is not there, or is a folder, is the user's mistake."""
    with pytest.raises(UserError, match=r"^cannot read no/such/file: no such file$"), opened("no/such/file"):
        pass
    with pytest.raises(UserError, match=r"^cannot read \.: it is a directory$"), opened("."):
        pass
    with pytest.raises(UserError, match="cannot read a\0b: embedded null"), opened("a\0b"):
        pass


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a standard input there is nothing to read."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UserError, match=r"^cannot read standard input: it is closed$"), opened("-"):
        pass
