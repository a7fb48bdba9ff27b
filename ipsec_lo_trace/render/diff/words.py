"""The values of a field that differs, in words for people and as plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.trace import Change, Check, Mark, SaRecord, Step
from ipsec_lo_trace.render.diff.compare import Pair
from ipsec_lo_trace.render.facts import answer_words, compared_words, policy_words, sa_words
from ipsec_lo_trace.render.marks import mark_text, sign

NONE = "none"
NO_MORE = "nothing else"
SHOWN_BYTES = 8
SPI = "wire.spi"


def label(name: str) -> str:
    """Call a field by what people call it."""
    return "SAs" if name == "sas" else name.replace("wire.", "packet ").replace("_", " ")


def sides(pair: Pair, name: str) -> tuple[str, str]:
    """Say what A and what B has in a field, without what they share, and at length only if that is needed."""
    a, b = pair.a, pair.b
    if a is None or b is None:
        return NONE, NONE
    if name == "bytes":
        return _bytes(a.bytes, b.bytes)
    one, other = _value(a, name), _value(b, name)
    if name == SPI:
        one, other = ([f"0x{spi:x}" for spi in spis] for spis in (one, other))
    said = both(phrases(one, _short), phrases(other, _short))
    return said if said[0] != said[1] else both(phrases(one), phrases(other))


def both(a: list[str], b: list[str]) -> tuple[str, str]:
    """Return what each of two lists has and the other has not; all if they differ in order alone."""
    only_a = [phrase for phrase in a if phrase not in b]
    only_b = [phrase for phrase in b if phrase not in a]
    if not only_a and not only_b:
        return "; ".join(a) or NONE, "; ".join(b) or NONE
    return "; ".join(only_a) or (NO_MORE if a else NONE), "; ".join(only_b) or (NO_MORE if b else NONE)


def plain(step: Step, name: str) -> Any:  # noqa: ANN401 -- JSON
    """Return a field's value as JSON has it, marks without the row that made them."""
    return _rowless(msgspec.to_builtins(_value(step, name)))


def _value(step: Step, name: str) -> Any:  # noqa: ANN401 -- whatever the field holds
    part = name.removeprefix("wire.")
    return getattr(step, name) if part == name else getattr(step.wire, part)


def _rowless(value: Any) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(value, dict):
        return {name: _rowless(one) for name, one in value.items() if name != "row"}
    return [_rowless(one) for one in value] if isinstance(value, (list, tuple)) else value


def _long(value: Any) -> str:  # noqa: ANN401 -- a member of a record's field
    if isinstance(value, Mark):
        return mark_text(value) + (", stale" if value.stale else "")
    if isinstance(value, Check):
        by = f" (by {_long(value.mark)})" if value.mark else ""
        return f"{value.id}: {compared_words(value)}{by}"
    if isinstance(value, Change):
        return f"{'+' if value.op == 'add' else '-'} {_long(value.mark)}"
    if isinstance(value, PolicyRecord):
        return policy_words(value)
    if isinstance(value, SaRecord):
        return sa_words(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:  # noqa: ANN401 -- a member of a record's field
    if isinstance(value, Mark):
        return f"{sign(value)}{value.name}"
    if isinstance(value, Check):
        return f"{value.id}: {answer_words(value)}" + (" (by a stale mark)" if value.decided_by_stale else "")
    if isinstance(value, Change):
        return f"{'+' if value.op == 'add' else '-'}{value.mark.name}"
    return _long(value)


def phrases(value: Any, say: Callable[[Any], str] = _long) -> list[str]:  # noqa: ANN401 -- a record's field
    """Put a field in words, a phrase for each of its members."""
    if isinstance(value, dict):
        return [f"{name} {by}" for name, by in value.items()]
    if isinstance(value, (list, tuple)):
        return [say(one) for one in value]
    return [] if value in ("", None) else [say(value)]


def _bytes(a: str | None, b: str | None) -> tuple[str, str]:
    """Show a few bytes of each from the first that differs on."""
    one, other = bytes.fromhex(a or ""), bytes.fromhex(b or "")
    shared = min(len(one), len(other))
    at = next((place for place in range(shared) if one[place] != other[place]), shared)
    return _from(one, at, changed=a is not None), _from(other, at, changed=b is not None)


def _from(data: bytes, at: int, *, changed: bool) -> str:
    if not changed:
        return "not changed here"
    more = "..." if len(data) > at + SHOWN_BYTES else ""
    return f"{len(data)} bytes, at 0x{at:04x}: {data[at : at + SHOWN_BYTES].hex() or 'the end'}{more}"
