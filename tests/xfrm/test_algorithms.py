from __future__ import annotations

import pytest

from ipsec_lo_trace.model.algorithms import Authenticator, Cipher
from ipsec_lo_trace.model.host import Cut, HostSa
from ipsec_lo_trace.xfrm.load import load
from tests.xfrm.drawn import AUTH_ROWS, CIPHER_ROWS
from tests.xfrm.support import only_sa

HEAD = "src 10.9.9.1 dst 10.9.9.2\n\tproto {} spi 0x00002001 reqid 0 mode transport\n\treplay-window 0 \n"
SHA1 = f"\tauth-trunc hmac(sha1) 0x{bytes(20).hex()} 96\n"
AES = f"\tenc cbc(aes) 0x{bytes(16).hex()}\n"
SEPARATE = [row for row in CIPHER_ROWS if not row.icv_lens]
COMBINED = [row for row in CIPHER_ROWS if row.icv_lens]


def esp(*lines: str) -> HostSa:
    """Read an ESP SA with these lines."""
    return only_sa(HEAD.format("esp") + "".join(lines))


def key_lens(row: Cipher) -> list[int]:
    """Return the lengths that a key may have, in bytes."""
    return list(row.key_lens or range(row.min_key_len, row.max_key_len + 1))


@pytest.mark.parametrize("row", SEPARATE, ids=lambda row: row.name)
def test_every_cipher_has_its_names_and_key_lengths(row: Cipher) -> None:
    """By either of Linux's names, with every length that its key may have; with no other it stays shut."""
    for name in filter(None, (row.linux, row.linux_old)):
        for length in [0] if row.keyless else key_lens(row):
            sa = esp(f"\tenc {name} 0x{bytes(length).hex()}\n")
            assert (sa.cipher, sa.enc_key, sa.cuts, sa.opaque) == (row.name, bytes(length), (), "")
        for length in set() if row.keyless else set(range(80)) - set(key_lens(row)):
            sa = esp(f"\tenc {name} 0x{bytes(length).hex()}\n")
            assert (sa.enc_key, sa.opaque) == (b"", f"{name} cannot have a key of {length} bytes")


@pytest.mark.parametrize("row", COMBINED, ids=lambda row: row.name)
def test_every_combined_cipher_has_its_icv_lengths(row: Cipher) -> None:
    """With each length of key and ICV that it may have; with no other it stays shut."""
    for length in key_lens(row):
        for icv_len in row.icv_lens:
            sa = esp(f"\taead {row.linux} 0x{bytes(length).hex()} {8 * icv_len}\n")
            assert (sa.cipher, len(sa.enc_key), sa.cuts) == (row.name, length, (Cut("", icv_len),))
        for bits in {*range(0, 300, 8), 127} - {8 * icv_len for icv_len in row.icv_lens}:
            assert esp(f"\taead {row.linux} 0x{bytes(length).hex()} {bits}\n").opaque
        for odd in set(range(48)) - set(key_lens(row)):
            assert esp(f"\taead {row.linux} 0x{bytes(odd).hex()} {8 * row.icv_lens[0]}\n").opaque


@pytest.mark.parametrize("row", AUTH_ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("proto", ["esp", "ah"])
def test_every_authenticator_is_cut_as_its_text_says(row: Authenticator, proto: str) -> None:
    """``auth`` means the kernel's own cut, ``auth-trunc`` says how many bits."""
    linux = row.linux or "hmac(sha256)"
    enc = AES if proto == "esp" else ""
    key = bytes(row.key_len or 20)
    for name in filter(None, (linux, row.linux_old)):
        sa = only_sa(f"{HEAD.format(proto)}\tauth-trunc {name} 0x{key.hex()} {8 * row.icv_len}\n{enc}")
        assert (sa.auth_key, sa.cuts, sa.opaque) == (key, (Cut(row.name, row.icv_len),), "")
        sa = only_sa(f"{HEAD.format(proto)}\tauth {name} 0x{key.hex()}\n{enc}")
        kernel = Cut("hmac-sha2-256", 12) if linux == "hmac(sha256)" else Cut(row.name, row.icv_len)
        assert (sa.auth_key, sa.cuts) == (key, (kernel,))


@pytest.mark.parametrize(
    ("bits", "cut"),
    [
        (96, Cut("hmac-sha2-256", 12)),
        (128, Cut("hmac-sha256-128", 16)),
        (64, Cut("hmac-sha2-256", 8)),
        (256, Cut("hmac-sha2-256", 32)),
    ],
)
def test_a_hash_can_be_cut_anywhere(bits: int, cut: Cut) -> None:
    """Any number of whole bytes up to the whole hash."""
    assert esp(f"\tauth-trunc hmac(sha256) 0x{bytes(32).hex()} {bits}\n", AES).cuts == (cut,)


@pytest.mark.parametrize("bits", ["0", "264", "100", "99999999999", "many"])
def test_what_no_hash_can_be_cut_to(bits: str) -> None:
    """Anything else leaves the SA shut."""
    assert esp(f"\tauth-trunc hmac(sha256) 0x{bytes(32).hex()} {bits}\n", AES).opaque


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ("enc cast128", "cast128-cbc"),
        ("enc cbc(cast128)", "cast128-cbc"),
        ("enc cast5", "cast128-cbc"),
        ("enc des3_ede", "3des-cbc"),
        ("auth md5", "hmac-md5"),
        ("auth ripemd160", "hmac-ripemd160"),
        ("auth hmac(ripemd160)", "hmac-ripemd160"),
        ("auth rmd160", "hmac-ripemd160"),
    ],
)
def test_names_of_old_kernels(old: str, today: str) -> None:
    """What a cipher or hash was called for some versions is known too."""
    kind = old.split(maxsplit=1)[0]
    lengths = {"3des-cbc": 24, "cast128-cbc": 16}
    line = f"\t{old} 0x{bytes(lengths.get(today, 20)).hex()}\n"
    sa = esp(line, AES if kind == "auth" else "")
    assert today in (sa.cipher, *[cut.auth for cut in sa.cuts])


@pytest.mark.parametrize(
    "line",
    [
        "auth-trunc digest_null  0",
        "auth-trunc digest_null 0x30 0",
        "auth hmac(digest_null) 0x",
        "auth digest_null 0x",
    ],
)
def test_the_hash_of_nothing(line: str) -> None:
    """Linux's name for no authenticator: an ESP SA has none then, and AH cannot be judged."""
    sa = esp(f"\t{line}\n", AES)
    assert (sa.cuts, sa.auth_key, sa.opaque) == ((), b"", "")
    assert only_sa(f"{HEAD.format('ah')}\t{line}\n").opaque == "an AH that does not authenticate"


def test_the_null_cipher_has_no_key() -> None:
    """With or without an empty key, or one that says nothing."""
    for key in ("", "0x", "0x30"):
        sa = esp(f"\tenc ecb(cipher_null) {key}\n", SHA1)
        assert (sa.cipher, sa.enc_key) == ("null", b"")


@pytest.mark.parametrize(
    ("proto", "lines"),
    [
        ("esp", SHA1),
        ("esp", "\tcomp deflate \n"),
        ("ah", AES),
        ("ah", SHA1 + AES),
        ("comp", AES),
        ("esp", AES + AES),
        ("esp", AES + f"\taead rfc4106(gcm(aes)) 0x{bytes(20).hex()} 128\n"),
    ],
)
def test_algorithms_that_do_not_go_with_the_protocol(proto: str, lines: str) -> None:
    """An SA with other lines than its protocol needs is known by its SPI alone."""
    read = load(HEAD.format(proto) + lines, "f")
    assert [(sa.spi, bool(sa.opaque)) for sa in read.sas] == [(0x2001, True)]
    assert len(read.notes) == 1


def test_with_statistics_a_key_has_its_length_behind_it() -> None:
    """What stands in brackets is no part of the key, and not the number of bits that are kept."""
    sa = esp(f"\tauth-trunc hmac(sha1) 0x{bytes(20).hex()} (160 bits) 96\n", f"{AES[:-1]} (128 bits)\n")
    assert (len(sa.auth_key), len(sa.enc_key), sa.cuts) == (20, 16, (Cut("hmac-sha1", 12),))


@pytest.mark.parametrize(
    "key", ["<<Keys hidden>>", "[redacted]", "0xXXXX", "0x...", "(ERROR truncated)", "secretsecret", "0xabc"]
)
def test_no_message_shows_a_key(key: str) -> None:
    """Whatever stands where a key should be, the SA stays shut and the note does not repeat it."""
    for line in (
        f"\tenc cbc(aes) {key}\n",
        f"\taead rfc4106(gcm(aes)) {key} 128\n",
        f"\tauth hmac(md5) {key}\n",
    ):
        read = load(HEAD.format("esp") + line, "f")
        (sa,) = read.sas
        assert sa.opaque
        assert key.split(maxsplit=1)[0] not in read.notes[0]
        assert "secret" not in f"{read.notes} {sa.opaque}"
