"""scapy as the second opinion: the same SA, IV and number must give the same bytes."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import pytest

from ipsec_lo_trace.wire import build, ip
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS
from ipsec_lo_trace.wire.esp import TRAILER_LEN, EspTransform
from tests import handmade

# scapy's layers after wire.build, which keeps them from asking the host for its routes.
from scapy.layers.inet import IP, IPOption_Router_Alert, IPOption_RR  # isort: skip
from scapy.layers.ipsec import AH, AUTH_ALGOS, ESP, SecurityAssociation  # isort: skip

CRYPTS = {
    "des-cbc": "DES",
    "3des-cbc": "3DES",
    "blowfish-cbc": "Blowfish",
    "cast128-cbc": "CAST",
    "rijndael-cbc": "AES-CBC",
    "null": "NULL",
}
MACS = {"hmac-md5": "HMAC-MD5-96", "hmac-sha1": "HMAC-SHA1-96", "hmac-sha2-256": "SHA2-256-96"}
KEY = bytes.fromhex("0123456789abcdeffedcba98765432100011223344556677") + bytes(range(1, 33))
KEYED = [
    (name, key_len)
    for name, cipher in CIPHERS.items()
    for key_len in (cipher.key_lens or sorted({max(cipher.min_key_len, 5), 13, min(cipher.max_key_len, 56)}))
]
OPTIONS: dict[str, list[Any]] = {
    "none": [],
    "record route": [IPOption_RR(routers=["0.0.0.0"] * 9, pointer=4)],  # noqa: S104 -- empty slots
    "router alert": [IPOption_Router_Alert()],
}


@pytest.fixture(autouse=True)
def sha2_256_96(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teach scapy the cut of HMAC-SHA-256 to 96 bits that was usual in 2003."""
    algo = type(AUTH_ALGOS["SHA2-256-128"])
    origin = AUTH_ALGOS["SHA2-256-128"]
    short = algo("SHA2-256-96", mac=origin.mac, digestmod=origin.digestmod, icv_size=12)
    monkeypatch.setitem(AUTH_ALGOS, "SHA2-256-96", short)


def packet(size: int, options: list[Any] | None = None) -> bytes:
    """Make an echo request from A to B as a whole IPv4 packet, with scapy."""
    message = build.echo_request(ident=7, seq=1, data=bytes(range(size)))
    head = IP(src="10.9.9.1", dst="10.9.9.2", id=5, tos=8, flags="DF", proto=1, options=options or [])
    return bytes(head / message)


@pytest.mark.parametrize(("cipher", "key_len"), KEYED)
@pytest.mark.parametrize("auth", ["", *MACS])
def test_esp_is_what_scapy_makes(cipher: str, key_len: int, auth: str) -> None:
    """ESP transport packets of every cipher with every authenticator equal scapy's, IP header included."""
    auth_key = KEY[: AUTHS[auth].key_len] if auth else b""
    xform = EspTransform(cipher, KEY[:key_len], auth, auth_key)
    sa = SecurityAssociation(
        ESP,
        spi=0x1001,
        crypt_algo=CRYPTS[cipher],
        crypt_key=KEY[:key_len],
        auth_algo=MACS.get(auth, "NULL"),
        auth_key=auth_key,
    )
    iv = bytes(range(100, 100 + xform.iv_len))
    for size in (0, 1, 13, 56):
        whole = packet(size)
        payload = whole[20:]
        padding = bytes(range(1, xform.padding_len(len(payload)) - TRAILER_LEN + 1))
        sealed = xform.seal(spi=0x1001, seq=3, iv=iv, next_header=1, payload=payload, padding=padding)
        ours = ip.patch(whole[:20] + sealed, proto=50, total_len=20 + len(sealed))
        assert ours == bytes(sa.encrypt(IP(whole), seq_num=3, iv=iv))


@pytest.mark.parametrize(("auth", "options"), list(itertools.product(MACS, OPTIONS)))
def test_ah_is_what_scapy_makes(auth: str, options: str) -> None:
    """AH transport packets equal scapy's, without options, with mutable and with immutable ones."""
    key = KEY[: AUTHS[auth].key_len]
    sa = SecurityAssociation(AH, spi=0x1002, auth_algo=MACS[auth], auth_key=key)
    for size in (0, 1, 13, 56):
        whole = packet(size, OPTIONS[options])
        ours = AhTransform(auth, key).seal(whole, spi=0x1002, seq=3)
        assert ours == bytes(sa.encrypt(IP(whole), seq_num=3))
        assert bytes(sa.decrypt(IP(ours))) == whole


def test_headers_are_what_scapy_writes() -> None:
    """Reading scapy's packet and writing it again gives the same bytes."""
    for options in OPTIONS.values():
        whole = packet(56, options)
        header = ip.read(whole)
        assert handmade.write(header, whole[header.header_len :]) == whole


def test_only_the_builder_loads_scapy() -> None:
    """Everything in this room but the builder works without importing scapy, which is slow to load."""
    code = (
        "import sys\n"
        "from ipsec_lo_trace.wire import ah, algorithms, esp, icmp, ip, summary\n"
        "print([name for name in sys.modules if 'scapy' in name])\n"
    )
    assert output_of(code) == ("[]\n", "")


@pytest.mark.slow
def test_the_builder_loads_no_more_of_scapy_than_it_needs() -> None:
    """The builder gets along without all of scapy and without the host's routes."""
    code = (
        "import sys\n"
        "from ipsec_lo_trace.wire import build\n"
        "from scapy.config import conf\n"
        "print('scapy.all' in sys.modules)\n"
        "print(conf.route_autoload, conf.route6_autoload)\n"
    )
    assert output_of(code) == ("False\nFalse False\n", "")


@pytest.mark.slow
def test_no_algorithm_warns() -> None:
    """Using every cipher and authenticator leaves standard error empty, with all warnings on."""
    code = (
        "from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS\n"
        "from ipsec_lo_trace.wire.esp import EspTransform\n"
        "for c in CIPHERS.values():\n"
        "    for a in AUTHS.values():\n"
        "        key = bytes(range(c.key_lens[0] if c.key_lens else 16))\n"
        "        x = EspTransform(c.name, key, a.name, bytes(20))\n"
        "        iv = bytes(x.iv_len)\n"
        "        s = x.seal(spi=1, seq=1, iv=iv, next_header=1, payload=bytes(14), padding=b'')\n"
        "        assert x.decrypt(s)[:14] == bytes(14)\n"
    )
    assert output_of(code) == ("", "")


def output_of(code: str) -> tuple[str, str]:
    """Run Python code in a fresh process with all warnings on; give its output and errors."""
    command = [sys.executable, "-W", "always", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr
