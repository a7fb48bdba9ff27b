"""Does the type checker see a mistake at the seam between stages?

Each mistake below is planted in a copy of the package, all at once, each in a file of its own.  The checker
must report every one at its line, and nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "ipsec_lo_trace"


class Plant(NamedTuple):
    """A mistake: in which file, what stands there (once), what shall stand there."""

    file: str
    right: str
    wrong: str


PLANTS = {
    "a stage takes another type than its symbol's": Plant(
        "kernel/netinet/ip_encap.py",
        "@stage(defs.encap4_input, defs.ip4_input, defs.rip_input)",
        "@stage(defs.ip_reass, defs.ip4_input, defs.rip_input)",
    ),
    "a hand-off brings the wrong arguments": Plant(
        "kernel/netinet/tcp_output.py",
        "return hand_off(defs.ip_output, CALL, m, output, text, returned=SENT)",
        "return hand_off(defs.ip_output, CALL, m, defs.Input(), text, returned=SENT)",
    ),
    "a hand-off brings nothing where arguments are due": Plant(
        "kernel/netinet/tcp_subr.py", "defs.Output(), text", "None, text"
    ),
    "a transfer is misspelt": Plant(
        "kernel/net/if_loop.py",
        "return hand_off(defs.ip_input, NETISR,",
        'return hand_off(defs.ip_input, "netsir",',
    ),
    "a transfer of a split's part is misspelt": Plant(
        "kernel/netinet/ip_output.py",
        "hand_off(route.if_output, IF_OUTPUT, part,",
        'hand_off(route.if_output, "ifoutput", part,',
    ),
    "a reason of a drop is misspelt": Plant(
        "kernel/netinet/raw_ip.py", 'Drop("socket-policy"', 'Drop("socket-polcy"'
    ),
    "a reason of a panic is misspelt": Plant(
        "kernel/netipsec/ipsec_input.py", 'Panic("ipcomp-null-tag"', 'Panic("ipcomp-nulltag"'
    ),
    "an errno is misspelt": Plant(
        "kernel/netipsec/xform_ipip.py", 'Drop("ipintrq-full", "ENOBUFS"', 'Drop("ipintrq-full", "ENOBUF"'
    ),
    "a query gives an errno that is none": Plant(
        "kernel/netipsec/key.py", 'return "ENOENT"', 'return "ENOSA"'
    ),
    "a decision is misspelt": Plant("kernel/net/if_ethersubr.py", '{seen}", "wire")', '{seen}", "wired")'),
    "an answer is misspelt": Plant("kernel/netinet/ip_input.py", '"skipped", tag)', '"skiped", tag)'),
    "an answer is another question's": Plant(
        "kernel/netipsec/ipsec.py", 'asks, "satisfied", flag)', 'asks, "covered", flag)'
    ),
    "an operand is a phrase": Plant(
        "kernel/netipsec/ipsec_output.py", 'wanted, NO_LIVE_SA, "none")', 'wanted, "no live SA", "none")'
    ),
    "a fix turns a switch that there is not": Plant(
        "fixes/presets/kame.py", "build=Build(if_output=", "build=Build(ifoutput="
    ),
    "a fix turns a switch to a value that it has not": Plant(
        "fixes/presets/strict.py", 'looutput="all"', 'looutput="everything"'
    ),
    "a probe turns a switch to a value that it has not": Plant(
        "userland/probes/mask.py", 'Build(maskrepl="1")', 'Build(maskrepl="yes")'
    ),
}


def checked(folder: Path) -> list[str]:
    """Run the type checker as the project does; give its error lines."""
    command = [sys.executable, "-m", "mypy", "--package", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if ": error: " in line]


def plant(folder: Path, mistake: Plant) -> str:
    """Plant a mistake; give file and line where it stands now."""
    path = folder / PACKAGE / mistake.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mistake.right) == 1, f"{mistake.file} has not just one {mistake.right!r}"
    at = text.index(mistake.right)
    path.write_text(text.replace(mistake.right, mistake.wrong), encoding="utf-8")
    return f"{PACKAGE}/{mistake.file}:{text.count(chr(10), 0, at) + 1}:"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the package with the project's settings."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.slow
def test_every_planted_mistake_is_a_type_error(copy: Path) -> None:
    """The checker reports each planted mistake at its own line, and nothing else."""
    places = {name: plant(copy, mistake) for name, mistake in PLANTS.items()}
    reported = checked(copy)
    missed = [name for name, place in places.items() if not any(line.startswith(place) for line in reported)]
    assert missed == []
    strays = [line for line in reported if not line.startswith(tuple(places.values()))]
    assert strays == []
