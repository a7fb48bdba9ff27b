"""Which SA serves a request, and which policy is a tag's?  Each pair differs in one part of the decision."""

from __future__ import annotations

import pytest

from ipsec_lo_trace.kernel.netipsec import key
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec_setspidx
from ipsec_lo_trace.kernel.netipsec.ipsec_output import ipsec_saidx
from ipsec_lo_trace.kernel.netipsec.key import (
    KEY_ALLOCSA,
    KEY_ALLOCSP,
    KEY_ALLOCSP2,
    key_checkrequest,
    key_lookup_policy,
)
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction, Level, Request
from ipsec_lo_trace.model.sa import SaState, SecurityAssociation
from tests.kernel.bench import AH_KEYS, ESP_KEYS, Bench, echo
from tests.support import LOCALHOST, A, B

SPD = "spdadd 10.9.9.1 10.9.9.2 any -P out ipsec {} ;"
REQUIRE = "esp/transport//require"


def sa(spi: int, ends: str = "10.9.9.1 10.9.9.2", proto: str = "esp", options: str = "") -> str:
    """Write an SA's line for setkey(8)."""
    keys = ESP_KEYS if proto == "esp" else AH_KEYS
    return f"add {ends} {proto} {spi} {options} {keys} ;"


def packet() -> Mbuf:
    """Put a packet from A to B in a fresh mbuf."""
    return Mbuf(echo(A, B), echo=1, packet="P1")


def request(bench: Bench) -> Request:
    """Return the outbound policy's request."""
    return bench.kernel.db.sptree[Direction.OUT][0].requests[0]


def looked_up(bench: Bench) -> SecurityAssociation | None:
    """Look up the SA for the packet and the request, without using it."""
    return key_lookup_policy(bench.kernel, ipsec_saidx(packet(), request(bench)))


CHOICES = {
    "the SA's ends and the packet's are equal": (sa(0x1001), REQUIRE, 0x1001),
    "another source": (sa(0x1001, "10.9.9.2 10.9.9.2"), REQUIRE, None),
    "another destination": (sa(0x1001, "10.9.9.1 10.9.9.1"), REQUIRE, None),
    "another protocol": (sa(0x1001, proto="ah"), REQUIRE, None),
    "a tunnel SA": (sa(0x1001, options="-m tunnel"), REQUIRE, None),
    "a transport SA": (sa(0x1001, options="-m transport"), REQUIRE, 0x1001),
    "the request's reqid": (sa(0x1001, options="-u 7"), "esp/transport//unique:7", 0x1001),
    "another reqid": (sa(0x1001, options="-u 8"), "esp/transport//unique:7", None),
    "a reqid for a request without one": (sa(0x1001, options="-u 8"), REQUIRE, 0x1001),
    "no reqid for a request with one": (sa(0x1001), "esp/transport//unique:7", None),
    "the newer head of two": (sa(0x1001, options="-u 7") + sa(0x1002, options="-u 8"), REQUIRE, 0x1002),
    "a tunnel's own ends": (
        sa(0x1001, "127.0.0.1 10.9.9.2", options="-m tunnel"),
        "esp/tunnel/127.0.0.1-10.9.9.2/require",
        0x1001,
    ),
    "a tunnel's other source": (
        sa(0x1001, options="-m tunnel"),
        "esp/tunnel/127.0.0.1-10.9.9.2/require",
        None,
    ),
    "a tunnel's other destination": (
        sa(0x1001, options="-m tunnel"),
        "esp/tunnel/10.9.9.1-127.0.0.1/require",
        None,
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_a_request_gets_the_first_head_that_fits(name: str) -> None:
    """Protocol and ends must be equal; so must reqid and mode, if the request and the SA have one."""
    config, rule, spi = CHOICES[name]
    bench = Bench(config + SPD.format(rule))
    found = looked_up(bench)
    assert (found.spi if found else None) == spi


@pytest.mark.parametrize(("prefered_oldsa", "spi", "alive"), [("0", 0x1003, 1), ("1", 0x1003, 3)])
def test_of_three_sas_the_newest_is_used_and_the_others_die(
    prefered_oldsa: str, spi: int, alive: int
) -> None:
    """SAs of one file are of the same age: prefered_oldsa=1 takes the newest too, and lets all live."""
    config = sa(0x1001) + sa(0x1002) + sa(0x1003) + SPD.format(REQUIRE)
    bench = Bench(config, build=Build(prefered_oldsa="1" if prefered_oldsa == "1" else "0"))
    (head,) = bench.kernel.db.sahtree
    found = looked_up(bench)
    assert found is not None
    assert found.spi == spi
    assert [sav.state for sav in head.savs] == [SaState.MATURE] * 3
    isr = request(bench)
    assert key_checkrequest(bench.kernel, isr, ipsec_saidx(packet(), isr), Level.REQUIRE) == ""
    assert isr.sav is found
    assert [sav.state for sav in head.savs].count(SaState.MATURE) == alive


@pytest.mark.parametrize(("level", "errno"), [(Level.USE, ""), (Level.REQUIRE, "ENOENT")])
def test_without_a_live_sa_the_level_decides_and_the_cache_is_empty(level: Level, errno: str) -> None:
    """A dead SA serves nobody: ENOENT where the level asks for one, and the request caches none."""
    bench = Bench(sa(0x1001) + SPD.format(REQUIRE))
    isr = request(bench)
    isr.sav = bench.sa
    bench.sa.state = SaState.DEAD
    assert looked_up(bench) is None
    assert key_checkrequest(bench.kernel, isr, ipsec_saidx(packet(), isr), level) == errno
    assert isr.sav is None


def test_of_two_sas_with_one_spi_the_live_one_is_found() -> None:
    """KEY_ALLOCSA passes a dead SA of the newer head over for a live one of the older."""
    bench = Bench(sa(0x1001) + sa(0x1001, "127.0.0.1 10.9.9.2"))
    newer, older = (head.savs[0] for head in bench.kernel.db.sahtree)
    assert KEY_ALLOCSA(bench.kernel, older.tdbi) is newer
    newer.state = SaState.DEAD
    assert KEY_ALLOCSA(bench.kernel, older.tdbi) is older
    older.state = SaState.DEAD
    assert KEY_ALLOCSA(bench.kernel, older.tdbi) is None


MENDED = {
    "the SA serves the request": (sa(0x1001), SPD.format(REQUIRE), True),
    "the request wants AH": (sa(0x1001), SPD.format("ah/transport//require"), False),
    "the second request is the SA's": (sa(0x1001), SPD.format(f"ah/transport//require {REQUIRE}"), True),
    "the request wants a tunnel": (
        sa(0x1001, options="-m transport"),
        SPD.format("esp/tunnel/10.9.9.1-10.9.9.2/require"),
        False,
    ),
    "the SA is for both modes": (sa(0x1001), SPD.format("esp/tunnel/10.9.9.1-10.9.9.2/require"), True),
    "the tunnel has another source": (sa(0x1001), SPD.format("esp/tunnel/127.0.0.1-10.9.9.2/require"), False),
    "the tunnel has another destination": (
        sa(0x1001),
        SPD.format("esp/tunnel/10.9.9.1-127.0.0.1/require"),
        False,
    ),
    "the reqid is the SA's": (sa(0x1001, options="-u 7"), SPD.format("esp/transport//unique:7"), True),
    "the reqid is another": (sa(0x1001, options="-u 8"), SPD.format("esp/transport//unique:7"), False),
    "the selector has another source": (
        sa(0x1001),
        SPD.format(REQUIRE).replace("spdadd 10.9.9.1", "spdadd 127.0.0.1"),
        False,
    ),
    "the selector has another destination": (
        sa(0x1001),
        SPD.format(REQUIRE).replace("10.9.9.2 any", "127.0.0.1 any"),
        False,
    ),
    "the selector has other ends and the request is a tunnel": (
        sa(0x1001),
        "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/tunnel/10.9.9.1-10.9.9.2/require ;",
        True,
    ),
    "the policy is of the other direction": (
        sa(0x1001),
        SPD.format(REQUIRE).replace("-P out", "-P in"),
        False,
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_mended_lookup_finds_the_policy_that_the_sa_of_a_tag_serves(name: str) -> None:
    """With alloc_sp2=mended a request must fit the SA, and the selector cover the ends of a transport SA."""
    config, spd, found = MENDED[name]
    bench = Bench(config + spd, build=Build(alloc_sp2="mended"))
    assert (KEY_ALLOCSP2(bench.kernel, bench.sa.tdbi, Direction.OUT) is not None) is found
    bench.sa.state = SaState.DEAD
    assert KEY_ALLOCSP2(bench.kernel, bench.sa.tdbi, Direction.OUT) is None


def test_policies_found_are_kept_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the walk found is found again without it; when too many selectors are kept, all are forgotten."""
    monkeypatch.setattr(key, "FLOWS", 2)
    bench = Bench(SPD.format(REQUIRE))
    (policy,) = bench.kernel.db.sptree[Direction.OUT]
    kept = []
    for dst in (LOCALHOST, A, B):
        selector = ipsec_setspidx(Mbuf(echo(A, dst), echo=1, packet="P1"))
        KEY_ALLOCSP(bench.kernel, selector, Direction.OUT)
        KEY_ALLOCSP(bench.kernel, selector, Direction.IN)
        kept.append(len(bench.kernel.db.covering))
    assert kept == [2, 2, 2]
    assert policy in bench.kernel.db.covering.values()
