"""The yardstick for an audit: scapy's raw reader, and cryptography called directly for each ESP packet."""

from __future__ import annotations

import sys

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.hmac import HMAC
from scapy.utils import RawPcapReader

LINK_LEN = 4
ESP_LEN, IV_LEN, ICV_LEN = 8, 16, 12


def main() -> None:
    """Verify and decrypt every packet of a DLT_NULL capture; keys in hexadecimal on the command line."""
    path, enc_key, auth_key = sys.argv[1], *map(bytes.fromhex, sys.argv[2:4])
    aes, sha1 = AES(enc_key), SHA1()  # noqa: S303 -- what the SA uses
    verified = 0
    with RawPcapReader(path) as reader:
        for frame, _metadata in reader:
            packet = frame[LINK_LEN:]
            sealed = packet[(packet[0] & 0xF) * 4 :]
            mac = HMAC(auth_key, sha1)
            mac.update(sealed[:-ICV_LEN])
            verified += mac.finalize()[:ICV_LEN] == sealed[-ICV_LEN:]
            decryptor = Cipher(aes, CBC(sealed[ESP_LEN : ESP_LEN + IV_LEN])).decryptor()
            decryptor.update(sealed[ESP_LEN + IV_LEN : -ICV_LEN])
            decryptor.finalize()
    print(verified)


if __name__ == "__main__":
    main()
