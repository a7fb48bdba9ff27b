"""Pages as text, and the index of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.text import Text

from ipsec_lo_trace.pages.page import SURE, Page
from ipsec_lo_trace.render.styles import Line

LABEL_COLUMNS = 10


def page_lines(pages: Iterable[Page], width: int) -> Iterator[Text]:
    """Yield the text of pages, an empty line between two."""
    for number, page in enumerate(pages):
        if number:
            yield Text("")
        for line in _page(page):
            yield from line.wrap(width)


def _page(page: Page) -> Iterator[Line]:
    head = Line().glue(page.name, "heading")
    also = f", also {', '.join(page.aliases)}" if page.aliases else ""
    yield head.say(f"({page.kind}{also})")
    yield _labelled("").say(page.text)
    for label, text in page.details:
        yield _labelled(label).say(text)
    yield _labelled("source").say(page.source)
    runs = f" ({', '.join(page.runs)})" if page.runs else ""
    yield _labelled("known").say(f"{page.sure}{runs}: {SURE[page.sure]}")
    yield _labelled("try").say(page.example)
    if page.see:
        yield _labelled("see").say(", ".join(page.see))


def _labelled(label: str) -> Line:
    lead = f" {label:<{LABEL_COLUMNS - 1}}" if label else " "
    return Line(lead if len(label) < LABEL_COLUMNS - 1 else f" {label} ", hang=LABEL_COLUMNS if label else 1)


def index_lines(kinds: Mapping[str, tuple[str, tuple[Page, ...]]], width: int) -> Iterator[Text]:
    """Yield the index: every kind, how many names it has, and what they are."""
    columns = max(map(len, kinds))
    for kind, (meaning, pages) in kinds.items():
        lead = [(f"{kind:<{columns}} ", "heading"), (f"{len(pages):>3}  ", "quiet")]
        yield from Line(lead).say(meaning).wrap(width)
    told = "explain NAME says what a name means; list KIND names all of a kind"
    yield from Line(style="quiet").say(told, "quiet").wrap(width)


def glossed_lines(names: Iterable[tuple[str, str]], width: int) -> Iterator[Text]:
    """Yield names, each with what it means beside it."""
    known = list(names)
    columns = max((len(name) for name, _meaning in known), default=0)
    for name, meaning in known:
        yield from Line([(f"{name:<{columns}}  ", "heading")], hang=columns + 2).say(meaning).wrap(width)
