"""The audit itself: every packet of a capture, once and in order, with fragments put together."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ipsec_lo_trace.audit.associations import Associations
from ipsec_lo_trace.audit.judgement import Judged, Judgement
from ipsec_lo_trace.audit.opening import SEALED, Opened, Opener
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.audit import AuditRun
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.wire import ip

MAX_DATAGRAMS = 32


class Datagram(msgspec.Struct):
    """Fragments of one packet by offset, in bytes; ``end`` is where the last one ends, 0 before it came."""

    parts: dict[int, bytes] = msgspec.field(default_factory=dict)
    have_len: int = 0
    end: int = 0


class Fragments:
    """Puts fragments together; ``forgotten`` counts packets that were never whole."""

    def __init__(self, size: int = MAX_DATAGRAMS) -> None:
        """Keep at most ``size`` packets that are not whole."""
        self._size = size
        self._open: OrderedDict[bytes, Datagram] = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        """Count the packets that are not whole."""
        return len(self._open)

    def add(self, packet: bytes) -> bytes | None:
        """Take a fragment; give the whole packet if this completes it."""
        key = ip.fragment_key(packet)
        datagram = self._open.get(key)
        if datagram is None:
            datagram = self._open[key] = Datagram()
            if len(self._open) > self._size:
                self._open.popitem(last=False)
                self.forgotten += 1
        whole = _added(datagram, packet)
        # Bytes enough and yet no whole: they overlap, and no kernel of today would put them together.
        if (datagram.end and datagram.have_len >= datagram.end) or datagram.have_len > ip.MAX_LEN:
            del self._open[key]
            self.forgotten += whole is None
        return whole


def _added(datagram: Datagram, packet: bytes) -> bytes | None:
    off = ip.off(packet)
    offset = (off & ip.IP_OFFMASK) * 8
    payload_len = len(packet) - ip.header_len(packet)
    old = datagram.parts.get(offset)
    if old is not None:
        datagram.have_len -= len(old) - ip.header_len(old)
    datagram.parts[offset] = packet
    datagram.have_len += payload_len
    if not off & ip.IP_MF:
        datagram.end = offset + payload_len
    if not datagram.end or datagram.have_len < datagram.end:
        return None
    try:
        return ip.reassemble(datagram.parts)
    except ip.WireError:
        return None


MAX_FIRSTS = 64


class Auditor:
    """Judges packets; ``packets`` counts them, ``judgement`` and ``associations`` hold what was found."""

    def __init__(self, run: AuditRun, db: Databases) -> None:
        """Take the head of the audit and the databases that it describes."""
        self.packets = 0
        self.associations = Associations(db)
        self.judgement = Judgement(run)
        self.fragments = Fragments()
        self._opener = Opener(self.associations)
        self._firsts: OrderedDict[bytes, Judged] = OrderedDict()

    def see(self, frame: Frame) -> Judged:
        """Judge the next packet."""
        self.packets += 1
        data = frame.data
        if not data:
            return self._aside(frame, data, ("not-ipv4",), frame.note)
        # What Ethernet laid behind a short packet is none of it.
        packet = data[: ip.total_len(data)]
        if ip.fault(packet):
            return self._beginning(frame)
        if ip.is_fragment(packet):
            return self._fragment(frame, packet)
        opened = self._opener.open(packet, frame.number) if ip.proto(packet) in SEALED else Opened(packet)
        return self.judgement.judge(frame, packet, opened)

    def _beginning(self, frame: Frame) -> Judged:
        """Judge a packet whose end is not there, or whose header is wrong."""
        data = frame.data
        if ip.version(data) != ip.IPVERSION:
            return self._aside(frame, b"", ("not-ipv4",), f"IP version {ip.version(data)}")
        header_len = ip.header_len(data)
        code = "cut-short" if frame.cut else "malformed"
        readable = ip.HEADER_LEN <= header_len <= min(len(data), ip.total_len(data))
        if not readable or ip.proto(data) in SEALED:
            return self.judgement.judge(frame, data, Opened(data, code=code))
        if ip.is_fragment(data):
            return self._fragment(frame, data, code)
        return self.judgement.judge(frame, data, Opened(data), (code,))

    def _fragment(self, frame: Frame, packet: bytes, code: str = "") -> Judged:
        """Judge a fragment: in clear by the first of its packet, sealed when its packet is whole."""
        also = ("fragment", code) if code else ("fragment",)
        if ip.proto(packet) in SEALED:
            whole = self.fragments.add(packet)
            if whole is None:
                return self._aside(frame, packet, also, "waits for the others")
            return self.judgement.judge(frame, packet, self._opener.open(whole, frame.number), also)
        key = ip.fragment_key(packet)
        first = self._firsts.get(key)
        if first is not None and ip.off(packet) & ip.IP_OFFMASK:
            return self._aside(frame, packet, first.codes, f"goes with packet {first.number}")
        judged = self._firsts[key] = self.judgement.judge(frame, packet, Opened(packet), also)
        if len(self._firsts) > MAX_FIRSTS:
            self._firsts.popitem(last=False)
        return judged

    def _aside(self, frame: Frame, packet: bytes, codes: tuple[str, ...], text: str) -> Judged:
        """Note a packet that says nothing by itself."""
        for code in codes:
            self.judgement.tally.add(code, frame.number, text if code == "not-ipv4" else "")
        return Judged(frame.number, frame.time_ns, packet, None, (), "", 0, codes, text)
