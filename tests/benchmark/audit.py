"""How fast is an audit, as a ratio against scapy's raw reader with direct calls of cryptography?

``python -m tests.benchmark.audit`` measures and prints; it judges nothing.  Both are whole processes that
read the same capture of a million packets, in turn; memory is that of a million packets against a thousand.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.esp import EspTransform, derive_bytes
from ipsec_lo_trace.wire.icmp import ICMP_ECHO, ICMP_ECHOREPLY, with_type
from tests import handmade
from tests.benchmark.measure import PYTHON, TOOL, Side, medians, peak_kib

MANY = 1_000_000
FEW = 1_000
PAIRS = 3
SPI = 0x1001
ENC_KEY = "00112233445566778899aabbccddeeff"
AUTH_KEY = "000102030405060708090a0b0c0d0e0f10111213"
CONFIG = f"""\
add 127.0.0.1 127.0.0.1 esp {SPI:#x} -E rijndael-cbc 0x{ENC_KEY} -A hmac-sha1 0x{AUTH_KEY};
spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require;
spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport//require;
"""
DLT_NULL = 0
SNAP_LEN = 65535
BARE = [*PYTHON, "-m", "tests.benchmark.bare_audit"]
ROOT = Path(__file__).parents[2]


def packets(count: int) -> Iterator[bytes]:
    """Make echo requests and replies, sealed by one SA that both ends number together."""
    transform = EspTransform("rijndael-cbc", bytes.fromhex(ENC_KEY), "hmac-sha1", bytes.fromhex(AUTH_KEY))
    address = ip.address(bytes((127, 0, 0, 1)))
    data = bytes(range(56))
    for number in range(count):
        kind = ICMP_ECHOREPLY if number % 2 else ICMP_ECHO
        head = bytes((kind, 0, 0, 0)) + struct.pack("!HH", 0x4C4F, number // 2 & 0xFFFF)
        message = with_type(head + data, kind)
        seq = 2 * number + 1
        padding = bytes(range(1, transform.padding_len(len(message)) - 1))
        sealed = transform.seal(
            spi=SPI,
            seq=seq,
            iv=derive_bytes(0, SPI, seq, 16),
            next_header=1,
            payload=message,
            padding=padding,
        )
        yield handmade.write(
            ip.IpHeader(0, 0, 0, number & 0xFFFF, 0, 255, 50, 0, address, address, b""), sealed
        )


def write_capture(path: Path, count: int) -> None:
    """Write a pcap file of DLT_NULL, the same each time."""
    with path.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_LEN, DLT_NULL))
        for number, packet in enumerate(packets(count)):
            length = len(packet) + 4
            out.write(struct.pack("<IIII", number // 1000, number % 1000, length, length))
            out.write(b"\2\0\0\0" + packet)


def figures(folder: Path) -> dict[str, float]:
    """Measure speed and memory."""
    config, many, few = folder / "host.conf", folder / "many.pcap", folder / "few.pcap"
    config.write_text(CONFIG, encoding="ascii")
    write_capture(many, MANY)
    write_capture(few, FEW)
    out = ["-f", str(config), "-o", str(folder / "audit")]
    text, jsonl, quiet = (
        [*TOOL, "audit", str(many), *out, *form] for form in ([], ["--format", "jsonl"], ["-q"])
    )
    side = Side(ROOT, folder)
    commands = [text, jsonl, quiet, [*BARE, str(many), ENC_KEY, AUTH_KEY]]
    ((*ours, bare),) = medians(commands, [side], PAIRS)
    found = {"bare, packets/s": MANY / bare}
    for name, seconds in zip(("text", "jsonl", "-q"), ours, strict=True):
        found |= {f"{name}, packets/s": MANY / seconds, f"{name} / bare": bare / seconds}
    short, long = (peak_kib([*TOOL, "audit", str(capture), *out], side) for capture in (few, many))
    return found | {
        f"{FEW} packets, MiB": short / 1024,
        f"{MANY} packets, MiB": long / 1024,
        "memory, many / few": long / short,
    }


def main() -> None:
    """Measure everything and print it, a figure a line."""
    with tempfile.TemporaryDirectory() as name:
        for what, value in figures(Path(name)).items():
            print(f"{what:24} {value:12.2f}")


if __name__ == "__main__":
    main()
