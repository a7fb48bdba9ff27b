"""The algorithms, by their setkey(8) names."""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page

# Name, what it is, the key in bytes.
_CIPHERS = (
    ("des-cbc", "DES in CBC mode", "8", "RFC 2405"),
    ("3des-cbc", "Triple DES in CBC mode", "24", "RFC 2451"),
    ("blowfish-cbc", "Blowfish in CBC mode", "5 to 56", "RFC 2451"),
    ("cast128-cbc", "CAST-128 in CBC mode", "5 to 16", "RFC 2144 and 2451"),
    ("rijndael-cbc", "AES in CBC mode", "16 or 24 or 32", "RFC 3602"),
)
_AUTHS = (
    ("hmac-md5", "HMAC with MD5, cut to 12 bytes", "16", "RFC 2403"),
    ("hmac-sha1", "HMAC with SHA-1, cut to 12 bytes", "20", "RFC 2404"),
    ("hmac-ripemd160", "HMAC with RIPEMD-160, cut to 12 bytes", "20", "RFC 2857"),
    ("hmac-sha2-256", "HMAC with SHA-256, cut to 12 bytes", "32", "draft-ietf-ipsec-ciph-sha-256-00"),
)

_COMPRESSIONS = (("deflate", "raw deflate with a window of 4 KiB, for IPComp", "RFC 1951 and 2394"),)


def _page(name: str, what: str, key_len: str, rfc: str, *, option: str) -> Page:
    return Page(
        kind="algorithms",
        name=name,
        text=f"{what}; its key has {key_len} bytes.",
        source=f"{rfc}; setkey(8), {option}; key lengths from FreeBSD's opencrypto/xform.c of 2006",
        sure="read",
        example=f"{PROGRAM} ping --{'enc' if option == '-E' else 'auth'} {name}",
        details=(("key length", f"{key_len} bytes"),),
    )


def _compression(name: str, what: str, rfc: str) -> Page:
    return Page(
        kind="algorithms",
        name=name,
        text=f"{what[0].upper()}{what[1:]}; it has no key.",
        source=f"{rfc}; setkey(8), -C; opencrypto/deflate.c",
        sure="read",
        example=f"{PROGRAM} ping --proto ipcomp",
        details=(("well-known CPI", "2"),),
    )


ALGORITHMS = (
    *(_page(*row, option="-E") for row in _CIPHERS),
    *(_page(*row, option="-A") for row in _AUTHS),
    *(_compression(*row) for row in _COMPRESSIONS),
)
