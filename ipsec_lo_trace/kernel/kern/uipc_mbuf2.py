"""The door to the packet tags: a list in the packet header, newest first.

Source: kern/uipc_mbuf2.c, m_tag_*.  Tags are known by id alone (NetBSD has no cookie), and a chain may hold
several of one id.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from ipsec_lo_trace.kernel.kern.uipc_mbuf import m_clear_flags
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.sa import TdbIdent
from ipsec_lo_trace.model.trace import Change, Mark
from ipsec_lo_trace.model.undecided import UndecidedStrip

if TYPE_CHECKING:
    from ipsec_lo_trace.kernel.state import Kernel

ENCAP = "ENCAP"
IN_DONE = "IN_DONE"
OUT_DONE = "OUT_DONE"
OUT_CRYPTO_NEEDED = "OUT_CRYPTO_NEEDED"
PENDING_TDB = "PENDING_TDB"
PF = "PF"
IPSEC_TAGS = (IN_DONE, OUT_DONE, OUT_CRYPTO_NEEDED, PENDING_TDB)
"""The tags that are IPsec's history."""
TAGS = (ENCAP, *IPSEC_TAGS, PF)
"""Every tag that some stage reads or adds."""


STRIPPED = {
    "keep": "",
    "tags": "every tag is deleted; the flags stay",
    "all": "every tag and flag is deleted",
    "history": "the IPsec tags are deleted",
    "flags": "the flags are cleared",
}
"""What a switch that strips says, whatever there is to strip."""


def m_tag_find(m: Mbuf, name: str) -> Mark | None:
    """Find the first, that is the newest, tag called ``name``."""
    for tag in m.tags:
        if tag.name == name and tag.there:
            return tag
    return None


def m_tag_walk(m: Mbuf, *names: str) -> Iterator[Mark]:
    """Yield the tags with one of these names, newest first."""
    return (tag for tag in m.tags if tag.name in names and tag.there)


def m_tag_prepend(m: Mbuf, name: str, tdbi: TdbIdent | None = None) -> None:
    """Make a tag and put it at the head of the chain; ``tdbi`` is its payload."""
    proto, spi, dst = tdbi or (None, None, None)
    tag = Mark(name, m.packet, m.row, False, proto, spi, dst)  # noqa: FBT003 -- by position, for speed
    m.changes.append(Change("add", tag))
    m.tags = (tag, *m.tags)


def m_tag_delete(m: Mbuf, tag: Mark) -> None:
    """Unlink and free one tag."""
    m.changes.append(Change("remove", tag))
    m.tags = tuple(other for other in m.tags if other is not tag)


def m_tag_delete_nonpersistent(k: Kernel, m: Mbuf) -> None:
    """Free the tags that may not leave the packet's present trip.

    NetBSD has no persistent tags, so there this is the whole chain; FreeBSD 13 kept pf's.
    """
    for tag in m.tags:
        if tag.name != PF or k.build.persistent_tags == "none":
            m_tag_delete(m, tag)


def strip(k: Kernel, m: Mbuf, what: str | UndecidedStrip) -> str:
    """Strip what a switch says; give it in words, "" for "keep".

    That is "tags", "all" (flags too), "history" (the IPsec tags) or "flags".  A switch that a proof leaves
    open is tried with each of its values.

    Source: the fixes (ipsec_lo_trace.fixes), each with its own.

    The switch is compared only where there is something to strip, and its words are no comparison: so that a
    sweep sees where it made no difference (sweep.asked).
    """
    if isinstance(what, UndecidedStrip):
        what.each(m, partial(_strip, k, m))
        return ""
    _strip(k, m, what)
    return STRIPPED[str(what)]


def _strip(k: Kernel, m: Mbuf, what: str) -> None:
    if m.tags and what == "history":
        for tag in m.tags:
            if tag.name in IPSEC_TAGS:
                m_tag_delete(m, tag)
    elif m.tags and what not in ("keep", "flags"):
        m_tag_delete_nonpersistent(k, m)
    if m.flags and what in ("all", "flags"):
        m_clear_flags(m)


def tdb_ident(tag: Mark) -> TdbIdent:
    """Read the payload of an IPsec tag."""
    return TdbIdent(tag.proto or 0, tag.spi or 0, tag.dst or "")
