"""Does a change of the code change what happens to a packet?

The files in tests/golden are minimal traces: what changed, what was asked, what was decided.  They are to be
read in a diff.  ``python -m tests.test_golden`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_lo_trace.profiles.fixes import FIXES
from ipsec_lo_trace.render.minimal import minimal_lines
from ipsec_lo_trace.render.store import spool
from ipsec_lo_trace.tracer import PingTrace, Tracing
from ipsec_lo_trace.userland.ping import PingOptions
from tests.support import HERE, LOCALHOST, PATCHED, UNPATCHED, A, B, ends, scenario

GOLDEN = HERE / "golden"
NAMES = [
    "lo-esp",
    "lo-ah",
    "lo-bundle",
    "lo-esp-tunnel",
    "ab-esp",
    "wildcard",
    "asymmetric",
    "bundle-request",
    "in-only",
    "in-discard",
    "use-no-sa",
    "require-no-sa",
]
KERNELS = {"unpatched": UNPATCHED, "patched": PATCHED}


def minimal(name: str, fix: str) -> str:
    """Trace one echo over a scenario; give its minimal form."""
    src, dst = ends(name)
    what = PingTrace(
        options=PingOptions(dst=dst, src=src),
        fix=FIXES[fix],
        chosen="golden",
        config=f"{name}.conf",
        local=frozenset({LOCALHOST, A, B}),
    )
    tracing = Tracing(what, scenario(name))
    trace = spool(tracing, tracing.crossings.lines())
    text = "".join(f"{line}\n" for line in minimal_lines(trace))
    trace.close()
    tracing.crossings.close()
    return text


def golden(name: str, kernel: str) -> Path:
    """Name the file of a scenario under a kernel."""
    return GOLDEN / f"{name}.{kernel}.txt"


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_the_minimal_trace_is_the_golden_one(name: str, kernel: str) -> None:
    """Marks, questions, answers and decisions are those of the reviewed file."""
    assert minimal(name, KERNELS[kernel]) == golden(name, kernel).read_text(encoding="ascii")


def test_no_golden_file_is_forgotten() -> None:
    """Every file in tests/golden belongs to a test."""
    assert {path.name for path in GOLDEN.iterdir()} == {
        golden(name, kernel).name for name in NAMES for kernel in KERNELS
    }


if __name__ == "__main__":
    for each in NAMES:
        for which, fixed in KERNELS.items():
            golden(each, which).write_text(minimal(each, fixed), encoding="ascii")
