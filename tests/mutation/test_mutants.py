"""Do the mutants change what a slip of the hand might, one place at a time, and no words?"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutation.__main__ import ROOMS, candidates
from tests.mutation.equivalent import listed, named
from tests.mutation.mutants import mutants

SOURCES = {
    "a condition is negated once": (
        "if a == b:\n    c()",
        ["a == b -> (not (a == b))"],
    ),
    "a negation is taken away": (
        "while not a:\n    c()",
        ["not a -> (a)"],
    ),
    "an edge moves": (
        "x = a <= b",
        ["a <= b -> (a < b)"],
    ),
    "each conjunct is left out": (
        "x = a and b and c",
        ["a and b and c -> (a and b)", "a and b and c -> (a and c)", "a and b and c -> (b and c)"],
    ),
    "a filter is negated": (
        "x = [y for y in z if y]",
        ["y -> (not (y))"],
    ),
    "an integer grows": (
        "x = y[0]",
        ["0 -> 1"],
    ),
    "an errno becomes another": (
        'x = "ENOENT"',
        ["\"ENOENT\" -> 'EOPNOTSUPP'"],
    ),
    "arguments change places": (
        "x = f(a, b, c)",
        ["f(a, b, c) -> f(b, a, c)"],
    ),
    "a function's statements are left out": (
        "def f():\n    del a[b]\n    g()\n    x = a\n    x += a\n    x = None",
        ["del a[b] -> pass", "g() -> pass", "x = a -> pass", "x += a -> pass", "x = None -> pass"],
    ),
    "words stay": (
        'def f(a: int = x) -> "y":\n    """Say 1."""\n    text = f"{1} " if a else "no more"\n',
        [],
    ),
    "decorators stay": (
        "@stage(a, b)\ndef f() -> None: ...",
        [],
    ),
    "types stay": (
        "if TYPE_CHECKING:\n    import a\n__slots__ = (1,)\nX = Literal[1]\ny: Final[int] = z",
        [],
    ),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_these_mutants(name: str, tmp_path: Path) -> None:
    """Every change that is wanted is made, and no other."""
    source, wanted = SOURCES[name]
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    assert sorted(mutant.change for mutant in mutants(tmp_path, "a.py")) == sorted(wanted)


@pytest.mark.parametrize("room", ROOMS)
def test_every_mutant_is_a_program(room: str) -> None:
    """A mutant can be compiled, and differs from the file that it was made of and from the others."""
    made = candidates(room)
    for mutant in made[::20]:
        ast.parse(mutant.text)
    assert len({(mutant.file, mutant.text) for mutant in made}) == len(made)


def test_the_list_of_equivalent_mutants_names_what_there_is() -> None:
    """Each listed mutant can still be made, and has a reason."""
    made = {named(mutant) for room in ROOMS for mutant in candidates(room)}
    for each in listed():
        assert each.reason
        assert (each.file, each.source, each.change) in made, each
