from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz import capture, check, setkey, setkey_dump, setkey_host, sweep, trace, xfrm


@pytest.mark.parametrize("target", [capture, check, setkey, setkey_dump, setkey_host, sweep, trace, xfrm])
def test_every_seed_passes(target: ModuleType) -> None:
    """What a fuzzer begins with is sound: each target takes all of its seeds, whole and cut in half."""
    seeds = list(target.seeds())
    assert seeds
    assert all(seeds)
    for seed in seeds:
        target.check(seed)
        target.check(seed[: len(seed) // 2])
