"""Is anything but a part refused by --merge, in one message?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.cli.run import parts as reading
from tests.cli.support import Done, assert_refused, invoke
from tests.hostile.support import OBEYED

ODD: tuple[Any, ...] = (None, True, -1, 0, 1 << 70, 1.5, "", "x", [], {}, [[]], {"x": 1}, [{"x": 1}], [None])
MAKE = {
    "sweep": ("sweep", "--cases", "1", "-q"),
    "matrix": ("matrix", "--rows", "tcp-closed lo-esp", "--columns", "none"),
}


def part(command: str) -> Any:  # noqa: ANN401 -- JSON
    """Return the only part of a small whole."""
    return json.loads(invoke(*MAKE[command], "--shard", "1/1").out)


def merge(command: str, path: Path) -> Done:
    """Read it."""
    return invoke(command, "--merge", str(path))


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 -- JSON
    """Yield the place of everything in a document, of things that are alike of one."""
    if above:
        yield above
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value) if isinstance(value, list) else 0))
    )
    alike = isinstance(value, list) or "outcomes" in above
    for key in keys[:1] if alike else keys:
        yield from _places(value[key], (*above, key))


@pytest.mark.slow
@pytest.mark.parametrize("command", list(MAKE))
def test_anything_of_another_kind(command: str, tmp_path: Path) -> None:
    """Each thing in a part is something else: one message with exit 2, or a whole that could have been so."""
    path = tmp_path / "part"
    original = json.dumps(part(command))
    path.write_text(original, encoding="utf-8")
    done = merge(command, path)
    assert (done.code, done.err) == (0, "")
    for place in _places(json.loads(original)):
        for odd in ODD:
            changed = inner = json.loads(original)
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = odd
            path.write_text(json.dumps(changed), encoding="utf-8")
            done = merge(command, path)
            if done.code not in (0, 1):
                assert_refused(done)


@pytest.mark.parametrize("command", [*MAKE, "audit"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 5_000,
        b"\xff\xfe",
        b"[" * 200_000,
        b'"\\ud800"',
        b"null\nnull\n",
        b'{"kind":"part"}',
        b"{}\n{}\n",
    ],
)
def test_what_is_no_part_at_all(command: str, data: bytes, tmp_path: Path) -> None:
    """Whatever the bytes are, there is one message, which says how a part is made."""
    (tmp_path / "x").write_bytes(data)
    assert_refused(
        merge(command, tmp_path / "x"), "x: no part of a", f"({command} --shard I/N -o FILE writes one)"
    )


@pytest.mark.parametrize("command", [*MAKE, "audit"])
def test_a_file_larger_than_a_part_is_not_read(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beyond the limit is refused; of a terabyte of nothing no more than the limit is read."""
    with (tmp_path / "x").open("wb") as sparse:
        sparse.truncate(1 << 40)
    monkeypatch.setattr(reading, "MAX_PART_LEN", 10_000)
    assert_refused(merge(command, tmp_path / "x"), "x: larger than 10000 bytes")


@pytest.mark.parametrize("planted", OBEYED, ids=ascii)
def test_texts_of_a_part_do_not_reach_the_terminal(planted: str, tmp_path: Path) -> None:
    """What a terminal would obey is escaped in the report of a sweep whose part somebody else wrote."""
    changed = part("sweep")
    changed["tool"] = planted
    law = {"law": "exception", "known": "", "fixes": {"none": 1}, "first": 1, "kind": "broken"}
    texts = dict.fromkeys(("fix", "code", "text", "config"), planted)
    changed["broken"] = [{**law, **texts, "commands": [planted]}]
    (tmp_path / "x").write_text(json.dumps(changed), encoding="utf-8")
    for options in ((), ("--format", "jsonl")):
        done = invoke("sweep", "--merge", str(tmp_path / "x"), *options)
        assert done.code == 1
        assert done.out.decode().replace("\n", "").isprintable()
