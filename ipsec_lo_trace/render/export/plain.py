"""Text without control characters: what a trace says cannot steer a terminal, or end a string early."""

from __future__ import annotations

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def plain(text: str) -> str:
    """Escape control characters, line ends among them."""
    return text.translate(_CONTROL)
