"""AH as bytes: insert, verify, cut out.  RFC 2402; RFC 1826 for the old form."""

from __future__ import annotations

import hmac
from typing import Literal, NamedTuple

from ipsec_lo_trace.model.proto import IPPROTO_AH
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.algorithms import AUTHS, ICV_LEN, OLD_ICV_LEN, mac_of

IMMUTABLE_OPTIONS = frozenset({130, 133, 134, 148, 149})
"""Options that stay under the ICV: three kinds of security, router alert, directed broadcast (RFC 1770).

Source: netipsec/xform_ah.c, ah_massage_headers; RFC 2402 appendix A1.
"""
SOURCE_ROUTES = (131, 137)
"""Loose and strict; on output their last address stands under the ICV as the destination."""
ADDRESS_LEN = 4
MIN_OPTION_LEN = 2
IP_DF_BYTE = ip.IP_DF >> 8

Options = Literal["added-twice", "mended"]
"""How ah_massage_headers looks for IP options: 20 bytes too far on, as in 2003, or where they are."""


class OptionError(ValueError):
    """IP options that ah_massage_headers refuses, or what it takes for some; the text says why."""


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

    def __init__(self, auth: str, auth_key: bytes, *, old: bool = False, options: Options = "mended") -> None:
        """Take the authenticator's setkey(8) name and its key, and how it looks for IP options."""
        self._options = options
        self._mac = mac_of(auth, auth_key)
        self._keeps_df = AUTHS[auth].keeps_df
        self._fixed_len = 8 if old else 12
        self.icv_len = OLD_ICV_LEN if old else ICV_LEN
        self.header_len = self._fixed_len + self.icv_len

    def seal(self, packet: bytes, *, spi: int, seq: int) -> bytes:
        """Insert AH between the IP header and what it carries; renew protocol, length and checksum.

        OptionError if the IP options are refused.
        """
        from ipsec_lo_trace.wire import build  # noqa: PLC0415 -- scapy loads to seal, not to open

        header_len, _ident, _off, _ttl, proto = ip.outline(packet)
        template = build.ah_header(spi, self.header_len, self.icv_len)
        fixed = bytes((proto,)) + template[1:8] + seq.to_bytes(4, "big")
        inserted = fixed[: self._fixed_len] + bytes(self.icv_len)
        whole = packet[:header_len] + inserted + packet[header_len:]
        whole = ip.patch(whole, proto=IPPROTO_AH, total_len=len(whole))
        at = header_len + self._fixed_len
        return whole[:at] + self._icv(whole, out=True) + whole[at + self.icv_len :]

    def icv_ok(self, packet: bytes) -> bool:
        """Tell whether the ICV is right; none is where the IP options are refused."""
        at = (packet[0] & 0xF) * 4 + self._fixed_len
        try:
            icv = self._icv(packet, out=False)
        except OptionError:
            return False
        return hmac.compare_digest(icv, packet[at : at + self.icv_len])

    def strip(self, packet: bytes) -> bytes:
        """Cut AH out; restore protocol, length and checksum."""
        header_len = ip.outline(packet)[0]
        rest = packet[:header_len] + packet[header_len + self.header_len :]
        return ip.patch(rest, proto=packet[header_len], total_len=len(rest))

    def check_options(self, packet: bytes) -> None:
        """Refuse what ah_massage_headers refuses on input: OptionError."""
        hlen = (packet[0] & 0xF) * 4
        if hlen > ip.HEADER_LEN:
            massage_options(self._blank(packet, hlen), hlen, self._options_at(), out=False)

    def _options_at(self) -> int:
        """Return the byte at which options are looked for."""
        return ip.HEADER_LEN * (2 if self._options == "added-twice" else 1)

    def _blank(self, packet: bytes, hlen: int) -> bytearray:
        """Copy the packet with its mutable fields, but for options, and its ICV as zeros."""
        blank = bytearray(packet)
        # KERNEL: ah_cleartos is 1, so TOS is zero; flags and offset are too, but the keyed hashes keep DF.
        blank[1] = 0
        blank[6] &= IP_DF_BYTE if self._keeps_df else 0
        blank[7:9] = b"\0\0"
        blank[10:12] = b"\0\0"
        at = hlen + self._fixed_len
        blank[at : at + self.icv_len] = bytes(self.icv_len)
        return blank

    def _icv(self, packet: bytes, *, out: bool) -> bytes:
        """Authenticate the packet with its mutable fields and the ICV itself as zeros."""
        hlen = (packet[0] & 0xF) * 4
        message = self._blank(packet, hlen)
        if hlen > ip.HEADER_LEN:
            massage_options(message, hlen, self._options_at(), out=out)
        # KERNEL: the crypto framework writes 96 bits whatever room AH made, so an old ICV ends in four zeros.
        return self._mac(bytes(message))[:ICV_LEN].ljust(self.icv_len, b"\0")


def massage_options(packet: bytearray, hlen: int, start: int, *, out: bool) -> None:
    """Zero every option that may change on the way, whole; keep the rest.  RFC 2402 section 3.3.3.1.1.

    Source: netipsec/xform_ah.c, ah_massage_headers.  OptionError for a bad length.

    ``start`` is where the options are looked for, in bytes.
    KERNEL: until NetBSD's xform_ah.c 1.42 (2013) the header's 20 bytes were added twice: as many bytes as
    there are options are read from byte 40 on, options, AH and payload alike, and what is found there is
    zeroed at the start of the options.
    SIMPLER: those bytes are the packet's; where they lie in another mbuf, the kernel reads what follows it.
    """
    at, end = start, hlen - ip.HEADER_LEN + start
    while at < end and packet[at] != ip.IPOPT_EOL:
        kind = packet[at]
        if kind == ip.IPOPT_NOP:
            at += 1
            continue
        length = packet[at + 1] if at + 1 < end else 0
        if length < MIN_OPTION_LEN or at + length > end:
            raise OptionError(f"option {kind} at byte {at} has no length, or one that leads past the end")
        if kind not in IMMUTABLE_OPTIONS:
            if out and kind in SOURCE_ROUTES:
                packet[16:20] = packet[at + length - ADDRESS_LEN : at + length]
            zeroed = at if start == ip.HEADER_LEN else ip.HEADER_LEN
            packet[zeroed : zeroed + length] = bytes(length)
        at += length
