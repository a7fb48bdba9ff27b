from __future__ import annotations

import contextlib
from itertools import starmap
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.apply import apply
from ipsec_lo_trace.setkey.load import load, parse, read_file
from ipsec_lo_trace.setkey.write import write
from tests.setkey.support import plain
from tests.support import SCENARIOS

if TYPE_CHECKING:
    import pytest

ENDS = st.sampled_from(["10.9.9.1", "10.9.9.2"])
KEYS = {8: ["des-cbc"], 24: ["3des-cbc", "rijndael-cbc"], 16: ["blowfish-cbc", "cast128-cbc"]}
PRINTABLE = st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters='"')


def _words(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda words: " ".join(word for word in words if word))


def _maybe(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | part


def _key(length: int) -> st.SearchStrategy[str]:
    quoted = st.text(PRINTABLE, min_size=length, max_size=length).map('"{}"'.format)
    return quoted | st.binary(min_size=length, max_size=length).map(lambda key: f"0x{key.hex()}")


def _ciphered(length: int, names: list[str]) -> st.SearchStrategy[str]:
    return _words(st.just("-E"), st.sampled_from(names), _key(length))


ENC = st.one_of(list(starmap(_ciphered, KEYS.items())))
AUTH = _words(st.just("-A hmac-md5"), _key(16)) | _words(st.just("-A hmac-sha1"), _key(20))
SPI = st.integers(256, 260).map(str)
CPI = st.integers(0, 5).map(str)
MODE = _maybe(st.sampled_from(["-m any", "-m transport", "-m tunnel"]))
REQID = _maybe(st.sampled_from(["-u 10", "-u 20", "-u 16385"]))
FLAGS = _maybe(st.sampled_from(["-f zero-pad", "-f random-pad", "-f nocyclic-seq"]))
REPLAY = _maybe(st.integers(0, 255).map("-r {}".format))
ADD = st.one_of(
    _words(st.just("add"), ENDS, ENDS, st.just("esp"), SPI, MODE, REQID, FLAGS, REPLAY, ENC, _maybe(AUTH)),
    _words(st.just("add"), ENDS, ENDS, st.just("ah"), SPI, MODE, REQID, REPLAY, AUTH),
    _words(st.just("add"), ENDS, ENDS, st.just("esp-old"), SPI, FLAGS, ENC),
    _words(st.just("add"), ENDS, ENDS, st.just("ah-old"), SPI, AUTH),
    _words(st.just("add"), ENDS, ENDS, st.just("ipcomp"), CPI, MODE, REQID, REPLAY, st.just("-C deflate")),
    _words(st.just("add"), ENDS, ENDS, st.just("ipcomp 65536"), MODE, REQID, st.just("-C deflate -R")),
)
PROTO = st.sampled_from(["esp", "ah", "ipcomp"])
REMOVE = st.one_of(
    _words(st.just("delete"), ENDS, ENDS, PROTO, SPI | CPI),
    _words(st.just("deleteall"), ENDS, ENDS, PROTO),
    _words(st.just("flush"), _maybe(PROTO)),
)
PORT = _maybe(st.sampled_from(["[7]", "[any]", "[65535]"]))
RANGE = st.tuples(ENDS, _maybe(st.integers(0, 32).map("/{}".format)), PORT).map("".join)
SELECTOR = _words(RANGE, RANGE, st.sampled_from(["any", "icmp", "ip4", "udp", "50", "0"]))
LEVEL = st.sampled_from(["default", "use", "require", "unique", "unique:1", "unique:16383", "unique:16384"])
RULE = st.one_of(
    st.tuples(PROTO, LEVEL).map(lambda parts: f"{parts[0]}/transport//{parts[1]}"),
    st.tuples(PROTO, st.sampled_from(["transport", "tunnel"]), ENDS, ENDS, LEVEL).map(
        lambda parts: f"{parts[0]}/{parts[1]}/{parts[2]}-{parts[3]}/{parts[4]}"
    ),
)
RULES = st.lists(RULE, min_size=1, max_size=3).map(" ".join)
ACTION = st.sampled_from(["discard", "none"]) | RULES.map("ipsec {}".format)
DIRECTION = st.sampled_from(["-P in", "-P out"])
SPDADD = _words(st.just("spdadd"), SELECTOR, DIRECTION, ACTION)
SPDREMOVE = _words(st.just("spddelete"), SELECTOR, DIRECTION) | st.just("spdflush")


def _applied(commands: list[str]) -> Databases:
    """Apply the commands one by one, as setkey(8) does: one that the kernel refuses changes nothing."""
    db = Databases()
    for text in commands:
        (command,) = parse(f"{text} ;", "f")
        with contextlib.suppress(UserError):
            apply(db, command)
    return db


@given(st.lists(ADD | REMOVE | SPDADD, max_size=20))
def test_what_is_written_is_read_back(commands: list[str]) -> None:
    """load(write(db)) equals db, for every db that adds and removals of SAs and adds of policies lead to."""
    db = _applied(commands)
    text = write(db)
    again = load(f"flush ;\n{text}", "again").db
    assert plain(again) == plain(db)
    assert write(again) == text


@given(st.lists(SPDADD | SPDREMOVE, max_size=20))
def test_deleted_policies_change_numbers_alone(commands: list[str]) -> None:
    """After spddelete the reqids of the kernel's own may come back as others; nothing else does."""
    db = _applied(commands)
    again = load(f"flush ;\n{write(db)}", "again").db
    assert plain(again, numbered=False) == plain(db, numbered=False)


SEEDS = sorted(path.read_text() for path in SCENARIOS.glob("*.conf"))
OPTIONS = ["-P", "-E", "-A", "-6", "-lh"]
WORDS = [
    "add",
    "spdadd",
    "null",
    "0x",
    "unique:",
    "tagged",
    "::1",
    "me-any",
    "ipcomp",
    "in",
    "any",
    "esp",
    "/33",
]
MARKS = list(' \t\n\r"#;/[]-%:.,0x\xe9\0\ufeff')
LONG = ["9" * 5000, f"0x{'f' * 5000}"]
SNIPPETS = st.sampled_from([*OPTIONS, *WORDS, *MARKS, *LONG])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Make a configuration with a few pieces cut out, put in or doubled."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(st.sampled_from(["", text[start:end] * 2]) | SNIPPETS)
        text = text[:start] + middle + text[end:]
    return text


def _check_loads_or_tells(text: str) -> None:
    """Load; if that ends in an error, hold its place against the text."""
    try:
        load(text, "f")
    except UserError as error:
        _check_place(text, error)


def _check_place(text: str, error: UserError) -> None:
    assert error.file == "f"
    assert "\n" not in str(error)
    if error.line == 0:
        assert error.reason == "there is no command in it"
        return
    line = text.split("\n")[error.line - 1]
    assert 1 <= error.column <= len(line) + 1
    hidden = error.token in ('"..."', "0x...", "the end") or "\\" in error.token
    if not hidden:
        assert line[error.column - 1 :].startswith(error.token.removesuffix("..."))


@given(mutated())
def test_a_damaged_configuration_loads_or_is_told(text: str) -> None:
    """No mutation of a configuration makes another exception than UserError, whose place holds its token."""
    _check_loads_or_tells(text)


@given(st.text())
@example('add 127.0.0.1 127.0.0.1 esp 4096 -E blowfish-cbc "\ud800567" ;')
@example("spdadd 10.0.0.1 10.0.0.1 any -P out ipsec esp/tunnel/..-.../use ;")
@example("add ... ::%lo0 esp 1")
@example("add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc 0x ;")
def test_any_text_loads_or_is_told(text: str) -> None:
    """No text at all makes another exception than UserError."""
    _check_loads_or_tells(text)


@given(st.binary(max_size=200) | mutated().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_load_or_are_told(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """No file makes another exception than UserError."""
    path = tmp_path_factory.getbasetemp() / "bytes.conf"
    path.write_bytes(data)
    with contextlib.suppress(UserError):
        read_file(str(path))
