"""Fuzz the reader of setkey(8) commands."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.engine import fuzz, instrumented

with instrumented():
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.setkey.load import load
    from ipsec_lo_trace.setkey.write import write
    from tests.support import SCENARIOS

ALL_KINDS = (
    'add 10.9.9.1 10.9.9.2 esp 0x1000 -m tunnel -u 7 -r 4 -f zero-pad -lh 9 -ls 8 -E des-cbc "12345678" ;',
    "add 10.9.9.1 10.9.9.2 ah-old 256 -A keyed-md5 0x00 ; # a comment\nget 10.9.9.1 10.9.9.2 ah 256 ;",
    "delete 10.9.9.1 10.9.9.2 esp 1 ; deleteall 10.9.9.1 10.9.9.2 ah ; flush esp ; spdflush ; dump ;",
    "spdadd localhost[any] 10.0.0.0/8[http] tcp -P out ipsec esp/tunnel/10.9.9.1-10.9.9.2/unique:3 ;",
    "spdadd -n 10.9.9.1/32 10.9.9.2/32 icmp -P in discard ; spddelete 10.9.9.1 10.9.9.2 any -P in ;",
)


def check(data: bytes) -> None:
    """Read a text: it is refused with our error, or what it makes can be written and read again, strictly."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        configuration = load(text, "f")
    except UserError as error:
        str(error)
        return
    written = write(configuration.db)
    if written:
        load(written, "written", strict=True)


def seeds() -> Iterator[bytes]:
    """Yield texts with every command."""
    for path in sorted(SCENARIOS.glob("*.conf")):
        yield path.read_bytes()
    for text in ALL_KINDS:
        yield text.encode()


if __name__ == "__main__":
    fuzz(check, seeds())
