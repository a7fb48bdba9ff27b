from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.host import HostConfiguration, HostPolicy, HostSa
from ipsec_lo_trace.xfrm.load import load, load_all
from tests.xfrm import writer
from tests.xfrm.drawn import STYLES, identity, policies, sas
from tests.xfrm.support import said
from tests.xfrm.writer import Style

SAS = st.lists(sas(), min_size=1, max_size=5, unique_by=identity)
POLICIES = st.lists(policies(), min_size=1, max_size=6)
SEEDS = st.integers(0, 1000)


def states(made: list[HostSa], style: Style = writer.PLAIN) -> list[list[str]]:
    """Print SAs, the newest first, as Linux does."""
    return [writer.state(sa, style) for sa in reversed(made)]


def printed_policies(made: list[tuple[int, HostPolicy]], style: Style = writer.PLAIN) -> list[list[str]]:
    """Print policies, the newest first, as Linux does."""
    return [writer.policy(one, priority, style) for priority, one in reversed(made)]


def asked(made: list[tuple[int, HostPolicy]]) -> list[HostPolicy]:
    """Put policies into the order in which they are asked."""
    return [one for _priority, one in sorted(made, key=lambda pair: pair[0])]


@given(SAS, STYLES)
def test_sas_come_back_from_their_text(made: list[HostSa], style: Style) -> None:
    """Every SA that is printed comes back, oldest first, however the text was pasted; nothing is noted."""
    read = load(writer.text(states(made, style), style), "f")
    assert said(read) == (made, [], {})
    assert read.notes == []


@given(POLICIES, STYLES)
def test_policies_come_back_from_their_text(made: list[tuple[int, HostPolicy]], style: Style) -> None:
    """Every policy that is printed comes back, by priority and then by age; what it hangs on is noted."""
    read = load(writer.text(printed_policies(made, style), style), "f")
    assert said(read) == ([], asked(made), {})
    assert len(read.notes) == sum(bool(one.condition) for _priority, one in made)


@given(SAS, POLICIES, SEEDS)
def test_the_order_of_files_says_nothing(
    made: list[HostSa], listed: list[tuple[int, HostPolicy]], seed: int
) -> None:
    """However many files there are, and in whatever order, they say the same."""
    entries = states(made) + printed_policies(listed)
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    random.shuffle(entries)
    cuts = sorted(random.sample(range(len(entries) + 1), 2))
    parts = [entries[: cuts[0]], entries[cuts[0] : cuts[1]], entries[cuts[1] :]]
    files = [(writer.text(part), f"f{number}") for number, part in enumerate(parts)]
    wanted = said(load_all(files))
    for _ in range(3):
        random.shuffle(files)
        assert said(load_all(files)) == wanted


def shuffled(entry: list[str], random: Random) -> list[str]:
    """Shuffle the lines of an entry: a template keeps its own, and its place among the templates."""
    head, *lines = entry
    blocks: list[list[str]] = []
    for line in lines:
        if line.startswith("\t\t"):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    templates = [
        [block[0], *random.sample(block[1:], len(block) - 1)] for block in blocks if "tmpl" in block[0]
    ]
    others = [block for block in blocks if "tmpl" not in block[0]]
    order = [True] * len(templates) + [False] * len(others)
    random.shuffle(order)
    random.shuffle(others)
    return [head, *[line for is_one in order for line in (templates if is_one else others).pop(0)]]


@given(SAS, POLICIES, SEEDS, st.booleans())
def test_the_order_of_lines_says_nothing(
    made: list[HostSa], listed: list[tuple[int, HostPolicy]], seed: int, statistics: bool
) -> None:
    """Within an entry, lines may come in any order, but for templates among themselves."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    style = Style(statistics=statistics)
    entries = states(made, style) + printed_policies(listed, style)
    read = load(writer.text([shuffled(entry, random) for entry in entries]), "f")
    assert said(read) == (made, asked(listed), {})


def broken(entry: list[str], random: Random) -> list[str]:
    """Make an entry unreadable: rename its algorithm or mode, or put a word into a line that counts."""
    counting = [
        number
        for number, line in enumerate(entry)
        if line.split()[0] in ("proto", "enc", "aead", "auth-trunc", "comp", "replay-window", "dir", "tmpl")
        and "failed" not in line
    ]
    at = random.choice(counting)
    words = entry[at].split()
    place = random.randrange(1, len(words) + 1)
    kind = words[0]
    if kind in ("enc", "aead", "auth-trunc", "comp") and random.random() < 0.5:
        words[1] = "rot13"
    elif "mode" in words and random.random() < 0.5:
        words[words.index("mode") + 1] = "sideways"
    else:
        words.insert(place, "what")
    return [*entry[:at], "\t" + " ".join(words), *entry[at + 1 :]]


def without(configuration: HostConfiguration, entry: list[str]) -> tuple[Any, ...]:
    """Return what a configuration says of all but one entry, told by what its first line says."""
    words = entry[0].split()
    ends = (words[1], words[3])
    return (
        [sa for sa in configuration.sas if (str(sa.src), str(sa.dst)) != ends],
        [one for one in configuration.policies if (str(one.src), str(one.dst)) != ends],
    )


@given(SAS, POLICIES, SEEDS, STYLES)
def test_an_unreadable_entry_costs_nothing_but_itself(
    made: list[HostSa], listed: list[tuple[int, HostPolicy]], seed: int, style: Style
) -> None:
    """Whatever one entry has become, all others are as they were, and there is one more note."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    entries = states(made, style) + printed_policies(listed, style)
    at = random.randrange(len(entries))
    before = load(writer.text(entries, style), "f")
    after = load(writer.text([*entries[:at], broken(entries[at], random), *entries[at + 1 :]], style), "f")
    assert without(after, entries[at]) == without(before, entries[at])
    assert len(after.notes) == len(before.notes) + 1


@given(POLICIES, SEEDS, STYLES)
def test_no_policy_is_read_for_less_than_it_is(
    listed: list[tuple[int, HostPolicy]], seed: int, style: Style
) -> None:
    """A policy that cannot be read keeps its place, and never becomes one that asks for nothing."""
    random = Random(seed)  # noqa: S311 -- hypothesis draws the seed
    listed = [(number, one) for number, (_priority, one) in enumerate(listed)]
    entries = printed_policies(listed, style)
    at = random.randrange(len(entries))
    entries[at] = broken(entries[at], random)
    read = load(writer.text(entries, style), "f").policies
    number = len(entries) - 1 - at
    unknown = [one for one in read if one.kind == "unknown"]
    assert len(unknown) in (1, 2)
    assert {(one.src, one.dst) for one in unknown} == {(listed[number][1].src, listed[number][1].dst)}
    assert [one for one in read if one.kind != "unknown"] == asked(listed[:number] + listed[number + 1 :])
