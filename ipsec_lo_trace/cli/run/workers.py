"""Processes that share a command's work out, and end with it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager


@contextmanager
def workers(jobs: int) -> Iterator[Executor]:
    """Give so many processes to share work out to; a signal, or a fault, ends them whatever they are at."""
    with ProcessPoolExecutor(jobs, initializer=_leave_signals) as executor:
        try:
            yield executor
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _leave_signals() -> None:
    """Leave an interrupt from the keyboard to the process that shares the work out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
