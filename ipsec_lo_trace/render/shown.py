"""JSON that a terminal may show: nothing in a text of it steers the terminal."""

from __future__ import annotations

DELETE = b"\x7f"


def shown(data: bytes) -> bytes:
    """Escape in JSON what no reader sees but a terminal obeys: C1 controls, marks of direction."""
    if data.isascii() and DELETE not in data:
        return data  # msgspec has escaped the other controls
    characters = data.decode("utf-8")
    return "".join(
        character if character == "\n" or character.isprintable() else _escaped(character)
        for character in characters
    ).encode("utf-8")


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
