"""What can a check file do that a stranger wrote?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.cli.checking import allowance, toml
from ipsec_lo_trace.model.toml import MAX_DEPTH, MAX_DOTS, MAX_LEN, MAX_WORD_LEN, check_limits
from tests.check.support import ONE, WRONG, check, passes, written
from tests.cli.support import assert_refused, ping, shell
from tests.hostile.support import DATA

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HUGE = MAX_LEN // 2


@pytest.fixture(autouse=True)
def _not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def minimal() -> str:
    """Return the unpatched kernel's minimal trace."""
    return ping("--unpatched", "--detail", "minimal").text


BEYOND = {
    "digits": (f"counters = {{ x = {'1' * 5_000} }}", "a word of more than"),
    "digits and lines": (f"counters = {{ x = {'1_' * 2_500}1 }}", "a word of more than"),
    "hexadecimal": (f"setup = {{ count = 0x{'f' * HUGE} }}", "a word of more than"),
    "binary": (f"setup = {{ count = 0b{'1' * HUGE} }}", "a word of more than"),
    "octal": (f"setup = {{ count = 0o{'7' * HUGE} }}", "a word of more than"),
    "a sign": (f"setup = {{ count = -{'9' * HUGE} }}", "a word of more than"),
    "a fraction": (f"setup = {{ count = 0.{'9' * HUGE} }}", "a word of more than"),
    "an exponent": (f"setup = {{ count = 1e{'9' * HUGE} }}", "a word of more than"),
    "a list": (f"lo0 = [1, 2, {'3' * HUGE}]", "a word of more than"),
    "a key": (f"{'k' * HUGE} = 1", "a word of more than"),
    "dots": (f"a{'.a' * (HUGE // 2)} = 1", f"more than {MAX_DOTS} dots"),
    "dots and blanks": (f"a{' . a' * (HUGE // 4)} = 1", f"more than {MAX_DOTS} dots"),
    "quoted dots": ("'a'" + ".'a'" * (HUGE // 4) + " = 1", f"more than {MAX_DOTS} dots"),
    "double quoted dots": ('"a"' + '."a"' * (HUGE // 4) + " = 1", f"more than {MAX_DOTS} dots"),
    "a table's dots": (f"[a{'.a' * (HUGE // 2)}]", f"more than {MAX_DOTS} dots"),
    "an inner table's dots": (f"setup = {{ a{'.a' * (HUGE // 2)} = 1 }}", f"more than {MAX_DOTS} dots"),
    "brackets": (f"lo0 = {'[' * HUGE}", f"nested more than {MAX_DEPTH} deep"),
    "braces": (f"setup = {'{a=' * (HUGE // 4)}", f"nested more than {MAX_DEPTH} deep"),
    "lines of brackets": ("lo0 = " + "[\n" * (HUGE // 2), f"nested more than {MAX_DEPTH} deep"),
    "length": (f"# {'x' * MAX_LEN}", f"larger than {MAX_LEN} characters"),
}
"""What would cost tomllib, or int(), more than it is long."""
HIDDEN = {
    "plain": "",
    "behind a quote in a comment": "# it's \"here\n",
    "behind a text": 'name = "a \\" b"\n',
    "behind a raw text": "name = 'a \\'\n",
    "behind lines": 'minimal = """a \\""" "" """\n',
    "behind raw lines": "minimal = '''a \" \\ '''\n",
    "behind lines that end in quotes": 'minimal = """a"""""\n',
    "behind raw lines that end in quotes": "minimal = '''a''''\n",
    "behind an empty text": "name = ''\nrun = \"\"\n",
}


@pytest.mark.parametrize("before", HIDDEN)
@pytest.mark.parametrize("case", BEYOND)
def test_what_is_beyond_a_limit_never_reaches_the_parser(
    case: str, before: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long numbers and keys, many dots, deep brackets: exit 2 with the place, before tomllib sees any."""
    monkeypatch.setattr(tomllib, "loads", lambda _text: pytest.fail("it was parsed"))
    text, words = BEYOND[case]
    assert_refused(check(written(tmp_path, HIDDEN[before] + text + "\n")), "a.toml:", words)


def test_what_is_beyond_a_limit_has_a_place(tmp_path: Path) -> None:
    """The message names line and column of the word, the dot or the bracket."""
    for text, place in (
        (f"\n\nx = {'1' * (MAX_WORD_LEN + 1)}\n", "a.toml:3:5: "),
        (f"'''\n\n''' = 1\nx{'.x' * (MAX_DOTS + 1)} = 1\n", f"a.toml:4:{2 * MAX_DOTS + 2}: "),
        (f"\nx = {'[' * (MAX_DEPTH + 1)}", f"a.toml:2:{5 + MAX_DEPTH}: "),
    ):
        assert_refused(check(written(tmp_path, text)), place)


WRAPPED = {
    "text": lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"',
    "raw text": lambda text: "'" + text.replace("'", "").replace("\n", "") + "'",
    "lines": lambda text: '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""',
    "raw lines": lambda text: "'''" + text.replace("'", "") + "'''",
    "comment": lambda text: "1 # " + text.replace("\n", " "),
}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(WRAPPED)),
            st.text(alphabet="ab.[{]}#\"'\\\n= 1", max_size=30),
            st.sampled_from(["", "." * (MAX_DOTS + 5), "[" * (MAX_DEPTH + 5), "1" * (MAX_WORD_LEN + 5)]),
        ),
        max_size=6,
    )
)
def test_texts_and_comments_may_hold_what_they_like(values: list[tuple[str, str, str]]) -> None:
    """No limit counts what stands in a string or a comment, of whichever kind, behind whatever."""
    lines = (f"k{at} = {WRAPPED[kind](text + long)}\n" for at, (kind, text, long) in enumerate(values))
    document = "".join(lines)
    tomllib.loads(document)
    check_limits(document, "f")


@pytest.mark.parametrize("name", ["check-int-4300.toml", "check-dotted.toml"])
def test_the_files_that_cost_much(name: str) -> None:
    """Each is refused in one message, exit 2."""
    assert_refused(check(DATA / name), name)


def test_the_file_of_newlines(tmp_path: Path) -> None:
    """64,000 newlines and an unknown key, of which the parser alone can tell the name, are refused."""
    assert_refused(check(written(tmp_path, "\n" * 64_000 + '"\\u0078"=1\n')), "a.toml: unknown key 'x'")


@pytest.mark.parametrize("blank", ["\n", " \n", "\t", "\n[", "\r\n", "# \n", "[a]\n[", "a=1\n"])
def test_a_text_of_blanks_is_looked_through_once(blank: str, tmp_path: Path) -> None:
    """A key behind the most lines, blanks or brackets that there may be is found in one pass, or not."""
    text = blank * ((MAX_LEN - 100) // len(blank)) + '\n"\\u0078" = 1\n'
    assert check(written(tmp_path, text)).code == 2


@pytest.mark.parametrize(
    "line",
    [
        "[check." + "a a" * 200_000,
        "'" + "a-" * 200_000 + "' = 1",
        'setup = { pattern = "' + "a-" * 200_000 + '" }',
        'setup = { pattern = "' + "= " * 200_000 + '" }',
        "name" + " " * 400_000 + "x",
        "name = " + "[] " * 100_000,
    ],
    ids=["a table's name", "a key", "a value", "equals signs", "blanks", "brackets"],
)
def test_a_long_line_is_looked_through_once(line: str, tmp_path: Path) -> None:
    """What finds the places of keys takes a line of any length as it comes."""
    assert check(written(tmp_path, ONE + line + "\n")).code == 2


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0", "link"])
def test_a_check_reads_no_standard_input(name: str, tmp_path: Path) -> None:
    """A configuration that is whatever is open for reading is refused, by any of its names."""
    if not os.path.lexists(name if name.startswith("/") else "/dev/stdin"):
        pytest.skip("this system has no such name")
    (tmp_path / "link").symlink_to("/dev/stdin")
    path = written(tmp_path, ONE.replace("--unpatched", f"-f {name}"))
    assert_refused(check(path), "a.toml:3: run: ", "another file each time")


def test_a_file_named_dash(tmp_path: Path, minimal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``./-`` is the file of that name: as a configuration it is read, as a minimal trace it is written."""
    monkeypatch.chdir(tmp_path)
    stdin = written(tmp_path, (DATA / "check-stdin.toml").read_text())
    assert_refused(check(stdin.name), "./-: no such file")
    (tmp_path / "-").write_text("spdflush ;\n")
    assert check(stdin.name).lines[-1] == "0 passed, 1 failed"
    (tmp_path / "-").unlink()
    dash = written(tmp_path, (DATA / "check-dash.toml").read_text(), "b.toml")
    done = check("--update", dash.name)
    assert (done.code, done.lines) == (0, ["PASS a", "1 passed, 0 failed"])
    assert (tmp_path / "-").read_text() == minimal
    passes(dash.name)


@pytest.mark.parametrize("options", [(), ("--update",)], ids=["", "update"])
@pytest.mark.parametrize(
    "name", ["../x.txt", "/etc/x.txt", "out/x.txt", "b/../../x.txt", "out.txt", "..", "/dev/stdout"]
)
def test_a_minimal_trace_is_below_its_check_file(name: str, options: tuple[str, ...], tmp_path: Path) -> None:
    """Neither a path nor a link leads out of the folder, to be read or to be written."""
    folder = tmp_path / "a"
    (folder / "b").mkdir(parents=True)
    (folder / "out").symlink_to(tmp_path)
    (folder / "out.txt").symlink_to(tmp_path / "x.txt")
    path = written(folder, ONE + f'minimal = "{name}"\n')
    assert_refused(check(*options, path), "a.toml:5: ", "is not below the folder of")
    assert not (tmp_path / "x.txt").exists()


def test_the_file_that_writes_outside(tmp_path: Path) -> None:
    """``--update`` of it writes nothing."""
    (tmp_path / "below").mkdir()
    path = written(tmp_path / "below", (DATA / "check-outside.toml").read_text())
    assert_refused(check("--update", path), "is not below the folder of")
    assert [each.name for each in tmp_path.iterdir()] == ["below"]


def test_a_minimal_trace_may_be_in_a_folder_below(tmp_path: Path, minimal: str) -> None:
    """A path downwards is written to and read, also through the link that the check file is."""
    (tmp_path / "golden").mkdir()
    path = written(tmp_path, ONE + 'minimal = "golden/one.txt"\n')
    assert check("--update", path).code == 0
    assert (tmp_path / "golden" / "one.txt").read_text() == minimal
    passes(path)


@pytest.mark.parametrize(
    "text", ["# a comment\n", "# a comment", "", "#!/bin/sh\n# nothing yet\n", "\n", "x = 1\n"]
)
def test_a_file_that_holds_no_trace_is_not_rewritten(text: str, tmp_path: Path) -> None:
    """What ``minimal`` names is made if it is not there; a file of comments, or of anything else, stays."""
    (tmp_path / "precious").write_text(text)
    path = written(tmp_path, ONE + 'minimal = "precious"\n')
    assert_refused(check("--update", path), "precious")
    assert (tmp_path / "precious").read_text() == text


@pytest.mark.parametrize("name", ["a.toml", "b.toml", "my.conf", "link"])
def test_what_a_check_is_read_from_is_not_rewritten(name: str, tmp_path: Path, minimal: str) -> None:
    """Neither a check file nor a configuration becomes a minimal trace, even if it looks like one."""
    head = "# spdflush ;\n"
    (tmp_path / "my.conf").write_text(head + minimal)
    (tmp_path / "link").symlink_to("my.conf")
    other = written(tmp_path, ONE.replace('"one"', '"two"'), "b.toml")
    path = written(tmp_path, ONE.replace("--unpatched", "-f my.conf") + f'minimal = "{name}"\n')
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    assert_refused(check("--update", path, other))
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["a.toml", "my.conf", "one.txt"])
def test_a_report_is_no_input(name: str, tmp_path: Path, minimal: str) -> None:
    """-o over the check file, a configuration or a minimal trace is refused, and nothing changes."""
    (tmp_path / "my.conf").write_text("spdflush ;\n")
    (tmp_path / "one.txt").write_text(minimal)
    text = ONE + ONE.replace('"one"', '"two"').replace("--unpatched", "-f my.conf")
    path = written(tmp_path, text.replace("clean", "leak") + 'minimal = "one.txt"\n')
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    assert_refused(check("-o", tmp_path / name, path), "-o names a file that is read")
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize("limit", ["MAX_ROWS", "MAX_DIGITS"])
def test_checks_run_so_long_together(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that goes on and on is refused with its place, and so is one of many that do together."""
    monkeypatch.setattr(allowance, limit, {"MAX_ROWS": 100, "MAX_DIGITS": 10_000}[limit])
    passes(written(tmp_path, ONE))
    long = ONE.replace("--unpatched", "--unpatched -c 1000000")
    assert_refused(check(written(tmp_path, long)), "a.toml:3: check 'one' runs too long")
    many = "".join(ONE.replace('"one"', f'"{number}"') for number in range(30))
    assert_refused(check(written(tmp_path, many)), " runs too long")


NAMES = [
    "::warning::x",
    " ::stop-commands::x",
    "\t::x",
    "\u00a0::x",
    "\u3000::x",
    "\n::x",
    "x ##[error]y",
    ":::x",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_a_command_but_the_annotation(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub's runner trims a line, and obeys one that begins with two colons: only our first one does."""
    monkeypatch.chdir(tmp_path)
    text = WRONG.replace('"one"', '"' + name.replace("\t", "\\t").replace("\n", "\\n") + '"')
    file = name.replace("\n", "").replace("\t", "") + ".toml"
    written(tmp_path, text, file)
    done = check("--format", "github", file)
    assert done.code == 1
    first, *others = done.out.decode().splitlines()
    assert first.startswith("::error file=")
    assert [line for line in others if line.strip().startswith("::")] == []
    assert [line for line in done.lines if "##[" in line] == []


def test_a_name_of_any_length_is_one_line(tmp_path: Path) -> None:
    """A name of 200,000 words begins no second line, where a command could stand."""
    written(tmp_path, WRONG.replace('"one"', '"' + "::x " * 100_000 + '"'))
    done = check("--format", "github", tmp_path / "a.toml")
    assert len([line for line in done.lines if line.strip().startswith("::")]) == 1
    assert len(done.lines) == 8


def test_the_file_whose_name_is_a_command(tmp_path: Path) -> None:
    """The name of a file that stops the runner's commands is told, and obeyed by nobody."""
    written(tmp_path, WRONG, "::stop-commands::tok.toml")
    done = shell(
        f"cd {tmp_path} && $T check --format github ::stop*", PYTHONPATH=str(Path(toml.__file__).parents[3])
    )
    assert [line.strip()[:2] for line in done.lines].count("::") == 1
    assert r"  \x3a:stop-commands::tok.toml:4: outcome" in done.lines
