"""The door to the mbuf flags that are history: M_AUTHIPHDR, M_DECRYPTED, M_AUTHIPDGM.

Source: sys/mbuf.h.  A flag is one bit, so a packet bears it once; setting it again makes it the present
packet's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.trace import Change, Mark

if TYPE_CHECKING:
    from ipsec_lo_trace.kernel.state import Kernel

M_AUTHIPHDR = "M_AUTHIPHDR"
M_DECRYPTED = "M_DECRYPTED"
M_AUTHIPDGM = "M_AUTHIPDGM"

ORDER = (M_AUTHIPHDR, M_DECRYPTED, M_AUTHIPDGM)
"""The flags in the order of their bits, 0x10, 0x20, 0x80."""


def m_flag(m: Mbuf, name: str) -> Mark | None:
    """Find the flag ``name``; None if it is not set."""
    for mark in m.flags:
        if mark.name == name and mark.there:
            return mark
    return None


def m_flags(m: Mbuf) -> list[Mark]:
    """Return the flags that are set, in the order of their bits."""
    return [mark for mark in m.flags if mark.there]


def m_set_flag(m: Mbuf, name: str) -> None:
    """Set the flag ``name``; a flag that the packet inherited counts as made anew."""
    old = next((mark for mark in m.flags if mark.name == name), None)
    if old is not None:
        m.changes.append(Change("remove", old))
    new = Mark(name=name, made_for=m.packet, row=m.row, stale=False)
    m.changes.append(Change("add", new))
    flags = [mark for mark in m.flags if mark is not old]
    m.flags = tuple(sorted([*flags, new], key=lambda mark: ORDER.index(mark.name)))


def m_clear_flag(m: Mbuf, flag: Mark) -> None:
    """Clear one flag.  The kernel of 2003 clears none of these on IPv4; fixes and experiments do."""
    m.changes.append(Change("remove", flag))
    m.flags = tuple(other for other in m.flags if other is not flag)


def m_clear_flags(m: Mbuf) -> None:
    """Clear all three flags."""
    for flag in m.flags:
        m_clear_flag(m, flag)


def m_keep_copied(k: Kernel, m: Mbuf) -> None:
    """Clear what a copied packet header does not keep: ``m`` is such a copy.  Source: M_COPYFLAGS."""
    if m.flags and k.build.copy_flags == "not-ipsec":
        m_clear_flags(m)


def m_copy_pkthdr(k: Kernel, to: Mbuf, m: Mbuf) -> None:
    """Give ``to``, a fresh mbuf that copies a packet, copies of the tags and flags of ``m``.

    A copy of what is the packet's own history is the copy's own; what was stale stays so.
    """
    to.tags = tuple(_copied(to, mark) for mark in m.tags)
    if m.flags and k.build.copy_flags == "all":
        to.flags = tuple(_copied(to, mark) for mark in m.flags)
    to.changes.extend(Change("add", mark) for mark in to.marks)


def _copied(to: Mbuf, mark: Mark) -> Mark:
    return mark if mark.stale else replace(mark, made_for=to.packet, row=to.row)
