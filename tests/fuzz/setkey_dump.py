"""Fuzz the reader of what setkey -D and setkey -DP print."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.engine import fuzz, instrumented
from tests.fuzz.host import assert_sound
from tests.setkey.support import DATA

with instrumented():
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.setkey.dump import is_dump, load_all


def check(data: bytes) -> None:
    """Read a text: it is refused with our error, or makes a sound host, if it is known for what it is."""
    text = data.decode("utf-8", "surrogateescape")
    is_known = is_dump(text)
    try:
        host = load_all([(text, "f")])
    except UserError as error:
        str(error)
        return
    assert is_known
    assert_sound(host)


def seeds() -> Iterator[bytes]:
    """Yield what each setkey(8) printed."""
    for path in [*sorted(DATA.glob("*.txt")), DATA / "dump.conf"]:
        yield path.read_bytes()
    yield b"No SAD entries.\n"


if __name__ == "__main__":
    fuzz(check, seeds())
