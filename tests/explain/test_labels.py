"""explain knows every label that stands on a screen."""

from __future__ import annotations

import json
import re

import pytest

from ipsec_lo_trace.fixes.fix import SHORT
from ipsec_lo_trace.pages.index import KINDS, PAGES, find
from ipsec_lo_trace.pages.steps import ROWS, STEP_PAGES
from tests.cli.support import ROOT, assert_refused, invoke
from tests.explain.screens import SCREENS, labels
from tests.support import trace

RENDERERS = ROOT / "ipsec_lo_trace" / "render"
WRITTEN = re.compile(r"""\b_?labelled\(f?"([^"{]+)"\)""")
FEWEST = 2
"""Labels that a screen has at least, the smallest one."""


@pytest.fixture(autouse=True)
def _size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the screen its width: the wide one has a column more."""
    monkeypatch.setenv("COLUMNS", "130" if "wide" in request.node.name else "80")


@pytest.mark.parametrize("screen", SCREENS)
def test_every_label_of_a_screen_has_a_page(screen: str) -> None:
    """Each label that is printed is a name that explain knows."""
    found = labels(screen)
    assert len(found) >= FEWEST
    assert [label for label in sorted(found) if not find(label)] == []


def test_labels_are_found_where_they_stand() -> None:
    """The collectors see the labels of each place: heads, columns, roles, signs, groups, ends."""
    seen = labels("full")
    for label in (
        "kernel",
        "assumed",
        "row",
        "function",
        "CAUSE",
        "counted",
        "marks",
        "step 8",
        "after",
        "moved",
    ):
        assert label in seen, label
    assert {"also", "more", "why", "next"} <= labels("timeline") | seen
    assert {"stale, decides", "unprotected", "on the wire", "own"} <= labels("timeline")
    assert {"part at", "B-A", "@patched", "packet", "loop-detection"} <= labels("diff")


def test_every_label_that_a_renderer_writes_has_a_page() -> None:
    """What the renderers put before a line is known, on whatever screen it is seen."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(RENDERERS.rglob("*.py")))
    written = {label.strip() for label in WRITTEN.findall(source)}
    assert len(written) > 30
    assert [label for label in sorted(written) if not find(label)] == []


def test_every_label_of_a_page_has_a_page() -> None:
    """The pages of explain have labels of their own, and it knows these too."""
    own = {label for page in PAGES for label, _text in page.details}
    assert len(own) > 20
    assert [label for label in sorted(own) if not find(label)] == []


FORMED = {
    "P3": ["P1"],
    "P1/loop1": ["P1"],
    "F1": ["P1"],
    "echo 3": ["echo"],
    "row 16": ["row"],
    "esp/transport//require": ["rule"],
    "ah/tunnel/10.0.0.1-10.0.0.2/unique:7": ["rule"],
    "esp:1001#1": ["crossing"],
    "ah:1011#1/esp:1001#1": ["crossing"],
    "lo0[3]": ["crossing"],
    "0x00001000": ["SPI"],
    "icps_inhist": ["icps_inhist[0]"],
    "icps_inhist[13]": ["icps_inhist[0]"],
    "counted:": ["counted"],
    "@netbsd-2.0": ["@", "netbsd-2.0"],
    "@patched": ["@", "netbsd-2003-08"],
    "@unpatched": ["@", "none"],
    "clean-to-lost": ["never-worse", "clean", "clean", "clean", "lost"],
    "ip_output-bundle": ["no-clear", "bundle", "bundle"],
}
"""Names by their form, and the pages that they have."""


@pytest.mark.parametrize("name", FORMED)
def test_a_form_has_the_page_of_its_kind(name: str) -> None:
    """What is a number, a rule or a run on the spot has the page that tells of its like."""
    shown = json.loads(invoke("explain", name, "--format", "json").text)
    assert [page["name"] for page in shown] == FORMED[name]


@pytest.mark.parametrize(
    "name", ["@nosuch", "P0x", "esp/transport/require", "nosuch[0]", "0x123456789", "::"]
)
def test_what_has_no_such_form_is_unknown(name: str) -> None:
    """A name that only resembles a form is no name."""
    assert_refused(invoke("explain", name), "no such name")


@pytest.mark.parametrize(
    "word", ["IV", "callback", "PR_LASTHDR", "setkey", "setkey(8)", "SPD", "SAD", "moved"]
)
def test_words_that_lacked_a_page(word: str) -> None:
    """Words of the rows and of the documentation have pages with a source."""
    [page] = [page for page in find(word) if page.kind in ("terms", "labels")]
    assert page.source


def test_steps_name_their_rows() -> None:
    """A step's page has the rows of a ping that are its, and the mail as its source."""
    rows = [(step.analysis, step.row, step.stage) for step in trace("lo-esp", "none").steps if step.analysis]
    told = [
        (number, first + at, stage)
        for number, (first, stages) in ROWS.items()
        for at, stage in enumerate(stages)
    ]
    assert told == rows
    for page in STEP_PAGES:
        number = int(page.name.removeprefix("step "))
        first, stages = ROWS[number]
        assert dict(page.details)["rows"].startswith(f"row{'s' if len(stages) > 1 else ''} {first}")
        assert (page.source.startswith("mail-index"), page.sure) == (True, "cited")


def test_every_kind_has_a_page() -> None:
    """Each kind that list names is explained, and a fix is found by its short name."""
    for kind, (meaning, _pages) in KINDS.items():
        assert any(meaning in page.text for page in find(kind) if page.kind == "labels"), kind
    for short, name in SHORT.items():
        assert [page.name for page in find(short)] == [name]
