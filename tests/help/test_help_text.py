"""The layout of --help: its sections, and examples that run as they stand."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

from ipsec_lo_trace.cli.commands.ping import ping
from ipsec_lo_trace.cli.help_text import EXAMPLES, MANY, SECTIONS, sections
from ipsec_lo_trace.cli.main import COMMANDS, cli
from tests.cli.support import ROOT, invoke

ALL = [(name, words) for name, examples in EXAMPLES.items() for _what, words in examples]
DIFFERS = {"diff", "audit"}
"""Commands whose exit code 1 says what they found."""


def test_every_command_has_two_or_three_examples() -> None:
    """Each command, and the program itself, has two or three examples, each of that command."""
    assert {*EXAMPLES} == {"", *COMMANDS}
    for name, examples in EXAMPLES.items():
        assert 2 <= len(examples) <= 3, name
        assert all(not name or words.split()[0] == name for _what, words in examples), name


@pytest.mark.parametrize(("name", "words"), ALL, ids=[words for _name, words in ALL])
def test_an_example_runs_as_it_stands(
    name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An example, typed as it is shown in a folder with the documentation's files, does what it says."""
    shutil.copytree(ROOT / "docs" / "examples", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    before = {*tmp_path.iterdir()}
    done = invoke(*shlex.split(words))
    assert done.code in ({0, 1} if words.split(maxsplit=1)[0] in DIFFERS else {0}), done.err
    assert done.out or {*tmp_path.iterdir()} - before
    shown = re.sub(r"\s+", " ", invoke(*([name] if name else []), "--help").text)
    assert f" ipsec-lo-trace {words} " in f"{shown} "


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_option_is_in_one_section(name: str) -> None:
    """A help shows each option once, in a section that has a title of the list if there are many."""
    with cli.make_context("ipsec-lo-trace", ["help"]) as root:
        command = cli.get_command(root, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=root) as context:
            params = command.get_params(context)
            found = sections(params)
    options = [option for _title, members in found for option in members]
    assert sorted(option.name or "" for option in options) == sorted(
        param.name or "" for param in params if isinstance(param, click.Option)
    )
    many = len(options) > MANY
    assert all(title in SECTIONS if many else title == "Options" for title, _members in found)
    lines = invoke(name, "--help").lines
    assert [line for line in lines if re.fullmatch(r"[A-Z][a-z ]+:", line)] == [
        *(f"{title}:" for title, _members in found),
        "Examples:",
    ]


def test_the_usual_options_come_first() -> None:
    """The help of ping begins with what people type, and has its sections in the order of a run."""
    with click.Context(ping, info_name="ping") as context:
        found = dict(sections(ping.get_params(context)))
    others = {"What to prove", "How to run it"}
    assert list(found) == [title for title in SECTIONS if title not in others]
    assert [option.opts[-1] for option in found["What to trace"][:2]] == ["--count", "--size"]
    assert found["Configuration"][0].name == "config"
    assert found["Output"][0].opts == ["-q", "--quiet"]
