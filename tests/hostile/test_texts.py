"""Is a text of a stored trace ever anything but a text: in Markdown, on a terminal, in a capture?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from ipsec_lo_trace.cli.formats import FORMATS
from ipsec_lo_trace.render.markdown import paragraph, text
from ipsec_lo_trace.render.styles import Line
from tests.cli.support import Done, assert_refused, invoke
from tests.export.support import export, read_pcapng
from tests.hostile.support import DATA, OBEYED, stored

BEGINS = (
    "~~~",
    "~~~~ sh",
    "```",
    "# heading",
    "###### heading",
    "<!-- comment",
    "<script>",
    "<details>",
    "</details>",
    "---",
    "===",
    "***",
    "___",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "    code",
    "\tcode",
    "> quote",
    "| a | b |\n| - | - |\n| c | d |",
    "[x]: http://example.net",
    "![x](http://example.net)",
    "[x](http://example.net)",
    "&lt;script&gt;",
    "$$x$$",
    "\n\n# heading",
    "a\n===",
    "a\r\n# heading",
    "a\u2028# heading",
    "\\",
    "a\\",
    "",
)
"""What begins something in Markdown, at the beginning of a text or of a line in it."""
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def structure(page: str) -> list[tuple[str, str]]:
    """Return the blocks of a page, and what is inside its lines but words."""
    tokens = MARKDOWN.parse(page)
    inside = (child for token in tokens for child in token.children or ())
    blocks = [(token.type, token.tag) for token in tokens if token.type != "inline"]
    return blocks + [
        (child.type, child.tag) for child in inside if child.type not in ("text", "text_special")
    ]


def exported(path: Path) -> str:
    """Export a trace as Markdown."""
    done = invoke("export", str(path), "--to", "md")
    assert done.code == 0, done
    return done.out.decode()


def differing(path: Path) -> str:
    """Compare a trace with one run on the spot, as Markdown."""
    done = invoke("diff", str(path), "@patched", "--format", "md")
    assert done.code in (0, 1), done
    return done.out.decode()


@pytest.mark.parametrize("begin", BEGINS, ids=ascii)
@pytest.mark.parametrize("view", [exported, differing])
def test_a_text_begins_nothing_in_markdown(view: Any, begin: str, tmp_path: Path) -> None:  # noqa: ANN401
    """The page has the blocks that it has with plain words in the verdict and in every row."""
    plain = structure(
        view(stored(tmp_path, verdict={"text": "x", "code": "x"}, step={"text": "x", "stage": "x"}))
    )
    planted = stored(tmp_path, verdict={"text": begin, "code": begin}, step={"text": begin, "stage": begin})
    assert structure(view(planted)) == plain


@pytest.mark.parametrize("begin", BEGINS, ids=ascii)
def test_a_paragraph_is_one_and_says_what_it_was_given(begin: str) -> None:
    """Whatever words are given, they come out as one paragraph of these words."""
    parsed = MARKDOWN.parse(paragraph(begin))
    words = " ".join(begin.split())
    assert [token.type for token in parsed] == ["paragraph_open", "inline", "paragraph_close"] * bool(words)
    said = "".join(child.content for token in parsed for child in token.children or ())
    assert said.replace("\\u2028", " ").split() == words.replace("\u2028", " ").split()


def test_a_row_of_a_table_has_as_many_cells_as_it_was_given() -> None:
    """No mark of a text is a bar."""
    assert re.findall(r"(?<!\\)\|", text("| \\| ` \n |")) == []


@pytest.mark.parametrize("name", ["trace-md-fence.jsonl", "trace-c1.jsonl", "trace-long-verdict.jsonl"])
def test_the_traces_of_before_are_refused_by_their_schema(name: str) -> None:
    """Version 0.1.0 made these files: they are refused as traces of its schema, with what makes one anew."""
    assert_refused(invoke("show", str(DATA / name)), f"{name}:1: schema 'ipsec-lo-trace/2'", "made anew by")


@pytest.mark.parametrize("name", ["trace-md-fence.jsonl", "trace-c1.jsonl", "trace-long-verdict.jsonl"])
def test_what_these_traces_say_is_a_text(name: str, tmp_path: Path) -> None:
    """Their texts in a trace of today: every view and export takes them, and none is obeyed."""
    records = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    path = stored(tmp_path, verdict={"text": records[-1]["text"]}, step={"text": records[3]["text"]})
    assert structure(exported(path))[:3] == [
        ("heading_open", "h1"),
        ("heading_close", "h1"),
        ("paragraph_open", "p"),
    ]
    for command in (
        ["show", str(path)],
        ["why", "3", str(path)],
        ["why", "3", str(path), "--format", "json"],
    ):
        assert invoke(*command).out.isascii()
    assert export(str(path), "--to", "pcapng")


def json_views(path: Path) -> list[Done]:
    """Show a trace in each way that writes JSON."""
    return [
        invoke("why", "3", str(path), "--format", "json"),
        invoke("diff", str(path), "@patched", "--format", "json"),
        invoke("diff", "@patched", str(path), "--format", "json"),
    ]


@pytest.mark.parametrize("planted", OBEYED, ids=ascii)
def test_json_does_not_steer_a_terminal(planted: str, tmp_path: Path) -> None:
    """What nobody sees and a terminal obeys is escaped in JSON, which says the same as before."""
    path = stored(
        tmp_path, verdict={"text": planted, "code": planted}, step={"text": planted, "stage": planted}
    )
    for done in json_views(path):
        said = done.out.decode()
        assert said.replace("\n", "").isprintable()
        assert planted in json.dumps(json.loads(said), ensure_ascii=False)


@pytest.mark.parametrize("planted", OBEYED, ids=ascii)
def test_no_export_holds_what_nobody_sees(planted: str, tmp_path: Path) -> None:
    """The forms that are read as text have it escaped too."""
    path = stored(
        tmp_path, verdict={"text": planted, "code": planted}, step={"text": planted, "stage": planted}
    )
    for form in ("md", "csv", "dot", "mermaid"):
        assert planted not in invoke("export", str(path), "--to", form).out.decode()


LONG = (70_000, 400_000)


@pytest.mark.parametrize("length", LONG)
@pytest.mark.parametrize("word", ["x", "x "])
def test_a_verdict_of_any_length_is_one_line(word: str, length: int, tmp_path: Path) -> None:
    """-q is one line for grep, and a capture's comment is whole, however long a stored verdict's text is."""
    path = stored(tmp_path, verdict={"text": word * (length // len(word))})
    assert len(invoke("show", "-q", str(path)).lines) == 1
    comments = read_pcapng(export(str(path), "--to", "pcapng")).comments
    assert sum(comment.count("x") for comment in comments) >= length // len(word)


@pytest.mark.slow
@pytest.mark.parametrize("form", [name for name in FORMATS if name != "html"])
def test_a_text_of_any_length_is_exported(form: str, tmp_path: Path) -> None:
    """Each form takes texts of verdict and rows that are longer than its lines, options or records."""
    path = stored(tmp_path, verdict={"text": "x " * 150_000}, step={"text": "y" * 300_000})
    assert export(str(path), "--to", form)


def test_a_long_text_of_another_language_is_escaped_in_one_pass(tmp_path: Path) -> None:
    """400,000 characters together that are not ASCII are not looked through for each of them."""
    path = stored(tmp_path, verdict={"text": "\u3042" * 400_000})
    done = invoke("show", "-q", str(path))
    assert done.text.count(r"\u3042") == 400_000


def test_a_rule_is_no_longer_than_a_terminal_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A width that nothing has makes no text that nobody could hold."""
    monkeypatch.setenv("COLUMNS", "9" * 9)
    assert max(map(len, invoke("ping", "--glyphs", "unicode").out.decode().splitlines())) <= 1 << 16


def test_a_long_text_is_broken_in_one_pass() -> None:
    """600,000 words are laid out in lines, which would not end if each line copied the rest."""
    lines = Line("lead ").say("word " * 600_000).plain(20)
    assert len(lines) == 200_000
    assert lines[0] == "lead word word word"


def test_a_row_of_many_marks_is_followed_once(tmp_path: Path) -> None:
    """The marks of a row are looked up in the rows behind it, not each of them in all of these."""
    marks = [
        {"name": f"M{at}", "made_for": "P1", "row": 1, "stale": bool(at % 2), "proto": None, "spi": at}
        for at in range(6_000)
    ]
    path = stored(tmp_path, step={"marks": marks})
    assert invoke("why", "3", str(path)).code == 0


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "html"])
def test_rows_of_one_number_are_exported(form: str, tmp_path: Path) -> None:
    """Rows that all say that they are row 7 are shown one behind the other, as they stand."""
    assert export(str(stored(tmp_path, step={"row": 7})), "--to", form)
