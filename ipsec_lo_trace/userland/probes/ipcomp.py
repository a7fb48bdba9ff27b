"""The probe ``ipcomp``."""

from __future__ import annotations

from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions

PATTERN = bytes(range(16))
"""Data that deflate shortens, but not so much that inflate refuses; ping's own, all bytes different, grow."""

CONFIG = """\
add 127.0.0.1 127.0.0.1 ipcomp 0x1002 -C deflate ;
spdadd 127.0.0.1/32 127.0.0.1/32 any -P out ipsec ipcomp/transport//require ;
spdadd 127.0.0.1/32 127.0.0.1/32 any -P in ipsec ipcomp/transport//require ;
"""


def program(options: ProbeOptions) -> Ping:
    """Make a ping whose data can be compressed."""
    return Ping(PingOptions(options.dst, options.src, options.count, options.size, PATTERN, pinger="plain"))


PROBE = ProbeKind(
    name="ipcomp",
    title="an echo request over IPComp: does the kernel survive it?",
    text=(
        "ping sends data that can be compressed, with IPComp asked for in both directions and switched on"
        " (the kernel's ipcomp_enable is 0). The kernel of 2003 panics at the request: the code that tags a"
        " received packet rewrites a tag that IPComp never gives it. With --set ipcomp_null_tag=ok, or with a"
        " fix that brings it, the request is answered, and the stale OUT_DONE lets the reply go uncompressed."
        " IPComp sets no flag, and no inbound check looks for it, so the reply is accepted."
    ),
    answer="ping gets the echo reply",
    stage="ipsec4_common_input_cb",
    program=program,
    build=Build(ipcomp_enable="1"),
    config=CONFIG,
)
