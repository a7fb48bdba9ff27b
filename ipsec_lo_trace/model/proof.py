"""A proof's certificate: what was run, and what came of every case, in classes of cases that are alike.

It is JSON Lines: the head, the classes in the order of their bytes, and a sum with a digest of all of that.
A share of a proof, and one that was interrupted, have the same form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated

import msgspec

from ipsec_lo_trace.model.outside import MisreadError, decoded

SCHEMA = "ipsec-lo-trace-proof/2"
HOLDS = ""
"""What is said of cases in which a claim holds."""
CLAIMS = {
    "daemon": "the kernel's reply has the questions, decisions, counters and bytes of a process's reply",
    "daemon-tags": "the kernel's reply bears, row by row, the tags of a process's reply",
    "no-clear": "nothing that an outbound policy protects crosses lo0 in clear",
    "no-accept": "nothing is accepted without what an inbound policy insists on",
    "no-stale": "no stale mark decides anything",
    "answered": "what is sent is answered",
    "never-worse": "no treatment of stale marks makes a case worse than none does",
}
"""Every claim, in plain words."""


Values = Annotated[str, msgspec.Meta(pattern="^[1-9a-f][0-9a-f]{0,63}$")]
"""A set of a variable's values, in hexadecimal, a bit for each; never empty."""
Kind = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]{0,60}$")]
"""A way in which a claim is broken, "" where it holds."""


class Head(msgspec.Struct, tag="proof", tag_field="kind", kw_only=True):
    """What a proof is about, and how much of it is done: ``done`` of the ``pieces`` of share ``shard``.

    ``hosts`` has for each view its variables and what each may be, ``strips`` what the kernels of a program
    may strip, ``switches`` which other switches those of a view may have; a value's number is its place.
    ``row_limit`` is after how many rows a packet that goes round is followed no further.
    """

    schema: str = SCHEMA
    tool: str
    scope: str
    claims: list[str]
    programs: list[str]
    views: list[str]
    row_limit: int
    hosts: dict[str, dict[str, list[str]]]
    strips: dict[str, list[str]]
    switches: dict[str, list[str]]
    shard: int = 1
    shards: int = 1
    pieces: int
    done: int = 0


class Came(msgspec.Struct, frozen=True, gc=False):
    """What came of some kernels over the hosts of a class: by claim how it is broken, "" where it holds.

    ``strips`` and ``switch`` are sets of the values of the kernels' two variables.
    """

    strips: Values
    switch: Values
    broken: dict[str, Kind]


class Class(msgspec.Struct, frozen=True, kw_only=True, tag="class", tag_field="kind"):
    """Hosts that certain claims do not tell apart, under every kernel of a view.

    ``hosts`` has for each of the view's variables a set of its values; ``came`` has every kernel once.
    """

    program: str
    view: str
    hosts: dict[str, Values]
    came: list[Came]

    @property
    def claims(self) -> list[str]:
        """The claims that it is about, in alphabetical order; those of its first answer."""
        return sorted(self.came[0].broken) if self.came else []


class Sum(msgspec.Struct, frozen=True, kw_only=True, tag="sum", tag_field="kind"):
    """The end of a certificate: how many classes there are, and the SHA-256 of all lines before this one."""

    classes: int
    digest: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One case of a claim that is broken: the kind, how many cases break it so, and the smallest of them.

    ``config`` is setkey(8) text, ``strips`` and ``switch`` say which kernel.  ``command`` shows it, and
    beside it ``beside``, the same with other options, where the claim compares two runs, else "".
    """

    program: str
    view: str
    kind: str
    cases: int
    strips: str
    switch: str
    config: str
    command: str
    beside: str


class Cure(msgspec.Struct, frozen=True, kw_only=True):
    """What cures a claim in a view, of what may be stripped: the least that leaves no curable host broken.

    ``incurable`` of the ``hosts`` are broken whatever is stripped.
    """

    program: str
    view: str
    hosts: int
    incurable: int
    least: list[str]


class FixDoes(msgspec.Struct, frozen=True, kw_only=True):
    """In how many hosts of the views in which a known fix was run a claim is broken under it."""

    program: str
    fix: str
    hosts: int
    broken: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a proof says of a claim: cases in all and broken ones, how they break it, and what cures it."""

    claim: str
    cases: int
    broken: int
    kinds: list[Case]
    cures: list[Cure]
    fixes: list[FixDoes]


class Proof(msgspec.Struct):
    """A proof, or what is done of it; ``lines`` are its classes as JSON, without newlines."""

    head: Head
    lines: list[bytes]

    def encoded(self) -> bytes:
        """Return the certificate."""
        body = b"".join(line + b"\n" for line in (msgspec.json.encode(self.head), *sorted(self.lines)))
        total = Sum(classes=len(self.lines), digest=hashlib.sha256(body).hexdigest())
        return body + msgspec.json.encode(total) + b"\n"

    def classes(self) -> Iterable[Class]:
        """Yield the classes, in the order of a certificate."""
        return map(_CLASS.decode, sorted(self.lines))

    @property
    def shard(self) -> int:
        """Which share it is, from 1."""
        return self.head.shard

    @property
    def shards(self) -> int:
        """How many shares there are."""
        return self.head.shards


_HEAD = msgspec.json.Decoder(Head)
_CLASS = msgspec.json.Decoder(Class)
_SUM = msgspec.json.Decoder(Sum)
SHORTEST = 2
"""Lines that the shortest certificate has: its head and its sum."""


def read_proof(data: bytes) -> Proof:
    """Read a certificate; MisreadError if it is none, or is not as it was written."""
    lines = data.splitlines()
    if len(lines) < SHORTEST:
        raise MisreadError("it has no head and no sum")
    head, total = decoded(_HEAD.decode, lines[0]), decoded(_SUM.decode, lines[-1])
    if head.schema != SCHEMA:
        raise MisreadError(f"its schema is {head.schema}, not {SCHEMA}")
    for line in lines[1:-1]:
        decoded(_CLASS.decode, line)
    proof = Proof(head, lines[1:-1])
    if total.classes != len(proof.lines) or proof.encoded() != data:
        raise MisreadError("its digest is not that of its lines: it was altered")
    return proof
