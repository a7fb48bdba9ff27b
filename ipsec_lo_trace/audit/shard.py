"""A share of a capture, by pairs of addresses: what passes between two ends is judged by one process.

Every process reads the whole capture, which is cheap beside opening its packets.
"""

from __future__ import annotations

from typing import NamedTuple
from zlib import crc32

from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.judgement import Judged
from ipsec_lo_trace.audit.tunnels import Tunnels
from ipsec_lo_trace.capture.frame import Frame
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.wire import network


class Shard(NamedTuple):
    """Share ``number`` of ``of``, from 1."""

    number: int
    of: int

    def has(self, ends: bytes) -> bool:
        """Tell whether packets between two ends, in either direction, belong to this share."""
        half = len(ends) // 2
        pair = b"".join(sorted((ends[:half], ends[half:])))
        return crc32(pair) % self.of == self.number - 1


WHOLE = Shard(1, 1)


class ShareAuditor(Auditor):
    """Judges the packets of one share, and counts the others."""

    def __init__(self, host: HostConfiguration, shard: Shard) -> None:
        """Take what the host was configured with, and the share."""
        super().__init__(host, whole=False)
        self._shard = shard
        self._tunnels = Tunnels(host, self.judgement)

    def share(self, frame: Frame) -> Judged | None:
        """Judge the next packet; None if it is another share's."""
        if self._shard.has(_ends(frame.data)):
            return self.see(frame)
        self.packets += 1
        self._tunnels.see(frame)
        return None


def _ends(data: bytes) -> bytes:
    """Return a packet's ends as they stand in its header, as far as there is one."""
    return data[8:40] if network.version(data) == network.IPV6_VERSION else data[12:20]
