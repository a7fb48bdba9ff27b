"""Files of the kinds that people publish, through the command line: each with what its user must get."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import load, parse, read_file
from tests.cli.support import Done, invoke
from tests.setkey.support import DES_KEY, plain

SA = 'add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc "dummykey";\n'
SP = "spdadd 127.0.0.1 127.0.0.1 icmp -P out ipsec esp/transport//require;\n"
LEAK = "VERDICT LEAK (stale-out-done) "
CLEAN = "VERDICT CLEAN (no-policy) "


def ping(folder: Path, data: bytes | str, *options: str) -> Done:
    """Ping under a file of these bytes, for the verdict alone."""
    path = folder / "a.conf"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return invoke("ping", "-q", "-f", str(path), *options)


def told(done: Done, folder: Path) -> list[str]:
    """Return what was said on standard error, without program and folder."""
    return [line.removeprefix(f"ipsec-lo-trace: {folder}/") for line in done.err.splitlines()]


IPV6 = {
    'add ::1 ::1 esp 0x1001 -E des-cbc "dummykey";': 5,
    'add -6 ::1 ::1 ah 0x1001 -A hmac-md5 "dummy 16 bytekey";': 8,
    "add -46n fe80::1%lo0 fe80::1%lo0 ipcomp 2 -C deflate;": 10,
    "delete ::1 ::1 esp 0x1001;": 8,
    "deleteall ::1 ::1 esp;": 11,
    "spdadd ::1 ::1 icmp6 -P out ipsec esp/transport//require;": 8,
    "spdadd ::/0[any] ::/0[any] any -P in none;": 8,
    "spdadd ::/0 ::/0 icmp6 135,0 -P in none;": 8,
    "spdadd -6 2001:db8::/32 ::1/128 ipv6-icmp -P in discard;": 11,
    "spddelete ::1 ::1 icmp6 -P out;": 11,
}
"""Lines of IPv6, and the column of the first address."""


def test_both_families_in_one_file(tmp_path: Path) -> None:
    """IPv6 lines are left out with a note each, and the verdict is that of the rest."""
    sa6, _ah, _comp, _delete, _all, sp6, *_rest = IPV6
    done = ping(tmp_path, f"# both\n{SA}{sa6}\n{SP}{sp6}\n")
    assert (done.code, done.text.startswith(LEAK)) == (0, True)
    why = "::1 is an IPv6 address, and the 2003 port is IPv4 only: left out"
    assert told(done, tmp_path) == [f"a.conf:3:5: {why}", f"a.conf:5:8: {why}"]
    strict = ping(tmp_path, f"{sa6}\n{SA}{SP}", "--strict")
    assert (strict.code, strict.out) == (2, b"")
    assert told(strict, tmp_path) == ["a.conf:1:5: ::1 is an IPv6 address, and the 2003 port is IPv4 only"]


def test_deleting_first(tmp_path: Path) -> None:
    """What the kernel answers to a delete of what is not there is noted, and the rest counts."""
    deletes = "delete 127.0.0.1 127.0.0.1 esp 0x1000;\nspddelete 127.0.0.1 127.0.0.1 icmp -P out;\n"
    done = ping(tmp_path, deletes + SA + SP)
    assert (done.code, done.text.startswith(LEAK)) == (0, True)
    assert told(done, tmp_path) == [
        "a.conf:1:32: ENOENT: there is no such SA as 0x00001000 127.0.0.1 to 127.0.0.1: left out",
        "a.conf:2:1: EINVAL: there is no policy with this selector and direction: left out",
    ]


REFUSED = [
    *IPV6,
    "delete 10.1.1.1 10.1.1.1 esp 0x1000;",
    "delete 127.0.0.1 127.0.0.1 0x1000;",
    "deleteall 127.0.0.1 127.0.0.1;",
    "spddelete 10.1.1.1 127.0.0.1 any -P out;",
    f"add 127.0.0.1 127.0.0.1 esp 255 {DES_KEY};",
    'add 127.0.0.1 127.0.0.1 esp 0x1009 -E 3des-cbc "short";',
    'add 127.0.0.1 127.0.0.1 ah 0x1009 -A keyed-md5 "dummy 16 bytekey";',
    'add 127.0.0.1 127.0.0.1 tcp 0x1009 -A tcp-md5 "a secret";',
    "add 10.1.1.1 10.1.1.2 ipcomp 0x10000 -C deflate;",
    f"add 127.0.0.1 127.0.0.1 esp 0x1009 -lh 60 {DES_KEY};",
    "spdadd 10.1.1.1 10.1.1.2 any -P out bypass;",
    "spdadd 10.1.1.1 10.1.1.2 icmp6 -P out none;",
    "spdadd 10.1.1.1 10.1.1.2 any -P out ipsec esp/tunnel/::1-::2/require;",
    'spdadd tagged "x" -P out none;',
]
"""Commands that the kernel of 2003 refuses in any order, or that are not modelled."""
TAKEN = [
    f"add 10.2.2.2 10.2.2.3 esp 0x2000 {DES_KEY};",
    f"add 10.2.2.3 10.2.2.2 esp 0x2001 -m tunnel -u 7 {DES_KEY};",
    'add 10.2.2.2 10.2.2.3 ah 0x2002 -A hmac-md5 "dummy 16 bytekey";',
    "spdadd 10.2.2.2/32 10.2.2.3/32 any -P out ipsec esp/transport//require ah/transport//use;",
    "spdadd 10.2.2.3/32 10.2.2.2/32 any -P in none;",
]


@given(st.permutations(TAKEN), st.lists(st.tuples(st.integers(0, 5), st.sampled_from(REFUSED)), max_size=8))
def test_refused_commands_change_nothing_wherever_they_stand(
    taken: list[str], refused: list[tuple[int, str]]
) -> None:
    """Whatever is refused among what is taken leaves the databases as without it, and a note each."""
    lines = list(taken)
    for place, command in sorted(refused, reverse=True):
        lines.insert(place, command)
    read = load("\n".join(lines), "f")
    assert plain(read.db) == plain(load("\n".join(taken), "f").db)
    left_out = [note for note in read.notes if note.endswith(": left out")]
    assert [int(note.split(":")[1]) for note in left_out] == [
        number for number, line in enumerate(lines, 1) if line in REFUSED
    ]
    if refused:
        with pytest.raises(UserError) as raised:
            load("\n".join(lines), "f", strict=True)
        assert f"{raised.value}: left out" == left_out[0]


@given(st.lists(st.sampled_from(TAKEN), min_size=1, max_size=12))
def test_a_duplicate_is_left_out_with_its_errno(lines: list[str]) -> None:
    """Of a command that comes again the first counts, and each later one has a note with EEXIST."""
    read = load("\n".join(lines), "f")
    assert plain(read.db) == plain(load("\n".join(dict.fromkeys(lines)), "f").db)
    assert sum("EEXIST" in note for note in read.notes) == len(lines) - len(set(lines))


@given(st.lists(st.sampled_from(REFUSED), min_size=2, max_size=5))
def test_a_file_of_refused_commands_alone_says_why(lines: list[str]) -> None:
    """If nothing is left, the message has the reasons."""
    with pytest.raises(UserError) as raised:
        load("\n".join(lines), "f")
    assert raised.value.reason.startswith("nothing of it can be used: 1:")


HINTS = {
    "spdupdate 127.0.0.1 127.0.0.1 icmp -P out ipsec esp/transport//require;": (
        "1:1: spdupdate where a command should be (a later setkey(8) has it; here spddelete and spdadd)"
    ),
    'add 127.0.0.1 127.0.0.1 esp 0x1000 -f cyclic-seq -E des-cbc "dummykey";': (
        "1:39: cyclic-seq where a flag should be (cyclic is the default: leave -f out)"
    ),
    "spdadd 10.9.9.1[ftp] 10.9.9.2 tcp -P out ipsec esp/transport//require;": (
        "1:17: ftp is not a port, any, or one of the services that are built in (write its number, 21)"
    ),
    "spdadd 10.9.9.1 10.9.9.2 any -P out priority high+5 ipsec esp/transport//require;": (
        "1:37: priority where discard, none or ipsec should be"
        " (policies of 2003 have none: the first that fits is asked)"
    ),
    'add 10.9.9.1 10.9.9.2 esp 0x2001 \\\n    -E des-cbc "dummykey";': (
        "1:34: a backslash (setkey(8) needs none to go on in the next line)"
    ),
    'add 10.9.9.1[4500] 10.9.9.2 esp 0x2001 -E des-cbc "dummykey";': (
        "1:13: an SA's port is of a later setkey(8) (leave it out)"
    ),
    'spdadd 127.0.0.1 127.0.0.1[5300] tcp\n    -ctx 1 1 "u:r:t:s0"\n    -P out none;': (
        "2:5: -ctx, a security context, is not of setkey(8) in 2003 (leave it out)"
    ),
}


@pytest.mark.parametrize("text", HINTS)
def test_what_is_none_of_2003_is_named(text: str, tmp_path: Path) -> None:
    """What later programs, other systems and shells have is refused at its place, by what it is."""
    done = ping(tmp_path, f"{text}\n")
    assert (done.code, done.out) == (2, b"")
    assert told(done, tmp_path) == [f"a.conf:{HINTS[text]}"]


def test_any_byte_may_stand_in_a_comment(tmp_path: Path) -> None:
    """A comment in Latin-1 is a comment."""
    done = ping(tmp_path, b"# cl\xe9 de d\xe9monstration\n" + SA.encode())
    assert (done.code, done.err, done.text.startswith(CLEAN)) == (0, "", True)


@given(st.binary(max_size=40).map(lambda data: data.replace(b"\n", b"")), st.booleans())
def test_a_comment_of_any_bytes_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, last: bool
) -> None:
    """Whatever bytes a comment has, NUL and every encoding among them, the commands around it are read."""
    path = tmp_path_factory.getbasetemp() / "comment.conf"
    path.write_bytes(SA.encode() + b"spdflush; # " + data + (b"" if last else b"\n" + SP.encode()))
    expected = load(SA + ("" if last else SP), "f")
    assert plain(read_file(str(path)).db) == plain(expected.db)


@given(st.binary(min_size=5, max_size=56).map(lambda data: data.translate(None, b'"\0').ljust(5, b"x")))
def test_a_quoted_key_is_its_bytes(tmp_path_factory: pytest.TempPathFactory, key: bytes) -> None:
    """A key in quotes may be in any encoding, or in none."""
    path = tmp_path_factory.getbasetemp() / "key.conf"
    path.write_bytes(b'add 10.0.0.1 10.0.0.2 esp 300 -E blowfish-cbc "' + key + b'";')
    [head] = read_file(str(path)).db.sahtree
    assert head.savs[0].enc_key == key


PROTOCOLS = {
    "TCP": 6, "UDP": 17, "ICMP": 1, "IGMP": 2, "GRE": 47, "ESP": 50, "AH": 51, "IP": 0, "IP-ENCAP": 4,
    "IPv6": 41, "IPIP": 94, "ENCAP": 98, "PIM": 103, "OSPFIGP": 89, "RSVP": 46, "EGP": 8, "sctp": 132,
    "SCTP": 132, "vrrp": 112, "VRRP": 112, "l2tp": 115, "L2TP": 115, "ipv6": 41, "etherip": 97,
    "IPComp": 108, "tcp": 6, "ip4": 4, "gre": 47,
}  # fmt: skip


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocols_have_their_aliases(name: str, tmp_path: Path) -> None:
    """Names of /etc/protocols are taken as getprotobyname(3) takes them, aliases in capitals among them."""
    done = ping(tmp_path, f"spdadd 127.0.0.1 127.0.0.1 {name} -P out none;\n")
    assert (done.code, done.text.startswith(CLEAN)) == (0, True)
    assert not any("left out" in line for line in told(done, tmp_path))
    [command] = parse(f"spdadd 10.9.9.1 10.9.9.2 {name} -P out none;", "f")
    assert command.traffic.upper == PROTOCOLS[name]  # type: ignore[attr-defined]


SERVICES = {
    "https": 443, "www": 80, "bgp": 179, "ldap": 389, "imap": 143, "imaps": 993, "pop3": 110,
    "kerberos": 88, "ssh": 22, "domain": 53, "rpcbind": 111, "radius": 1645, "isakmp": 500,
}  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
def test_services_over_udp_are_taken(name: str) -> None:
    """A service that /etc/services of 2003 had over UDP is its number."""
    [command] = parse(f"spdadd 10.9.9.1[{name}] 10.9.9.2 tcp -P out none;", "f")
    assert command.traffic.src_port == SERVICES[name]  # type: ignore[attr-defined]


SCRIPTS = {
    "#!/bin/sh\nsetkey -c <<EOF\nflush;\nspdflush;\nEOF\n": "2:1: sed -n 3,4p",
    "#! /usr/bin/env bash\nset -e\n/usr/sbin/setkey -v -f - << 'END'\nflush;\nEND\n": "3:11: sed -n 4,4p",
    'setkey -c <<-"EOF" || exit 1\nflush;\n\tEOF\n': "1:1: sed -n 2,2p",
    "#!/bin/ksh\ncat <<! | sudo setkey -c\nflush;\nspdflush;\n!\n": "2:16: sed -n 3,4p",
    "#!/bin/sh\n${SETKEY} -c <<EOF\nflush;\nEOF": "2:1: sed -n 3,3p",
    "#!/bin/sh\nif true; then setkey -f /etc/ipsec.conf; fi\n": "2:15: /etc/ipsec.conf",
    "#!/bin/sh\necho 'flush;' | setkey -c\n": "2:17: the commands",
    "#!/bin/sh\n\n# nothing\nexport PATH\n": "1:1: the commands",
    "#!/bin/sh\nsetkey -c <<EOF\nflush;\n": "2:1: the commands",
}


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_shell_script_is_called_one(text: str, tmp_path: Path) -> None:
    """A script that calls setkey(8) is told from its files, and the message says what to give instead."""
    done = ping(tmp_path, text)
    place, hint = SCRIPTS[text].split(": ")
    assert done.code == 2
    [message] = told(done, tmp_path)
    assert message.startswith(f"a.conf:{place}: this is a shell script (")
    assert hint in message


@pytest.mark.parametrize(
    "text",
    [
        "#!/sbin/setkey -f\nfoo;",
        "# setkey -f this\nfoo;",
        "#!/bin/sh\nflush;\nfoo;",
        "#!/bin/env setkey\nfoo;",
    ],
)
def test_a_mistake_in_another_file_is_no_shell_script(text: str) -> None:
    """Setkey's own first line, a comment about how to call it, and commands are no script."""
    with pytest.raises(UserError) as raised:
        load(text, "f")
    assert raised.value.reason == "foo where a command should be"
