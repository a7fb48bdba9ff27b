"""The fixes that can be applied to a kernel, each with its source."""

from __future__ import annotations

import msgspec


class Fix(msgspec.Struct, frozen=True):
    """A treatment of stale marks.

    ``icmp_reflect_strips_tags``: icmp_reflect deletes every packet tag of the mbuf that becomes the reply.
    """

    name: str
    title: str
    source: str
    icmp_reflect_strips_tags: bool = False


NONE = Fix(
    name="none",
    title="no fix: icmp_reflect leaves tags and flags alone",
    source="ip_icmp.c 1.68 (2002/06/13); the analysis of 2003-08-18 describes its effect",
)
NETBSD_2003_08 = Fix(
    name="netbsd-2003-08",
    title="icmp_reflect deletes all tags and leaves the flags",
    source="announced on tech-net, 2003-08-18; the revision itself was not seen",
    icmp_reflect_strips_tags=True,
)

FIXES = {fix.name: fix for fix in (NONE, NETBSD_2003_08)}
