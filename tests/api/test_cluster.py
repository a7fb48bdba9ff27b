"""A cluster's engine runs the table, a sweep and a proof through its executor, as a how-to page shows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace import all_rows, load, run_matrix, run_proof, run_sweep
from tests.cli.support import invoke

STALE = Path(__file__).parents[2] / "docs" / "examples" / "stale.py"
FIXES = ("none", "netbsd-2003-08", "netbsd-2.0", "strict")


@pytest.mark.slow
def test_a_dask_cluster_gives_what_is_run_here() -> None:
    """A table, a sweep and a proof's certificate that a process of Dask's ran are those of this process."""
    from distributed import Client, LocalCluster  # noqa: PLC0415 -- dear, and for this test alone

    rows = [row for row in all_rows() if row.program == "ping"][:5]
    fixes = ["none", "netbsd-2.0"]
    with (
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        executor = client.get_executor()
        matrix = run_matrix(rows, fixes, executor=executor)
        sweep = run_sweep(25, 3, executor=executor)
        proof = run_proof(("no-clear",), scope="first", executor=executor)
    assert matrix == run_matrix(rows, fixes)
    assert sweep == run_sweep(25, 3)
    assert proof.encoded() == run_proof(("no-clear",), scope="first").encoded()


@pytest.mark.slow
def test_duckdb_finds_what_a_trace_says(tmp_path: Path) -> None:
    """The query finds each question that a stale mark settled, in each trace, and no other."""
    expected = []
    for fix in FIXES:
        path = tmp_path / f"trace.{fix}.jsonl"
        assert invoke("ping", "--case", "asymmetric", "--fix", fix, "-o", str(path)).code == 0
        trace = load(path)
        found = [
            f"row {step.row} {step.stage} asks {check.id} of {step.packet}: {mark.name} of {mark.made_for}"
            for step in trace.steps
            for check in step.checks
            if (mark := check.mark) is not None and mark.stale
        ]
        expected += [f"{fix} {trace.verdict.outcome} {text}" for text in found]
        expected += [] if found else [f"{fix} {trace.verdict.outcome} nothing"]
    shutil.copy(STALE, tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "error", STALE.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert sorted(" ".join(line.split()) for line in done.stdout.splitlines()) == sorted(expected)
    assert 0 < sum(line.endswith("nothing") for line in expected) < len(expected)
