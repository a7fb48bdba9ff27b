"""The audit itself: every packet of a capture, once and in order."""

from __future__ import annotations

from collections import OrderedDict

from ipsec_lo_trace.audit.associations import Associations
from ipsec_lo_trace.audit.fragments import Fragments
from ipsec_lo_trace.audit.judgement import Judged, Judgement
from ipsec_lo_trace.audit.opening import SEALED, Opened, Opener
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.audit import AuditRun
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.wire import ip

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
