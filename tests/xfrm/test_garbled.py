"""One garbled line in what a Linux host printed, and what becomes of the verdict on its capture."""

from __future__ import annotations

from random import Random

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.xfrm.load import load_all
from tests.audit import linux2
from tests.audit.support import audited_under

ROWS = [row for row in linux2.rows() if row["expected_outcome"] in ("clean", "leak")]
MARKS = ("...", "[...]", "<removed>", "[snip]", "zork")


def garbled(line: str, random: Random) -> str:
    """Make a line unreadable: a mark in its place, a comment's sign before it, a word of it changed."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    words = body.split()
    at = random.randrange(len(words))
    word = random.choice([["zork"], [words[at], "zork"], [f"{words[at]}@"], []])
    changed = " ".join([*words[:at], *word, *words[at + 1 :]]) or "zork"
    return random.choice(
        [
            random.choice(["", indent]) + random.choice(MARKS),
            random.choice(["#", "# ", "; ", "- ", "// "]) + random.choice([line, body]),
            f"{indent}**{body}**",
            f"{indent}{random.choice(['x', '@'])}{body}",
            f"{indent}{body[1:]}",
            body.upper(),
            indent + changed,
        ]
    )


def mutant(texts: list[tuple[str, str]], random: Random) -> list[tuple[str, str]]:
    """Garble one line of one of the texts; put them into one file, or leave them in several."""
    number = random.choice([number for number, (text, _file) in enumerate(texts) if text.strip()])
    lines = texts[number][0].split("\n")
    at = random.choice([at for at, line in enumerate(lines) if line.strip()])
    lines[at] = garbled(lines[at], random)
    several = [*texts[:number], ("\n".join(lines), texts[number][1]), *texts[number + 1 :]]
    return several if random.random() < 0.7 else [("".join(text for text, _file in several), "all")]


def check(count: int, seed: int) -> None:
    """Hold captures against garbled texts; what they say is right at first, or not known."""
    random = Random(seed)  # noqa: S311 -- the same mutants in every run
    for _ in range(count):
        row = random.choice(ROWS)
        texts = mutant(linux2.texts(row), random)
        try:
            host = load_all(texts)
        except UserError:
            continue
        data = (linux2.CAPTURES / row["capture"]).read_bytes()
        outcome = audited_under(data, host).verdict.outcome
        assert {outcome, row["expected_outcome"]} != {"clean", "leak"}, texts


def test_a_garbled_line_turns_no_verdict_round() -> None:
    """Whichever line is garbled, LEAK is not CLEAN and CLEAN is not LEAK."""
    check(300, 12)


@pytest.mark.slow
def test_many_garbled_lines_turn_no_verdict_round() -> None:
    """So it is with 5,000 of them."""
    check(5_000, 13)
