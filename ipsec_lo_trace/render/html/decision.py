"""A row's decision in words: what was asked, what was compared, the answer, what depends on it."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.render.html.markup import element, facts, heard, linked, table, words
from ipsec_lo_trace.render.reasons import Asked, Why
from ipsec_lo_trace.render.styles import Line
from ipsec_lo_trace.render.why import settled_line

RELATIONS = {"=": "equals", "!=": "differs from", "in": "", "not in": ""}


def questions_html(why: Why, letter: str) -> str:
    """Return the questions of a row in their order."""
    asked = "".join(element("li", "".join(_question(one, letter))) for one in why.questions)
    return element("ol", asked, class_="asked") if asked else ""


def _question(asked: Asked, letter: str) -> Iterator[str]:
    yield element("p", f"{element('code', words(asked.id))} {words(asked.text)}", class_="question")
    if asked.by:
        yield element("p", words(f"by {asked.by}, {asked.file}"), class_="by")
    yield _operands(asked)
    yield element("p", f"answer {element('strong', words(asked.said))}", class_="answer")
    if asked.settled_by is not None:
        stale = asked.settled_by.mark.stale
        code = f", which is {asked.stale_code}" if stale and asked.stale_code else ""
        sign = "! " if stale else "= "
        by = f"{sign}settled by {linked(settled_line(asked.settled_by), letter)}{words(code)}"
        yield element("p", by, class_="settled stale" if stale else "settled")


def _operands(asked: Asked) -> str:
    rows = [
        (words(part.label), words(part.left), _relation(part.relation), words(part.right))
        for part in asked.parts
    ]
    head = ("", words(asked.left_is or "left"), "", words(asked.right_is or "right"))
    return table(head, rows, class_="operands")


def _relation(sign: str) -> str:
    """Show a sign, and say it where a reader's software would leave it out."""
    said = RELATIONS.get(sign, "")
    return element("span", words(sign), aria_hidden="true") + heard(said) if said else words(sign)


def ending_html(why: Why) -> str:
    """Say what the row decided, where it sends the packet, and why a drop."""
    pairs = [("decides", why.decision), ("sends it to", why.to), ("reason", why.reason)]
    pairs += [("errno", why.errno or "")]
    said = [(name, words(value)) for name, value in pairs if value]
    return facts(said) if said else ""


def later_html(why: Why, letter: str) -> str:
    """List the later rows that depend on this one."""
    if not why.later:
        return element("p", "No later row depends on it.", class_="quiet")
    lines = (Line().refer([later.row]).say(f"{later.stage}: {later.how}") for later in why.later)
    items = (linked(line, letter) for line in lines)
    return element("ul", "".join(element("li", item) for item in items), class_="later")
