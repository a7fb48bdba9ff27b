"""How far it is, told on standard error while one waits: on a terminal, and not before a second is over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from threading import Timer

    from rich.progress import Progress as Bar

PATIENCE = 1.0
"""Seconds that pass before anything is told: most commands are over by then."""
Told = Callable[[int], None]


@contextmanager
def progress(
    what: str, total: int | None = None, *, done: int = 0, patience: float = PATIENCE
) -> Iterator[Told | None]:
    """Show a bar of ``total`` things, or a clock if that is not known; give what tells how many are done.

    None, and nothing shown, where standard error is no terminal.  The bar appears after ``patience`` seconds.
    What is written to standard output meanwhile would mix with it: this is for work whose output comes when
    it is done, or goes to a file.
    """
    if not _is_terminal(sys.stderr):
        yield None
        return
    shown = _Shown(what, total, done)
    shown.begin_after(patience)
    try:
        yield shown.tell
    finally:
        shown.end()


def _is_terminal(stream: TextIO | None) -> bool:
    """Tell whether it is a terminal on which something can move; a closed stream is None."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


class _Shown:
    """A bar that waits for its time in another thread."""

    def __init__(self, what: str, total: int | None, done: int) -> None:
        self._what, self._total, self._done = what, total, done
        self._bar: Bar | None = None
        self._timer: Timer | None = None

    def begin_after(self, patience: float) -> None:
        """Show the bar once so many seconds have passed; at once if there are none to wait for."""
        from threading import Timer  # noqa: PLC0415 -- for terminals alone

        if not patience:
            self._begin()
            return
        self._timer = Timer(patience, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def tell(self, done: int) -> None:
        """Say how many are done."""
        self._done = done
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done)

    def end(self) -> None:
        """Take the bar away."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def _begin(self) -> None:
        from rich import progress as rich_progress  # noqa: PLC0415 -- dear, and few wait so long
        from rich.console import Console  # noqa: PLC0415

        columns: list[Any] = [rich_progress.SpinnerColumn(), rich_progress.TextColumn("{task.description}")]
        if self._total is not None:
            columns += [rich_progress.BarColumn(), rich_progress.TaskProgressColumn()]
        columns.append(rich_progress.TimeElapsedColumn())
        console = Console(stderr=True)
        bar = rich_progress.Progress(*columns, console=console, transient=True, redirect_stdout=False)
        bar.add_task(self._what, total=self._total, completed=self._done)
        bar.start()
        self._bar = bar
