"""The pictures of the documentation: what the program draws of a trace, and a recorded run in a terminal."""
# ruff: noqa: INP001 -- a script beside the pages, not in a package

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from console import PROGRAM, run

DOCS = Path(__file__).resolve().parent
PICTURES = DOCS / "pictures"
DRAWN = {"the-leak.svg": f"{PROGRAM} export @unpatched --to svg"}
RECORDED = {
    "a-session.svg": (
        f"{PROGRAM} ping --unpatched --step 6-8",
        f"{PROGRAM} ping --patched -q",
        f"{PROGRAM} check",
    )
}
LINE, COLUMN, MARGIN = 18, 8, 16
"""The height of a line, the width of a character and the edge, in pixels."""
CLASSES = {"0": "", "1": "bold", "2": "dim", "31": "red", "32": "green", "35": "magenta"}
"""What each code of an ANSI sequence that the program writes is called in ``STYLE``."""
STYLE = """\
text{font:13px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}
.page{fill:#f6f8fa}.bold{font-weight:bold}.dim{fill:#59636e}
.red{fill:#b42318}.green{fill:#1a7f37}.magenta{fill:#8250df}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.page{fill:#161b22}.dim{fill:#9198a1}
.red{fill:#ff7b72}.green{fill:#3fb950}.magenta{fill:#d2a8ff}
}
"""
SEQUENCE = re.compile(r"\x1b\[([\d;]*)m")
PIECE = re.compile(r"\S+(?: \S+)*")


def pictures() -> dict[Path, str]:
    """Return every picture's file and text."""
    drawn = {PICTURES / name: printed(line) for name, line in DRAWN.items()}
    return drawn | {PICTURES / name: recording(lines) for name, lines in RECORDED.items()}


def printed(line: str) -> str:
    """Run a command line beside the examples; RuntimeError if it fails."""
    code, text = run(line, DOCS / "examples")
    if code:
        raise RuntimeError(f"{line} exits {code}: {text}")
    return text


def recording(commands: Iterable[str]) -> str:
    """Draw the commands and what they print, in colour, as an SVG that follows the reader's theme."""
    lines: list[str] = []
    for command in commands:
        lines += [f"\x1b[1m$ {command}\x1b[0m", *printed(f"{command} --color always").splitlines(), ""]
    columns = max(len(SEQUENCE.sub("", line)) for line in lines)
    return "".join(f"{line}\n" for line in svg_lines(lines[:-1], columns, "; ".join(commands)))


def svg_lines(lines: list[str], columns: int, title: str) -> Iterator[str]:
    """Give the lines of an SVG that shows a terminal's lines."""
    width, height = COLUMN * columns + 2 * MARGIN, LINE * len(lines) + 2 * MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f'<title id="t">{escape(title)}</title>'
    yield f"<style>\n{STYLE}</style>"
    yield f'<rect class="page" width="{width}" height="{height}" rx="6"/>'
    for number, line in enumerate(lines, 1):
        y = MARGIN + LINE * number - 5
        for column, style, text in pieces(line):
            x, length = MARGIN + COLUMN * column, COLUMN * len(text)
            yield f'<text{style} x="{x}" y="{y}" textLength="{length}">{escape(text)}</text>'
    yield "</svg>"


def pieces(line: str) -> Iterator[tuple[int, str, str]]:
    """Take a line apart at its ANSI sequences and wide gaps; yield each piece's column, class and text."""
    column, style = 0, ""
    for number, part in enumerate(SEQUENCE.split(line)):
        if number % 2:  # between the texts stand the codes of the sequences
            names = " ".join(filter(None, (CLASSES[code] for code in part.split(";"))))
            style = f' class="{names}"' if names else ""
        else:
            yield from ((column + found.start(), style, found[0]) for found in PIECE.finditer(part))
            column += len(part)
