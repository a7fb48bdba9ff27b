"""The project itself: one version, a complete package, cheap front doors, contracts kept."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import date
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest

import ipsec_lo_trace

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ipsec_lo_trace"
MACHINE_PATHS = re.compile(rb"/(?:work|home|root|Users|tmp/venv)/[A-Za-z]")
RELEASE = re.compile(r"(\d+\.\d+\.\d+) \((\d{4}-\d{2}-\d{2})\)")
DEAR = ("scapy", "rich", "cryptography")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def tracked_files() -> list[Path]:
    """List the files that git tracks, or would."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert listed.returncode == 0, listed.stderr
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def installed() -> Distribution:
    """Find the installed distribution; skip where the tests run on the bare tree."""
    try:
        return distribution("ipsec-lo-trace")
    except PackageNotFoundError:
        pytest.skip("ipsec-lo-trace is not installed in this environment")


def test_version_has_one_source() -> None:
    """Packaging takes the version from the package; pyproject.toml states none of its own."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert not re.search(r"^version\s*=", config, re.MULTILINE)
    assert 'path = "ipsec_lo_trace/__init__.py"' in config
    assert re.fullmatch(r"\d+\.\d+\.\d+", ipsec_lo_trace.__version__)


def test_installed_version_is_the_package_s() -> None:
    """An installed distribution has the version that the package says."""
    assert installed().version == ipsec_lo_trace.__version__


def test_changelog_names_the_version() -> None:
    """The changelog has an entry for this version."""
    [changelog] = [path for path in tracked_files() if path.name.lower() == "changelog.md"]
    assert ipsec_lo_trace.__version__ in changelog.read_text(encoding="utf-8")


def test_every_release_has_its_day() -> None:
    """Each entry of the changelog has a version and a date, newest first: the package's, or a later one."""
    changelog = (ROOT / "docs" / "CHANGELOG.md").read_text(encoding="utf-8")
    found = [RELEASE.fullmatch(head) for head in re.findall(r"^## (.*)$", changelog, re.MULTILINE)]
    heads = [(numbers(head[1]), date.fromisoformat(head[2])) for head in found if head]
    assert len(heads) == len(found) > 0
    assert heads == sorted(heads, reverse=True)
    assert heads[0][0] >= numbers(ipsec_lo_trace.__version__)


def numbers(version: str) -> tuple[int, ...]:
    """Take a version apart, so that 0.10 is later than 0.9."""
    return tuple(map(int, version.split(".")))


def workflows() -> str:
    """Return the text of all workflows; skip where a source distribution came without them."""
    files = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    if not files:
        pytest.skip("no workflows here")
    return "".join(file.read_text(encoding="utf-8") for file in files)


def test_actions_are_pinned() -> None:
    """Each action that a workflow uses is pinned by a full commit hash, with its version beside it."""
    used = re.findall(r"uses: (.*)$", workflows(), re.MULTILINE)
    assert used
    assert [
        one for one in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)+", one)
    ] == []
    pins = {one.partition("@")[0]: one for one in used}
    assert set(used) == set(pins.values())


def test_ci_runs_every_python_that_is_promised() -> None:
    """CI's matrix has exactly the versions of Python that the package's metadata names."""
    [matrix] = re.findall(r"^ *python: \[(.*)\]$", workflows(), re.MULTILINE)
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    promised = re.findall(r"Python :: (3\.\d+)\"", config)
    assert re.findall(r"3\.\d+", matrix) == promised
    assert f'requires-python = ">={promised[0]}"' in config


def test_no_file_names_a_machine() -> None:
    """No tracked file has a path that exists on its author's machine alone."""
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked_files()
        if path != Path(__file__) and (match := MACHINE_PATHS.search(path.read_bytes()))
    }
    assert found == {}


def test_no_artefact_is_tracked() -> None:
    """Nothing that tools make is under version control."""
    made = re.compile(
        r"\.pyc$|\.egg-info|(^|/)(\.venv|build|dist|\.[a-z]+_cache|\.hypothesis|\.coverage)(/|$)"
    )
    names = [path.relative_to(ROOT).as_posix() for path in tracked_files()]
    assert [name for name in names if made.search(name)] == []


def test_every_folder_with_code_is_a_package() -> None:
    """Each folder below ipsec_lo_trace that has Python files has an __init__.py."""
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_types_ship() -> None:
    """The package has the marker file by which type checkers trust its annotations."""
    assert (PACKAGE / "py.typed").is_file()


def test_wheel_is_whole() -> None:
    """Every file of the package, py.typed among them, is in what gets installed."""
    names = {path.as_posix() for path in installed().files or ()}
    if "ipsec_lo_trace/__init__.py" not in names:
        pytest.skip("installed for editing, which copies nothing")
    package = {path.relative_to(ROOT).as_posix() for path in tracked_files() if PACKAGE in path.parents}
    assert package - names == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["ping", "--help"], ["check", "--help"]], ids=" ".join
)
def test_front_doors_load_nothing_dear(arguments: list[str]) -> None:
    """--version and --help import neither scapy nor rich nor cryptography."""
    done = run(sys.executable, "-X", "importtime", "-m", "ipsec_lo_trace", *arguments)
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint(DEAR)


@pytest.mark.slow
def test_module_and_version_agree() -> None:
    """``python -m ipsec_lo_trace --version`` says the package's version."""
    done = run(sys.executable, "-m", "ipsec_lo_trace", "--version")
    assert done.stdout.strip().endswith(ipsec_lo_trace.__version__)


@pytest.mark.slow
def test_contracts_hold(tmp_path: Path) -> None:
    """No room imports what is above it, and the outside packages come in by their one door."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("import-linter is not installed")
    done = run(linter, "--cache-dir", str(tmp_path))
    assert done.returncode == 0, done.stdout
