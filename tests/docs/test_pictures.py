"""Are the documentation's pictures what the program draws and prints?"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.docs.test_docs import DOCS, PAGES, ROOT, script

PICTURES = sorted((DOCS / "pictures").iterdir())
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
TEXT = "{http://www.w3.org/2000/svg}text"
COLOURED = re.compile(r"([.\w]+)\{[^}]*#[0-9a-f]{3,6}")


def shown() -> list[tuple[Path, str]]:
    """List the pictures that pages show, with the words for who does not see them."""
    found = [(page, IMAGE.findall(page.read_text(encoding="utf-8"))) for page in PAGES]
    return [((page.parent / name).resolve(), words) for page, images in found for words, name in images]


@pytest.mark.slow
def test_pictures_are_up_to_date() -> None:
    """Every picture is there, and is byte for byte what ``python docs/generate.py`` would write now."""
    made = script("pictures").pictures()
    assert sorted(made) == PICTURES
    assert [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text] == []


def test_every_picture_is_shown_with_words() -> None:
    """Pages show every picture and no other, each with a text in its place."""
    assert sorted({path for path, _words in shown()}) == PICTURES
    assert all(words for _path, words in shown())
    assert (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[2].startswith("![")


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_pictures_stand_alone_in_light_and_dark(picture: Path) -> None:
    """A picture loads nothing, and whatever it colours has a second colour for readers of dark pages."""
    text = picture.read_text(encoding="utf-8")
    assert ET.fromstring(text).tag.endswith("svg")  # noqa: S314 -- our own writer's
    assert re.findall(r"(?:href|src|url\(|@import)", text) == []
    style = text[text.index("<style>") : text.index("</style>")]
    light, _, dark = style.partition("@media (prefers-color-scheme:dark)")
    assert COLOURED.findall(light)
    assert sorted(COLOURED.findall(light)) == sorted(COLOURED.findall(dark))


@pytest.mark.slow
def test_the_recording_is_what_the_program_prints(tmp_path: Path) -> None:
    """Read back by its places, a recording has each command and, below it, what that prints."""
    pictures = script("pictures")
    for name, commands in pictures.RECORDED.items():
        expected: list[str] = []
        for command in commands:
            printed = script("console").run(command, tmp_path)[1]
            expected += ["", f"$ {command}", *printed.splitlines()]
        assert read_back((pictures.PICTURES / name).read_text(encoding="utf-8")) == expected[1:]


def read_back(svg: str) -> list[str]:
    """Put a recording's texts back into the lines and columns of the terminal."""
    pictures = script("pictures")
    found = [
        (
            (int(text.attrib["y"]) + 5 - pictures.MARGIN) // pictures.LINE,
            (int(text.attrib["x"]) - pictures.MARGIN) // pictures.COLUMN,
            text.text or "",
        )
        for text in ET.fromstring(svg).iter(TEXT)  # noqa: S314 -- as above
    ]
    lines = {}
    for number, pieces in groupby(sorted(found), key=lambda piece: piece[0]):
        lines[number] = ""
        for _number, column, text in pieces:
            lines[number] = lines[number].ljust(column) + text
    return [lines.get(number, "") for number in range(1, max(lines) + 1)]


def test_an_unknown_colour_is_noticed() -> None:
    """An ANSI sequence for which a recording has no style stops it, rather than being left out."""
    assert list(script("pictures").pieces("\x1b[1;31mno\x1b[0m  more")) == [
        (0, ' class="bold red"', "no"),
        (4, "", "more"),
    ]
    with pytest.raises(KeyError):
        list(script("pictures").pieces("\x1b[36mcyan"))
