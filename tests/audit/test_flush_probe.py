"""Does an audit know the packet by which NetBSD's ping wakes itself, as the modelled ping sends it?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import invoke

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "loopback.conf"


@pytest.mark.parametrize("fix", ["--patched", "--unpatched"])
def test_flush_probes_are_no_leak(fix: str, tmp_path: Path) -> None:
    """Of several echoes with flush probes, each probe is named, and only the replies can be leaks."""
    trace, capture = tmp_path / "t.jsonl", tmp_path / "t.pcapng"
    assert invoke("ping", "-c", "3", "--flush-probe", fix, "-f", str(EXAMPLE), "-o", str(trace)).code == 0
    done = invoke("export", str(trace), "--to", "pcapng", "--wire", "--no-keys", "-o", str(capture))
    assert (done.code, done.err) == (0, "")
    audit = invoke("audit", str(capture), "-f", str(EXAMPLE), "--format", "jsonl")
    found = {finding["code"]: finding["packets"] for finding in audit.records[-1]["findings"]}
    assert found["ping-wakes-itself"] == 2
    leaks = {"--patched": 0, "--unpatched": 3}[fix]
    assert found.get("reply-in-clear-2003", 0) == audit.records[-1]["leaks"] == leaks
