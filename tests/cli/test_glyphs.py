"""Which characters a timeline is drawn with."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipsec_lo_trace.cli.terminal import wants_unicode
from tests.cli.support import invoke, ping, spawn

UTF_8 = {"LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize(
    ("choice", "environment", "encoding", "unicode"),
    [
        (None, UTF_8, "utf-8", True),
        (None, {"LANG": "de_DE.utf8"}, "UTF-8", True),
        (None, {"LC_ALL": "", "LC_CTYPE": "en_US.UTF-8"}, "utf-8", True),
        (None, {"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "utf-8", False),
        (None, {"LANG": "en_US.ISO-8859-1"}, "utf-8", False),
        (None, {"HOME": "/"}, "utf-8", False),
        (None, {}, "utf-8", True),
        (None, {**UTF_8, "TERM": "dumb"}, "utf-8", False),
        (None, UTF_8, "ascii", False),
        (None, UTF_8, "", False),
        ("ascii", UTF_8, "utf-8", False),
        ("unicode", {"LC_ALL": "C", "TERM": "dumb"}, "ascii", True),
    ],
)
def test_unicode_where_the_output_can_take_it(
    choice: str | None, environment: dict[str, str], encoding: str, *, unicode: bool
) -> None:
    """The choice, else the locale, the terminal and the stream decide."""
    assert wants_unicode(choice, environment, encoding=encoding) == unicode


def test_the_locale_decides_in_a_pipe(tmp_path: Path) -> None:
    """A process in a UTF-8 locale draws lines, one in the C locale ASCII, and the facts are the same."""
    drawn, ascii_ = (spawn("ping", LC_ALL=locale, cwd=tmp_path).out.decode() for locale in ("C.UTF-8", "C"))
    assert "\u2503" in drawn
    assert ascii_.isascii()
    signs = str.maketrans(
        "\u25cf\u2502\u25c6\u2503\u25c8\u00d7\u00b7\u2500\u2550\u256d\u25b6\u2717", "+|=:!x.-=,>X"
    )
    assert drawn.translate(signs) == ascii_


def test_a_file_is_drawn_alike_everywhere(tmp_path: Path) -> None:
    """What -o writes hangs on no locale; --glyphs ascii holds for it too."""
    for locale in ("C.UTF-8", "C"):
        spawn("ping", "-o", locale, LC_ALL=locale, cwd=tmp_path)
    assert (tmp_path / "C").read_bytes() == (tmp_path / "C.UTF-8").read_bytes()
    ping("--glyphs", "ascii", "-o", str(tmp_path / "ascii"))
    assert (tmp_path / "ascii").read_bytes() == ping().out


def test_characters_from_outside_are_escaped(tmp_path: Path) -> None:
    """Where lines are drawn, a file's name still has nothing that is not ASCII."""
    config = tmp_path / "caf\u00e9\u2503.conf"
    config.write_bytes(ping("--show-config").out)
    text = invoke("ping", "-f", str(config), "--glyphs", "unicode").out.decode()
    assert r"caf\xe9" in text
    assert "caf\u00e9" not in text


def test_glyphs_are_for_text() -> None:
    """--glyphs beside a record format is refused."""
    done = invoke("ping", "--format", "jsonl", "--glyphs", "ascii")
    assert (done.code, "--glyphs is for text" in done.err) == (2, True)
