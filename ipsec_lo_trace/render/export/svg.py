"""A trace as a picture: the timeline, with every mark as a line from its birth to its end.

A mark's line is thin and green while its carrier is the packet that it was made for, broad, dashed and red
once it is stale; nothing is told by colour alone.  The picture follows the reader's light or dark theme.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import IO

from ipsec_lo_trace.render.export.flow import ON_LO0
from ipsec_lo_trace.render.export.svg_layout import GAP, LINE, TEXT_COLUMNS, Cell, Picture, Placed, measure
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.facts import title_text
from ipsec_lo_trace.render.marks import mark_text, sign
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import packet_text

TOP = 164
"""Room for the names of the lanes, which stand upright."""
ROW_X, WAY_X, STAGE_X, PACKET_X, LANES_X = 44, 54, 70, 248, 392
LANE = 18
MIN_LANES = 3
"""Room for the heading over them."""
COLUMN = 7.5
"""The width of a character, with some room for wider fonts."""
NO_XML = {code: f"\\u{code:04x}" for code in (0xFFFE, 0xFFFF)}
LEGEND = 3 * LINE

STYLE = """\
text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}
.title{font-size:16px;font-weight:bold}.name{font-size:11px}.bold{font-weight:bold}.quiet{fill:#59636e}
.page{fill:#fff}.band{fill:#f0f3f6}.wire{fill:#ddf4ff}.noted{fill:#ffebe9}
.own{stroke:#1a7f37;stroke-width:2;fill:none}
.stale{stroke:#b42318;stroke-width:5;fill:none;stroke-dasharray:6 2}
.dot{fill:#1a7f37}.staledot{fill:#b42318}.asked{fill:#fff;stroke:#1f2328;stroke-width:1.5}
.cross{fill:none;stroke:#1f2328;stroke-width:2}.warn{fill:#b42318;font-weight:bold}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.quiet{fill:#9198a1}.page{fill:#0d1117}.band{fill:#1c2128}.wire{fill:#0c2d4a}.noted{fill:#4a1512}
.own{stroke:#3fb950}.stale{stroke:#ff7b72}.dot{fill:#3fb950}.staledot{fill:#ff7b72}
.asked{fill:#0d1117;stroke:#e6edf3}.cross{stroke:#e6edf3}.warn{fill:#ff7b72}
}
"""


def write_svg(a: StoredTrace, b: StoredTrace | None, out: IO[bytes]) -> None:
    """Write the picture of a trace, or of two side by side; UserError if there are too many rows."""
    for line in svg_lines(a, b):
        out.write(line.encode() + b"\n")


def svg_lines(a: StoredTrace, b: StoredTrace | None = None) -> Iterator[str]:
    """Give the picture's lines; a trace is read twice, first for its size."""
    pictures = [measure(trace, TOP) for trace in (a, b) if trace is not None]
    widths = [_text_x(picture) + int(COLUMN * TEXT_COLUMNS) + 10 for picture in pictures]
    width, height = sum(widths), max(picture.bottom for picture in pictures) + LEGEND + GAP
    titles = [_title(picture.trace) for picture in pictures]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f'<title id="t">{"; ".join(titles)}</title>'
    said = "; ".join(_said(picture.trace) for picture in pictures)
    yield f'<desc id="d">{said}. A line of text for each row of the trace, a line down for each mark.</desc>'
    yield f"<style>\n{STYLE}</style>"
    yield f'<rect class="page" width="{width}" height="{height}"/>'
    left = 0
    for picture, own in zip(pictures, widths, strict=True):
        yield f'<g transform="translate({left})">'
        yield from _picture(picture, own)
        yield "</g>"
        left += own
    yield from _legend(max(picture.bottom for picture in pictures) + GAP)
    yield "</svg>"


def _title(trace: StoredTrace) -> str:
    run = trace.run
    return _text(f"{title_text(run)}, kernel {run.kernel}, fix {run.fix}")


def _said(trace: StoredTrace) -> str:
    verdict = trace.verdict
    return _text(f"{verdict.outcome.upper()} ({verdict.code}): {verdict.text}")


def _text_x(picture: Picture) -> int:
    return LANES_X + LANE * max(len(picture.lanes), MIN_LANES) + 10


def _picture(picture: Picture, width: int) -> Iterator[str]:
    """Draw one trace: its title and result, the names of its lanes, its rows."""
    text_x = _text_x(picture)
    yield f'<text class="title" x="14" y="28">{_title(picture.trace)}</text>'
    yield f'<text class="bold" x="14" y="50">{_said(picture.trace)}</text>'
    yield f'<text class="quiet" x="14" y="{TOP - 12}">row</text>'
    for x, head in ((STAGE_X, "stage"), (PACKET_X, "packet"), (text_x, "what happens")):
        yield f'<text class="quiet" x="{x}" y="{TOP - 12}">{head}</text>'
    for number, lane in enumerate(picture.lanes):
        x = LANES_X + LANE * number + LANE // 2 + 4
        yield f'<text class="name" transform="translate({x} {TOP - 8}) rotate(-90)">{_text(lane.name)}</text>'
    for row in picture.rows(TOP):
        yield from _row(row, text_x, width)


def _row(row: Placed, text_x: int, width: int) -> Iterator[str]:
    if row.now is None:
        for number, line in enumerate(row.lines, 1):
            y = row.top + LINE * number - 2
            yield f'<text class="quiet" x="{text_x}" y="{y}">{_text(line)}</text>'
        return
    step = row.now.step
    if row.heading:
        yield f'<rect class="band" y="{row.top}" width="{width}" height="{LINE + GAP - 2}"/>'
        yield f'<text class="bold" x="14" y="{row.top + LINE - 2}">{_text(row.heading)}</text>'
    top, height = row.row_top, row.bottom - row.row_top
    background = "noted" if row.note else "wire" if step.stage == ON_LO0 else ""
    if background:
        yield f'<rect class="{background}" y="{top}" width="{width}" height="{height}"/>'
    y = top + LINE - 2
    yield f'<text class="quiet" x="{ROW_X}" y="{y}" text-anchor="end">{step.row}</text>'
    yield f'<text x="{WAY_X}" y="{y}">{"&#8595;" if row.now.outbound else "&#8593;"}</text>'
    yield f'<text class="bold" x="{STAGE_X}" y="{y}">{_text(step.stage)}</text>'
    yield f'<text x="{PACKET_X}" y="{y}">{_text(f"{step.packet} {packet_text(step.wire)}")}</text>'
    for cell in row.cells:
        yield from _cell(cell, top, height)
    for number, line in enumerate(row.lines):
        words = _text(line)
        if row.note and not number:
            words = f'<tspan class="warn">{row.note}:</tspan><tspan dx="{COLUMN}">{words}</tspan>'
        yield f'<text x="{text_x}" y="{y + LINE * number}">{words}</text>'


def _cell(cell: Cell, top: int, height: int) -> Iterator[str]:
    """Draw a mark's line over the height of its row: from its dot if made here, to its cross if it ends."""
    x = LANES_X + LANE * cell.lane + LANE // 2
    middle = top + LINE // 2 + 3
    start = middle if cell.state == "made" else top
    end = middle if cell.state == "gone" else top + height
    stale = cell.mark.stale
    yield f"<g><title>{_text(mark_text(cell.mark))}{', stale' if stale else ''}</title>"
    yield f'<path class="{"stale" if stale else "own"}" d="M{x} {start}V{end}"/>'
    if cell.state == "made":
        yield f'<circle class="{"staledot" if stale else "dot"}" cx="{x}" cy="{middle}" r="4"/>'
    if cell.state == "gone":
        yield f'<path class="cross" d="M{x - 4} {middle - 4}l8 8m0 -8l-8 8"/>'
    if cell.settled:
        yield f'<path class="asked" d="M{x} {middle - 7}l7 7l-7 7l-7 -7z"/>'
        by = sign(cell.mark)
        yield f'<text class="bold" x="{x}" y="{middle + 4}" text-anchor="middle">{by}</text>'
    yield "</g>"


def _legend(top: int) -> Iterator[str]:
    y = top + LINE
    yield f'<path class="own" d="M20 {y - 4}h24"/><circle class="dot" cx="20" cy="{y - 4}" r="4"/>'
    yield f'<text class="quiet" x="52" y="{y}">a mark on its own packet, from where it is made</text>'
    yield f'<path class="stale" d="M560 {y - 4}h24"/>'
    yield f'<text class="quiet" x="592" y="{y}">stale: on another packet (a dashed, broad line)</text>'
    y += LINE
    yield f'<path class="asked" d="M30 {y - 11}l7 7l-7 7l-7 -7z"/>'
    yield f'<text class="quiet" x="52" y="{y}">it settled a question here (= its own, ! stale)</text>'
    yield f'<path class="cross" d="M568 {y - 8}l8 8m0 -8l-8 8"/>'
    yield f'<text class="quiet" x="592" y="{y}">removed, or gone with its packet; blue rows cross lo0</text>'


def _text(text: str) -> str:
    """Escape a text for XML, in which two characters that are no control characters have no place either."""
    return escape(plain(text).translate(NO_XML), quote=False)
