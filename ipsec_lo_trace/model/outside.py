"""Data from outside: how much of it is read, how it is decoded, and what that may raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, TypeVar

import msgspec

from ipsec_lo_trace.model.errors import UserError

Raw = TypeVar("Raw")
Made = TypeVar("Made")

MISREAD = (msgspec.MsgspecError, OverflowError, RecursionError, ValueError)
"""What msgspec, tomllib and the codecs (UnicodeError) raise at data that somebody else wrote."""


class MisreadError(Exception):
    """Data from outside that cannot be decoded; the message says why."""


def decoded(decode: Callable[[Raw], Made], data: Raw) -> Made:
    """Decode data from outside; MisreadError for whatever the decoder finds wrong with it."""
    try:
        return decode(data)
    except RecursionError:
        raise MisreadError("it is nested too deep") from None
    except MISREAD as error:
        raise MisreadError(str(error)) from None


def utf8(data: bytes) -> str:
    """Decode a text from outside; MisreadError if it is no UTF-8."""
    return decoded(bytes.decode, data)


def taken(opened: IO[bytes], limit: int, file: str) -> bytes:
    """Read what is open to its end; UserError if it has more than ``limit`` bytes."""
    data = opened.read(limit + 1)
    if len(data) > limit:
        raise UserError(f"larger than {limit} bytes, so it is not read", file=file)
    return data
