"""The runs of real kernels that every statement called measured names."""

from __future__ import annotations

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.pages.page import PROGRAM, Page

_NETBSD = "NetBSD's own stack (2016 sources, switches for what differed in 2003), run as a user-space kernel"


def _run(
    name: RunName, text: str, *, ran: str, compared: str, tests: str, example: str, source: str = _NETBSD
) -> Page:
    return Page(
        kind="runs",
        name=name,
        text=text,
        source=source,
        sure="ours",
        example=f"{PROGRAM} {example}",
        details=(("ran", ran), ("compared", compared), ("held by", tests)),
    )


RUN_PAGES = (
    _run(
        "verdicts",
        "89 runs: what crosses lo0 for an echo, a UDP datagram, a SYN to a closed and to an open port.",
        ran="two pings each over ESP and AH, transport and tunnel, one SA and one for each direction, with"
        " icmp_reflect and looutput stripping or not, and an OUT_DONE that names its SA or does not; the"
        " bundle, two SAs for one address pair, UDP and TCP over ESP with neither place stripping and both",
        compared="every crossing with SPI and sequence number; whether the answer came",
        tests="tests/test_netbsd_fixes.py, tests/test_retest.py",
        example="matrix --rows 'ping lo-esp' --columns none",
    ),
    _run(
        "tag-traces",
        "16 runs: the tags at ipsec4_output, looutput and icmp_reflect, newest first.",
        ran="pings over ESP and AH, transport and tunnel, one SA and one for each direction, without and with"
        " the fix of August 2003",
        compared="every tag with its SPI",
        tests="tests/test_netbsd.py",
        example="ping --detail full",
    ),
    _run(
        "further",
        "Single runs of other traffic, policies and levels, without and with the fix of August 2003.",
        ran="ICMP timestamp and mask requests, IP options, UDP over AH, packets over lo0's MTU, one-sided,"
        " asymmetric and wildcard policies, inbound and outbound discard, unique, use, an SA that is not"
        " there, replay windows; flags left on or cleared in looutput",
        compared="crossings, answers, marks, and the counters of one echo",
        tests="tests/test_netbsd.py, tests/test_retest.py, tests/test_scenarios.py",
        example="ping --case asymmetric",
    ),
    _run(
        "random",
        "About 6,200 random configurations under up to 13 kernels each: 62,700 pairs with the model.",
        ran="ping and every probe but ipip and source-route; random SAs, policies, levels, sysctls, bursts;"
        " the switches of none, openbsd-2002, kame, netbsd-2003-08, netbsd-2.0, freebsd, netbsd-2015,"
        " looutput-only and strict, and single ones",
        compared="every crossing, answer and errno, about 60 counters",
        tests="the 1,234 of them that are in tests/data/netbsd/",
        example="sweep --help",
    ),
    _run(
        "linux-6.1",
        "Captures of ESP and AH over lo between two addresses of one Linux host.",
        ran="pings over transport and tunnel, with lo's IPsec switched on and left at its defaults; packets"
        " made here, put on its lo",
        compared="every packet decrypted, its ICV verified; answers to our packets, none to an altered ICV",
        tests="tests/interop/, and the tests that read tests/data/linux/",
        example="audit --help",
        source="Linux 6.1 in QEMU",
    ),
)
