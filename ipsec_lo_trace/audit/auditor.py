"""The audit itself: every packet of a capture, once and in order, with fragments put together."""

from __future__ import annotations

from collections import OrderedDict

from ipsec_lo_trace.audit.associations import Associations
from ipsec_lo_trace.audit.exempt import is_cut_exchange, is_ike, wakes_itself
from ipsec_lo_trace.audit.fragments import Fragments
from ipsec_lo_trace.audit.judgement import CLEAR_TEXT, Judged, Judgement
from ipsec_lo_trace.audit.opening import SEALED, Opener, in_udp, unopened
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.model.proto import IPPROTO_UDP
from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.network import Layer

MAX_FIRSTS = 64
NO_LAYER = Layer(bytes(8), 0, 0, 0, 0)


class Auditor:
    """Judges packets; ``packets`` counts them, ``judgement`` and ``associations`` hold what was found."""

    def __init__(self, host: HostConfiguration) -> None:
        """Take what the host was configured with."""
        self.packets = 0
        self.associations = Associations(host.sas)
        self.judgement = Judgement(host)
        self.fragments = Fragments()
        self._opener = Opener(self.associations)
        self._firsts: OrderedDict[bytes, Judged] = OrderedDict()

    def see(self, frame: Frame) -> Judged:
        """Judge the next packet."""
        self.packets += 1
        layer = network.usual(frame.data)
        if layer is not None and layer.proto in SEALED:
            opened = self._opener.open(frame.data, layer, frame.number)
            return self.judgement.judge(frame, frame.data, opened)
        length = network.whole_len(frame.data)
        if not length:
            return self._beginning(frame)
        # What Ethernet laid behind a short packet is none of it.
        packet = frame.data[:length]
        try:
            layer = network.look(packet)
        except ip.WireError as error:
            return self.judgement.judge(frame, packet, unopened(packet, NO_LAYER, "malformed", str(error)))
        if layer.key:
            return self._fragment(frame, packet, layer)
        if layer.proto in SEALED:
            return self.judgement.judge(frame, packet, self._opener.open(packet, layer, frame.number))
        return self._clear(frame, packet, layer)

    def _clear(self, frame: Frame, packet: bytes, layer: Layer, also: tuple[str, ...] = ()) -> Judged:
        """Judge a packet that bears no IPsec header of its own, whole or a first fragment."""
        if layer.proto == IPPROTO_UDP:
            if is_ike(packet, layer, self._opener.ports):
                return self._aside(frame, packet, (*also, "ike"), "")
            if in_udp(packet, layer, self._opener.ports):
                opened = self._opener.open(packet, layer, frame.number)
                return self.judgement.judge(frame, packet, opened, also)
        elif wakes_itself(packet, layer) and not self.judgement.pairs.knows(packet, layer):
            return self._aside(frame, packet, (*also, "ping-wakes-itself"), "")
        return self.judgement.judge(frame, packet, unopened(packet, layer), also)

    def _beginning(self, frame: Frame) -> Judged:
        """Judge a packet whose end is not there, or whose header is wrong."""
        data = frame.data
        if network.version(data) not in network.INSIDE:
            note = f"IP version {network.version(data)}" if data else frame.note
            return self._aside(frame, b"", ("not-ip",), note)
        code = "cut-short" if frame.cut else "malformed"
        try:
            layer = network.quoted(data)
        except ip.WireError:
            layer = NO_LAYER
        closed = layer.proto in SEALED or is_cut_exchange(data, layer, self._opener.ports)
        if layer is NO_LAYER or not _readable(data, layer) or closed:
            return self.judgement.judge(frame, data, unopened(data, layer, code))
        if layer.key:
            return self._fragment(frame, data, layer, code)
        return self._clear(frame, data, layer, (code,))

    def _fragment(self, frame: Frame, packet: bytes, layer: Layer, code: str = "") -> Judged:
        """Judge a fragment: in clear by the first of its packet, sealed when its packet is whole.

        What a fragment of UDP is, only the first one tells.
        """
        also = ("fragment", code) if code else ("fragment",)
        first = self._firsts.get(layer.key)
        if first is not None and layer.offset:
            return self._aside(frame, packet, first.codes, f"goes with packet {first.number}")
        waits = layer.proto == IPPROTO_UDP and layer.offset
        if layer.proto in SEALED or waits or in_udp(packet, layer, self._opener.ports):
            return self._part(frame, packet, layer, also)
        self.judgement.forget_parts(self.fragments.drop(layer.key))
        judged = self._firsts[layer.key] = self._clear(frame, packet, layer, also)
        if len(self._firsts) > MAX_FIRSTS:
            self._firsts.popitem(last=False)
        return judged

    def _part(self, frame: Frame, packet: bytes, layer: Layer, also: tuple[str, ...]) -> Judged:
        """Take a fragment of a sealed packet, and open the packet if this completes it."""
        numbers = self.fragments.numbers(layer.key)
        whole = self.fragments.add(packet, layer, frame.number)
        if whole is None:
            self.judgement.note_part(frame.number, layer)
            return self._aside(frame, packet, also, "waits for the others")
        self.judgement.forget_parts(numbers)
        opened = self._opener.open(whole, network.look(whole), frame.number)
        return self.judgement.judge(frame, packet, opened, also)

    def _aside(self, frame: Frame, packet: bytes, codes: tuple[str, ...], text: str) -> Judged:
        """Note a packet that says nothing by itself."""
        for code in codes:
            self.judgement.tally.add(code, frame.number, _detail(code, packet, text))
        return Judged(frame.number, frame.time_ns, packet, None, (), "", 0, codes, text)


def _detail(code: str, packet: bytes, text: str) -> str:
    """Tell findings of one code apart where that tells more."""
    if code == CLEAR_TEXT:
        return f"IPv{network.version(packet)}"
    return text if code == "not-ip" else ""


def _readable(data: bytes, layer: Layer) -> bool:
    """Tell whether the header of a packet that is not whole is there and agrees with its length."""
    if network.version(data) != ip.IPVERSION:
        return True
    return ip.HEADER_LEN <= layer.at <= min(len(data), network.total_len(data))
