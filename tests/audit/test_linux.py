"""Does an audit of what Linux 6.1 put on its lo say what is known of each capture?  data/linux/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit.support import (
    AH_KEYS,
    ESP_KEYS,
    LO,
    LO_ESP,
    MD5,
    TRIPLE_DES,
    A,
    Audited,
    B,
    audited,
    policies,
)

CAPTURES = Path(__file__).parents[1] / "data" / "linux"


def two_ways(proto: str, spis: tuple[int, int], keys: str, mode: str = "any") -> str:
    """Make an SA from A to B and one back."""
    ends = zip((f"{A} {B}", f"{B} {A}"), spis, strict=True)
    return "".join(f"add {pair} {proto} {spi:#x} -m {mode} {keys};\n" for pair, spi in ends)


BUNDLE = "esp/transport//require ah/transport//require"
AB_SAS = two_ways("esp", (0x2001, 0x2002), ESP_KEYS)
AB_ESP = AB_SAS + policies(A, B, "esp/transport//require") + policies(B, A, "esp/transport//require")
CONFIGURATIONS = {
    "lo1-esp-aes-sha1": LO_ESP,
    "lo1-esp-3des-md5": (
        f"add {LO} {LO} esp 0x1004 -E 3des-cbc 0x{TRIPLE_DES} -A hmac-md5 0x{MD5};\n"
        + policies(LO, LO, "esp/transport//require")
    ),
    "lo1-ah-sha1": f"add {LO} {LO} ah 0x1002 {AH_KEYS};\n" + policies(LO, LO, "ah/transport//require"),
    "ab-esp-aes-sha1": AB_ESP,
    "ab-esp-ah": (
        two_ways("esp", (0x2009, 0x200A), ESP_KEYS)
        + two_ways("ah", (0x200B, 0x200C), AH_KEYS)
        + policies(A, B, BUNDLE)
        + policies(B, A, BUNDLE)
    ),
    "ab-esp-tunnel": (
        two_ways("esp", (0x2005, 0x2006), ESP_KEYS, "tunnel")
        + policies(A, B, f"esp/tunnel/{A}-{B}/require")
        + policies(B, A, f"esp/tunnel/{B}-{A}/require")
    ),
    "ab-clear-reply": (
        AB_SAS + policies(A, B, "esp/transport//require") + policies(B, A, "esp/transport//require", "in")
    ),
    "def-lo-esp": LO_ESP,
    "inj-ab-esp-badicv": AB_ESP,
}
"""What the host had loaded when each capture was made, in setkey(8)'s words."""

EXPECTED = {
    "lo1-esp-aes-sha1": ("clean", "clean", ["esp"] * 4, {}),
    "lo1-esp-3des-md5": ("clean", "clean", ["esp"] * 4, {}),
    "lo1-ah-sha1": ("clean", "clean", ["ah"] * 4, {}),
    "ab-esp-aes-sha1": ("clean", "clean", ["esp"] * 4, {}),
    "ab-esp-ah": ("clean", "clean", ["esp+ah"] * 4, {}),
    "ab-esp-tunnel": ("clean", "clean", ["esp", "clear"] * 2, {"decapsulated-again": 2}),
    "ab-clear-reply": ("unsure", "in-policy-unmet", ["esp", "clear"] * 2, {"in-policy-unmet": 2}),
    "def-lo-esp": ("leak", "policy-not-applied", ["clear"] * 4, {"policy-not-applied": 4}),
    "inj-ab-esp-badicv": ("unsure", "wrong-icv", ["wrong"], {"wrong-icv": 1}),
}


def audit_of(name: str, config: str | None = None) -> Audited:
    """Audit one of the captures, against what its host had loaded unless told otherwise."""
    return audited((CAPTURES / f"{name}.pcap").read_bytes(), config or CONFIGURATIONS[name])


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_each_capture_comes_to_what_is_known_of_it(name: str) -> None:
    """Outcome, code, what each packet got, and what was found are those of the table."""
    done = audit_of(name)
    verdict = done.verdict
    assert (verdict.outcome, verdict.code, done.got, done.found) == EXPECTED[name]
    assert done.error == ""


def test_every_capture_has_its_expectation() -> None:
    """No capture of Linux is left out."""
    assert {path.stem for path in CAPTURES.glob("*.pcap")} == EXPECTED.keys() == CONFIGURATIONS.keys()


@pytest.mark.parametrize("name", ["lo1-esp-aes-sha1", "lo1-ah-sha1", "ab-esp-aes-sha1", "ab-esp-ah"])
def test_replies_name_their_requests(name: str) -> None:
    """Each reply answers the request before it, seen through whatever protects them."""
    assert [packet.answers for packet in audit_of(name).packets] == [0, 1, 0, 3]


def test_clear_replies_are_the_leak_of_2003_if_they_should_be_protected() -> None:
    """Clear replies that the outbound policy wants protected are the leak of 2003; its fix is named."""
    done = audit_of("ab-clear-reply", AB_ESP)
    assert (done.verdict.code, done.verdict.leaks) == ("reply-in-clear-2003", 2)
    assert done.codes == [(), ("reply-in-clear-2003",), (), ("reply-in-clear-2003",)]
    assert "netbsd-2003-08" in done.finding("reply-in-clear-2003").fix


def test_linux_does_not_count_by_two() -> None:
    """Linux keeps a sender's and a receiver's numbers apart, so one SA for both ways is not called shared."""
    assert "shared-sa" not in audit_of("lo1-esp-aes-sha1").found
