"""Does a host outside of the scope run as the one of the scope that the cutoff argument names?"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.kernel.netipsec import ipsec_input
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSA
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.model.sa import SecurityAssociation, TdbIdent
from ipsec_lo_trace.model.setup import Reflector
from ipsec_lo_trace.model.trace import Check, SaRecord
from ipsec_lo_trace.prove import slots
from ipsec_lo_trace.prove.claims import Seen, judged, reply_of, unlike, unlike_tags, watch
from ipsec_lo_trace.prove.concrete import Decided
from ipsec_lo_trace.prove.scope import VIEWS, View, hosts_of, kernels_of
from ipsec_lo_trace.prove.shapes import COMBINED
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep.draw import Dice
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from tests.prove.disguise import CIPHERS, Disguised, disguise


class Record(NamedTuple):
    """What a referee reads of a run record."""

    sas: list[SaRecord]
    policies: list[PolicyRecord]


STRIPPED = [
    view for view in VIEWS if view.kernels == "strips" and view.shape not in ("examples", "by-protocol")
]
"""Those whose policies cannot overlap: a disguise puts other policies in front and behind as if none did."""
SEED = 2003


def drawn(dice: Dice, view: View) -> dict[str, int]:
    """Draw a host of a view; SAs are mostly there, so that packets get somewhere."""
    host = {}
    for name, values in hosts_of(view).items():
        possible = [at for at in range(values.bit_length()) if values >> at & 1]
        host[name] = possible[-1] if len(possible) == 2 and dice.percent(60) else dice.one(possible)
    return host


def dressed(view: View, worn: Disguised, strips: int, reflector: Reflector) -> Seen:
    """Run a ping over a disguised host."""
    db = load(worn.text, "disguised").db
    kernel = netbsd_2003_08.boot(db, kernels_of(view, "ping").build(strips, 0), local=worn.local)
    kernel.reflector = reflector
    referee = Referee(Record(sa_records(db), policy_records(db)))
    return watch(kernel, Ping(PingOptions(dst=worn.dst, src=worn.src)), referee)


def told(seen: Seen) -> list[tuple[object, ...]]:
    """Return what a run was, without the names that a disguise changes."""
    return [
        (
            step.packet,
            step.stage,
            step.to,
            step.decision,
            step.reason,
            [_answer(check) for check in step.checks],
            [(mark.name, mark.made_for, mark.row, mark.stale) for mark in step.marks],
            step.counters,
        )
        for step in seen.steps
    ]


def _answer(check: Check) -> tuple[object, ...]:
    """Return an answer; that of a policy of type none is that of no policy."""
    of_none = isinstance(check.right, PolicyRecord) and check.right.type == "none"
    mark = check.mark
    return check.id, "default" if of_none else check.answer, mark and (mark.name, mark.row, mark.stale)


def found(kernels: Seen, processes: Seen) -> list[str]:
    """Return how the claims are broken."""
    replies = reply_of(kernels.steps), reply_of(processes.steps)
    alike = [unlike(*replies), unlike_tags(*replies)]
    return [kernels.outcome, processes.outcome, *alike, *judged(kernels).values()]


def compare(view: View, number: int) -> int:
    """Hold a drawn host against itself in disguise; give how many rows that was."""
    dice = Dice(SEED, number)
    host, strips = drawn(dice, view), dice.below(len(kernels_of(view, "ping").strips))
    worn = disguise(dice, COMBINED[view.shape], host)
    plain = Decided("ping", view, host)
    ours = [plain.seen(strips, 0, reflector) for reflector in ("kernel", "userspace")]
    theirs = [dressed(view, worn, strips, reflector) for reflector in ("kernel", "userspace")]
    for one, other in zip(ours, theirs, strict=True):
        assert told(one) == told(other), worn.text
    assert found(*ours) == found(*theirs), worn.text
    return sum(len(seen.steps) for seen in ours)


@pytest.fixture(params=CIPHERS)
def _cipher(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the hosts encrypt with a cipher of this length."""
    [(cipher, length), *_others] = CIPHERS[request.param]
    monkeypatch.setattr(slots, "CIPHER", cipher)
    monkeypatch.setattr(slots, "ENC_KEY", b"123456789012345678901234"[:length])


@pytest.mark.usefixtures("_cipher")
@pytest.mark.parametrize("view", STRIPPED, ids=str)
def test_a_host_in_disguise_runs_as_itself(view: View) -> None:
    """Names, what comes too late or covers nothing, and what does not fit change no row and no claim."""
    assert sum(compare(view, number) for number in range(60)) > 60


def test_a_stage_that_asks_by_order_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel in which high SPIs are not found runs a host in disguise as another."""

    def low_spis_only(k: Kernel, tdbi: TdbIdent) -> SecurityAssociation | None:
        return KEY_ALLOCSA(k, tdbi) if tdbi.spi < 0x10000000 else None

    monkeypatch.setattr(f"{ipsec_input.__name__}.KEY_ALLOCSA", low_spis_only)
    with pytest.raises(AssertionError):
        test_a_host_in_disguise_runs_as_itself(STRIPPED[0])


@pytest.mark.slow
@pytest.mark.usefixtures("_cipher")
@pytest.mark.parametrize("view", STRIPPED, ids=str)
def test_many_hosts_in_disguise_run_as_themselves(view: View) -> None:
    """So it is with some hundred drawn hosts of each shape."""
    assert sum(compare(view, number) for number in range(60, 360)) > 300
