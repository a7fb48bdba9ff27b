"""Does a change of the code change what happens to a packet?

The files in tests/golden are minimal traces: what changed, what was asked, what was decided.  They are to be
read in a diff.  ``ipsec-lo-trace check --update tests/golden/*.txt`` writes them anew, each from the command
in its header.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.cli.checking.files import read_checks
from ipsec_lo_trace.cli.checking.report import reason
from ipsec_lo_trace.cli.run_check import run_all
from tests.support import HERE

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
KERNELS = ["unpatched", "patched"]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_the_minimal_trace_is_the_golden_one(name: str, kernel: str) -> None:
    """Marks, questions, answers and decisions are those of the reviewed file."""
    checks = read_checks(str(GOLDEN / f"{name}.{kernel}.txt"), fresh=False)
    for result in run_all(checks):
        assert [reason(mismatch) for mismatch in result.mismatches] == []


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_a_golden_file_is_about_what_its_name_says(name: str, kernel: str) -> None:
    """The command in the header runs the file's scenario on the file's kernel."""
    [check] = read_checks(str(GOLDEN / f"{name}.{kernel}.txt"), fresh=False)
    assert check.run.startswith(f"ping --{kernel} --case {name}")


def test_no_golden_file_is_forgotten() -> None:
    """Every file in tests/golden belongs to a test."""
    names = {f"{name}.{kernel}.txt" for name in NAMES for kernel in KERNELS}
    assert {path.name for path in GOLDEN.iterdir()} == names
