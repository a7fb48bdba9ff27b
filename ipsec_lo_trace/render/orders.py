"""Every order of a burst as lines of text: which endings there are, and how to see each again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.text import Text

from ipsec_lo_trace.model.orders import Ending, Orders
from ipsec_lo_trace.render.header import labelled
from ipsec_lo_trace.render.styles import Line, outcome_style


def orders_lines(orders: Orders, width: int) -> Iterator[Text]:
    """Say how many orders were tried, and for each ending what tells it from the others."""
    for line in _lines(orders):
        yield from line.wrap(width)


def _lines(orders: Orders) -> Iterator[Line]:
    many = "1 ending" if len(orders.endings) == 1 else f"{len(orders.endings)} endings"
    told = f"{orders.runs} tried, each up to a state that another has been in: {many}"
    yield labelled("orders").say(told)
    if not orders.complete:
        yield labelled("").say("not every order was tried: other endings may exist", "bad")
    always = set.intersection(*(set(ending.findings) for ending in orders.endings))
    if always:
        yield labelled("always").say(", ".join(sorted(always)))
    for ending in orders.endings:
        yield from _ending_lines(ending, always)


def _ending_lines(ending: Ending, always: set[str]) -> Iterator[Line]:
    line = Line(hang=2, style="heading")
    line.glue(ending.outcome.upper(), outcome_style(ending.outcome)).say(f"({ending.code})")
    answered = f"{ending.received} of {ending.sent} answered"
    yield line.say(f"{answered}; requests: {_told(ending.requests)}; replies: {_told(ending.replies)}")
    only = [code for code in ending.findings if code not in always and code != ending.code]
    if only:
        yield labelled("  also").say(", ".join(only))
    yield labelled("  again").glue(f"--schedule {ending.schedule}")


def _told(forms: Mapping[str, int]) -> str:
    return ", ".join(f"{many} {form}" for form, many in forms.items()) or "none"
