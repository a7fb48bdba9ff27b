"""Lines of words: wrapped, never cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.render.styles import Line

WORDS = st.text("abcxyz01.:/", min_size=1, max_size=30)
PIECES = st.lists(st.tuples(st.booleans(), st.lists(WORDS, min_size=1, max_size=4)), max_size=12)


def line(lead: str, hang: int | None, pieces: list[tuple[bool, list[str]]]) -> Line:
    """Make a line of words, some of them glued."""
    made = Line(lead, hang=hang)
    for glued, words in pieces:
        (made.glue if glued else made.say)(" ".join(words))
    return made


@given(WORDS, st.none() | st.integers(0, 30), PIECES, st.integers(20, 100))
def test_wrap(lead: str, hang: int | None, pieces: list[tuple[bool, list[str]]], width: int) -> None:
    """Every word is there, in order; a line is too long only where a single word is."""
    lines = line(f"{lead} ", hang, pieces).plain(width)
    words = [lead, *(word for _glued, said in pieces for word in said)]
    assert " ".join(lines).split() == words
    assert all(len(text) <= width or len(text.split()) == 1 for text in lines)
    assert not any(text.endswith(" ") for text in lines)


@given(WORDS, PIECES)
def test_wide_enough(lead: str, pieces: list[tuple[bool, list[str]]]) -> None:
    """What fits stays in one line."""
    assert len(line(f"{lead} ", None, pieces).wrap(2000)) == 1


def test_glued_pieces_stay_together() -> None:
    """A glued piece moves to the next line as a whole, unless no line could hold it."""
    made = Line("12 ", hang=2).say("word").glue("= OUT_DONE", "keep")
    assert [text.plain for text in made.wrap(14)] == ["12 word", "  = OUT_DONE"]
    made = Line("12 ", hang=2).glue("one piece of several words")
    assert [text.plain for text in made.wrap(14)] == ["12 one piece", "  of several", "  words"]


@given(WORDS, st.none() | st.integers(0, 30), PIECES, st.integers(20, 100))
def test_style_never_changes_the_words(
    lead: str, hang: int | None, pieces: list[tuple[bool, list[str]]], width: int
) -> None:
    """Styled or not, a line is laid out in the same way."""
    made = line(lead, hang, pieces).say("b c", "stale").glue("\x1b[2J\a")
    styled = made.wrap(width)
    assert [text.plain for text in styled] == made.plain(width)
    assert any(text.spans for text in styled)
    assert r"\x1b[2J\x07" in made.plain(width)[-1]
