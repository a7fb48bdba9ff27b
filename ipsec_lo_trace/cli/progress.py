"""How far it is, told on standard error while one waits: on a terminal, and not before a second is over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from ipsec_lo_trace.cli.files import STDOUT

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

PATIENCE = 1.0
"""Seconds that pass before anything is told: most commands are over by then."""
Told = Callable[[int], None]


@contextmanager
def progress(
    what: str, total: int | None = None, *, done: int = 0, path: str = STDOUT
) -> Iterator[Told | None]:
    """Show a bar of ``total`` things, or a clock if that is not known; give what tells how many are done.

    None, and nothing shown, unless a person waits: standard error must be a terminal, and standard output too
    if that is where the output goes (``path`` is "-").  Nothing may be written to standard output meanwhile.
    """
    if not (_is_terminal(sys.stderr) and (path != STDOUT or _is_terminal(sys.stdout))):
        yield None
        return
    shown = _Shown(what, total, done)
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
        from threading import Timer  # noqa: PLC0415 -- for terminals alone

        self._what, self._total, self._done = what, total, done
        self._bar: Bar | None = None
        self._timer = Timer(PATIENCE, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def tell(self, done: int) -> None:
        """Say how many are done."""
        self._done = done
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done)

    def end(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def _begin(self) -> None:
        from rich import progress as rich_progress  # noqa: PLC0415 -- dear, and few wait so long
        from rich.console import Console  # noqa: PLC0415

        columns: list[Any] = [rich_progress.SpinnerColumn(), rich_progress.TextColumn("{task.description}")]
        if self._total is not None:
            columns += [rich_progress.BarColumn(), rich_progress.MofNCompleteColumn()]
        columns.append(rich_progress.TimeElapsedColumn())
        console = Console(stderr=True)
        bar = rich_progress.Progress(*columns, console=console, transient=True, redirect_stdout=False)
        bar.add_task(self._what, total=self._total, completed=self._done)
        bar.start()
        self._bar = bar
