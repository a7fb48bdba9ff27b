"""The fuzzing engine, where it is installed."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

Target = Callable[[bytes], None]
Mutator = Callable[[bytes, int, int], bytes]
FUZZED = ["ipsec_lo_trace"]


def instrumented() -> AbstractContextManager[Any]:
    """Have what is imported in this context report its coverage; without the engine, do nothing."""
    if importlib.util.find_spec("atheris") is None:
        return nullcontext()
    manager: AbstractContextManager[Any] = importlib.import_module("atheris").instrument_imports(
        include=FUZZED
    )
    return manager


def fuzz(target: Target, seeds: Iterable[bytes], mutator: Mutator | None = None) -> None:
    """Give a target one input after the other until it raises; the first ones are the seeds."""
    atheris = importlib.import_module("atheris")
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds):
            (Path(corpus) / f"{number:04}").write_bytes(seed)
        options = {} if mutator is None else {"custom_mutator": mutator}
        atheris.Setup([*sys.argv, corpus], target, **options)
        atheris.Fuzz()


def mutate(data: bytes, max_len: int) -> bytes:
    """Let the engine change some bytes."""
    mutated: bytes = importlib.import_module("atheris").Mutate(data, max_len)
    return mutated
