"""Each kind of expectation, met and not met."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_lo_trace.kernel import netinet
from ipsec_lo_trace.model.counters import COUNTERS, is_counter
from tests.check.support import ONE, check, passes, written
from tests.cli.support import ping
from tests.support import SCENARIOS

NO_SA = """\
[[check]]
name = "level use and no SA"
run = "ping --patched -f use-no-sa.conf"
outcome = "error"
code = "use-without-sa"
ping = "error"
errno = "EINVAL"
lo0 = []
counters = { ips_rawout = 1 }
counters_only = true
"""


@pytest.fixture
def no_sa(tmp_path: Path) -> Path:
    """Return a folder with a configuration that sends nothing."""
    text = (SCENARIOS / "use-no-sa.conf").read_text(encoding="ascii")
    written(tmp_path, text, "use-no-sa.conf")
    return tmp_path


def test_paths_start_at_the_check_file(no_sa: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration is found beside its check file, wherever the program runs."""
    monkeypatch.chdir("/")
    passes(written(no_sa, NO_SA))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('errno = "EINVAL"', 'errno = ""', ": errno\n    expected (nothing)\n    got      EINVAL\n    row "),
        ("lo0 = []", 'lo0 = ["icmp"]', ": lo0[0]\n    expected icmp\n    got      (nothing)\n    row "),
        ("ips_rawout = 1", "ips_total = 0", ": ips_rawout\n    expected 0\n    got      1\n    row "),
        (
            "ips_rawout = 1",
            "ips_rawout = 2",
            ":9: ips_rawout\n    expected 2\n    got      1\n    row ",
        ),
        (
            "ips_rawout = 1",
            "ips_rawout = 1, esps_input = 1",
            ":9: esps_input\n    expected 1\n    got      0\n",
        ),
    ],
)
def test_what_is_not_met_is_told(no_sa: Path, right: str, wrong: str, said: str) -> None:
    """Nothing is a value too, and with counters_only a counter that is not named must not move."""
    done = check(written(no_sa, NO_SA.replace(right, wrong)))
    assert done.code == 1
    assert said in done.text


def test_other_counters_may_move(no_sa: Path) -> None:
    """Without counters_only the counters that are not named are left alone."""
    passes(
        written(no_sa, NO_SA.replace("ips_rawout = 1", "ips_total = 0").replace("counters_only = true\n", ""))
    )


def test_a_longer_lo0_is_noticed(tmp_path: Path) -> None:
    """A packet more than expected is told with its own row."""
    done = check(written(tmp_path, ONE + 'lo0 = ["esp:1000#1"]\n'))
    assert done.code == 1
    assert "lo0[1]\n    expected (nothing)\n    got      icmp\n    row 19   looutput P2: " in done.text


def test_minimal_in_the_file(tmp_path: Path) -> None:
    """A minimal trace may stand in the TOML file itself; the line that differs is pointed at there."""
    minimal = ping("--unpatched", "--detail", "minimal").text
    text = ONE + f"minimal = '''\n{minimal}'''\n"
    passes(written(tmp_path, text))
    done = check(written(tmp_path, text.replace("1 P1 ip_output : apply", "1 P1 ip_output : skip")))
    assert done.code == 1
    assert "a.toml:9: minimal trace, line 4\n    expected 1 P1 ip_output : skip\n" in done.text
    assert "    row 2   ip_output P1: " in done.text


def test_line_ends_do_not_matter(tmp_path: Path) -> None:
    """A check file that went through a Windows editor is the same file."""
    minimal = ping("--unpatched", "--detail", "minimal").text
    path = tmp_path / "a.txt"
    path.write_bytes(f"# ipsec-lo-trace ping --unpatched\n{minimal}".replace("\n", "\r\n").encode())
    passes(path)


def test_the_program_s_name_may_stand_before_ping(tmp_path: Path) -> None:
    """A command can be copied as it was typed."""
    passes(written(tmp_path, ONE.replace('"ping', '"ipsec-lo-trace ping')))


def test_what_if_can_be_checked(tmp_path: Path) -> None:
    """--drop-mark changes what happens, so a check may have it."""
    run = "ping --unpatched --drop-mark OUT_DONE@icmp_reflect"
    text = ONE.replace("ping --unpatched", run).replace("leak", "stale")
    assert passes(written(tmp_path, text)).lines[-1] == "1 passed, 0 failed"


def test_files_are_run_in_order(tmp_path: Path) -> None:
    """Several files are one run with one sum."""
    other = written(tmp_path, ONE.replace("one", "two"), "b.toml")
    assert passes(written(tmp_path, ONE), other).lines == ["PASS one", "PASS two", "2 passed, 0 failed"]


def test_every_counter_of_the_kernel_is_known() -> None:
    """Every counter that the code of a stage names can be expected."""
    import re  # noqa: PLC0415

    folder = Path(netinet.__file__).parents[1]
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    names = set(re.findall(r'"((?:ips|esps|ahs|ipips|icps|if)_[a-z]+(?:_[a-z]+)*)"', text)) - {"if_output"}
    assert len(names) > 40
    assert [name for name in sorted(names) if not is_counter(name)] == []
    assert is_counter("icps_inhist[13]")
    assert not is_counter("icps_inhist[013]")
    assert all(is_counter(name) for name in COUNTERS)
