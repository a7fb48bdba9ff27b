"""The algorithms, by their setkey(8) names."""

from __future__ import annotations

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    Authenticator,
    Cipher,
    key_lens_text,
)
from ipsec_lo_trace.pages.page import PROGRAM, Page

_COMPRESSIONS = (("deflate", "raw deflate with a window of 4 KiB, for IPComp", "RFC 1951 and 2394"),)


def _page(algorithm: Cipher | Authenticator) -> Page:
    cipher = isinstance(algorithm, Cipher)
    key_len = key_lens_text(algorithm) if isinstance(algorithm, Cipher) else str(algorithm.key_len)
    lengths = "key lengths from FreeBSD's opencrypto/xform.c of 2006"
    return Page(
        kind="algorithms",
        name=algorithm.name,
        text=f"{algorithm.title}; its key has {key_len} bytes.",
        source=f"{algorithm.rfc}; setkey(8), {'-E' if cipher else '-A'}; {lengths}",
        sure=algorithm.sure,
        example=f"{PROGRAM} ping --{'enc' if cipher else 'auth'} {algorithm.name}",
        details=(("key length", f"{key_len} bytes"),),
    )


def _later(algorithm: Cipher | Authenticator) -> Page:
    """Make the page of one that audits read, and the kernel of 2003 has no code for."""
    cipher = isinstance(algorithm, Cipher)
    key_len = key_lens_text(algorithm) if isinstance(algorithm, Cipher) else str(algorithm.key_len)
    nonce = (
        f", {algorithm.nonce_len} of nonce among them"
        if isinstance(algorithm, Cipher) and algorithm.nonce_len
        else ""
    )
    names = [("on Linux", algorithm.linux)] if algorithm.linux else []
    return Page(
        kind="algorithms",
        name=algorithm.name,
        text=f"{algorithm.title}, since {algorithm.since}; its key has {key_len} bytes{nonce}. Audits "
        f"{'open' if cipher else 'verify'} it; the kernel of 2003 has no code for it.",
        source=algorithm.rfc,
        sure="cited",
        example=f"{PROGRAM} audit --help",
        details=tuple(names),
    )


def _compression(name: str, what: str, rfc: str) -> Page:
    return Page(
        kind="algorithms",
        name=name,
        text=f"{what[0].upper()}{what[1:]}; it has no key.",
        source=f"{rfc}; setkey(8), -C; opencrypto/deflate.c",
        sure="read",
        example=f"{PROGRAM} ping -v --proto ipcomp",
        details=(("well-known CPI", "2"),),
    )


ALGORITHMS = (
    *(_page(row) for row in CIPHERS if row.title and row.in_kernel),
    *(_page(row) for row in AUTHENTICATORS if row.title and row.in_kernel),
    *(_compression(*row) for row in _COMPRESSIONS),
    *(_later(row) for row in (*CIPHERS, *LATER_CIPHERS) if row.title and not row.in_kernel),
    *(_later(row) for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS) if row.title and not row.in_kernel),
)
