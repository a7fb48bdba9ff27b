from __future__ import annotations

from random import Random

import pytest

from ipsec_lo_trace.xfrm.load import load
from tests.fuzz.xfrm import check
from tests.xfrm.support import DATA, LINUX2, PUBLIC

WORDS = [
    *(
        "0",
        "0x",
        "-1",
        "99999999999",
        "::",
        "src",
        "proto",
        "dir",
        "tmpl",
        "enc",
        "mode",
        "flag",
        "esn",
        "\\",
    ),
    *("\0", "\u0663", "<<", "\r", "\udcff", "#", "root@h:~# ", "== a ==", "mark", "sel", "aead", "\n", "> "),
]
SEEDS = [
    path.read_text(encoding="utf-8")
    for path in sorted([*DATA.glob("*.txt"), *LINUX2.glob("**/*.txt"), *PUBLIC.glob("*.txt")])
]


def mutant(text: str, random: Random) -> str:
    """Change a few places of a text: a word, a character, a line left out or twice, the end cut off."""
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        rest = text[at:]
        match random.randrange(5):
            case 0:
                rest = random.choice(WORDS) + rest[random.randrange(12) :]
            case 1:
                rest = chr(random.randrange(256)) + rest[1:]
            case 2:
                rest = rest[rest.find("\n") + 1 :]
            case 3:
                rest = rest[: random.randrange(80)] + rest
            case _:
                rest = rest[: random.randrange(len(rest) + 1)] if random.random() < 0.3 else rest[1:]
        text = text[:at] + rest
    return text


def mutants(count: int, seed: int) -> list[str]:
    """Make mutants of all the real outputs, the same ones in every run."""
    random = Random(seed)  # noqa: S311 -- the same mutants in every run
    return [mutant(SEEDS[number % len(SEEDS)], random) for number in range(count)]


@pytest.mark.slow
def test_mutants_of_linux_output_make_no_exception_but_ours() -> None:
    """Each of 2,000 mutated outputs is read, or refused as one that has nothing in it."""
    for text in mutants(2_000, 6):
        check(text.encode("utf-8", "surrogateescape"))


def test_mutants_cost_no_more_than_their_entries() -> None:
    """A mutated output of several entries still gives most of what it gave."""
    texts = [text for text in SEEDS if text.count("\nsrc ") > 2]
    random = Random(7)  # noqa: S311 -- the same mutants in every run
    kept = lost = 0
    for number in range(200):
        text = texts[number % len(texts)]
        at = random.randrange(len(text))
        before, after = load(text, "f"), load(text[:at] + random.choice(WORDS) + text[at + 3 :], "f")
        whole = [*before.sas, *before.policies]
        here = sum(one in after.sas or one in after.policies for one in whole)
        kept, lost = kept + here, lost + len(whole) - here
    assert lost < 2 * 200
    assert kept > 3 * lost
