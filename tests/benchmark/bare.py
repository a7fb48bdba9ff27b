"""The yardstick for one ping: the same packages, the same two encryptions and decryptions, one line."""

from __future__ import annotations

import click
import msgspec
from rich.console import Console
from rich.text import Text

from tests.benchmark.naive import association, exchange


def main() -> None:
    """Exchange one protected echo and print that it came back."""
    reply = exchange(association(), 1)
    Console(width=80).print(Text(f"{len(reply)} bytes back; {click.__name__}, {msgspec.__name__}"))


if __name__ == "__main__":
    main()
