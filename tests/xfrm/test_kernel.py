from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Cut, HostConfiguration, HostPolicy, HostSa
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.xfrm.kernel import kernel_configuration, read_kernel
from ipsec_lo_trace.xfrm.load import load, read_host
from tests.cli.support import invoke
from tests.setkey.support import plain
from tests.support import SCENARIOS
from tests.xfrm.drawn import identity, policies, sas
from tests.xfrm.support import DATA, LINUX2, PAIRS, only_policy, only_sa, printed

SA = only_sa(printed("ab-esp.state").split("src 10.9.9.1")[0])
POLICY = load(printed("ab-esp.policy"), "f").policies[0]
CAPTURE = DATA.parent / "linux" / "ab-esp-aes-sha1.pcap"


def of_2003(*made: HostSa | HostPolicy) -> Configuration:
    """Put SAs and policies into the databases of 2003."""
    host = HostConfiguration(
        sas=[one for one in made if isinstance(one, HostSa)],
        policies=[one for one in made if isinstance(one, HostPolicy)],
    )
    return kernel_configuration(host, "")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"opaque": "the keys are hidden"}, "the keys are hidden"),
        ({"seq_hi": (0,)}, "extended sequence numbers are not of 2003"),
        ({"mode": "beet"}, "mode beet is not of 2003"),
        ({"cipher": "aes-ctr"}, "aes-ctr is not of 2003"),
        ({"cipher": "aes-gcm", "cuts": (Cut("", 16),)}, "aes-gcm is not of 2003"),
        ({"cuts": (Cut("hmac-sha256-128", 16),)}, "hmac-sha256-128 of 128 bits is not of 2003"),
        ({"cuts": (Cut("hmac-sha1", 20),)}, "hmac-sha1 of 160 bits is not of 2003"),
        ({"cuts": (Cut("aes-cmac", 12),)}, "aes-cmac of 96 bits is not of 2003"),
    ],
)
def test_sas_that_2003_does_not_know_are_left_out(change: dict[str, object], why: str) -> None:
    """What the kernel of 2003 has no code for is noted; the other SAs are there."""
    other = msgspec.structs.replace(SA, spi=0x9999)
    made = of_2003(msgspec.structs.replace(SA, **change), other)
    assert [sav.spi for head in made.db.sahtree for sav in head.savs] == [0x9999]
    assert made.notes == [f"SA 0x00002002 to 10.9.9.1: {why}: left out"]


def test_an_ipv6_sa_is_left_out() -> None:
    """The model knows IPv4 alone."""
    text = (LINUX2 / "v6-lo-cbc.state.txt").read_text(encoding="utf-8")
    assert kernel_configuration(load(text, "f"), text).notes == ["SA 0x00006001 to ::1: IPv6: left out"]


def test_of_several_cuts_the_one_of_2003_is_taken() -> None:
    """Where a text does not tell which cut is meant, 2003 knew one of them."""
    made = of_2003(msgspec.structs.replace(SA, cuts=(Cut("hmac-sha256-128", 16), Cut("hmac-sha2-256", 12))))
    assert [sav.auth for head in made.db.sahtree for sav in head.savs] == ["hmac-sha2-256"]
    assert made.notes == []


def test_two_sas_that_a_mark_tells_apart() -> None:
    """The kernel of 2003 knows no marks, so it has the older of the two."""
    made = of_2003(SA, SA)
    assert len(made.db.sahtree[0].savs) == 1
    assert made.notes == [
        "SA 0x00002002 to 10.9.9.1: another one has this SPI, which a mark tells apart: left out"
    ]


@pytest.mark.parametrize(
    ("words", "lines", "why"),
    [
        ("proto icmp type 8", "", "types and codes of ICMP in a policy are not of 2003"),
        ("proto udp sport 0", "", "port 0 is every port in 2003"),
        ("", "\tmark 0x1/0xff \n", "it hangs on a mark"),
        ("proto gre key 5", "", "it hangs on a GRE key"),
        ("", "\tsideways\n", "it could not be read"),
        (
            "",
            "\ttmpl src 10.0.0.1 dst 0.0.0.0\n\t\tproto esp reqid 0 mode tunnel\n",
            "a tunnel without an end",
        ),
        (
            "",
            "\ttmpl src 10.0.0.1 dst 10.0.0.2\n\t\tproto esp reqid 0 mode beet\n",
            "mode beet is not of 2003",
        ),
        ("", "\ttmpl src fd00::1 dst fd00::2\n\t\tproto esp reqid 0 mode tunnel\n", "IPv6"),
    ],
)
def test_policies_that_2003_does_not_know_are_left_out(words: str, lines: str, why: str) -> None:
    """What the policies of 2003 cannot say is noted; the other policies are there."""
    text = f"src 10.9.9.1/32 dst 10.9.9.2/32 {words} \n\tdir out priority 5 ptype main \n{lines}"
    made = of_2003(only_policy(text), POLICY)
    assert [len(made.db.sptree[way]) for way in (Direction.IN, Direction.OUT)] == [0, 1]
    assert made.notes == [f"policy out from 10.9.9.1/32 to 10.9.9.2/32: {why}: left out"]


def test_a_policy_for_lo_counts() -> None:
    """An interface lo in a policy's selector is what is captured anyway; the first of two is found."""
    text = "src 10.9.9.1/32 dst 10.9.9.2/32 {}\n\tdir in {}priority 1 \n"
    both = text.format("dev lo ", "") + text.format("", "action block ")
    db = kernel_configuration(load(both, "f"), both).db
    assert [str(one) for one in db.sptree[Direction.IN]] == ["discard", "none"]
    assert [str(one) for one in db.by_selector.values()] == ["discard"]


def test_a_default_to_discard_is_left_out() -> None:
    """Linux alone has one."""
    made = kernel_configuration(HostConfiguration(sas=[SA], defaults={"in": "discard", "out": "none"}), "")
    assert made.notes == ["the default policy in, to discard, is not of 2003: left out"]


@given(st.lists(sas(), max_size=5, unique_by=identity), st.lists(policies(), max_size=5))
def test_whatever_a_host_has_is_taken_or_noted(
    made: list[HostSa], listed: list[tuple[int, HostPolicy]]
) -> None:
    """Each SA and policy is in the databases, or in a note."""
    configuration = of_2003(*made, *[one for _priority, one in listed])
    savs = sum(len(head.savs) for head in configuration.db.sahtree)
    known = sum(map(len, configuration.db.sptree.values()))
    assert savs + known + len(configuration.notes) == len(made) + len(listed)


@pytest.mark.parametrize("name", PAIRS)
def test_todays_hosts_in_2003(name: str) -> None:
    """Each host of today is taken over or refused with what was left out; no error but that."""
    paths = [str(LINUX2 / f"{name}.{kind}.txt") for kind in ("state", "policy")]
    left_out = kernel_configuration(read_host(paths), "").db.is_empty
    refusal = pytest.raises(UserError, match="nothing in it can be used") if left_out else nullcontext()
    with refusal:
        assert not read_kernel(paths).db.is_empty


def test_setkey_commands_are_as_before() -> None:
    """A file of setkey(8) commands goes through the setkey(8) of 2003."""
    for path in sorted(SCENARIOS.glob("*.conf")):
        assert plain(read_kernel([str(path)]).db) == plain(setkey.read_file(str(path)).db)


def test_replay_takes_what_linux_prints(tmp_path: Path) -> None:
    """A capture is replayed under what Linux printed; what 2003 cannot have is told."""
    files = [option for kind in ("state", "policy") for option in ("-f", str(DATA / f"ab-esp.{kind}.txt"))]
    done = invoke("replay", str(CAPTURE), *files, "-q")
    assert (done.code, done.err) == (0, "")
    newer = tmp_path / "gcm.txt"
    newer.write_text((LINUX2 / "gcm128-16.state.txt").read_text(encoding="utf-8"), encoding="utf-8")
    told = invoke("replay", str(CAPTURE), *files, "-f", str(newer), "-q")
    assert (told.code, told.out) == (done.code, done.out)
    assert "SA 0x00001001 to 127.0.0.1: aes-gcm is not of 2003: left out" in told.err
    alone = invoke("replay", str(CAPTURE), "-f", str(newer), "-q")
    assert alone.code == 2
    assert "nothing in it can be used: SA 0x00001001 to 127.0.0.1: aes-gcm is not of 2003" in alone.err
