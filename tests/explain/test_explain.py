"""The commands explain, list and schema."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace.pages.index import KINDS, PAGES
from tests.cli.support import ROOT, assert_refused, invoke


@pytest.mark.parametrize("name", ["OUT_DONE", "out_done", "PACKET_TAG_IPSEC_OUT_DONE"])
def test_a_tag_has_two_names_in_any_case(name: str) -> None:
    """A tag is found by its short and by its full kernel name."""
    shown = invoke("explain", name).text
    assert shown.startswith("OUT_DONE (marks, also PACKET_TAG_IPSEC_OUT_DONE)\n")
    assert "ipsec_process_done" in shown


def test_a_word_of_two_kinds_has_two_pages() -> None:
    """Where a code and an outcome share a word, both pages are shown."""
    shown = invoke("explain", "clean").text
    assert "clean (outcomes)" in shown
    assert "\n\nclean (codes)" in shown


@pytest.mark.parametrize("name", ["icmp_input", "icmp_reflect", "tcp_respond", "looutput"])
def test_a_knob_named_after_a_stage_has_a_page_of_its_own(name: str) -> None:
    """Where a knob has the name of the stage that it changes, the stage's page comes first."""
    stage, knob = json.loads(invoke("explain", name, "--format", "json").text)
    assert (stage["kind"], knob["kind"]) == ("stages", "knobs")
    assert (stage["name"], knob["name"]) == (name, name)


def test_a_term_of_two_words_needs_no_quotes() -> None:
    """The words of a term may be given one by one."""
    assert invoke("explain", "loop", "detection").text == invoke("explain", "loop detection").text


def test_an_index_does_not_matter() -> None:
    """A counter of another ICMP type has the page of its neighbour."""
    assert "icps_inhist" in invoke("explain", "icps_inhist[13]").text


def test_unknown_name() -> None:
    """An unknown name exits 2 and names what it may have meant, if anything looks like it."""
    assert_refused(invoke("explain", "OUT_DON"), "no such name", "OUT_DONE")
    assert_refused(invoke("explain", "icmp_refelct"), "icmp_reflect")
    assert_refused(invoke("explain", "%%%"), "no such name", "lists what there is")
    assert_refused(invoke("explain", "\x1b[31m"), "no such name")


def test_the_index_is_one_screen() -> None:
    """Without a name every kind is shown with what it is and how many names it has, in 24 lines."""
    lines = invoke("explain").lines
    assert len(KINDS) < len(lines) <= 24
    for kind, (meaning, pages) in KINDS.items():
        assert f"{kind} {len(pages)} {meaning}" in [" ".join(line.split()) for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["list"], ["list", "fixes"], ["list", "stages"]], ids=" ".join)
def test_a_terminal_gets_a_gloss_beside_each_name(arguments: list[str]) -> None:
    """On a terminal list says what each name means; in a pipe it gives the names alone."""
    shown = " ".join(on_a_terminal(*arguments).split())
    kind = arguments[1] if arguments[1:] else ""
    pages = (
        {page.name: page.text for page in KINDS[kind][1]} if kind else {k: m for k, (m, _p) in KINDS.items()}
    )
    assert all(f"{name} {' '.join(meaning.split())}" in shown for name, meaning in pages.items())
    assert invoke(*arguments).lines == [*pages]


def on_a_terminal(*arguments: str) -> str:
    """Run a command with a terminal for standard output; give what it shows, without colour."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.update(NO_COLOR="1", COLUMNS="1000")
        os.execv(sys.executable, [sys.executable, "-m", "ipsec_lo_trace", *arguments])  # noqa: S606 -- ours
    shown = b""
    with contextlib.suppress(OSError):  # as Linux says that the other end is closed
        while data := os.read(terminal, 4096):
            shown += data
    os.waitpid(pid, 0)
    os.close(terminal)
    return shown.decode()


def test_json() -> None:
    """--format json gives the pages with all their fields."""
    [page] = json.loads(invoke("explain", "esp_input", "--format", "json").text)
    assert page["name"] == "esp_input"
    assert page["source"] == "netipsec/xform_esp.c, esp_input. RFC 2406 section 3.4."
    assert len(json.loads(invoke("explain", "--format", "json").text)) == len(PAGES)
    assert_refused(invoke("explain", "--format", "json", "--color", "never"), "--color")


@pytest.mark.parametrize("width", ["20", "50", "80", "200"])
def test_nothing_is_cut(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any width the words are the same; only a word that is longer than a line exceeds it."""
    widest = [invoke("explain", name).text for name in ("ip_output", "IN_DONE", "stale-flag")]
    monkeypatch.setenv("COLUMNS", width)
    for name, wide in zip(("ip_output", "IN_DONE", "stale-flag"), widest, strict=True):
        text = invoke("explain", name).text
        assert text.split() == wide.split()
        assert (
            all(len(line) <= int(width) or len(line.split()) == 1 for line in text.splitlines())
            or width == "20"
        )


def test_list() -> None:
    """Plain list names the kinds, and list KIND each name on a line of its own."""
    assert invoke("list").lines == list(KINDS)
    for kind, (_meaning, pages) in KINDS.items():
        assert invoke("list", kind).lines == [page.name for page in pages]
        assert json.loads(invoke("list", kind, "--format", "json").text) == [page.name for page in pages]
    assert_refused(invoke("list", "stagse"), "no such kind", "stages")


def test_schema_is_the_documented_one(tmp_path: Path) -> None:
    """The command prints the bytes that the documentation keeps, also into a file."""
    kept = (ROOT / "docs" / "reference" / "trace.schema.json").read_bytes()
    assert invoke("schema").out == kept
    path = tmp_path / "schema.json"
    assert invoke("schema", "-o", str(path)).out == b""
    assert path.read_bytes() == kept


def test_colour_only_adds_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coloured pages have ANSI sequences, plain ones none."""
    assert b"\x1b" in invoke("explain", "leak", "--color", "always").out
    assert b"\x1b" not in invoke("explain", "leak").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert b"\x1b" in invoke("explain", "leak").out
