"""Does what waits for a person hear a signal at any moment?"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from ipsec_lo_trace.cli.waiting import await_input

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

TRIES = 4000
LATEST = 1e-4
"""Seconds until the signal comes: the wait has begun long before."""
AGAIN = 0.5
"""Seconds until it comes once more, for a wait that missed it."""


class _HeardError(Exception):
    pass


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Give what is read and what is written, and put back what shall be done about an alarm."""
    before = signal.getsignal(signal.SIGALRM)
    reader, writer = os.pipe()
    os.write(writer, b"x")
    await_input(reader)  # from now on signals are noted
    os.read(reader, 1)
    yield reader, writer
    os.close(reader)
    os.close(writer)
    signal.signal(signal.SIGALRM, before)


def test_a_signal_about_the_beginning_of_a_wait(pipe: tuple[int, int]) -> None:
    """However shortly before or behind the beginning of a wait a signal comes, it ends it.

    A plain ``os.read`` misses one to three of a hundred.  One that is late may be the machine's own pause.
    """

    def heard(_number: int, _frame: FrameType | None) -> None:
        raise _HeardError

    signal.signal(signal.SIGALRM, heard)
    late = 0
    for number in range(1, TRIES + 1):
        began = time.monotonic()
        with pytest.raises(_HeardError):  # noqa: PT012 -- it may come before the wait has begun
            signal.setitimer(signal.ITIMER_REAL, LATEST * number / TRIES, AGAIN)
            await_input(pipe[0])
        signal.setitimer(signal.ITIMER_REAL, 0)
        late += time.monotonic() - began >= AGAIN
    assert late <= 1


def test_a_signal_that_raises_nothing(pipe: tuple[int, int]) -> None:
    """Behind signals that end nothing the wait goes on, until there is something to read."""
    reader, writer = pipe
    heard: list[int] = []

    def write_at_last(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 3:
            os.write(writer, b"x")

    signal.signal(signal.SIGALRM, write_at_last)
    signal.setitimer(signal.ITIMER_REAL, LATEST, LATEST)
    await_input(reader)
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert len(heard) >= 3
    assert os.read(reader, 9) == b"x"
