"""A clock that is none: it starts at 0 and ticks once an echo, a second each."""

from __future__ import annotations

from ipsec_lo_trace.model.mbuf import Mbuf

MS_A_SECOND = 1000
MS_A_DAY = 24 * 60 * 60 * MS_A_SECOND


def iptime(m: Mbuf) -> int:
    """Return the time as ICMP and the timestamp option tell it: milliseconds since midnight UT, 32 bits.

    Source: netinet/ip_icmp.c, iptime.  RFC 792.
    """
    return (m.echo - 1) * MS_A_SECOND % MS_A_DAY
