"""What does the modelled kernel make of packets that a real Linux put on its lo?"""

from __future__ import annotations

import pytest

from tests.kernel.bench import Bench
from tests.wire.test_linux_captures import packets

AES = "-E rijndael-cbc 0x00112233445566778899aabbccddeeff"
DES3 = "-E 3des-cbc 0x0123456789abcdeffedcba98765432100011223344556677"
SHA = "-A hmac-sha1 0x000102030405060708090a0b0c0d0e0f10111213"
MD5 = "-A hmac-md5 0x0f0e0d0c0b0a09080706050403020100"
A, B, LO = "10.9.9.1", "10.9.9.2", "127.0.0.1"
CONFIG = "\n".join(
    f"add {src} {dst} {proto} 0x{spi:x} {keys} ;"
    for src, dst, proto, spi, keys in (
        (LO, LO, "esp", 0x1001, f"{AES} {SHA}"),
        (LO, LO, "ah", 0x1002, SHA),
        (LO, LO, "esp", 0x1004, f"-u 4 {DES3} {MD5}"),
        (A, B, "esp", 0x2001, f"{AES} {SHA}"),
        (B, A, "esp", 0x2002, f"{AES} {SHA}"),
        (A, B, "esp", 0x2005, f"-u 5 {AES} {SHA}"),
        (B, A, "esp", 0x2006, f"-u 5 {AES} {SHA}"),
        (A, B, "esp", 0x2009, f"-u 9 {AES} {SHA}"),
        (B, A, "esp", 0x200A, f"-u 9 {AES} {SHA}"),
        (A, B, "ah", 0x200B, SHA),
        (B, A, "ah", 0x200C, SHA),
    )
)


@pytest.mark.parametrize(
    "name",
    ["lo1-esp-aes-sha1", "lo1-esp-3des-md5", "lo1-ah-sha1", "ab-esp-aes-sha1", "ab-esp-ah", "ab-esp-tunnel"],
)
def test_linux_packets_are_accepted(name: str) -> None:
    """Requests are decrypted and answered, replies reach the raw socket: each packet delivers one reply."""
    bench = Bench(CONFIG)
    captured = packets(name)
    for packet in captured:
        steps = bench.receive(packet)
        assert not [step.reason for step in steps if step.reason]
    assert len(bench.delivered) == len(captured)


def test_the_icv_that_linux_refused_moves_esps_badauth() -> None:
    """The packet whose last ICV byte is flipped is dropped with EACCES and counted as esps_badauth."""
    bench = Bench(CONFIG)
    (packet,) = packets("inj-ab-esp-badicv")
    steps = bench.receive(packet)
    assert (steps[-1].reason, steps[-1].errno) == ("bad-icv", "EACCES")
    assert bench.counters["esps_badauth"] == 1
    assert not bench.delivered
