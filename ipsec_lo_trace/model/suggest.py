"""What a mistyped name may have been meant to be: the one place where names are compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_LISTED = 12
"""How many names a message may list."""
MOST_SUGGESTED = 5
"""How many names a message may suggest."""
LIKENESS = 0.6
"""How much alike two names must be, as difflib's ratio."""
_BEHIND = 0.05
"""How much less alike than the likeliest a name may be."""
_NEGATIONS = ("no", "un")
_MOST = 80
"""How much of a word is compared with others."""
_LEAST = 3
"""How long a part of a name must be to suggest the name."""


def same(word: str, known: Iterable[str]) -> str:
    """Return the known name that ``word`` is, ignoring case; "" if there is none, or more than one."""
    names = list(known)
    if word in names:
        return word
    found = [name for name in names if name.lower() == word.lower()]
    return found[0] if len(found) == 1 else ""


def close(word: str, known: Iterable[str], *, likeness: float = LIKENESS) -> list[str]:
    """Return at most three known names that look like ``word``, the likeliest first, none far behind it.

    A word is never taken for what may be its opposite: for one that has it for its end, or is the end of it,
    or of which one alone begins with no or un; nor where what may be that is likelier.
    """
    from difflib import SequenceMatcher, get_close_matches  # noqa: PLC0415 -- loads for a mistake alone

    spelled = {name.lower(): name for name in reversed(list(known))}
    begun = word.lower()[:_MOST]
    near = get_close_matches(begun, spelled, n=3, cutoff=likeness)
    ratios = {name: SequenceMatcher(None, name, begun).ratio() for name in near}
    meant = [name for name in near if not (_ends(begun, name) or _negated(begun, name))]
    meant = [name for name in meant if not any(_ends(other, name) for other in near[: near.index(name)])]
    return [spelled[name] for name in meant if ratios[name] >= ratios[meant[0]] - _BEHIND]


def likely(word: str, known: Sequence[str]) -> list[str]:
    """Return the known names that ``word`` may stand for: it itself, a few that begin so, close ones, parts.

    None of them may be its opposite.
    """
    spelled = {_plain(name): name for name in reversed(known)}
    begun = _plain(word)[:_MOST]
    if begun in spelled:
        return [spelled[begun]]
    whole = [name for name in reversed(spelled) if not _negated(begun, name)]
    starts = [name for name in whole if begun and name.startswith(begun)]
    if 0 < len(starts) <= MOST_SUGGESTED:
        return [spelled[name] for name in starts]
    near = [name for name in close(begun, spelled) if _alike(begun, name)]
    parts = [name for name in whole if len(begun) >= _LEAST and begun in name and name not in near]
    found = near or (parts if len(parts) <= MOST_SUGGESTED else [])
    return [spelled[name] for name in found]


def did_you_mean(names: Sequence[str]) -> str:
    """Ask whether one of these names was meant; "" without a name."""
    if not names:
        return ""
    *others, last = names
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def hint(word: str, known: Sequence[str], where: str = "") -> str:
    """Say which known names ``word`` may stand for, else which there are, else ``where`` they are listed."""
    return did_you_mean(likely(word, known)) or one_of(known, where)


def one_of(known: Sequence[str], where: str = "") -> str:
    """List the names if they are few, else say ``where`` they are listed."""
    return f"one of {', '.join(known)}" if len(known) <= MOST_LISTED or not where else where


def listed(kind: str) -> str:
    """Say where the names of a kind are listed."""
    return f"'ipsec-lo-trace list {kind}' names them"


def _plain(name: str) -> str:
    """Return a name without case, and with one sign between its words."""
    return name.lower().replace("_", "-").replace(".", "-").strip("-")


def _alike(word: str, name: str) -> bool:
    """Tell whether two words that look alike are of about the same length, less the same negation before."""
    for no in _NEGATIONS:
        rest, other = (text.removeprefix(no).lstrip("-") for text in (word, name))
        if word.startswith(no) and not close(rest, [other]):
            return False
    return abs(len(word) - len(name)) <= 1 + len(name) // 4


def _ends(word: str, name: str) -> bool:
    """Tell whether one of two different words is the end of the other."""
    return word != name and (word.endswith(name) or name.endswith(word))


def _negated(word: str, name: str) -> bool:
    """Tell whether one of two words alone begins with a negation."""
    return any(word.startswith(no) != name.startswith(no) for no in _NEGATIONS)
