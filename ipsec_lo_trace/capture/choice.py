"""Which interface's packets are taken, where a capture has those of several."""

from __future__ import annotations

import re

from ipsec_lo_trace.capture.cooked import (
    ARPHRD_AT,
    ARPHRD_LOOPBACK,
    COOKED,
    HEADER_LENS,
    INDEX_AT,
    INDEX_LEN,
    SLL2,
)
from ipsec_lo_trace.capture.ethertype import Decoder
from ipsec_lo_trace.capture.frame import CaptureError
from ipsec_lo_trace.capture.link import decoder

ANY = "any"
LOOPBACKS = ("lo", "lo0")
ELSEWHERE = "of another interface"
"""What a decoder notes of a packet that is not taken; told from other notes by its identity."""
MAX_OTHERS = 16
"""How many interfaces are named whose packets were passed over."""
_INDEX = re.compile(r"[0-9]{1,9}")


class Choice:
    """The interface that is asked for: its name or number, ``any`` for all.

    None stands for loopback where packets say what they are of (LINUX_SLL and LINUX_SLL2) or pcapng names an
    interface lo or lo0, and for all where nothing is said.  ``passed_over`` counts packets of other
    interfaces, ``others`` are those as far as they have names or numbers.
    """

    def __init__(self, wanted: str | None = None) -> None:
        self.wanted = wanted
        self.passed_over = 0
        self.others: dict[str, None] = {}
        self._has_loopback = False

    @property
    def is_narrow(self) -> bool:
        """Whether one interface was asked for."""
        return self.wanted not in (None, ANY)

    def decoder(self, link_type: int, name: str = "", number: int | None = None) -> Decoder | None:
        """Return what reads the packets of an interface, None if its link type is not read.

        ``name`` is if_name, ``number`` what pcapng counts.  Of packets that are not taken it notes ELSEWHERE.
        """
        decode, number_text = decoder(link_type), "" if number is None else str(number)
        # SLL2's own numbers are the kernel's, and nobody wants pcapng's beside them.
        names = (name,) if link_type == SLL2 else (name, number_text)
        if self.wanted == ANY or (self.wanted and self.wanted in names):
            return decode
        if link_type in COOKED:
            return self._cooked(link_type)
        if self.wanted is None:
            return self._loopback_s(decode, name)
        return lambda _data, _start, _stop: self._pass_over(name or number_text)

    def _loopback_s(self, decode: Decoder | None, name: str) -> Decoder | None:
        """Take the packets of a named interface only if none is named as a loopback, now or later."""
        self._has_loopback = self._has_loopback or name in LOOPBACKS
        if decode is None or not name or name in LOOPBACKS:
            return decode

        def chosen(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
            return self._pass_over(name) if self._has_loopback else decode(data, start, stop)

        return chosen

    def check(self, file: str, packets: int) -> None:
        """Refuse a capture of so many packets, all read, if none is of the interface that was asked for."""
        if self.is_narrow and packets and packets == self.passed_over:
            there = f"there are {', '.join(self.others)}; " if self.others else ""
            reason = f"no packet in it is of interface {_shown(self.wanted or '')}"
            raise CaptureError(reason, file=file, hint=f"{there}-i any takes all")

    def told(self) -> str:
        """Say what was passed over, "" if nothing was."""
        if not self.passed_over:
            return ""
        of = f" ({', '.join(self.others)})" if self.others else ""
        packets = "1 packet is" if self.passed_over == 1 else f"{self.passed_over} packets are"
        return f"{packets} of other interfaces{of} and passed over"

    def _cooked(self, link_type: int) -> Decoder:
        """Take packets by what their own header says of their interface."""
        decode, header_len = COOKED[link_type], HEADER_LENS[link_type]
        at, length, value = self._field(link_type)

        def chosen(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
            if data[start + at : start + at + length] == value or stop < start + header_len:
                return decode(data, start, stop)
            index = data[start + INDEX_AT : start + INDEX_AT + INDEX_LEN]
            return self._pass_over(str(int.from_bytes(index, "big")) if link_type == SLL2 else "")

        return chosen

    def _field(self, link_type: int) -> tuple[int, int, bytes]:
        """Return what tells a packet that is taken: where its header has how many bytes, and which."""
        if self.wanted is None or self.wanted in LOOPBACKS:
            return ARPHRD_AT[link_type], len(ARPHRD_LOOPBACK), ARPHRD_LOOPBACK
        if link_type == SLL2 and _INDEX.fullmatch(self.wanted):
            return INDEX_AT, INDEX_LEN, int(self.wanted).to_bytes(INDEX_LEN, "big")
        return INDEX_AT, INDEX_LEN, b""

    def _pass_over(self, name: str) -> tuple[bytes, str]:
        self.passed_over += 1
        if name and len(self.others) < MAX_OTHERS:
            self.others[_shown(name)] = None
        return b"", ELSEWHERE


def _shown(name: str) -> str:
    """Return a name without what a terminal would obey, or no encoding takes."""
    return name.encode("unicode_escape").decode("ascii")
