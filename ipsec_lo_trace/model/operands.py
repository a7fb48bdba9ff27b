"""What a stage holds against what: the two sides of a check, as facts.

Each kind of operand is a small record with its own fields, told apart by ``is``.  Views put it into words,
findings and sweeps compare its fields; nobody reads a phrase.  The run record has policies and requests in
the same form.
"""

from __future__ import annotations

import msgspec


class Borne(msgspec.Struct, tag="borne", tag_field="is", frozen=True, gc=False):
    """A mark that the packet bears: a tag or a flag, and the packet that it was made for.

    ``proto`` ("esp"), ``spi`` and ``dst`` are the tag's tdb_ident; None on flags and on tags without one.
    """

    name: str
    made_for: str
    proto: str | None
    spi: int | None
    dst: str | None


class Absent(msgspec.Struct, tag="absent", tag_field="is", frozen=True, gc=False):
    """Marks that the packet does not bear: none of these names."""

    names: tuple[str, ...]


class AnyOf(msgspec.Struct, tag="any-of", tag_field="is", frozen=True, gc=False):
    """What is looked for: a mark of any of these names, whatever it says."""

    names: tuple[str, ...]


class SaId(msgspec.Struct, tag="sa", tag_field="is", frozen=True, gc=False):
    """What identifies an SA (struct tdb_ident): of the SA itself, or as a header says it."""

    proto: str
    spi: int
    dst: str


class RequestRecord(msgspec.Struct, tag="request", tag_field="is", frozen=True, gc=False):
    """A rule of a policy: one transform that it asks for.

    ``src`` and ``dst`` are the ends of the SA, "" where the packet's own ends are meant; the check "sa" has
    those filled in.  ``level`` is "default", "use", "require" or "unique"; ``reqid`` is 0 for none.
    """

    proto: str
    mode: str
    src: str
    dst: str
    level: str
    reqid: int


class PacketEnds(msgspec.Struct, tag="packet", tag_field="is", frozen=True, gc=False):
    """The selector of a packet: ends, upper protocol's number (255: any), ports (0: none)."""

    src: str
    dst: str
    upper: int
    src_port: int
    dst_port: int


class PolicyRecord(msgspec.Struct, tag="policy", tag_field="is", frozen=True, gc=False):
    """A policy of the configuration: its selector with networks, and what it asks for, in order.

    ``upper`` is a protocol's number (255: any); port 0 is any port.
    """

    dir: str
    src: str
    dst: str
    src_port: int
    dst_port: int
    upper: int
    type: str
    requests: tuple[RequestRecord, ...]


class DefaultPolicy(msgspec.Struct, tag="default-policy", tag_field="is", frozen=True, gc=False):
    """The system's default policy, taken because none of ``among`` policies of the direction would do."""

    type: str
    among: int


class Nothing(msgspec.Struct, tag="nothing", tag_field="is", frozen=True, gc=False):
    """Nothing to hold it against; ``what`` is "no-sa-used" (by the policy, so far) or "no-live-sa"."""

    what: str


class Protocol(msgspec.Struct, tag="protocol", tag_field="is", frozen=True, gc=False):
    """The protocol of a packet's outermost IP header, by its number."""

    number: int


class Hook(msgspec.Struct, tag="hook", tag_field="is", frozen=True, gc=False):
    """A place where other code may look at packets (a list of pfil(9))."""

    name: str


Operand = (
    Borne
    | Absent
    | AnyOf
    | SaId
    | RequestRecord
    | PacketEnds
    | PolicyRecord
    | DefaultPolicy
    | Nothing
    | Protocol
    | Hook
)

NO_SA_USED = Nothing("no-sa-used")
NO_LIVE_SA = Nothing("no-live-sa")
