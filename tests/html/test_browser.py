"""The page in a browser, opened from disk: does it load in silence, step, and suit all its readers?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.html.axe import axe_script
from tests.html.browser import Browser, UnavailableError, browser
from tests.html.support import default_page, parsed, squeezed, trace, written
from tests.support import PATCHED, UNPATCHED

pytestmark = pytest.mark.interop

SHOWN = """
return [...document.querySelectorAll(".pair")].filter((one) => one.offsetHeight).map((one) => one.dataset.row)
"""
SAID = "return [...document.querySelectorAll('.pair.here .did')].map(one => one.innerText)"
WIDTHS = (390, 1024, 1280, 1920)
ADDED = 10
"""Rows that only the patched kernel has."""
ROWS = 22 + ADDED
INTRUDE = """
const script = document.createElement("script");
script.textContent = "window.intruder = 1";
const picture = Object.assign(new Image(), { src: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" });
document.body.append(script, picture);
"""
RUN_AXE = """
const done = arguments[arguments.length - 1];
const places = (one) => one.nodes.map((node) => node.html.slice(0, 200));
axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(
  (result) => done(result.violations.map((one) => [one.id, places(one)])));
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Open a browser, or say why there is none."""
    try:
        with browser(tmp_path_factory.mktemp("profile")) as opened:
            yield opened
    except UnavailableError as reason:
        pytest.skip(f"no browser to drive: {reason}")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page of the default diff to disk."""
    path = tmp_path_factory.mktemp("page") / "diff.html"
    path.write_bytes(default_page())
    return path.as_uri()


@pytest.fixture
def page(window: Browser, address: str) -> Browser:
    """Open the page on a screen of 1280 by 800."""
    window.size(1280, 800)
    window.open(address)
    return window


def test_silent(page: Browser) -> None:
    """Loading and stepping through all rows puts nothing on the console and asks for nothing else."""
    page.press(*["ArrowRight"] * (ROWS + 3))
    assert page.run(SHOWN) == ["a22"]
    assert page.complaints() == []
    assert page.run("return performance.getEntriesByType('resource').length") == 0


def test_policy_holds(page: Browser) -> None:
    """The page's policy refuses a script and a picture that are not its own."""
    page.run(INTRUDE)
    assert page.run("return window.intruder || null") is None
    assert any("Content Security Policy" in said for said in page.complaints())


def test_opens_at_the_cause(page: Browser) -> None:
    """Without a row in its address the page shows its start card, and below it the row of the cause."""
    assert page.run(SHOWN) == ["a16"]
    assert page.run("return scrollY") == 0
    assert (
        page.run("return document.querySelector('.pair.here .pointer').innerText") == "<== FIRST DIFFERENCE"
    )
    assert page.run("return document.querySelector('.pair.here .side.a .pointer').innerText") == "<== CAUSE"


def test_keys(page: Browser) -> None:
    """Arrows, j and k, Home and End, and the steps' numbers lead to the rows."""
    ways = {
        "ArrowRight": "a17",
        "j": "a18",
        "k": "a17",
        "ArrowLeft": "a16",
        "8": "a18",
        "5": "a13",
        "End": "a22",
        "Home": "a1",
        "3": "a7",
    }
    assert page.run(SHOWN) == ["a16"]
    for key, row in ways.items():
        page.press(key)
        assert page.run(SHOWN) == [row], key
        assert page.run("return location.hash") == f"#{row}"


def test_letters_can_be_turned_off(page: Browser) -> None:
    """Single letters do nothing when the reader has turned them off; arrows go on."""
    page.click("#letters")
    page.press("j", "8")
    assert page.run(SHOWN) == ["a16"]
    page.press("ArrowRight")
    assert page.run(SHOWN) == ["a17"]


def test_mouse(page: Browser) -> None:
    """Buttons and links do what the keys do."""
    page.click("#next")
    page.click("#next")
    page.click("#previous")
    assert page.run(SHOWN) == ["a17"]
    page.click("#steps a[href='#a16'].changed")
    assert page.run(SHOWN) == ["a16"]
    page.click(".pair.here .later a[href='#a18']")
    assert page.comes_to(["a18"], SHOWN)
    assert page.run("return document.activeElement.textContent") == "ip_output"
    page.click("#all")
    assert len(page.run(SHOWN)) == ROWS


def test_links_name_the_row(window: Browser, address: str) -> None:
    """An address opens the row that it names, of either side; back and forward go where one has been."""
    window.open(f"{address}#a18")
    assert window.run(SHOWN) == ["a18"]
    window.open(f"{address}#b20")
    assert window.run(SHOWN) == ["b20"]
    window.press("ArrowRight", "ArrowRight")
    assert window.run(SHOWN) == ["b22"]
    window.back()
    assert window.comes_to(["b21"], SHOWN)
    window.forward()
    assert window.comes_to(["b22"], SHOWN)
    window.open(f"{address}#marks")
    assert window.run(SHOWN) == ["a16"]


def test_says_what_the_text_says(page: Browser) -> None:
    """Each step shows the words that the document holds, which another test holds equal to the text."""
    document = parsed(default_page())
    page.press("Home")
    for article in document.find("article"):
        wanted = [did.text for did in article.find(class_="did")]
        assert [squeezed(said) for said in page.run(SAID)] == wanted
        page.press("ArrowRight")


def test_timeline_by_keyboard(page: Browser) -> None:
    """In the list of rows up and down move, the focus goes along and is seen; Tab and Enter do as ever."""
    page.run("document.querySelector('.rows a').focus()")
    page.press("ArrowDown", "ArrowDown", "ArrowUp")
    assert page.run(SHOWN) == ["a17"]
    assert page.run("return document.activeElement.hash") == "#a17"
    outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.press("Tab", "Enter")
    assert page.run("return document.activeElement.hash") == "#a18"
    assert page.run(SHOWN) == ["a18"]


def test_steps_are_announced(page: Browser) -> None:
    """The live region tells which row is shown now; the link in the list is the current one."""
    page.press("8")
    said = page.run("return document.querySelector('[role=status]').textContent")
    assert said.startswith("ip_output. A @unpatched, row 18: ! OUT_DONE: made for P1")
    assert "B @patched, row 18: policy ipsec" in said
    current = page.run("return [...document.querySelectorAll('.rows [aria-current]')].map(one => one.hash)")
    assert current == ["#a18"]


def test_focus_is_not_lost(page: Browser) -> None:
    """When the row that has the focus goes away, the new row's heading gets it."""
    page.run("document.querySelector('.pair.here .name a').focus()")
    page.press("ArrowRight")
    assert page.run("return document.activeElement.textContent") == "icmp_send"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_strip_of_lanes_is_the_phones(window: Browser, address: str, width: int) -> None:
    """A phone shows a row's marks in a strip, since the list of rows with its lanes has no room there."""
    window.size(width, 844)
    window.open(f"{address}#a18")
    assert bool(window.run("return document.querySelector('.pair.here .strip').offsetHeight")) == (
        width < 960
    )
    assert bool(window.run("return document.querySelector('.heads .lanes').offsetHeight")) == (width > 960)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_head_is_under_the_bar(window: Browser, address: str, width: int) -> None:
    """With all rows shown, a link to a row puts its heads below the bar that stays on top."""
    window.size(width, 844)
    window.open(address)
    window.click("#all")
    for row in ("a18", "b20"):
        window.run(f"location.hash = '#{row}'")
        window.wait_for("requestAnimationFrame(() => requestAnimationFrame(arguments[arguments.length - 1]))")
        top, bottom = window.run(
            "return [document.querySelector('.pair.here h3').getBoundingClientRect().top,"
            " document.getElementById('bar').getBoundingClientRect().bottom]"
        )
        assert 0 < bottom <= top


@pytest.mark.parametrize("width", WIDTHS)
def test_no_sideways_scrolling(window: Browser, address: str, width: int) -> None:
    """At no width does the page scroll sideways, in no row and not with all rows shown."""
    window.size(width, 844)
    window.open(address)
    overflow = "return document.documentElement.scrollWidth - innerWidth"
    for _row in range(ROWS):
        assert window.run(overflow) <= 0
        window.press("ArrowRight")
    window.click("#all")
    assert window.run(overflow) <= 0


def test_long_words_do_not_widen_a_phone(window: Browser, tmp_path: Path) -> None:
    """Tunnels, bundles and packets in fragments fit a phone too."""
    tunnel = {"proto": "esp+ah", "mode": "tunnel"}
    path = tmp_path / "page.html"
    path.write_bytes(written(trace(UNPATCHED, "a.jsonl", **tunnel), trace(PATCHED, "b.jsonl", **tunnel)))
    window.size(390, 844)
    window.open(path.as_uri())
    window.click("#all")
    assert window.run("return document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [390, 1280])
def test_readable_without_script(window: Browser, address: str, width: int) -> None:
    """Without JavaScript every row is on the page, and nothing is offered that does not work."""
    window.size(width, 844)
    window.emulate("Emulation.setScriptExecutionDisabled", value=True)
    try:
        window.open(address)
        assert len(window.run(SHOWN)) == ROWS
        assert window.run("return document.getElementById('bar').offsetHeight") == 0
        assert window.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        window.emulate("Emulation.setScriptExecutionDisabled", value=False)


def test_paper_has_every_row(page: Browser) -> None:
    """Printed, every row is there, whatever row the screen shows."""
    page.press("8")
    page.emulate("Emulation.setEmulatedMedia", media="print")
    assert len(page.run(SHOWN)) == ROWS
    assert len(re.findall(rb"/Type\s*/Page\b", page.paper())) > 1


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)], ids=["phone-light", "screen-dark"])
def test_accessible(
    window: Browser, address: str, pytestconfig: pytest.Config, width: int, dark: bool
) -> None:
    """axe-core finds nothing in either colour scheme, with one row and with all of them."""
    try:
        axe = axe_script(pytestconfig.cache.mkdir("axe"))
    except UnavailableError as reason:
        pytest.skip(f"no accessibility checker: {reason}")
    window.size(width, 900, dark=dark)
    window.open(f"{address}#a18")
    window.run(axe + ";window.axe = window.axe || axe;")
    assert violations(window) == []
    window.click("#all")
    assert violations(window) == []


def violations(window: Browser) -> list[Any]:
    """Ask axe-core about the page as it is shown."""
    found: list[Any] = window.wait_for(RUN_AXE)
    return found
