"""--update rewrites minimal traces, and nothing else, and not in CI."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.support import ONE, check, passes, written
from tests.cli.support import assert_refused, ping

HEAD = "# Kept: \u00e9\n# ipsec-lo-trace ping --unpatched\n# Kept too.\n"


@pytest.fixture
def minimal() -> str:
    """Return the unpatched kernel's minimal trace."""
    return ping("--unpatched", "--detail", "minimal").text


@pytest.mark.parametrize("head", [HEAD, HEAD.rstrip("\n")])
def test_a_golden_file_begins_as_a_command(head: str, tmp_path: Path, minimal: str) -> None:
    """A file that has only its header gets the trace; the header is kept; then the check passes."""
    path = written(tmp_path, head, "a.txt")
    done = check("--update", path)
    assert (done.code, done.err) == (0, f"ipsec-lo-trace: rewrote {path}\n")
    assert done.lines == ["PASS ping --unpatched", "1 passed, 0 failed"]
    assert path.read_text(encoding="utf-8") == HEAD + minimal
    passes(path)


def test_what_is_the_same_is_not_rewritten(tmp_path: Path, minimal: str) -> None:
    """A file whose trace came out as it was is left alone, down to its time."""
    path = written(tmp_path, HEAD + minimal, "a.txt")
    before = path.stat()
    assert passes("--update", path).lines[-1] == "1 passed, 0 failed"
    assert path.stat() == before


def test_a_changed_trace_is_rewritten(tmp_path: Path, minimal: str) -> None:
    """A trace of another kernel is replaced, whole."""
    other = ping("--patched", "--detail", "minimal").text
    path = written(tmp_path, HEAD + other, "a.txt")
    assert check(path).code == 1
    assert check("--update", path).code == 0
    assert path.read_text(encoding="utf-8") == HEAD + minimal


def test_a_minimal_file_of_a_toml_check(tmp_path: Path, minimal: str) -> None:
    """The file that ``minimal`` names is made or rewritten; the TOML file never is."""
    path = written(tmp_path, ONE + 'minimal = "one.txt"\n')
    before = path.read_bytes()
    assert check("--update", path).code == 0
    assert (tmp_path / "one.txt").read_text(encoding="ascii") == minimal
    assert path.read_bytes() == before
    passes(path)


def test_other_expectations_still_count(tmp_path: Path) -> None:
    """An outcome that is not met fails also with --update, which does not touch it."""
    path = written(tmp_path, ONE.replace("leak", "clean") + 'minimal = "one.txt"\n')
    done = check("--update", path)
    assert done.code == 1
    assert ": outcome\n" in done.text
    assert "minimal" not in done.text


def test_what_is_no_trace_is_not_overwritten(tmp_path: Path) -> None:
    """A path to some other file by mistake is refused, and the file stays."""
    precious = written(tmp_path, "add 127.0.0.1 ...\n", "my.conf")
    assert_refused(
        check("--update", written(tmp_path, ONE + 'minimal = "my.conf"\n')), "my.conf:1: ", "no verdict"
    )
    assert precious.read_text(encoding="ascii") == "add 127.0.0.1 ...\n"


def test_trouble_with_one_leaves_all(tmp_path: Path) -> None:
    """If one check cannot run, no file is rewritten."""
    first = written(tmp_path, HEAD, "a.txt")
    second = written(tmp_path, HEAD.replace("--unpatched", "-f none.conf"), "b.txt")
    assert_refused(check("--update", first, second), "cannot read ", "none.conf: no such file")
    assert first.read_text(encoding="utf-8") == HEAD


def test_two_checks_cannot_share_a_file(tmp_path: Path) -> None:
    """Two checks with one minimal file would overwrite each other."""
    text = ONE + 'minimal = "one.txt"\n'
    path = written(tmp_path, text + text.replace('"one"', '"two"'))
    assert_refused(check("--update", path), "a.toml:10: ", "one.txt is the minimal trace of another check")
    assert not (tmp_path / "one.txt").exists()


def test_there_must_be_something_to_update(tmp_path: Path) -> None:
    """--update with neither a golden file nor a minimal file is a mistake; so is the built-in set."""
    assert_refused(check("--update", written(tmp_path, ONE)), "there is neither")
    assert_refused(check("--update"), "--update needs a FILE")


@pytest.mark.parametrize(
    ("value", "refused"), [("true", True), ("1", True), ("", False), ("0", False), ("False", False)]
)
def test_not_in_ci(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, refused: bool) -> None:
    """Where CI is set nobody reviews what is written, so --update is refused; --allow-ci insists."""
    monkeypatch.setenv("CI", value)
    path = written(tmp_path, HEAD, "a.txt")
    done = check("--update", path)
    if refused:
        assert_refused(done, "--allow-ci")
        assert path.read_text(encoding="utf-8") == HEAD
        done = check("--update", "--allow-ci", path)
    assert done.code == 0
    passes(path)


def test_allow_ci_is_for_update() -> None:
    """--allow-ci alone is a mistake."""
    assert_refused(check("--allow-ci"), "--allow-ci is for --update")
