"""What setkey -D and setkey -DP print, read for an audit."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration, HostSa
from ipsec_lo_trace.setkey.dump import is_dump, load_all
from tests.setkey.support import DATA

TEXTS = DATA.parent
AES_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
A, B = ip_address("10.9.9.1"), ip_address("10.9.9.2")
HEAD = "10.9.9.1 10.9.9.2\n\tesp mode=transport spi=4097(0x00001001) reqid=0(0x00000000)\n"
MATURE = "\tseq=0x00000000 replay=0 flags=0x00000000 state=mature\n\tsadb_seq=0 pid=1 refcnt=1\n"
OPEN = ": what this policy asks for is not known"
NULL_SA = f"{HEAD}\tE: null  \n{MATURE}"
POLICY = "10.9.9.1[any] 10.9.9.2[any] any\n\tout none\n\tspid=1 seq=0 pid=1\n\trefcnt=1\n"


def read(*texts: str) -> HostConfiguration:
    """Read texts, the first of which is file f, the second g, and so on."""
    return load_all((text, chr(ord("f") + number)) for number, text in enumerate(texts))


def sa_of(lines: str) -> HostSa:
    """Return the one SA that has these lines below its ends."""
    [sa] = read(f"{HEAD}{lines}{MATURE}").sas
    return sa


def test_the_order_of_the_files_does_not_matter() -> None:
    """What -D and what -DP printed may come first."""
    texts = (NULL_SA, POLICY)
    ahead, behind = read(*texts), read(*reversed(texts))
    assert (ahead.sas, ahead.policies) == (behind.sas, behind.policies)
    assert (len(ahead.sas), len(ahead.policies)) == (1, 1)


@pytest.mark.parametrize("text", ["No SAD entries.\n", "No SPD entries.", "# setkey -D\nNo SAD entries.\r\n"])
def test_a_host_that_says_it_has_none_has_none(text: str) -> None:
    """No SAD entries, or no SPD entries, is an answer."""
    assert is_dump(text)
    assert read(text) == HostConfiguration()


def test_a_host_without_policies_has_its_sas() -> None:
    """No SPD entries. beside SAs is a host without policies."""
    assert len(read(NULL_SA, "No SPD entries.").sas) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "hello\nworld\n",
        "10.9.9.1 10.9.9.2\n",
        "10.9.9.1 10.9.9.2\n\tproto esp spi 0x00001001 reqid 0 mode transport\n",
        "add 10.9.9.1 10.9.9.2 esp 4097 -E null;\n",
        "spdadd 10.9.9.1 10.9.9.2 any -P out none;\n",
        "src 10.9.9.1 dst 10.9.9.2\n\tproto esp spi 0x00001001 reqid 0 mode transport\n",
        "spdadd 10.9.9.1 10.9.9.2 any\n\t-P out none;\n",
        "# No SAD entries.\n",
    ],
)
def test_other_texts_are_none_of_setkeys_output(text: str) -> None:
    """Commands, what ip xfrm prints and anything else is not taken for a dump."""
    assert not is_dump(text)


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(TEXTS.rglob("*.conf")) if path.name != "dump.conf"]
    + sorted((TEXTS / "xfrm").rglob("*.txt")),
    ids=lambda path: path.name,
)
def test_no_other_file_of_the_tests_is_a_dump(path: Path) -> None:
    """The files that hold commands, and what ip xfrm printed, are not taken for a dump."""
    assert not is_dump(path.read_text(encoding="utf-8", errors="surrogateescape"))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("", "its keys are not shown"),
        ("\tE: aes-cbc  ** ** **\n", "its keys are hidden, or cut"),
        ("\tE: aes-cbc  00112233 44556677 ...\n", "its keys are hidden, or cut"),
        ("\tE: aes-cbc  00112233 445\n", "its keys are cut"),
        ("\tE: aes-cbc  00112233 44556677\n", "its aes-cbc key has 8 bytes, not 16 or 24 or 32"),
        ("\tE: aes-cbc  \n", "its aes-cbc key has 0 bytes, not 16 or 24 or 32"),
        ("\tE: 99  00112233\n", "99 is not known"),
        ("\tE: \u00e9  00112233\n", "\\xe9 is not known"),
        ("\tE: null\n\tA: 250  00112233\n", "250 is not known"),
    ],
)
def test_an_sa_whose_keys_are_not_there_stays_with_its_name(lines: str, reason: str) -> None:
    """What is printed for a user who may not see keys, or cut by hand, leaves an SA that cannot be opened."""
    found = read(f"{HEAD}{lines}{MATURE}")
    assert [(sa.spi, sa.src, sa.dst, sa.opaque) for sa in found.sas] == [(4097, A, B, reason)]
    assert found.notes == [f"f:1: SA esp 0x00001001 to 10.9.9.2 cannot be opened: {reason}"]


def test_a_mode_without_a_name_here_is_opaque() -> None:
    """What such an SA makes of a packet is not known."""
    [sa] = read(NULL_SA.replace("mode=transport", "mode=bound")).sas
    assert (sa.mode, sa.opaque) == ("any", "mode bound is not known")


def test_none_is_no_algorithm() -> None:
    """The lines of KAME's setkey(8) that say none are as those that are absent."""
    assert sa_of("\tE: null  \n\tA: none  \n\tC: none  \n") == sa_of("\tE: null  \n")


@pytest.mark.parametrize("key_len", [5, 8, 31, 32, 33, 36, 56])
def test_a_long_key_goes_on_in_the_next_line(key_len: int) -> None:
    """After 32 bytes a line of a key ends, and the next begins with a blank."""
    key = bytes(range(key_len))
    rows = [key[start : start + 32].hex(" ", -4) for start in range(0, key_len, 32)]
    sa = sa_of("\tE: blowfish-cbc  " + "\n ".join(rows) + "\n\tA: hmac-md5  " + AES_KEY.hex(" ", -4) + "\n")
    assert (sa.enc_key, sa.auth_key, sa.opaque) == (key, AES_KEY, "")


@pytest.mark.parametrize(
    ("replay", "flags", "told"),
    [
        (0, 0, (0, "seq", False, None)),
        (4, 0x40, (32, "seq", False, None)),
        (32, 0x440, (256, "seq", False, (0,))),
        (0, 0x1, (0, "seq", True, None)),
        (0, 0x100, (0, "random", False, None)),
        (0, 0x201, (0, "zero", True, None)),
    ],
)
def test_flags_and_windows_are_read(replay: int, flags: int, told: tuple[object, ...]) -> None:
    """The window is printed in bytes of its bitmap; the flags are those of PF_KEY."""
    text = f"{HEAD}\tE: null  \n\tseq=0x00000000 replay={replay} flags=0x{flags:08x} state=mature\n"
    [sa] = read(text).sas
    assert (sa.window, sa.padding, sa.old, sa.seq_hi) == told


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (NULL_SA.replace("mature", "larval"), "an SA that is not yet agreed upon"),
        (NULL_SA.replace("mature", "dead"), "an SA that is dead"),
        (
            NULL_SA.replace("esp", "tcp"),
            "an SA of TCP signatures (RFC 2385), which protect no IP packet",
        ),
        (NULL_SA.replace("esp", "ospfv2"), "an SA of ospfv2, which is not known"),
        (NULL_SA.replace("4097", "4294967296"), "an SA with a number of more than 32 bits"),
        (NULL_SA.replace("10.9.9.2", "10.9.9.256"), "10.9.9.256 is not an address"),
        (NULL_SA.replace("10.9.9.2", "::1"), "10.9.9.1 and ::1 are not of one family"),
        (POLICY.replace("out none", "fwd none"), "a policy for forwarding"),
        (POLICY.replace("out none", "any none"), "a policy for forwarding"),
        (POLICY.replace("out none", "out(socket) none"), "a socket's own policy"),
        (POLICY.replace("out none", "out bypass"), "a socket's own policy"),
        (POLICY.replace("seq=0", "seq=0 scope=pcb"), "a socket's own policy"),
        (POLICY.replace("10.9.9.1[any] 10.9.9.2[any] any", "unknown-af 3"), "a policy of another family"),
        (POLICY.replace("10.9.9.1[any] 10.9.9.2[any] any", 'tagged "x"'), "a policy for packets with a tag"),
    ],
)
def test_what_no_packet_meets_is_left_out(entry: str, note: str) -> None:
    """What is not in force, or cannot be followed, has a note with its place, and costs nothing else.

    It is counted if it is a policy, and told as lost if it is an SA that may be in force.
    """
    good = "10.1.1.1 10.1.1.2\n\tah mode=any spi=300(0x0000012c) reqid=0(0x00000000)\n"
    found = read(f"{good}\n{entry}")
    assert [(sa.proto, sa.spi) for sa in found.sas] == [(51, 300)]
    assert found.policies == []
    assert found.policies_left_out == ("policy" in note)
    is_idle = any(word in note for word in ("policy", "not yet agreed", "is dead", "TCP"))
    assert found.lost_sas == (not is_idle)
    assert found.notes == [
        "f:1: SA ah 0x0000012c to 10.1.1.2 cannot be opened: its keys are not shown",
        f"f:4:1: {note}: left out",
    ]
    with pytest.raises(UserError) as raised:
        read(entry)
    assert str(raised.value) == f"f: nothing of it can be used: 1:1: {note}"
    with pytest.raises(UserError) as raised:
        read(entry, entry)
    assert str(raised.value) == f"g: nothing of it can be used: f:1:1: {note}; 1:1: {note}"


@pytest.mark.parametrize(
    "rule",
    [
        "esp/beet/1.1.1.1-2.2.2.2/require",
        "gre/transport//require",
        "esp/transport//always",
        "esp/tunnel/gw1-gw2/require",
        "esp/tunnel/1.1.1.1-::1/require",
        "esp/transport/",
    ],
)
def test_a_policy_with_a_rule_that_cannot_be_read_is_kept(rule: str) -> None:
    """Its addresses and direction are known, and what it asks for is not."""
    text = POLICY.replace("none", f"ipsec\n\tah/transport//require\n\t{rule}")
    found = read(text)
    [kept] = found.policies
    assert (kept.kind, kept.direction, kept.rules) == (UNKNOWN, "out", ())
    assert found.notes == [f"f:1:1: a policy whose rules cannot be read{OPEN}"]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("10.9.9.1[any] 10.9.9.2[any] any", (None, None, 255)),
        ("10.9.9.1 10.9.9.2 255", (None, None, 255)),
        ("10.9.9.1[1] 10.9.9.2[65535] udp", (1, 65535, 17)),
        ("10.9.9.1[any] 10.9.9.2[any] ipv6-icmp", (None, None, 58)),
        ("10.9.9.1[any] 10.9.9.2[any] icmp6 128,0", (128, None, 58)),
        ("10.9.9.1[any] 10.9.9.2[any] icmp 8,0", (8, None, 1)),
        ("10.9.9.1[any] 10.9.9.2[any] gre 65538", (1, 2, 47)),
        ("10.9.9.1[any] 10.9.9.2[any] sctp", (None, None, 132)),
        ("10.9.9.1[any] 10.9.9.2[any] 50", (None, None, 50)),
    ],
)
def test_selectors_are_read(head: str, told: tuple[object, ...]) -> None:
    """Ports, ICMP types with codes, GRE keys, and protocols by name or number."""
    [policy] = read(POLICY.replace("10.9.9.1[any] 10.9.9.2[any] any", head)).policies
    assert (policy.src_port, policy.dst_port, policy.upper) == told


def test_an_interface_behind_an_address_is_no_part_of_it() -> None:
    """Link-local addresses are printed with their interface."""
    text = "fe80::1%em0[any] fe80::2%em0[any] any\n\tin discard\n\tspid=1 seq=0 pid=1\n"
    [policy] = read(text).policies
    assert (policy.src, policy.dst) == (ip_network("fe80::1"), ip_network("fe80::2"))


@pytest.mark.parametrize("text", ["", "hello\n", "10.9.9.1 10.9.9.2\n"])
def test_a_text_with_nothing_in_it_is_a_mistake(text: str) -> None:
    """A host without any says so; a text that says nothing is not one."""
    with pytest.raises(UserError) as raised:
        read(text)
    assert str(raised.value) == (
        "f: there is no SA and no policy in it (setkey -D and setkey -DP, run by root, print them)"
    )
