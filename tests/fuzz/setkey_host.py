"""Fuzz the reader of a host's setkey(8) commands."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz import setkey
from tests.fuzz.engine import fuzz, instrumented
from tests.fuzz.host import assert_sound
from tests.setkey.support import DATA

with instrumented():
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.setkey.host import load

LATER_KINDS = (
    'add -6 ::1 ::1 esp 256 -esn -r 16 -E aes-gcm-16 "12345678901234567890" ;',
    "spdupdate ::1 ::1 any -P in none ;",
    "spdadd 10.0.0.0/8 gw.example.org any -P out prio high - 5 ipsec esp/beet//require ;",
    'add 10.9.9.1 10.9.9.2 tcp 0x1000 -A tcp-md5 "secret" ; spdadd -6 ::/0 ::/0 icmp6 135,0 -P in none ;',
    'add 10.9.9.1 10.9.9.2 esp-udp 300 -ctx 1 1 "label" -E nosuch 0x00 ; delete ::1 ::1 ah 1 ;',
)


def check(data: bytes) -> None:
    """Read a text: it is refused with our error, or makes a sound host."""
    try:
        host = load(data.decode("utf-8", "surrogateescape"), "f")
    except UserError as error:
        str(error)
        return
    assert_sound(host)


def seeds() -> Iterator[bytes]:
    """Yield texts with every command, and what FreeBSD and NetBSD take."""
    yield from setkey.seeds()
    for path in sorted(DATA.glob("*.conf")):
        yield path.read_bytes()
    for text in LATER_KINDS:
        yield text.encode()


if __name__ == "__main__":
    fuzz(check, seeds())
