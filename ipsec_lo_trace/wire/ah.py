"""AH as bytes: insert, verify, cut out.  RFC 2402; RFC 1826 for the old form."""

from __future__ import annotations

import hmac
from typing import NamedTuple

from ipsec_lo_trace.model.proto import IPPROTO_AH
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.algorithms import AUTHS, ICV_LEN, OLD_ICV_LEN, digest_of

IMMUTABLE_OPTIONS = frozenset({130, 133, 134, 148, 149})
"""Options that stay under the ICV: three kinds of security, router alert, directed broadcast (RFC 1770).

Source: netipsec/xform_ah.c, ah_massage_headers; RFC 2402 appendix A1.
"""
IP_DF_BYTE = ip.IP_DF >> 8


class AhHeader(NamedTuple):
    """An AH header; ``header_len`` in bytes with the ICV, as the header itself says."""

    next_header: int
    header_len: int
    spi: int
    seq: int


def read(packet: bytes) -> AhHeader:
    """Read the AH header behind the IP header (which must be there in full)."""
    at = (packet[0] & 0xF) * 4
    spi = int.from_bytes(packet[at + 4 : at + 8], "big")
    seq = int.from_bytes(packet[at + 8 : at + 12], "big")
    return AhHeader(packet[at], (packet[at + 1] + 2) * 4, spi, seq)


class AhTransform:
    """One SA's way of authenticating whole IPv4 packets; lengths in bytes."""

    def __init__(self, auth: str, auth_key: bytes, *, old: bool = False) -> None:
        """Take the authenticator's setkey(8) name and its key."""
        self._digest = digest_of(auth)
        self._keeps_df = AUTHS[auth].keeps_df
        self._auth_key = auth_key
        self._fixed_len = 8 if old else 12
        self.icv_len = OLD_ICV_LEN if old else ICV_LEN
        self.header_len = self._fixed_len + self.icv_len

    def seal(self, packet: bytes, *, spi: int, seq: int) -> bytes:
        """Insert AH between the IP header and what it carries; renew protocol, length and checksum."""
        from ipsec_lo_trace.wire import build  # noqa: PLC0415 -- scapy loads to seal, not to open

        header_len, _ident, _off, _ttl, proto = ip.outline(packet)
        template = build.ah_header(spi, self.header_len, self.icv_len)
        fixed = bytes((proto,)) + template[1:8] + seq.to_bytes(4, "big")
        inserted = fixed[: self._fixed_len] + bytes(self.icv_len)
        whole = packet[:header_len] + inserted + packet[header_len:]
        whole = ip.patch(whole, proto=IPPROTO_AH, total_len=len(whole))
        at = header_len + self._fixed_len
        return whole[:at] + self._icv(whole) + whole[at + self.icv_len :]

    def icv_ok(self, packet: bytes) -> bool:
        """Tell whether the ICV is right."""
        at = (packet[0] & 0xF) * 4 + self._fixed_len
        return hmac.compare_digest(self._icv(packet), packet[at : at + self.icv_len])

    def strip(self, packet: bytes) -> bytes:
        """Cut AH out; restore protocol, length and checksum."""
        header_len = ip.outline(packet)[0]
        rest = packet[:header_len] + packet[header_len + self.header_len :]
        return ip.patch(rest, proto=packet[header_len], total_len=len(rest))

    def _icv(self, packet: bytes) -> bytes:
        """Authenticate the packet with its mutable fields and the ICV itself as zeros."""
        hlen = (packet[0] & 0xF) * 4
        head = bytearray(packet[:hlen])
        # KERNEL: ah_cleartos is 1, so TOS is zero; flags and offset are too, but the keyed hashes keep DF.
        head[1] = 0
        head[6] &= IP_DF_BYTE if self._keeps_df else 0
        head[7:9] = b"\0\0"
        head[10:12] = b"\0\0"
        head[ip.HEADER_LEN :] = massaged(packet[ip.HEADER_LEN : hlen])
        at = hlen + self._fixed_len
        message = bytes(head) + packet[hlen:at] + bytes(self.icv_len) + packet[at + self.icv_len :]
        # KERNEL: the crypto framework writes 96 bits whatever room AH made, so an old ICV ends in four zeros.
        return self._digest(self._auth_key, message)[:ICV_LEN].ljust(self.icv_len, b"\0")


def massaged(options: bytes) -> bytes:
    """Zero every option that may change on the way, whole; keep the rest.  RFC 2402 section 3.3.3.1.1.

    SIMPLER: ah_massage_headers of 2003 added the IP header's 20 bytes twice and so looked for the options too
    far on.  A record route went into the ICV as it stood, and broke it when ip_input wrote an address into a
    slot before AH was checked.  Here it is left out, as the RFC and later NetBSD have it.
    """
    kept = bytearray(options)
    at = 0
    while at < len(options) and options[at] != ip.IPOPT_EOL:
        if options[at] == ip.IPOPT_NOP:
            at += 1
            continue
        length = max(options[at + 1], 2) if at + 1 < len(options) else 1
        if options[at] not in IMMUTABLE_OPTIONS:
            kept[at : at + length] = bytes(len(kept[at : at + length]))
        at += length
    return bytes(kept)
