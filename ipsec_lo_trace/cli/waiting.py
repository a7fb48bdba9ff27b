"""Wait for a person at the keyboard, or for a signal."""

from __future__ import annotations

import os
import select
import signal
from functools import cache


def await_input(keyboard: int) -> None:
    """Return once a read of this descriptor would not wait; what a signal raises ends the waiting.

    A read alone would miss a signal that comes in the microseconds before it begins: Python notes it, and
    hears it when the read is over.  A ``select`` that also looks at where signals are noted misses none.
    Windows can select among sockets alone: there it is the read that waits.
    """
    if os.name != "posix":
        return
    ready: list[int] = []
    while keyboard not in ready:
        ready, _, _ = select.select([keyboard, _noted()], [], [])
        if _noted() in ready:
            os.read(_noted(), 1)


@cache
def _noted() -> int:
    """Give the descriptor at which a byte arrives for each signal that Python hears, from now on."""
    noted, notes = os.pipe()
    os.set_blocking(notes, False)
    signal.set_wakeup_fd(notes, warn_on_full_buffer=False)
    return noted
