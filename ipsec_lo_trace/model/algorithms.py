"""The one table of algorithms: a row has all that any part of this program knows about one.

To add an algorithm is to add its row; a cipher also wants its primitive in ``wire.algorithms``.

Key lengths: opencrypto/xform.c as used by esp_init and ah_init0; blocks and IVs: RFC 2405, 2451, 3602.
Names: sbin/setkey/token.l; include/linux and net/xfrm/xfrm_algo.c; Wireshark's packet-ipsec.c; tcpdump's
print-esp.c, which takes OpenSSL's.
"""

from __future__ import annotations

import msgspec

UNCHECKED = "ANY 96 bit authentication [no checking]"
"""tshark's name for an authenticator of 96 bits that it cannot check."""
USUAL_KEY_LEN = 16
"""Bytes of a key whose length is free within a range."""


class Cipher(msgspec.Struct, frozen=True, kw_only=True):
    """A cipher; lengths in bytes, "" where a program does not know it.

    ``name`` is setkey(8)'s and ``later`` what later programs call it; ``linux``, ``tshark`` and ``tcpdump``
    are their names for it, with braces for the bytes of an ICV that is the cipher's own: tcpdump's by key
    length, and tshark takes keys of ``tshark_key_lens`` only, None
    for all.  ``key_lens`` is None if any length in the range will do.  ``acts_as`` is the cipher that the
    kernel takes it for; the kernel has no code for one that is not ``in_kernel``, and setkey sends no key for
    a ``keyless`` one.  ``sure`` is how sure that is, by a word of ``pages.page.SURE``.

    For audits: ``mode`` is how blocks are chained, ``nonce_len`` how many bytes at the key's end are nonce,
    ``icv_lens`` what a combined cipher's own ICV may have, the usual one first.  ``since`` is the year of the
    RFC, or of the first kernel that had it if that came first; ``linux_old`` is Linux's name until 2.6.20.
    """

    name: str
    title: str = ""
    rfc: str = ""
    sure: str = "read"
    min_key_len: int = 0
    max_key_len: int = 0
    key_lens: tuple[int, ...] | None = None
    block_len: int = 0
    iv_len: int = 0
    mode: str = "cbc"
    nonce_len: int = 0
    icv_lens: tuple[int, ...] = ()
    since: int = 2003
    linux: str = ""
    linux_old: str = ""
    tshark: str = ""
    tshark_key_lens: tuple[int, ...] | None = None
    tcpdump: tuple[tuple[int, str], ...] = ()
    later: tuple[str, ...] = ()
    acts_as: str = ""
    in_kernel: bool = True
    keyless: bool = False


class Authenticator(msgspec.Struct, frozen=True, kw_only=True):
    """An authenticator: ``hash`` by hashlib's name, as HMAC or keyed; lengths in bytes.

    ``icv_len`` is what its ICV is cut to unless somebody says otherwise, ``block_len`` what HMAC fills its
    key up to.  ``today`` is the row that programs of today mean by the same setkey(8) name, "" for this one.

    ``key_len`` is None if any will do.  AH protects the packet's DF flag too if ``keeps_df``.  Of those that
    are ``in_kernel``, the kernel finds its code only for the ``found`` ones.  The rest is as with a cipher.
    """

    name: str
    title: str = ""
    rfc: str = ""
    sure: str = "read"
    hash: str = ""
    keyed: bool = False
    key_len: int | None = None
    icv_len: int = 12
    block_len: int = 64
    today: str = ""
    since: int = 2003
    linux: str = ""
    linux_old: str = ""
    tshark: str = UNCHECKED
    later: tuple[str, ...] = ()
    keeps_df: bool = False
    in_kernel: bool = True
    found: bool = True
    keyless: bool = False


CIPHERS = (
    Cipher(
        name="des-cbc", title="DES in CBC mode", rfc="RFC 2405", min_key_len=8, max_key_len=8, key_lens=(8,),
        block_len=8, iv_len=8, linux="cbc(des)", linux_old="des", tshark="DES-CBC [RFC2405]",
    ),
    Cipher(
        name="3des-cbc", title="Triple DES in CBC mode", rfc="RFC 2451", min_key_len=24, max_key_len=24,
        key_lens=(24,), block_len=8, iv_len=8, linux="cbc(des3_ede)",
        linux_old="des3_ede", tshark="TripleDES-CBC [RFC2451]", tcpdump=((24, "3des-cbc"),),
    ),
    Cipher(
        name="null", max_key_len=256, block_len=4, mode="null", linux="ecb(cipher_null)",
        linux_old="cipher_null", tshark="NULL", keyless=True,
    ),
    Cipher(name="simple", acts_as="null", in_kernel=False, keyless=True),
    Cipher(
        name="blowfish-cbc", title="Blowfish in CBC mode", rfc="RFC 2451", min_key_len=5, max_key_len=56,
        block_len=8, iv_len=8, linux="cbc(blowfish)", linux_old="blowfish",
        tshark="BLOWFISH-CBC [RFC2451]", tshark_key_lens=(16,),
    ),
    Cipher(
        name="cast128-cbc", title="CAST-128 in CBC mode", rfc="RFC 2144 and 2451", min_key_len=5,
        max_key_len=16, block_len=8, iv_len=8, linux="cbc(cast5)", linux_old="cast128",
        tshark="CAST5-CBC [RFC2144]", tshark_key_lens=(16,), later=("cast-cbc",),
    ),
    # KERNEL: these are DES with a flag that esp_init does not act on, as simple is null.
    Cipher(name="des-deriv", acts_as="des-cbc", in_kernel=False),
    Cipher(name="des-32iv", acts_as="des-cbc", in_kernel=False),
    Cipher(
        name="rijndael-cbc", title="AES in CBC mode", rfc="RFC 3602", min_key_len=8, max_key_len=32,
        key_lens=(16, 24, 32), block_len=16, iv_len=16, linux="cbc(aes)", linux_old="aes",
        tshark="AES-CBC [RFC3602]",
        tcpdump=((16, "aes128"), (24, "aes192"), (32, "aes256")),
        later=(
            "aes", "aes-cbc", "aes128-cbc", "aes192-cbc", "aes256-cbc", "aes-128-cbc", "aes-192-cbc",
            "aes-256-cbc", "aes128", "aes192", "aes256",
        ),
    ),
    Cipher(
        name="aes-ctr", title="AES in counter mode", rfc="RFC 3686", min_key_len=20, max_key_len=36,
        key_lens=(20, 28, 36), block_len=4, iv_len=8, mode="ctr", nonce_len=4, in_kernel=False, since=2004,
        linux="rfc3686(ctr(aes))", tshark="AES-CTR [RFC3686]",
    ),
)  # fmt: skip
"""Every cipher that setkey(8) has a word for."""

AUTHENTICATORS = (
    Authenticator(
        name="hmac-md5", title="HMAC with MD5, cut to 12 bytes", rfc="RFC 2403", hash="md5", key_len=16,
        linux="hmac(md5)", linux_old="md5", tshark="HMAC-MD5-96 [RFC2403]", later=("md5",),
    ),
    Authenticator(
        name="hmac-sha1", title="HMAC with SHA-1, cut to 12 bytes", rfc="RFC 2404", hash="sha1", key_len=20,
        linux="hmac(sha1)", linux_old="sha1", tshark="HMAC-SHA-1-96 [RFC2404]", later=("sha1",),
    ),
    Authenticator(
        name="hmac-ripemd160", title="HMAC with RIPEMD-160, cut to 12 bytes", rfc="RFC 2857",
        hash="ripemd160", key_len=20, linux="hmac(rmd160)", linux_old="ripemd160",
    ),
    # KERNEL: ah_algorithm_lookup stops at AH_ALG_MAX (16, netipsec/ah_var.h), but the keyed hashes and null
    # have PF_KEY's private numbers 249 to 251; so the code that it holds for them is never reached.
    Authenticator(name="keyed-md5", hash="md5", keyed=True, keeps_df=True, found=False),
    Authenticator(name="keyed-sha1", hash="sha1", keyed=True, keeps_df=True, found=False),
    Authenticator(
        name="hmac-sha2-256", title="HMAC with SHA-256, cut to 12 bytes",
        rfc="draft-ietf-ipsec-ciph-sha-256-00", hash="sha256", key_len=32,
        linux="hmac(sha256)", linux_old="sha256", tshark="HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]",
        later=("hmac-sha256",), today="hmac-sha256-128",
    ),
    # KERNEL: HMAC fills its key up to HMAC_BLOCK_LEN, 64 bytes, whatever the hash.  These two have blocks of
    # 128 bytes, so what comes out is not RFC 2104's HMAC, and no other program's.
    Authenticator(
        name="hmac-sha2-384", title="HMAC with SHA-384, its key filled up to 64 bytes only, cut to 12 bytes",
        rfc="opencrypto/cryptosoft.c of FreeBSD, which NetBSD's of July 2003 comes from", sure="derived",
        hash="sha384", key_len=48, today="hmac-sha384",
    ),
    Authenticator(
        name="hmac-sha2-512", title="HMAC with SHA-512, its key filled up to 64 bytes only, cut to 12 bytes",
        rfc="opencrypto/cryptosoft.c of FreeBSD, which NetBSD's of July 2003 comes from", sure="derived",
        hash="sha512", key_len=64, today="hmac-sha512",
    ),
    Authenticator(
        name="aes-xcbc-mac", title="AES-XCBC-MAC, cut to 12 bytes", rfc="RFC 3566", key_len=16, since=2003,
        in_kernel=False, found=False, linux="xcbc(aes)",
    ),
    Authenticator(name="null", tshark="NULL", found=False, keyless=True),
)  # fmt: skip
"""Every authenticator that setkey(8) has a word for."""

LATER_CIPHERS = (
    Cipher(
        name="aes-gcm", title="AES in Galois/counter mode", rfc="RFC 4106", since=2005, min_key_len=20,
        max_key_len=36, key_lens=(20, 28, 36), block_len=4, iv_len=8, mode="gcm", nonce_len=4,
        icv_lens=(16, 8, 12), in_kernel=False, linux="rfc4106(gcm(aes))",
        tshark="AES-GCM with {} octet ICV [RFC4106]",
        later=("aes-gcm-16",),
    ),
    Cipher(
        name="aes-gmac", title="AES-GMAC, which encrypts nothing", rfc="RFC 4543", since=2006, min_key_len=20,
        max_key_len=36, key_lens=(20, 28, 36), block_len=4, iv_len=8, mode="gmac", nonce_len=4,
        icv_lens=(16,), in_kernel=False, linux="rfc4543(gcm(aes))",
    ),
    Cipher(
        name="aes-ccm", title="AES in counter mode with CBC-MAC", rfc="RFC 4309", since=2005, min_key_len=19,
        max_key_len=35, key_lens=(19, 27, 35), block_len=4, iv_len=8, mode="ccm", nonce_len=3,
        icv_lens=(16, 8, 12), in_kernel=False, linux="rfc4309(ccm(aes))",
    ),
    Cipher(
        name="chacha20-poly1305", title="ChaCha20 with Poly1305", rfc="RFC 7634", since=2015, min_key_len=36,
        max_key_len=36, key_lens=(36,), block_len=4, iv_len=8, mode="chacha20-poly1305", nonce_len=4,
        icv_lens=(16,), in_kernel=False, linux="rfc7539esp(chacha20,poly1305)",
    ),
    Cipher(
        name="camellia-cbc", title="Camellia in CBC mode", rfc="RFC 4312", since=2005, min_key_len=16,
        max_key_len=32, key_lens=(16, 24, 32), block_len=16, iv_len=16, in_kernel=False,
        linux="cbc(camellia)", linux_old="camellia",
    ),
)  # fmt: skip
"""Ciphers that came after 2003, which audits open."""

LATER_AUTHENTICATORS = (
    Authenticator(
        name="hmac-sha256-128", title="HMAC with SHA-256, cut to 16 bytes", rfc="RFC 4868", since=2007,
        hash="sha256", key_len=32, icv_len=16, in_kernel=False, tshark="HMAC-SHA-256-128 [RFC4868]",
    ),
    Authenticator(
        name="hmac-sha384", title="HMAC with SHA-384, cut to 24 bytes", rfc="RFC 4868", since=2007,
        hash="sha384", key_len=48, icv_len=24, block_len=128, in_kernel=False, linux="hmac(sha384)",
        tshark="HMAC-SHA-384-192 [RFC4868]",
    ),
    Authenticator(
        name="hmac-sha512", title="HMAC with SHA-512, cut to 32 bytes", rfc="RFC 4868", since=2007,
        hash="sha512", key_len=64, icv_len=32, block_len=128, in_kernel=False, linux="hmac(sha512)",
        tshark="HMAC-SHA-512-256 [RFC4868]",
    ),
    Authenticator(
        name="aes-cmac", title="AES-CMAC, cut to 12 bytes", rfc="RFC 4494", since=2006, key_len=16,
        in_kernel=False, linux="cmac(aes)",
    ),
)  # fmt: skip
"""Authenticators that came after 2003, which audits verify."""


def cipher_row(name: str) -> Cipher:
    """Find a cipher's row."""
    return next(row for row in (*CIPHERS, *LATER_CIPHERS) if row.name == name)


def authenticator_row(name: str) -> Authenticator:
    """Find an authenticator's row."""
    return next(row for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS) if row.name == name)


def key_lens_text(algorithm: Cipher) -> str:
    """Say which lengths a key may have, in bytes."""
    if algorithm.key_lens is None:
        return f"{algorithm.min_key_len} to {algorithm.max_key_len}"
    return " or ".join(map(str, algorithm.key_lens))


def usual_key_len(algorithm: Cipher) -> int:
    """Return the length of a key that is made up, in bytes."""
    return algorithm.key_lens[0] if algorithm.key_lens else USUAL_KEY_LEN
