"""Does a run record hold all that it takes to run the same again?"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.json import encode

from ipsec_lo_trace import Setup, Trace, ping, probe
from ipsec_lo_trace.model.trace import PROBE, Run

SETUPS: dict[str, dict[str, Any]] = {
    "plain": {},
    "ping's own": {"count": 2, "size": 9, "pattern": "ab01", "record_route": True, "ttl": 7, "preload": 2},
    "a plain program": {"pinger": "plain", "count": 2, "preload": 2},
    "flush probe": {"flush_probe": True, "count": 2},
    "both ways": {"both_ways": True, "case": "wildcard", "schedule": "order:c"},
    "case": {"case": "ab-esp", "fix": "strict", "seed": 5},
    "shaped": {"proto": "esp+ah", "mode": "tunnel", "enc": "des-cbc", "level": "unique"},
    "another host": {"host": "10.1.2.3", "local": ("10.1.2.3", "10.9.9.9")},
    "switches": {"settings": {"loop_detect": "own-sa"}, "drop_mark": ("tags@icmp_reflect",)},
    "bound": {"source": "127.0.0.1"},
    "answered": {"reflector": "userspace"},
    "probe": {"probe": "udp-closed", "count": 2},
    "probe's own": {"probe": "ipcomp"},
    "probe over a case": {"probe": "timestamp", "case": "lo-ah", "fix": "kame"},
}


def again(run: Run) -> Trace:
    """Run what a record tells of."""
    setup = Setup(
        case=run.case or None,
        fix=run.fix,
        settings=dict(knob.split("=") for knob in run.knobs),
        host=run.dst,
        source=run.src if run.bound else None,
        local=tuple(run.local),
        seed=run.seed,
        reflector=run.reflector,  # type: ignore[arg-type]  # a record keeps str
        count=run.count,
        size=run.size,
        pattern=run.pattern,
        record_route=run.record_route,
        ttl=run.ttl or None,
        preload=run.preload,
        pinger=run.pinger or "netbsd",  # type: ignore[arg-type]
        schedule=run.schedule,
        flush_probe=run.flush_probe,
        both_ways=run.both_ways,
        drop_mark=tuple(run.what_if),
        **run.shape,  # type: ignore[arg-type]  # texts by their names
    )
    return probe(run.probe, setup) if run.program == PROBE else ping(setup)


@pytest.mark.parametrize("name", SETUPS)
def test_a_run_is_repeated_from_its_record(name: str) -> None:
    """The fields of the run record alone make the same records again, to the byte."""
    given = Setup(**SETUPS[name])
    first = probe(given.probe, given) if given.probe else ping(given)
    second = again(first.run)
    assert first.steps
    assert [encode(step) for step in second.steps] == [encode(step) for step in first.steps]
    assert second.verdict == first.verdict
    first.run.chosen = second.run.chosen
    assert second.run == first.run
