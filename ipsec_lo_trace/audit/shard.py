"""A share of a capture, by pairs of addresses: what passes between two ends is judged by one process.

Every process reads the whole capture, which is cheap beside opening its packets.  On a host with tunnels it
opens them all too, since only what is inside tells whose a packet is.
"""

from __future__ import annotations

from functools import partial
from zlib import crc32

from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.fragments import Fragments
from ipsec_lo_trace.audit.judgement import Judged, Judgement
from ipsec_lo_trace.audit.opening import SEALED, SPI_AT, SPI_LEN, Opened, in_udp
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.proto import IPPROTO_ESP, IPPROTO_UDP
from ipsec_lo_trace.wire import ip, network, udp
from ipsec_lo_trace.wire.network import Layer

NOBODY_S = Judged(0, 0, b"", None, (), "", 0, (), "")
"""What stands for a packet that another share judges."""


def has(shard: Shard, ends: bytes) -> bool:
    """Tell whether packets between two ends, in either direction, belong to a share."""
    half = len(ends) // 2
    pair = b"".join(sorted((ends[:half], ends[half:])))
    return shard.takes(crc32(pair))


class ShareJudgement(Judgement):
    """Judges the packets of one share; of others it knows what they have inside, or may have."""

    def __init__(self, host: HostConfiguration, shard: Shard) -> None:
        """Take what the host was configured with, and the share."""
        super().__init__(host)
        self._shard = shard

    def judge(self, frame: Frame, packet: bytes, opened: Opened, also: tuple[str, ...] = ()) -> Judged:
        """Judge a packet if what is inside belongs to this share; of a closed one the outside tells."""
        inside = self.has_tunnels and not opened.code
        if has(self._shard, opened.layer.ends if inside else _ends(frame.data)):
            return super().judge(frame, packet, opened, also)
        if opened.code:
            self.note_closed(frame, opened)
        elif opened.tunnelled:
            self.remember(opened, frame.number)
        return NOBODY_S


class ShareAuditor(Auditor):
    """Judges the packets of one share, and counts the others; ``digest`` is a checksum over all of them."""

    def __init__(self, host: HostConfiguration, shard: Shard) -> None:
        """Take what the host was configured with, and the share."""
        super().__init__(host)
        self.judgement = ShareJudgement(host, shard)
        self.fragments = Fragments(counts=partial(has, shard))
        self.digest = 0
        self._shard = shard

    def share(self, frame: Frame) -> Judged | None:
        """Judge the next packet; None if it is another share's."""
        self.digest = crc32(frame.data, self.digest)
        if self._is_of_no_account(frame):
            self.packets += 1
            return None
        judged = self.see(frame)
        return None if judged is NOBODY_S else judged

    def _is_of_no_account(self, frame: Frame) -> bool:
        """Tell whether a packet is another share's, and says nothing about this one's."""
        data = frame.data
        if has(self._shard, _ends(data)):
            return False
        try:
            layer = network.quoted(data)
        except ip.WireError:
            return True
        if layer.proto not in SEALED and layer.proto != IPPROTO_UDP:
            return True
        return not self.judgement.has_tunnels and not layer.offset and self._is_known(data, layer)

    def _is_known(self, data: bytes, layer: Layer) -> bool:
        """Tell whether a packet has an SA, or none at all: on a host without tunnels nothing is inside."""
        proto, at = layer.proto, layer.at
        if proto == IPPROTO_UDP:
            if not in_udp(data, layer, self.associations.ports):
                return True
            proto, at = IPPROTO_ESP, at + udp.HEADER_LEN
        at += SPI_AT.get(proto, 0)
        return self.associations.knows(proto, layer.dst + data[at : at + SPI_LEN])

    def _aside(self, frame: Frame, packet: bytes, codes: tuple[str, ...], text: str) -> Judged:
        """Note a packet that says nothing by itself, if it is this share's."""
        if has(self._shard, _ends(frame.data)):
            return super()._aside(frame, packet, codes, text)
        return NOBODY_S


def _ends(data: bytes) -> bytes:
    """Return a packet's ends as they stand in its header, as far as there is one."""
    return data[8:40] if network.version(data) == network.IPV6_VERSION else data[12:20]
