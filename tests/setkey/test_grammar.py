from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from ipsec_lo_trace.model.policy import Direction, Level, PolicyType, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Mode, Replay
from ipsec_lo_trace.setkey.load import load
from tests.setkey.support import ADD, DES_KEY, SPDADD, policies, sas


def test_a_whole_configuration_is_read() -> None:
    """Comments, multi-line commands, quoted and hexadecimal keys, ports and names make one configuration."""
    configuration = load(
        """
        # flush first
        flush; spdflush;
        add -4n 10.0.0.1 10.0.0.2
            esp 0x1000          # over three lines
            -m transport -u 10 -r 4 -f zero-pad -f nocyclic-seq
            -E 3des-cbc "123456789012345678901234"
            -A hmac-sha1 0x000102030405060708090a0b0c0d0e0f10111213;
        spdadd 10.0.0.0/8[any] 10.0.0.2[http] tcp -P out ipsec
            esp/transport//require
            ah/transport//use;
        dump esp; spddump; get 10.0.0.1 10.0.0.2 esp 0x1000;
        """,
        "f",
    )
    (head,) = configuration.db.sahtree
    (sav,) = head.savs
    assert head.index == (IPPROTO_ESP, Mode.TRANSPORT, 10, IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"))
    assert (sav.spi, sav.cipher, sav.enc_key) == (0x1000, "3des-cbc", b"123456789012345678901234")
    assert (sav.auth, sav.auth_key) == ("hmac-sha1", bytes(range(20)))
    assert (sav.replay, sav.padding, sav.cyclic, sav.old) == (Replay(4), "zero", False, False)
    (policy,) = configuration.db.sptree[Direction.OUT]
    assert policy.selector == Selector(IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.2"), 0, 80, 6)
    assert [str(isr) for isr in policy.requests] == ["esp/transport//require", "ah/transport//use"]
    assert policy.requests[0].next is policy.requests[1]


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ('"0123 # ;7"', b"0123 # ;7"),
        ('"a\nb\tcdef"', b"a\nb\tcdef"),
        ('"caf\u00e9s"', "caf\u00e9s".encode()),
        ("0x0102030405", bytes(range(1, 6))),
        ("0X0aBcDeF012", bytes.fromhex("0abcdef012")),
        ("0x102030405", bytes(range(1, 6))),
        ("0xf1234567890", bytes.fromhex("0f1234567890")),
    ],
)
def test_keys_are_taken_as_setkey_takes_them(written: str, key: bytes) -> None:
    """A quoted key is its bytes, white space included; of odd hexadecimal digits the first is a byte."""
    (sav,) = sas(f"{ADD} -E blowfish-cbc {written} ;")
    assert sav.enc_key == key


@pytest.mark.parametrize(
    ("options", "replay", "padding", "cyclic"),
    [
        ("", 0, "seq", True),
        ("-r 32", 32, "seq", True),
        ("-r 4 -r 8", 8, "seq", True),
        ("-f random-pad -f seq-pad", 0, "random", True),
        ("-f zero-pad -f zero-pad", 0, "zero", True),
        ("-fnocyclic-seq", 0, "seq", False),
    ],
)
def test_extensions_are_read_in_any_number(options: str, replay: int, padding: str, cyclic: bool) -> None:
    """-r and -f set what they say, the last one winning, and seq-pad undoes nothing."""
    (sav,) = sas(f"{ADD} {options} {DES_KEY};")
    assert (sav.replay, sav.padding, sav.cyclic) == (Replay(replay), padding, cyclic)


@pytest.mark.parametrize(
    ("proto", "algorithms", "number", "old"),
    [
        ("esp", DES_KEY, IPPROTO_ESP, False),
        ("esp-old", DES_KEY, IPPROTO_ESP, True),
        ("ah", '-A hmac-md5 "0123456789abcdef"', IPPROTO_AH, False),
        ("ah-old", '-A hmac-md5 "0123456789abcdef"', IPPROTO_AH, True),
    ],
)
def test_old_protocols_have_no_replay_state(proto: str, algorithms: str, number: int, old: bool) -> None:
    """esp-old and ah-old make SAs without sequence numbers, the others with."""
    (sav,) = sas(f"add localhost 127.0.0.1 {proto} 4096 {algorithms};")
    assert (sav.proto, sav.old, sav.replay is None, sav.spi) == (number, old, old, 4096)


def test_des_with_a_flag_is_des() -> None:
    """The kernel does not act on the flags of des-deriv and des-32iv, and a note says so."""
    text = (
        "add 10.0.0.1 10.0.0.2 esp 1000 -E des-deriv 0x0123456789abcdef;\n"
        "add 10.0.0.2 10.0.0.1 esp-old 1001 -E des-32iv 0x0123456789abcdef;\n"
    )
    configuration = load(text, "f")
    assert [head.savs[0].cipher for head in configuration.db.sahtree] == ["des-cbc", "des-cbc"]
    assert configuration.notes == [
        "f:1: the 2003 kernel takes des-deriv for des-cbc",
        "f:2: the 2003 kernel takes des-32iv for des-cbc",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in discard", (Direction.IN, PolicyType.DISCARD, [])),
        ("out none", (Direction.OUT, PolicyType.NONE, [])),
        ("in ipsec esp/transport", (Direction.IN, PolicyType.IPSEC, ["esp/transport//default"])),
        ("in ipsec esp/transport/", (Direction.IN, PolicyType.IPSEC, ["esp/transport//default"])),
        ("in ipsec esp/transport//use", (Direction.IN, PolicyType.IPSEC, ["esp/transport//use"])),
        ("in ipsec ah/transport/any-me", (Direction.IN, PolicyType.IPSEC, ["ah/transport//default"])),
        ("out ipsec ah/transport/me-any/use", (Direction.OUT, PolicyType.IPSEC, ["ah/transport//use"])),
        (
            "out ipsec esp/tunnel/10.0.0.1-10.0.0.2/",
            (Direction.OUT, PolicyType.IPSEC, ["esp/tunnel/10.0.0.1-10.0.0.2/default"]),
        ),
        (
            "out ipsec esp / tunnel / 10.0.0.1 - 10.0.0.2\n\tah/transport/10.0.0.1-10.0.0.2/unique:7",
            (
                Direction.OUT,
                PolicyType.IPSEC,
                ["esp/tunnel/10.0.0.1-10.0.0.2/default", "ah/transport/10.0.0.1-10.0.0.2/unique:7"],
            ),
        ),
    ],
)
def test_policies_are_read_as_libipsec_reads_them(
    text: str, expected: tuple[Direction, PolicyType, list[str]]
) -> None:
    """Each form of a rule means what policy_parse.y makes of it."""
    (policy,) = policies(f"{SPDADD} -P {text};")
    assert (policy.direction, policy.kind, [str(isr) for isr in policy.requests]) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("10.0.0.1 10.0.0.2 any", ("10.0.0.1/32", "10.0.0.2/32", 0, 0, 255)),
        ("10.0.0.0/8 0.0.0.0/0 icmp", ("10.0.0.0/8", "0.0.0.0/0", 0, 0, 1)),
        ("10.0.0.1[7] 10.0.0.2[any] 17", ("10.0.0.1/32", "10.0.0.2/32", 7, 0, 17)),
        ("localhost[echo] 127.0.0.1/32 [ 65535 ] udp", ("127.0.0.1/32", "127.0.0.1/32", 7, 65535, 17)),
        ("10.0.0.1 10.0.0.2 ip4", ("10.0.0.1/32", "10.0.0.2/32", 0, 0, 4)),
        ("10.0.0.1 10.0.0.2 ipencap", ("10.0.0.1/32", "10.0.0.2/32", 0, 0, 4)),
        ("10.0.0.1 10.0.0.2 ipip", ("10.0.0.1/32", "10.0.0.2/32", 0, 0, 94)),
        ("10.0.0.1 10.0.0.2 50", ("10.0.0.1/32", "10.0.0.2/32", 0, 0, 50)),
    ],
)
def test_selectors_are_read(selector: str, expected: tuple[str, str, int, int, int]) -> None:
    """Prefixes, ports and protocols are taken by number and by the names that are built in."""
    (policy,) = policies(f"spdadd {selector} -P out none;")
    src, dst, *rest = policy.selector
    assert (str(src), str(dst), *rest) == expected


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("flush; dump;", "f:1: dump is ignored: it would only print"),
        ("flush;\nspddump;", "f:2: spddump is ignored: it would only print"),
        ("get 10.0.0.1 10.0.0.1 ah 300;", "f:1: get is ignored: it would only print"),
        (f"{ADD} -r 260 {DES_KEY};", "f:1: -r 260 is sent in 8 bits, as -r 4"),
        (
            f"{ADD} -lh 9 -ls 8 {DES_KEY};",
            "f:1: lifetimes have no effect: no time passes in a run",
        ),
        (
            f"{ADD} -u 16384 {DES_KEY};",
            "f:1: no rule can name reqid 16384: such numbers are the kernel's own",
        ),
        (
            "spdadd 10.0.0.1/8 10.0.0.0/8 any -P in none;",
            "f:1: of 10.0.0.1/8 only the first 8 bits are compared",
        ),
        (f"{SPDADD} -P in;", "f:1: a policy without a type is sent, and taken, as discard"),
        (f"{SPDADD} -P in none esp/transport;", "f:1: rules behind none are ignored"),
        (
            f"{SPDADD} -P in ipsec esp/transport//unique;",
            "f:1: the kernel numbers a unique rule itself: only an SA with -u 16385 fits it",
        ),
        (
            f"{ADD} {DES_KEY};\ndelete 127.0.0.1 127.0.0.1 esp 0x1000 -m tunnel;",
            "f:2: the mode says nothing in delete",
        ),
    ],
)
def test_what_has_no_effect_is_noted(text: str, note: str) -> None:
    """Whatever the text says in vain is accepted, with a note that names its line."""
    assert load(text, "f").notes == [note]


def test_a_policy_without_a_type_discards() -> None:
    """Type 0 is what libipsec sends for a bare direction, and the kernel takes it for discard."""
    (policy,) = policies(f"{SPDADD} -P out;")
    assert policy.kind is PolicyType.DISCARD


@pytest.mark.parametrize(
    ("levels", "reqids"),
    [
        (["unique:10"], [10]),
        (["unique:16383"], [0x3FFF]),
        (["unique"], [0x4001]),
        (["unique:0"], [0x4001]),
        (["unique:16384"], [0x4001]),
        (["unique:65546"], [10]),
        ([f"unique:{'9' * 5000}"], [0x4001]),
        (["unique", "unique:3", "unique"], [0x4001, 3, 0x4002]),
    ],
)
def test_reqids_out_of_range_are_given_by_the_kernel(levels: list[str], reqids: list[int]) -> None:
    """unique:N keeps N from 1 to 16383; the kernel numbers the others from 0x4001 up."""
    rules = " ".join(f"esp/transport//{level}" for level in levels)
    (policy,) = policies(f"{SPDADD} -P out ipsec {rules};")
    assert [isr.reqid for isr in policy.requests] == reqids
    assert {isr.level for isr in policy.requests} == {Level.UNIQUE}


@pytest.mark.parametrize("raw", ["", " -R"])
def test_an_ipcomp_sa_is_deflate_and_a_cpi(raw: str) -> None:
    """-C deflate makes an SA without keys; -R is kept."""
    (head,) = load(f"add 10.9.9.1 10.9.9.2 ipcomp 2 -m transport -C deflate{raw} ;", "f").db.sahtree
    (sav,) = head.savs
    assert (sav.proto, sav.spi, sav.cipher, sav.enc_key, sav.auth) == (108, 2, "deflate", b"", "")
    assert sav.raw_cpi is bool(raw)


def test_a_long_raw_cpi_is_noted() -> None:
    """With -R an SPI may have more than 16 bits; what goes on the wire then is told."""
    read = load("add 10.9.9.1 10.9.9.2 ipcomp 0x12345 -C deflate -R ;", "f")
    expected = "f:1: only CPI 0x2345 goes on the wire, and the receiver looks for an SA with that SPI"
    assert read.notes == [expected]


def test_rules_may_ask_for_ipcomp() -> None:
    """ipcomp/transport and ipcomp/tunnel are rules like any other."""
    (policy,) = policies(f"{SPDADD} -P out ipsec ipcomp/tunnel/10.9.9.1-10.9.9.2/use esp/transport//require;")
    assert [str(isr) for isr in policy.requests] == [
        "ipcomp/tunnel/10.9.9.1-10.9.9.2/use",
        "esp/transport//require",
    ]
