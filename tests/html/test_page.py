"""The page without a browser: is it whole, does it say what the text says, can it be read?"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import re
from collections.abc import Callable
from importlib.resources import files
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.pages.marks import MARKS
from ipsec_lo_trace.render.header import header_lines, verdict_lines
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.html.cells import PLACEHOLDERS
from ipsec_lo_trace.render.html.markup import words
from ipsec_lo_trace.render.lanes import SIGNS, Lanes, lanes_of
from ipsec_lo_trace.render.ledger import ledger, ledger_lines
from ipsec_lo_trace.render.reasons import why
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import View, mark_cell, packet_text
from ipsec_lo_trace.render.why import why_lines
from tests.html.support import Node, default_page, parsed, probe, squeezed, trace, written
from tests.render.support import printed
from tests.render.test_timeline import traced
from tests.support import PATCHED, UNPATCHED

WIDE = 100_000
PAGES: dict[str, Callable[[], bytes]] = {
    "diff": default_page,
    "one": lambda: written(trace(UNPATCHED, "one.jsonl")),
    "bundle": lambda: pair(proto="esp+ah", mode="tunnel"),
    "many": lambda: pair(count=3),
    "probe": lambda: written(probe("tcp-closed")),
    "fragments": lambda: written(trace(UNPATCHED, "big.jsonl", size=40_000)),
}
STYLE, SCRIPT = (
    files("ipsec_lo_trace.render.html").joinpath(name).read_text("utf-8") for name in ("page.css", "page.js")
)
SIDES = {"a": (UNPATCHED, "@unpatched"), "b": (PATCHED, "@patched")}
EACH_SIDE = pytest.mark.parametrize("letter", SIDES)
EACH_PAGE = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in ("fragments", "many") else []) for name in PAGES],
)


def pair(**options: Any) -> bytes:  # noqa: ANN401 -- passed on to trace()
    """Write the page of a run without and with the fix."""
    return written(trace(UNPATCHED, "a.jsonl", **options), trace(PATCHED, "b.jsonl", **options))


@functools.cache
def tree(name: str) -> Node:
    """Read one of the pages."""
    return parsed(PAGES[name]())


def side(letter: str) -> StoredTrace:
    """Open the trace behind a column of the default page."""
    return trace(*SIDES[letter])


@functools.cache
def cells(letter: str) -> dict[int, Node]:
    """Return the cells of a column of the default page by row."""
    places = {
        node.attributes["id"]: node
        for node in parsed(default_page()).find(class_="side")
        if "id" in node.attributes
    }
    return {int(place[1:]): node for place, node in places.items() if place[0] == letter}


def one(node: Node, class_: str) -> str:
    """Return the words of the only element of a class."""
    [found] = node.find(class_=class_)
    return found.text


@EACH_PAGE
def test_well_formed(name: str) -> None:
    """Every element is closed in its place, and no name is given twice."""
    names = [node.attributes["id"] for node in tree(name).nodes() if "id" in node.attributes]
    assert len(names) == len(set(names))


@EACH_PAGE
def test_links_stay_on_the_page(name: str) -> None:
    """Every link leads to a place on the page; no tag and no rule of style names anything elsewhere."""
    page = tree(name)
    names = {f"#{node.attributes.get('id')}" for node in page.nodes()}
    assert [link.attributes["href"] for link in page.find("a") if link.attributes["href"] not in names] == []
    for node in page.nodes():
        assert not node.attributes.keys() & {"src", "srcset", "action", "poster", "data", "style", "onclick"}
        assert node.name == "a" or "href" not in node.attributes
    assert not re.search(r"url\(|@import|//[a-z]", STYLE)
    assert not re.search(r"fetch|import|https?:|XMLHttpRequest|innerHTML", SCRIPT)


@EACH_PAGE
def test_policy_names_what_is_inside(name: str) -> None:
    """The content policy allows nothing but the page's own style and script, by their digests."""
    page = tree(name)
    [policy] = [node.attributes["content"] for node in page.find("meta") if "http-equiv" in node.attributes]
    for kind, element in (("style-src", "style"), ("script-src", "script")):
        [inside] = page.find(element)
        [text] = inside.parts
        digest = base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert [
        node.name
        for node in page.nodes()
        if any(key[:2] == "on" or key == "style" for key in node.attributes)
    ] == []


def test_small_and_the_same_each_time() -> None:
    """The page of the default diff has less than 300 KB, and is made twice in the same bytes."""
    assert len(default_page()) < 300_000
    assert written(side("a"), side("b")) == default_page()


@EACH_SIDE
def test_rows_say_what_the_trace_says(letter: str) -> None:
    """Each row of the trace is on the page: number, stage, packet, marks, and what it did."""
    steps, found = list(side(letter).steps()), cells(letter)
    assert len(steps) == len(found) > 20
    packet = ""
    for step in steps:
        cell, reborn = found[step.row], packet != step.packet
        packet = step.packet
        marks = " ".join(text for text, _style in mark_cell(step, reborn=reborn) if text not in PLACEHOLDERS)
        did = one(cell, "did")
        assert did.partition(" <== ")[0] == ": ".join(filter(None, (marks, step.text)))
        assert f", {packet_text(step.wire)}, " in one(cell, "packet")
        assert f", row {step.row}" in one(cell, "name")
        assert ("changed here" in cell.text) == (step.bytes is not None)


@pytest.mark.slow
@EACH_SIDE
def test_reasons_say_what_the_text_says(letter: str) -> None:
    """Each phrase that ``why`` prints about a row is in its cell: questions, answers, marks, later rows."""
    for row, cell in cells(letter).items():
        reasons = why(side(letter), str(row))
        for asked in reasons.questions:
            assert f"{asked.id} {asked.text} by {asked.by}, {asked.file}" in _spaced(cell)
            for part in asked.parts:
                assert part.left in _spaced(cell)
                assert part.right in _spaced(cell)
            assert f"answer {asked.said}" in _spaced(cell)
        printed = [squeezed(str(line)) for line in why_lines(reasons, WIDE)]
        for line in printed:
            if re.match(r"mark \S+ .* in row|row \d+ \S+:", line):
                assert line.removeprefix("mark ") in _spaced(cell)


def _spaced(node: Node) -> str:
    """Return an element's words with a space between neighbouring elements."""
    texts = (part if isinstance(part, str) else f" {_spaced(part)} " for part in node.parts)
    glued = re.sub(r" ([,;:).])", r"\1", squeezed("".join(texts)))
    return re.sub(r"(\() ", r"\1", glued)


@EACH_SIDE
def test_ends_say_what_the_text_says(letter: str) -> None:
    """Verdict, ledger of marks and header are on the page in the text's words."""
    opened = side(letter)
    text = parsed(default_page()).text
    lines = [*verdict_lines(opened.run, opened.verdict), *ledger_lines(ledger(opened.steps()))]
    for line in [*lines, *header_lines(opened.run, assumptions=True)]:
        assert " ".join(word.text for word in line.words) in text


@EACH_PAGE
def test_headings_are_those_of_the_text(name: str) -> None:
    """The rows stand under headings of the steps; no level is left out."""
    page = tree(name)
    levels = [int(node.name[1]) for node in page.nodes() if re.fullmatch("h[1-6]", node.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.find("section", "step")


def numbered(name: str) -> str:
    """Name a group as the page does: by its packet, or as a step."""
    return f"step {name}" if name.isdigit() else name


@pytest.mark.slow
@pytest.mark.parametrize(
    "opened", [trace(UNPATCHED, "x", count=3), probe("tcp-closed")], ids=["ping", "probe"]
)
def test_every_heading_of_one_trace(opened: StoredTrace) -> None:
    """On the page of one trace each group has the heading that it has in the text."""
    headings = Headings(opened.run)
    titles = [section.find("h2")[0].text for section in parsed(written(opened)).find("section", "step")]
    heads = [re.fullmatch("-- ([0-9P/]*) ?(.*?) -*", line) for line in printed(opened, View(width=WIDE))]
    told = [": ".join(filter(None, (numbered(head[1]), head[2]))) for head in heads if head]
    assert set(titles) <= set(told)
    assert len(titles) == len({headings.group(step) for step in opened.steps()})


@EACH_PAGE
def test_every_byte_is_there(name: str) -> None:
    """The bytes of each row are the packet's, and those are marked that differ from the row before."""
    for dump in tree(name).find(class_="dump"):
        lines = [line for line in dump.parts if isinstance(line, Node)]
        data = [byte for line in lines for group in line.find("span") for byte in group.text.split()]
        assert all(re.fullmatch("[0-9a-f]{2}", byte) for byte in data)
        assert [line.find("i")[0].text for line in lines] == [f"{at:04x}" for at in range(0, len(data), 16)]


@EACH_SIDE
def test_changed_bytes_are_marked(letter: str) -> None:
    """Where two rows have packets of one length, exactly the bytes that differ are marked."""
    before: list[str] = []
    for _row, cell in sorted(cells(letter).items()):
        [dump] = cell.find(class_="dump")
        data = [byte for group in dump.find("span") for byte in group.text.split()]
        marked = sum(len(mark.text.split()) for mark in dump.find("mark"))
        if len(data) == len(before):
            assert marked == sum(old != new for old, new in zip(before, data, strict=True))
        before = data


def test_rows_of_one_side_are_marked_as_such() -> None:
    """A row that only one of the traces has says so in words, in the row and in the list of rows."""
    page = parsed(default_page())
    alone = page.find("article", "added")
    assert len(alone) == 10
    for article in alone:
        assert "only in B" in article.text
        assert "There is no such row in A." in article.text
    links = [link.text for link in page.find("a", "added")]
    assert len(links) == 10
    assert all("only in B" in link and "no row of A" in link for link in links)


def test_one_trace_speaks_of_no_other() -> None:
    """The page of one trace has no letters, no columns, and nothing about a difference."""
    page = tree("one")
    text = " ".join(section.text for section in page.find("main"))
    assert "same in both" not in text
    assert not re.search(r"\b[AB] one\.jsonl", text)
    assert [node for node in page.nodes() if node.attributes.get("id", "").startswith("b1")] == []
    assert len(page.find("article")) == len(list(trace(UNPATCHED, "x").steps()))


def test_too_many_rows() -> None:
    """A trace that no browser could show as a page is refused, with what to do."""
    with pytest.raises(UserError, match=r"long\.jsonl: more than 2000 rows") as refused:
        written(trace(UNPATCHED, "long.jsonl", count=100))
    assert "-c" in str(refused.value.hint)


def test_start_card() -> None:
    """Four sentences, the lanes with what their marks say, and the row at which the page opens."""
    page = parsed(default_page())
    (card,) = page.find(class_="start")
    assert len(card.find("p")) == 4
    assert [name.text for name in card.find("b")] == ["OUT_DONE", "M_DECRYPTED", "IN_DONE"]
    assert page.find("main")[0].attributes["data-start"] == "a16"
    clean = parsed(written(trace(PATCHED, "clean")))
    assert clean.find("main")[0].attributes["data-start"] == ""
    said = clean.find(class_="start")[0].find("p")[2].text
    assert said == "P1's M_DECRYPTED rides on with another packet from row 16 on, stale."
    two = card.find("p")[2].text
    assert two.startswith("In A, P1's OUT_DONE, M_DECRYPTED, IN_DONE ride on")
    assert two.endswith("In B, P1's M_DECRYPTED rides on with another packet from row 16 on, stale.")


def test_start_card_without_a_stale_mark() -> None:
    """Where no mark outlives its packet the card says so; where something is lost, the page opens there."""
    lost = parsed(written(traced(Setup(case="null-sa"))))
    assert lost.find("main")[0].attributes["data-start"] == "a3"
    assert "No mark here outlives" in lost.find(class_="start")[0].text


def test_names_of_marks_carry_their_page() -> None:
    """Each mark's name has the text of explain as its title."""
    texts = {page.name: page.text for page in MARKS}
    named = [name for name in parsed(default_page()).find("b") if name.attributes.get("title")]
    assert len(named) > 20
    for name in named:
        assert name.attributes["title"] == texts[name.text]


@pytest.mark.parametrize("letter", ["a", "b"])
def test_lanes_are_those_of_the_text(letter: str) -> None:
    """The list of rows shows each row's lanes with the text's signs, under the text's names."""
    opened = trace(*SIDES[letter])
    lanes = Lanes(lanes_of(opened.steps()))
    borne = (lanes.borne(row).signs for row in opened.steps())
    wanted = [["" if sign == "none" else SIGNS[sign][0] for sign in signs] for signs in borne]
    (nav,) = parsed(default_page()).find("nav")
    column = "ab".index(letter)
    heads = nav.find(class_="heads")[0].find(class_="lanes")[column]
    assert [name.text for name in heads.find("i")] == [lane.name for lane in lanes.lanes]
    rows = (row for rows in nav.find(class_="rows") for row in rows.find("a"))
    shown = [row.find(class_="lanes")[column] for row in rows if not none_of(row, column)]
    assert [[cell.text for cell in cells.find("i")] for cells in shown] == wanted


def none_of(row: Node, column: int) -> bool:
    """Tell whether a trace has no such row."""
    return "no row of" in row.find(class_="no")[column].text


def test_landmarks_and_names() -> None:
    """A screen reader finds language, landmarks, a live region, and named table heads."""
    page = parsed(default_page())
    assert page.find("html")[0].attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.find(landmark)) == 1, landmark
    assert [node.attributes["id"] for node in page.nodes() if node.attributes.get("role") == "status"] == [
        "announcer"
    ]
    for table in page.find("table"):
        assert table.find("th")
        assert all(head.text and head.attributes["scope"] in ("row", "col") for head in table.find("th"))


def test_signs_and_words_stand_for_colours() -> None:
    """What has a colour is said by a sign or a word too."""
    page = parsed(default_page())
    for mark in page.find(class_="m"):
        assert mark.text[0] in "+-=!"
    for settled in page.find("p", "settled"):
        assert settled.text[0] == ("!" if "stale" in settled.classes else "=")
    assert re.search(r"^mark \{[^}]*font-weight: 700[^}]*underline", STYLE, re.MULTILINE)


def palettes() -> list[dict[str, str]]:
    """Return the colours of the light scheme, the dark one and of paper."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    found = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in blocks]
    assert len(found) == 3
    assert all(palette.keys() == found[0].keys() for palette in found)
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark", "paper"])
def test_contrast(palette: dict[str, str]) -> None:
    """Each text colour has a contrast of at least 4.5 on each ground, in each scheme and on paper."""
    for ground in ("ground", "raised", "changed", "chosen"):
        for ink in ("ink", "quiet", "link", "good", "bad", "warn"):
            light, dark = sorted((luminance(palette[ground]), luminance(palette[ink])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)


def test_style_uses_only_those_colours() -> None:
    """No rule of the style has a colour of its own, so that the contrast test has seen them all."""
    rules = re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;, )])|rgba?\(|hsla?\(|opacity", rules) == []


def test_words_of_a_trace_cannot_become_markup() -> None:
    """Tags, quotes, control characters in a trace or its name are shown, never acted upon."""
    hostile = "</script><img src=x onerror=alert(1)>\"'&\x00\x1b"
    lines = side("a")
    steps = [msgspec.structs.replace(step, text=hostile, stage=hostile) for step in lines.steps()]
    records = [msgspec.structs.replace(lines.run, program=hostile), *steps]
    verdict = msgspec.structs.replace(lines.verdict, text=hostile, outcome=hostile, code=hostile)
    page = written(_stored([*records, verdict], name=hostile + "\udcff"))
    tree = parsed(page)
    assert tree.find("img") == []
    assert len(tree.find("script")) == 1
    assert b"\x00" not in page
    assert "\\udcff" in page.decode()


def _stored(records: list[object], name: str) -> StoredTrace:
    return StoredTrace(io.BytesIO(b"".join(msgspec.json.encode(record) + b"\n" for record in records)), name)


def test_escaping() -> None:
    """Words keep their meaning in HTML, and control characters are spelt out."""
    assert words("<&>\"'\x1b\n") == "&lt;&amp;&gt;&quot;&#x27;\\x1b\n"
