"""The trace's records: what is written to disk, and all that the views and the findings may read.

One event model, many views: a step record holds everything that the text shows, so text rendered from a
stored trace equals text rendered live.  Zeros and empties are written, never omitted; there are no floats,
no clock and no paths.  Records refer to each other in no cycle, so the garbage collector may ignore them.
The records that are made for every row take their fields by position, which is six times as fast as by name.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from ipsec_lo_trace.model.operands import Operand, PolicyRecord

SCHEMA = "ipsec-lo-trace/3"
PING: Final = "ping"
PROBE: Final = "probe"
REPLAY: Final = "replay"
"""The programs that a run may be of."""
Hex = Annotated[str, msgspec.Meta(pattern="^(?:[0-9a-f]{2})*$")]
"""Bytes, two digits each."""


class Mark(msgspec.Struct, frozen=True, gc=False):
    """A piece of a packet's history that rides on its mbuf: a packet tag or an mbuf flag.

    ``made_for`` names the packet that it tells about, ``row`` is where it was made.  It is ``stale`` when
    its carrier is another packet.  ``proto``, ``spi`` and ``dst`` are the tag's tdb_ident; None on flags
    and on tags without one.
    """

    name: str
    made_for: str
    row: int
    stale: bool
    proto: int | None = None
    spi: int | None = None
    dst: str | None = None

    @property
    def there(self) -> bool:
        """Whether the packet bears it: always, but where a proof leaves open what was stripped."""
        return True


class Change(msgspec.Struct, frozen=True, gc=False):
    """One mark added to the packet or removed from it."""

    op: Literal["add", "remove"]
    mark: Mark


class Check(msgspec.Struct, frozen=True, gc=False):
    """One question that a stage asked, with both operands and the answer.

    ``id`` names the question ("loop-detection"), ``answer`` is one of that question's codes ("done");
    ``model.questions`` has the words of both, and who asks.  ``mark`` is the mark that settled it, None if
    none did.
    """

    id: str
    left: Operand
    right: Operand
    answer: str
    mark: Mark | None = None

    @property
    def decided_by_stale(self) -> bool:
        """Whether a stale mark settled it: without that history the answer would rest on something else."""
        return self.mark is not None and self.mark.stale


class Packet(msgspec.Struct, frozen=True, gc=False):
    """What a packet is, seen from its outside: protocols outermost first, lengths in bytes.

    ``spi`` and ``seq`` are those of the AH and ESP headers in ``proto``, in that order; of an IPComp header
    ``spi`` is the CPI and ``seq`` 0, and the old forms of AH and ESP have no number: None.  ``ports`` are
    source and destination port of TCP or UDP that can be seen, else empty.  A fragment has ``offset`` (bytes)
    and ``more``.
    """

    proto: list[str]
    spi: list[int]
    seq: list[int | None]
    ports: list[int]
    src: str
    dst: str
    len: int
    ident: int
    ttl: int
    offset: int
    more: bool
    info: str


SOCKET = "socket:"
"""How a step's ``to`` begins where the packet is delivered: the socket's name follows."""


class Step(msgspec.Struct, tag="step", tag_field="kind", gc=False):
    """One stage's run over one packet.

    ``analysis`` is the step of the 2003 analysis (1 to 8), 0 after step 8.  ``via`` is the transfer that
    brought the packet here.  ``marks`` are those that the packet bears *after* the stage, tags newest first,
    then flags.  ``bytes`` is the packet in hexadecimal if the stage changed it, else None.  ``counters``
    holds what moved here.  ``errno`` and ``reason`` (a stable code) are those of a drop or a panic;
    ``returned`` is the errno that so reached the system call, if one did.  ``unmet`` are the protocols that a
    policy asks for and the packet lacks, where it leaves this host or is accepted.
    """

    row: int
    echo: int
    analysis: Annotated[int, msgspec.Meta(ge=0, le=8)]
    stage: str
    visit: int
    packet: str
    via: str
    wire: Packet
    bytes: Hex | None
    marks: tuple[Mark, ...]
    changes: list[Change]
    checks: list[Check]
    decision: str
    to: str
    errno: str | None
    reason: str
    returned: str | None
    counters: dict[str, int]
    text: str
    unmet: tuple[str, ...] = ()


class SaRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An SA of the configuration; keys stay out of the trace."""

    proto: str
    spi: int
    src: str
    dst: str
    mode: str
    reqid: int
    cipher: str
    auth: str
    replay_window_bytes: int


class Run(msgspec.Struct, tag="run", tag_field="kind", kw_only=True, gc=False):
    """The first record: everything that the run depended on.

    ``program`` is "ping", "probe" (``probe`` is its kind) or "replay" (``capture`` is the file's name);
    ``reflector`` is "kernel", or "userspace" where a process answers.  ``knobs`` are the settings that differ
    from the kernel under its fix, as NAME=VALUE.  ``pattern`` is ping's -p in hexadecimal, ``ttl`` 0 where
    nothing was said, ``local`` every address of lo0.  ``pinger`` is which ping, "" for another program;
    the first ``preload`` requests go out together, and NetBSD's ping sends them on top of ``count``.
    With ``both_ways`` a second ping goes back from ``dst`` at the same time: even echoes are its.
    ``schedule`` says who runs next in a burst.  ``bound`` tells whether ``src`` was asked for (-I), so
    that the socket is bound to it.  ``ends`` is "auto" where ``src`` and ``dst`` are those of the
    configuration's first IPsec policy, else "".

    ``source`` says where the configuration came from: "built-in" (``shape`` has the options that shaped it),
    "probe" (its kind's own), "case" (named by ``case``), "file" (``config`` has the names, without folders),
    or "given" as text.
    """

    schema: str
    tool: str
    kernel: str
    fix: str
    knobs: list[str]
    seed: int
    chosen: str
    program: str
    probe: str
    capture: str
    reflector: str
    src: str
    dst: str
    bound: bool
    ends: str = ""
    count: int
    size: int
    preload: int
    pinger: str = ""
    schedule: str = "fifo"
    flush_probe: bool = False
    both_ways: bool = False
    pattern: str
    record_route: bool
    ttl: int
    local: list[str]
    ident: int
    interface: str
    source: str
    case: str
    config: list[str]
    shape: dict[str, str]
    what_if: list[str]
    sas: list[SaRecord]
    policies: list[PolicyRecord]
    assumptions: list[str]

    @property
    def requests(self) -> int:
        """How many requests are sent in all."""
        of_each = self.count + (self.preload if self.pinger == "netbsd" else 0)
        return 2 * of_each if self.both_ways else of_each

    @property
    def at_once(self) -> int:
        """How many requests go out together at the start: those of the burst, or one of each ping."""
        if self.both_ways:
            return 2 * max(1, min(self.preload, self.requests // 2))
        return min(self.preload, self.requests)


class Crossing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A packet that crossed lo0, as tcpdump would see it."""

    echo: int
    packet: str
    row: int
    proto: list[str]
    spi: list[int]
    seq: list[int | None]
    src: str
    dst: str
    len: int


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that the run showed: a stable code, the row where it was first seen, how many echoes show it.

    ``since`` is the row from which on its cause was there, None if it has none.
    """

    code: str
    text: str
    row: int
    since: int | None
    echoes: int


class Verdict(msgspec.Struct, tag="verdict", tag_field="kind", kw_only=True, gc=False):
    """The last record: the result of the run.

    ``cause``, ``effect``, ``seen`` and ``unseen`` are row numbers or None: where the stale history arose,
    where it decided, where the kernel noticed (a drop or an error), where the last check passed it by.
    ``ping`` is what the sending program saw: ok, loss or error.  ``findings`` are in the order of their rows.
    """

    outcome: str
    code: str
    text: str
    ping: str
    errno: str | None
    sent: int
    received: int
    leaks: int
    cause: int | None
    effect: int | None
    seen: int | None
    unseen: int | None
    reasons: dict[str, str]
    fix: str
    findings: list[Finding]
    lo0: list[Crossing]
    counters: dict[str, int]


Record = Run | Step | Verdict
