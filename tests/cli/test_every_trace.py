"""Every verb takes every trace, and the name of an output says its form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.support import Done, assert_refused, invoke, ping

READERS = [
    ["show", "{}"],
    ["why", "16", "{}"],
    ["diff", "{}", "@patched"],
    ["export", "{}", "--to", "csv"],
]
ON_THE_SPOT = [*READERS, ["matrix", "--rows", "forward", "--columns", "{}"]]


def read(command: list[str], trace: str) -> Done:
    """Have a command read a trace; a difference is none of its faults."""
    done = invoke(*(word.format(trace) for word in command))
    assert (done.code in (0, 1), done.err) == (True, "")
    assert done.out
    return done


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, str]:
    """Store one run in each form that holds a trace."""
    paths = {form: str(tmp_path / f"a.{form}") for form in ("jsonl", "json")}
    for form, path in paths.items():
        ping("--format", form, "-o", path)
    pretty = tmp_path / "pretty.json"
    pretty.write_text(json.dumps(json.loads(Path(paths["json"]).read_text(encoding="utf-8")), indent=4))
    return {**paths, "pretty": str(pretty)}


@pytest.mark.parametrize("command", READERS, ids=lambda command: command[0])
def test_a_document_is_read_as_records_are(command: list[str], stored: dict[str, str]) -> None:
    """One JSON document, however it is laid out, is the trace that its JSON Lines are."""
    lines, document, pretty = (read(command, stored[form]) for form in ("jsonl", "json", "pretty"))
    assert document.out.replace(b"a.json", b"a.jsonl") in (
        lines.out,
        lines.out.replace(b"a.jsonl", b"a.jsonll"),
    )
    assert pretty.out.replace(b"pretty.json", b"a.jsonl") == lines.out


@pytest.mark.parametrize("command", ON_THE_SPOT, ids=lambda command: command[0])
@pytest.mark.parametrize("name", ["@unpatched", "@kame"])
def test_a_run_on_the_spot_is_a_trace(command: list[str], name: str) -> None:
    """@ and the name of a fix stands wherever a trace does."""
    assert read(command, name).out


def test_what_is_run_on_the_spot_takes_options() -> None:
    """Show and why take what shapes a run, where they run one."""
    assert invoke("show", "@patched", "--case", "ab-esp").out == ping("--patched", "--case", "ab-esp").out
    why, same = (
        invoke(*words)
        for words in (["why", "7", "@patched", "-s", "8"], ["why", "7", "--patched", "-s", "8"])
    )
    assert why.out == same.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "{}", "-s", "8"], "-s has nothing to act on"),
        (["show", "@patched", "-s", "x"], "-s x"),
        (["why", "7", "@patched", "--patched"], "--fix patched and @patched both choose a fix"),
        (["show", "@nope"], "no such fix"),
    ],
)
def test_what_contradicts_a_trace_is_refused(
    arguments: list[str], words: str, stored: dict[str, str]
) -> None:
    """Options about a run beside a stored trace, and two fixes at once, are one message each."""
    assert_refused(invoke(*(word.format(stored["jsonl"]) for word in arguments)), words)


@pytest.mark.parametrize("detail", ["minimal", "summary", "full"])
@pytest.mark.parametrize("command", READERS, ids=lambda command: command[0])
def test_the_text_of_a_run_is_recognised(command: list[str], detail: str, tmp_path: Path) -> None:
    """What was saved with > is named for what it is, with what to do instead."""
    path = tmp_path / "a.txt"
    path.write_bytes(ping("--detail", detail).out)
    done = invoke(*(word.format(path) for word in command))
    assert_refused(done, "this is what ping prints, and no trace", "-o FILE.jsonl", "ipsec-lo-trace diff")


@pytest.mark.parametrize("run", [["probe", "df"], ["ping", "-q"], ["ping", "-c", "2"]], ids=" ".join)
def test_the_text_of_other_runs_is_too(run: list[str], tmp_path: Path) -> None:
    """A probe's text, and a verdict alone, begin differently and are known as well."""
    path = tmp_path / "a.txt"
    path.write_bytes(invoke(*run).out)
    assert_refused(invoke("show", str(path)), "and no trace")


def test_a_capture_is_recognised(tmp_path: Path) -> None:
    """A capture that is given as a trace is named as one, with the command that reads it."""
    capture = tmp_path / "a.pcapng"
    invoke("export", "@unpatched", "-o", str(capture), "--no-keys")
    assert_refused(invoke("show", str(capture)), "a capture, and no trace", "ipsec-lo-trace audit")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ('{"run": {}}', "$.run"),
        ('{"run": ', "truncated"),
        ('{"run": [1}', "Expected `object`"),
        ('{"run": {"kind": "\xff"}}', "UTF-8"),
    ],
)
def test_a_document_that_is_no_trace_is_refused(document: str, words: str, tmp_path: Path) -> None:
    """A document that lacks something, or is cut, is one message with the place."""
    path = tmp_path / "a.json"
    path.write_bytes(document.encode("latin-1"))
    assert_refused(invoke("show", str(path)), "a.json: no trace as one JSON document", words)


FORMS = {
    "jsonl": b'{"kind":"run"',
    "json": b'{"run":',
    "html": b"<!DOCTYPE html>",
    "svg": b"<svg ",
    "md": b"# ping ",
    "csv": b"row,echo,",
    "dot": b"digraph",
    "mmd": b"flowchart",
    "pcapng": b"\x0a\x0d\x0d\x0a",
    "txt": b"ping 127.0.0.1",
    "text": b"ping 127.0.0.1",
    "HTML": b"<!DOCTYPE html>",
}


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("command", [["ping"], ["export", "@unpatched"]], ids=lambda command: command[0])
def test_the_name_of_an_output_chooses_its_form(command: list[str], suffix: str, tmp_path: Path) -> None:
    """-o a.html is a page, -o a.jsonl a trace, and another name says nothing."""
    path = tmp_path / f"a.{suffix}"
    done = invoke(*command, "-o", str(path))
    if command[0] == "export" and suffix in ("jsonl", "json", "txt", "text"):
        assert done.code == 2
        return
    assert done.code == 0
    assert path.read_bytes().startswith(FORMS[suffix])


def test_a_run_that_is_exported_at_once_is_what_export_makes(tmp_path: Path) -> None:
    """Ping -o a.svg draws what export draws of the stored run; a capture gets its keys."""
    ping("-o", str(tmp_path / "a.jsonl"))
    ping("-o", str(tmp_path / "a.svg"))
    assert invoke("export", str(tmp_path / "a.jsonl"), "--to", "svg").out == (tmp_path / "a.svg").read_bytes()
    assert invoke("ping", "--case", "ab-esp", "-o", str(tmp_path / "a.pcapng")).code == 0
    assert "00112233445566778899aabbccddeeff" in (tmp_path / "a.pcapng.keys").read_text(encoding="utf-8")
    assert invoke("ping", "--expect", "clean", "-o", str(tmp_path / "b.svg")).code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["ping", "--format", "json", "-o", "a.jsonl"],
        ["ping", "--format", "text", "-o", "a.html"],
        ["export", "@unpatched", "--to", "svg", "-o", "a.html"],
        ["diff", "--format", "json", "-o", "a.md"],
        ["matrix", "--format", "md", "-o", "a.json"],
    ],
    ids=" ".join,
)
def test_a_name_that_contradicts_the_form_is_refused(arguments: list[str]) -> None:
    """Two forms at once are one too many."""
    assert_refused(invoke(*arguments), "contradict each other")


def test_a_form_that_a_command_does_not_write_is_refused() -> None:
    """A name that asks for another form than there is gets no text under that name."""
    assert_refused(invoke("diff", "-o", "a.svg"), "writes no svg, but text, json, md")
    assert_refused(invoke("export", "@unpatched", "-o", "a"), "--to is missing")


def test_columns_are_named_once() -> None:
    """@NAME and NAME are the same column."""
    assert_refused(invoke("matrix", "--columns", "@patched", "--columns", "patched"), "names a fix twice")


def test_a_verdict_in_one_line_is_of_a_whole_trace(tmp_path: Path) -> None:
    """Show -q refuses what show refuses, though it prints the verdict alone."""
    path = tmp_path / "twice.jsonl"
    assert invoke("ping", "-o", str(path)).code == 0
    path.write_bytes(path.read_bytes() * 2)
    whole, brief = invoke("show", str(path)), invoke("show", "-q", str(path))
    assert (whole.code, whole.err) == (brief.code, brief.err)
    assert brief.code == 2
