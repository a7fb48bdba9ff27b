"""The command probe: every kind in every form, under every fix, switch and case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipsec_lo_trace.cases.case import case_names
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.build import KNOBS, values
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.userland.probe_kind import all_probes, known_probe
from tests.check.support import check, passes, written
from tests.cli.conftest import _plain_environment as _plain_environment  # noqa: PLC0414 -- a fixture for this file
from tests.cli.support import Done, assert_refused, invoke

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
KINDS = [kind.name for kind in all_probes()]
FIXES = [fix.name for fix in all_fixes()]
FORMS = [
    ["--format", "text"],
    ["--format", "jsonl"],
    ["--format", "json"],
    ["--detail", "minimal"],
    ["--detail", "full", "-v", "--bytes", "all"],
    ["-q"],
    ["--show-config"],
]


def probe(*arguments: str) -> Done:
    """Run ``ipsec-lo-trace probe``; nothing may be said on standard error."""
    done = invoke("probe", *arguments)
    assert (done.code, done.err) == (0, ""), done
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "form"),
    [(kind, form) for kind in KINDS for form in FORMS if not (kind == "big" and "all" in form)],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_every_kind_in_every_form(kind: str, form: list[str]) -> None:
    """Each probe can be shown in each form, in ASCII, and the same twice; dumps of a big packet ping has."""
    done = probe(kind, *form)
    assert done.text.isascii()
    assert done.text.endswith("\n")
    assert done.out == probe(kind, *form).out


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_comes_to(kind: str) -> None:
    """A probe comes to what its golden trace does; --expect takes that, and exits 1 for anything else."""
    verdict = probe(kind, "--format", "jsonl").records[-1]
    golden = (GOLDEN / f"probe.{kind}.txt").read_text(encoding="ascii")
    assert f"\nverdict {verdict['outcome']} ({verdict['code']}), ping " in golden
    assert probe(kind, "-q", "--expect", verdict["outcome"]).code == 0
    assert probe(kind, "-q", "--expect", verdict["code"]).code == 0
    other = next(name for name in OUTCOMES if name not in (verdict["outcome"], verdict["code"]))
    done = invoke("probe", kind, "-q", "--expect", other)
    assert done.code == 1
    assert done.err == (f"ipsec-lo-trace: expected {other}, got {verdict['outcome']} ({verdict['code']})\n")


@pytest.mark.slow
@pytest.mark.parametrize("width", ["40", "80", "200"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_trace_reads_as_the_live_one(
    kind: str, width: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What show makes of a stored probe is, byte for byte, what the run itself shows."""
    monkeypatch.setenv("COLUMNS", width)
    path = str(tmp_path / "trace.jsonl")
    probe(kind, "-c", "2", "--format", "jsonl", "-o", path)
    for options in ([], ["--detail", "minimal"], ["--detail", "full", "-v"], ["-q"]):
        assert invoke("show", path, *options).out == probe(kind, "-c", "2", *options).out


@pytest.mark.parametrize("kind", KINDS)
def test_json_is_the_records_in_one(kind: str) -> None:
    """--format json holds the records of --format jsonl."""
    run, *steps, verdict = probe(kind, "--format", "jsonl").records
    assert json.loads(probe(kind, "--format", "json").text) == {
        "run": run,
        "steps": steps,
        "verdict": verdict,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_three_at_once(kind: str) -> None:
    """-c 3 sends three, or as many as it takes to a panic, and tells each by its number."""
    run, *steps, verdict = probe(kind, "-c", "3", "--format", "jsonl").records
    echoes = {step["echo"] for step in steps}
    assert run["count"] == 3
    assert (run["program"], run["probe"]) == ("probe", kind)
    assert verdict["sent"] == len(echoes) == (1 if verdict["outcome"] == "panic" else 3)
    assert all(finding["echoes"] <= verdict["sent"] for finding in verdict["findings"])


@pytest.mark.slow
@pytest.mark.parametrize("fix", FIXES)
def test_every_kind_under_every_fix(fix: str) -> None:
    """No fix keeps a probe from running; the trace names it, and the verdict has known codes."""
    for kind in KINDS:
        run, *_steps, verdict = probe(kind, "--fix", fix, "--format", "jsonl").records
        assert (run["fix"], run["chosen"]) == (fix, f"--fix {fix}")
        assert verdict["outcome"] in OUTCOMES
        assert {verdict["code"], *(finding["code"] for finding in verdict["findings"])} <= CODES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("case", case_names())
def test_every_kind_over_every_case(case: str) -> None:
    """A probe takes any case instead of its own configuration, with the case's ends."""
    for kind in KINDS:
        run, *_steps, verdict = probe(kind, "--case", case, "--format", "jsonl").records
        assert (run["source"], run["case"]) == ("case", case)
        assert verdict["outcome"] in OUTCOMES
    assert invoke("ping", "--case", case, "-q").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOBS)
def test_every_value_of_every_switch(name: str) -> None:
    """Whatever a switch is set to, a ping and each probe run, and their traces name the setting."""
    for value in values(name):
        setting = f"{name}={value}"
        for command in (["ping"], *(["probe", kind] for kind in KINDS)):
            done = invoke(*command, "--set", setting, "--format", "jsonl")
            assert (done.code, done.err) == (0, "")
            assert setting in done.records[0]["knobs"]
        assert setting in invoke("ping", "--set", setting).text


@pytest.mark.parametrize("kind", [kind.name for kind in all_probes() if kind.knobs])
def test_a_switch_that_a_probe_needs_may_be_turned_back(kind: str) -> None:
    """A probe turns its own switches, which its trace names, and --set wins over them."""
    needed = known_probe(kind).knobs
    assert probe(kind, "--format", "jsonl").records[0]["knobs"] == [f"{k}={v}" for k, v in needed.items()]
    [name] = needed
    back = probe(kind, "--set", f"{name}=0", "--format", "jsonl").records
    assert back[0]["knobs"] == [f"{name}=0"]
    assert back[-1]["received"] == 0


@pytest.mark.parametrize("kind", [kind.name for kind in all_probes() if kind.config])
def test_a_probe_shows_the_configuration_of_its_own(kind: str, tmp_path: Path) -> None:
    """--show-config prints a text that gives the same run when it is read back."""
    path = tmp_path / "own.conf"
    path.write_bytes(probe(kind, "--show-config").out)
    own, read = (
        probe(kind, *options, "--format", "jsonl").records[1:] for options in ([], ["-f", str(path)])
    )
    assert own == read


@pytest.mark.parametrize("arguments", [["tcp"], ["tcp_close"], [""], ["../probes/df"]])
def test_unknown_kind(arguments: list[str]) -> None:
    """A kind that there is not is refused in one message: what is like it, or where they are listed."""
    suggested = "did you mean tcp-closed" if "tcp" in arguments[0] else "list probes"
    assert_refused(invoke("probe", *arguments), "no such probe", suggested)


def test_no_kind() -> None:
    """Without a kind the message says that it is missing."""
    assert_refused(invoke("probe"), "KIND")


@pytest.mark.parametrize(
    "option", [["-R"], ["-p", "ff"], ["-T", "3"], ["-l", "2"], ["--probe", "df"]], ids=" ".join
)
def test_options_that_are_ping_s(option: list[str]) -> None:
    """What only ping(8) has, no probe takes; nor do the commands that run a probe on the spot."""
    assert_refused(invoke("probe", "tcp-closed", *option), option[0])
    if option[0] != "--probe":
        assert_refused(invoke("why", "1", "--probe", "tcp-closed", *option), option[0], "ping's own")
        assert_refused(invoke("diff", "--probe", "tcp-closed", *option), option[0], "ping's own")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--case", "lo-esp", "--proto", "ah"], ["--proto", "--case"]),
        (["--case", "lo-esp", "-f", "x.conf"], ["-f", "--case"]),
        (["--case", "nothing"], ["case nothing", "no such case", "list cases"]),
        (["--fix", "nothing"], ["--fix nothing", "no such fix"]),
        (["--fix", "strict", "--patched"], ["--fix", "--patched"]),
        (["--set", "looutput"], ["--set", "looutput", "KNOB=VALUE"]),
        (["--set", "looutput=some"], ["looutput", "tags"]),
        (["--set", "loutput=tags"], ["no knob loutput", "did you mean looutput?"]),
        (["--set", "pf=none", "--set", "pf=tagging"], ["--set pf", "twice"]),
        (["--reflector", "nobody"], ["--reflector", "userspace"]),
    ],
    ids=" ".join,
)
def test_options_that_contradict(options: list[str], words: list[str]) -> None:
    """Contradictions and names that there are not are refused alike by probe and ping."""
    assert_refused(invoke("probe", "udp-echo", *options), *words)
    assert_refused(invoke("ping", *options), *words)


RESET = """\
[[check]]
name = "a RST, with the fix of 2.0"
run = "probe tcp-closed --fix netbsd-2.0"
outcome = "clean"
code = "clean"
ping = "ok"
lo0 = ["esp:1000#1", "esp:1000#3"]
"""


def test_a_probe_can_be_checked(tmp_path: Path) -> None:
    """A check file may run a probe; what is not met is told with the probe's row."""
    assert passes(written(tmp_path, RESET)).lines[-1] == "1 passed, 0 failed"
    done = check(written(tmp_path, RESET.replace(" --fix netbsd-2.0", " --fix netbsd-2003-08")))
    assert done.code == 1
    assert "expected clean\n    got      leak" in done.text
    assert "expected esp:1000#3\n    got      tcp\n    row 18   looutput P2" in done.text


def test_a_probe_s_command_is_checked_too(tmp_path: Path) -> None:
    """A check with a faulty probe command is refused with its place."""
    done = check(written(tmp_path, RESET.replace("tcp-closed", "tcp-shut")))
    assert_refused(done, "a.toml:3", "tcp-shut")
    done = check(written(tmp_path, RESET.replace("tcp-closed", "tcp-closed -R")))
    assert_refused(done, "a.toml:3", "-R")


@pytest.mark.parametrize("kind", ["tcp-closed", "udp-closed", "forward", "ipcomp"])
@pytest.mark.parametrize("fix", ["netbsd-2003-08", "netbsd-2.0"])
def test_a_probe_s_trace_can_be_golden(
    kind: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A golden file with a probe's command is filled by --update, passes, and fails under another fix."""
    monkeypatch.delenv("CI", raising=False)  # which would forbid --update
    path = written(tmp_path, f"# ipsec-lo-trace probe {kind} --fix {fix}\n", "golden.txt")
    assert check("--update", path).code == 0
    passes(path)
    text = path.read_text(encoding="utf-8")
    assert text.partition("\n")[2] == probe(kind, "--fix", fix, "--detail", "minimal").text
    path.write_text(text.replace(f"--fix {fix}", "--fix lo-exempt", 1), encoding="utf-8")
    assert check(path).code == 1
