"""The sealed packets of other shares: what they have inside may be seen again, between ends of this share."""

from __future__ import annotations

from ipsec_lo_trace.audit.associations import Associations
from ipsec_lo_trace.audit.fragments import Fragments
from ipsec_lo_trace.audit.judgement import Judgement
from ipsec_lo_trace.audit.opening import SEALED, Opener, in_udp
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.network import Layer


class Tunnels:
    """Opens packets for their insides alone: nothing is counted."""

    def __init__(self, host: HostConfiguration, judgement: Judgement) -> None:
        """Take what the host was configured with; ``judgement`` is told of each inside."""
        self._judgement = judgement
        self._opener = Opener(Associations(host.sas))
        self._fragments = Fragments()

    def see(self, frame: Frame) -> None:
        """Open a packet if it is sealed."""
        packet = frame.data[: network.whole_len(frame.data)]
        if not packet:
            return
        try:
            layer = network.look(packet)
        except ip.WireError:
            return
        if layer.proto in SEALED or in_udp(packet, layer) or layer.key in self._fragments:
            self._open(frame, packet, layer)

    def _open(self, frame: Frame, packet: bytes, layer: Layer) -> None:
        whole = self._fragments.add(packet, layer) if layer.key else packet
        if whole is None:
            return
        opened = self._opener.open(whole, network.look(whole), frame.number)
        if opened.code:
            self._judgement.note_closed(frame, opened)
        elif opened.tunnelled:
            self._judgement.remember(opened.inside, frame.number)
