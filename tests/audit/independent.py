"""Seal packets by the RFCs, with nothing of ours: struct, hashlib's HMAC and cryptography called directly."""

from __future__ import annotations

import hmac
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5, Blowfish, Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR, ECB, GCM
from cryptography.hazmat.primitives.cmac import CMAC

ENDS = {4: ("10.9.9.1", "10.9.9.2"), 6: ("fd00:9::1", "fd00:9::2")}
OUTER = {4: ("10.9.8.1", "10.9.8.2"), 6: ("fd00:8::1", "fd00:8::2")}
ICMP = {4: 1, 6: 58}
INSIDE = {4: 4, 6: 41}
ESP, AH = 50, 51
BLOCK_CIPHERS = {
    "des-cbc": (lambda key: TripleDES(key * 3), 8),
    "3des-cbc": (TripleDES, 8),
    "blowfish-cbc": (Blowfish, 8),
    "cast128-cbc": (CAST5, 8),
    "rijndael-cbc": (AES, 16),
    "camellia-cbc": (Camellia, 16),
}
HASHES = {
    "hmac-md5": "md5",
    "hmac-sha1": "sha1",
    "hmac-ripemd160": "ripemd160",
    "hmac-sha2-256": "sha256",
    "hmac-sha256-128": "sha256",
    "hmac-sha384": "sha384",
    "hmac-sha512": "sha512",
}


class Keys(NamedTuple):
    """What one SA is made of; ``icv_len`` in bytes, ``high`` half of the sequence number, None for none."""

    cipher: str
    enc_key: bytes
    auth: str
    auth_key: bytes
    icv_len: int
    high: int | None = None

    @property
    def high_half(self) -> bytes:
        """The half that does not cross."""
        return b"" if self.high is None else struct.pack("!I", self.high)


def header(version: int, proto: int, payload: bytes, ends: tuple[str, str], *, ttl: int = 64) -> bytes:
    """Put an IP header before a payload."""
    if version == 6:
        head = struct.pack("!IHBB", 0x60000000, len(payload), proto, ttl)
        return head + IPv6Address(ends[0]).packed + IPv6Address(ends[1]).packed + payload
    src, dst = IPv4Address(ends[0]).packed, IPv4Address(ends[1]).packed
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, ttl, proto, 0, src, dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)


def echo(version: int, seq: int = 1, *, reply: bool = False) -> bytes:
    """Make an echo message, checksum left out."""
    kinds = {4: (8, 0), 6: (128, 129)}
    return struct.pack("!BBHHH", kinds[version][reply], 0, 0, 7, seq) + bytes(range(40))


def esp(keys: Keys, spi: int, seq: int, next_header: int, payload: bytes) -> bytes:
    """Seal a payload by ESP.  RFC 4303 section 2."""
    block_len = BLOCK_CIPHERS[keys.cipher][1] if keys.cipher in BLOCK_CIPHERS else 4
    fill = -(len(payload) + 2) % block_len
    plain = payload + bytes(range(1, fill + 1)) + bytes((fill, next_header))
    head = struct.pack("!II", spi, seq)
    if keys.cipher in ("aes-gcm", "aes-gmac", "aes-ccm", "chacha20-poly1305"):
        return head + combined(keys, head, plain)
    sealed = head + encrypted(keys, seq, plain)
    return sealed + mac(keys, sealed + keys.high_half)


def encrypted(keys: Keys, seq: int, plain: bytes) -> bytes:
    """Give IV and ciphertext."""
    key = keys.enc_key
    if keys.cipher == "null":
        return plain
    if keys.cipher == "aes-ctr":
        iv = struct.pack("!Q", seq)
        return iv + Cipher(AES(key[:-4]), CTR(key[-4:] + iv + b"\0\0\0\1")).encryptor().update(plain)
    make, block_len = BLOCK_CIPHERS[keys.cipher]
    algorithm: BlockCipherAlgorithm = make(key)  # type: ignore[no-untyped-call]
    iv = bytes((seq + place) % 256 for place in range(block_len))
    return iv + Cipher(algorithm, CBC(iv)).encryptor().update(plain)


def combined(keys: Keys, head: bytes, plain: bytes) -> bytes:
    """Give IV, ciphertext and tag of a cipher that authenticates too."""
    iv, salt_len = b"\x11" * 8, 3 if keys.cipher == "aes-ccm" else 4
    key, nonce = keys.enc_key[:-salt_len], keys.enc_key[-salt_len:] + iv
    aad = head[:4] + keys.high_half + head[4:]
    if keys.cipher == "aes-ccm":
        return iv + AESCCM(key, keys.icv_len).encrypt(nonce, plain, aad)
    if keys.cipher == "chacha20-poly1305":
        return iv + ChaCha20Poly1305(key).encrypt(nonce, plain, aad)
    encryptor = Cipher(AES(key), GCM(nonce)).encryptor()
    if keys.cipher == "aes-gmac":
        encryptor.authenticate_additional_data(aad + iv + plain)
        encryptor.finalize()
        return iv + plain + encryptor.tag
    encryptor.authenticate_additional_data(aad)
    text = encryptor.update(plain) + encryptor.finalize()
    return iv + text + encryptor.tag[: keys.icv_len]


def mac(keys: Keys, message: bytes) -> bytes:
    """Give an ICV."""
    if not keys.auth:
        return b""
    if keys.auth == "aes-cmac":
        cmac = CMAC(AES(keys.auth_key))
        cmac.update(message)
        return cmac.finalize()[: keys.icv_len]
    if keys.auth == "aes-xcbc-mac":
        return xcbc(keys.auth_key, message)[: keys.icv_len]
    return hmac.digest(keys.auth_key, message, HASHES[keys.auth])[: keys.icv_len]


def xcbc(key: bytes, message: bytes) -> bytes:
    """RFC 3566 section 4, block by block."""

    def block(with_key: bytes, data: bytes) -> bytes:
        return Cipher(AES(with_key), ECB()).encryptor().update(data)  # noqa: S305 -- one block, as the RFC has it

    one, two, three = (block(key, bytes([number] * 16)) for number in (1, 2, 3))
    blocks = [message[at : at + 16] for at in range(0, len(message), 16)] or [b""]
    state = bytes(16)
    for data in blocks[:-1]:
        state = block(one, bytes(a ^ b for a, b in zip(state, data, strict=True)))
    last, mask = (
        (blocks[-1], two) if len(blocks[-1]) == 16 else ((blocks[-1] + b"\x80").ljust(16, b"\0"), three)
    )
    return block(one, bytes(a ^ b ^ c for a, b, c in zip(state, last, mask, strict=True)))


def esp_packet(
    keys: Keys, version: int, *, outer: int = 0, seq: int = 1, spi: int = 0x2001, reply: bool = False
) -> bytes:
    """Make a packet with ESP, in a tunnel of IP version ``outer`` if it is one."""
    message = echo(version, reply=reply)
    ends = ENDS[version][::-1] if reply else ENDS[version]
    if not outer:
        return header(version, ESP, esp(keys, spi, seq, ICMP[version], message), ends)
    inner = header(version, ICMP[version], message, ends)
    return header(outer, ESP, esp(keys, spi, seq, INSIDE[version], inner), OUTER[outer])


def ah_packet(
    keys: Keys, version: int, *, outer: int = 0, seq: int = 1, spi: int = 0x2003, pad: bytes = b""
) -> bytes:
    """Make a packet with AH; ``pad`` stands behind the ICV."""
    message = echo(version)
    proto, payload, ends = ICMP[version], message, ENDS[version]
    if outer:
        proto, payload, ends = (
            INSIDE[version],
            header(version, ICMP[version], message, ENDS[version]),
            OUTER[outer],
        )
    over = outer or version
    words = (12 + keys.icv_len + len(pad)) // 4
    head = struct.pack("!BBHII", proto, words - 2, 0, spi, seq)
    blank = header(over, AH, head + bytes(keys.icv_len) + pad + payload, ends, ttl=0)
    if over == 4:
        blank = blank[:10] + b"\0\0" + blank[12:]
    icv = mac(keys, blank + keys.high_half)
    return header(over, AH, head + icv + pad + payload, ends)
