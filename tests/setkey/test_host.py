"""SAs of a setkey(8) file of today, read for an audit, and what is left out of it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from ipsec_lo_trace.model.algorithms import AUTHENTICATORS, CIPHERS, LATER_CIPHERS, Cipher, usual_key_len
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Cut, HostPolicy, HostSa
from ipsec_lo_trace.setkey.host import load

AES_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
NONCE = bytes.fromhex("a1b2c3d4")
SHA1_KEY = bytes(range(20))
ADD = "add 10.0.0.1 10.0.0.2 esp 300"
NOT_RESOLVED = "names are not resolved, so that a run is the same on every machine (write the address)"


def sas(text: str) -> list[HostSa]:
    """Return a text's SAs."""
    return load(text, "f").sas


def policies(text: str) -> list[HostPolicy]:
    """Return a text's policies."""
    return load(text, "f").policies


EVERY_CIPHER = [row for row in (*CIPHERS, *LATER_CIPHERS) if not row.acts_as]


@pytest.mark.parametrize("row", EVERY_CIPHER, ids=lambda row: row.name)
@pytest.mark.parametrize("family", ["10.0.0.1 10.0.0.2", "2001:db8::1 2001:db8::2"])
def test_every_cipher_of_the_table_opens(row: Cipher, family: str) -> None:
    """By each of its names a cipher is its row, with its own ICV if it is a combined one."""
    key = b"" if row.keyless else bytes(usual_key_len(row))
    for name in (row.name, *row.later):
        [sa] = sas(f"add {family} esp 300 -E {name} {'' if row.keyless else f'0x{key.hex()}'};")
        assert (sa.cipher, sa.enc_key, sa.opaque) == (row.name, key, "")
        assert sa.cuts == ((Cut("", row.icv_lens[0]),) if row.icv_lens else ())
    for icv_len in row.icv_lens if row.mode in ("gcm", "ccm") else ():
        [sa] = sas(f"add {family} esp 300 -E {row.name}-{icv_len} 0x{key.hex()};")
        assert (sa.cipher, sa.cuts) == (row.name, (Cut("", icv_len),))


@pytest.mark.parametrize("row", [row for row in AUTHENTICATORS if not row.keyless], ids=lambda row: row.name)
def test_every_authenticator_of_the_table_verifies(row: object) -> None:
    """Where programs of today mean another cut than those of 2003, there are both."""
    name, today, key_len = row.name, row.today, row.key_len or 16  # type: ignore[attr-defined]
    for proto, enc in (("ah", ""), ("esp", "-E null")):
        [sa] = sas(f"add 10.0.0.1 10.0.0.2 {proto} 300 {enc} -A {name} 0x{'ab' * key_len};")
        cuts = {Cut(name, 12)} | ({Cut(today, key_len // 2)} if today else set())
        assert (set(sa.cuts), sa.auth_key, sa.opaque) == (cuts, b"\xab" * key_len, "")


@pytest.mark.parametrize(
    ("algorithms", "reason"),
    [
        ("esp 300 -E twofish-cbc 0x00", "twofish-cbc is not known"),
        ("esp 300 -E aes-cbc 0x00 -A hmac-sha1 0x00", "its aes-cbc key has 1 bytes, not 16 or 24 or 32"),
        ("esp 300 -E null -A kmac 0x00", "kmac is not known"),
        ("esp 300 -E aes-cbc 0x%s -A hmac-sha1 0x00" % ("00" * 16), "its hmac-sha1 key has 1 bytes, not 20"),
        ("ah 300 -A aes-cmac-96 0x00", "aes-cmac-96 is not known"),
        ("ipcomp 300 -C lzs", "lzs is not known"),
    ],
)
def test_an_sa_that_cannot_be_opened_stays_with_its_name(algorithms: str, reason: str) -> None:
    """Ends, protocol and SPI are kept, and a note says why its packets cannot be opened."""
    read = load(f"add 10.0.0.1 10.0.0.2 {algorithms};", "f")
    [sa] = read.sas
    assert (sa.opaque, sa.spi, sa.src, sa.cipher, sa.cuts) == (reason, 300, ip_address("10.0.0.1"), "", ())
    assert read.notes == [
        f"f:1: SA {algorithms[: algorithms.index(' ')]} 0x0000012c to 10.0.0.2 cannot be opened: {reason}"
    ]


def test_extensions_of_later_times_are_read() -> None:
    """What shows in packets is kept, and what does not is passed over."""
    [sa] = sas(
        "add 10.0.0.1[4500] 10.0.0.2[4500] esp-udp 10.0.0.3 300 -r 4 -esn -natt_mtu 1400 -bh 9 -bs 8 -u 7"
        ' -natt 10.0.0.1 [4500] 10.0.0.2 [4500] -hwif mce0 -ctx 1 1 "u:r:t:s0" -f zero-pad -E null "";'
    )
    assert (sa.proto, sa.window, sa.seq_hi, sa.reqid, sa.padding) == (50, 32, (0,), 7, "zero")
    assert sa.udp_ports == (4500,)


@pytest.mark.parametrize(
    ("ends", "option", "ports"),
    [
        ("10.0.0.1[500] 10.0.0.2[10500]", "", (500, 10500)),
        ("10.0.0.1 10.0.0.2", "-natt 10.0.0.1 [500] 10.0.0.2 [10500]", (500, 10500)),
        ("10.0.0.1[any] 10.0.0.2[0]", "", ()),
        ("10.0.0.1 10.0.0.2", "", ()),
    ],
)
def test_ports_of_esp_in_udp_are_kept(ends: str, option: str, ports: tuple[int, ...]) -> None:
    """Wherever the two ports are named, the SA has them; any port is none."""
    [sa] = sas(f'add {ends} esp-udp 300 {option} -E null "";')
    assert sa.udp_ports == ports


def test_a_derived_iv_is_made_as_any_other() -> None:
    """des-deriv is des-cbc on the wire: no kernel derived its IVs."""
    [sa] = sas(f'{ADD} -E des-deriv "12345678";')
    assert sa.cipher == "des-cbc"


def test_what_follows_exit_is_not_read() -> None:
    """exit, quit and bye end a file."""
    for word in ("exit", "quit", "bye"):
        assert len(policies(f"spdadd 10.0.0.1 10.0.0.2 any -P in none; {word}; nonsense;")) == 1


@pytest.mark.parametrize(
    ("command", "note"),
    [
        (
            "delete 10.0.0.1 10.0.0.2 esp 9999;",
            "30: ENOENT: there is no such SA as 0x0000270f 10.0.0.1 to 10.0.0.2",
        ),
        ("delete ::1 ::1 9999;", "1: the SA's protocol is missing (write esp, ah or ipcomp)"),
        ("deleteall 10.0.0.1 10.0.0.2;", "1: the SA's protocol is missing (write esp, ah or ipcomp)"),
        ("spddelete ::1 ::1 any -P in;", "1: ENOENT: there is no policy with this selector and direction"),
        (
            "add 10.0.0.7 10.0.0.7 ah 300 -E null;",
            "1: an AH SA has an authenticator and no cipher (-A alone)",
        ),
        ("add 10.0.0.7 10.0.0.7 esp 300 -A null;", "1: an ESP SA needs an encryption algorithm (-E)"),
        (
            "add 10.0.0.7 10.0.0.7 ipcomp 300 -A null;",
            "1: an IPComp SA has a compression algorithm alone (-C deflate)",
        ),
        ("add 10.0.0.7 10.0.0.7 ipcomp 65536 -C deflate;", "30: a CPI has 16 bits (at most 65535)"),
        ("add 10.0.0.7 10.0.0.7 esp 255 -E null;", "27: SPIs 0 to 255 are reserved (take one from 256 up)"),
        ("add 10.0.0.7 10.0.0.7 300 -E null;", "23: the SA's protocol is missing (write esp, ah or ipcomp)"),
        ("spdadd 10.0.0.1 10.0.0.2 any -P out bypass;", "37: EINVAL: bypass is for sockets, not for the SPD"),
        (
            "spdadd 10.0.0.1 10.0.0.2 any -P in entrust;",
            "36: EINVAL: entrust is for sockets, not for the SPD",
        ),
        ("spdadd 10.0.0.1 10.0.0.2 any -P fwd none;", "37: a policy for forwarding"),
        (
            'spdadd tagged "x" -P out none;',
            "8: FAST_IPSEC of 2003 refuses the PF_KEY extension that carries a tag (go by addresses)",
        ),
        (
            "add gw.example.org 10.0.0.2 esp 300 -E null;",
            f"5: gw.example.org: {NOT_RESOLVED}",
        ),
    ],
)
def test_what_a_kernel_refuses_is_left_out(command: str, note: str) -> None:
    """What is refused, or cannot be followed, has a note with its place, and the rest is read.

    Policies that are there and have no say on lo are counted, and an SA between names is told as lost.
    """
    good = "add 10.8.8.8 10.8.8.8 esp 300 -E null;\n"
    read = load(f"{good}{command}\nspdflush;", "f")
    assert (read.sas, read.policies) == (sas(good), [])
    assert read.notes == [f"f:2:{note}: left out"]
    assert read.policies_left_out == ("-P fwd" in command or "tagged" in command)
    assert read.lost_sas == ("gw.example.org" in command)
    with pytest.raises(UserError) as raised:
        load(command, "f")
    assert str(raised.value) == f"f:1:{note}"


def test_an_ipsec_policy_without_a_rule_is_unknown() -> None:
    """BSDs refuse it, and Linux takes it for one that lets everything pass."""
    read = load("spdadd 10.0.0.1 10.0.0.2 any -P out ipsec;", "f")
    assert [(one.kind, one.rules) for one in read.policies] == [("unknown", ())]
    assert len(read.notes) == 1
    assert read.notes[0].startswith("f:1: an ipsec policy without a rule")


def test_duplicates_are_left_out() -> None:
    """Of two SAs in one head, and of two policies with one selector, the first stays."""
    sa = "add 10.0.0.1 10.0.0.2 esp 300 -E null;\n"
    sp = "spdadd ::1 ::1 any -P in none;\n"
    read = load(sa * 2 + sp * 2, "f")
    assert (len(read.sas), len(read.policies)) == (1, 1)
    assert read.notes == [
        "f:2:27: EEXIST: SA esp 0x0000012c to 10.0.0.2 exists already: left out",
        "f:4:1: EEXIST: a policy with the same selector and direction exists already: left out",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f: there is no command in it (such as add or spdadd; see setkey(8))"),
        (f"{ADD} -ctx 1 1 label -E null;", "f:1:40: label where a label in quotes should be"),
        ("spdadd tagged x -P out none;", "f:1:15: x where a tag in quotes should be"),
        ("nonsense;", "f:1:1: nonsense where a command should be"),
        ("spdadd 10.0.0.1 10.0.0.2 any -P sideways none;", "f:1:33: sideways where in or out should be"),
        (
            "spdadd 10.0.0.1 10.0.0.2 any -P out none\nspdadd ::1 ::1 any -P in none;",
            "f:2:1: spdadd where a rule should be (is the ; of the command before it missing?)",
        ),
        (
            "#!/bin/sh\nsetkey -c <<EOF\nflush;\nEOF\n",
            "f:2:1: this is a shell script (give what it reads, which sed -n 3,3p prints)",
        ),
    ],
)
def test_what_no_setkey_takes_is_a_mistake(text: str, message: str) -> None:
    """A syntax error ends today's setkey(8) too."""
    with pytest.raises(UserError) as raised:
        load(text, "f")
    assert str(raised.value) == message


def test_a_file_that_empties_the_databases_is_a_host_without_any() -> None:
    """A file of flush and spdflush leaves nothing, and that is no mistake."""
    read = load("add ::1 ::1 esp 300 -E null; flush; spdflush;", "f")
    assert (read.sas, read.policies, read.notes) == ([], [], [])
