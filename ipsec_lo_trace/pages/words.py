"""Words of a step record: how a packet is handed on, what was decided, what a call returns."""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page, explained, fed

_PING = f"{PROGRAM} ping"
_JSONL = f"{_PING} --format jsonl"
_MINIMAL = f"{_PING} --detail minimal"
_PROBE = f"{PROGRAM} probe"
_OUT = "spdadd 127.0.0.1 127.0.0.1 any -P out"
_IN_DISCARD = fed("spdadd 127.0.0.1 127.0.0.1 any -P in discard ;", "--detail minimal")

# Name, what it is, its kernel source, and a command whose output has it.
_VIAS = (
    ("syscall", "A system call enters the kernel: ping's sendto(2).", "kern/uipc_syscalls.c", _JSONL),
    ("call", "A direct call; an error returns to the caller.", "the calling stage's file", _JSONL),
    ("pr_input", "Through the protocol switch, by the IP header's protocol.", "netinet/in_proto.c", _JSONL),
    ("xf_input", "Through the transform switch, to the SA's input.", "netipsec/ipsec_input.c", _JSONL),
    ("xf_output", "Through the transform switch, to the SA's output.", "netipsec/ipsec_output.c", _JSONL),
    ("if_output", "Through the interface's output function, lo0's looutput.", "netinet/ip_output.c", _JSONL),
    (
        "crypto",
        "A callback of the crypto framework. It runs later, so no error after it reaches the system call.",
        "opencrypto/crypto.c",
        _JSONL,
    ),
    (
        "netisr",
        "The IP input queue and its soft interrupt. It runs later; an error after it is lost to the caller.",
        "net/if_loop.c; netinet/ip_input.c, ipintr",
        _JSONL,
    ),
)

_DECISIONS = (
    (
        "apply",
        "ip_output: a policy asks for IPsec, and no tag says that it was applied.",
        "ip_output",
        _MINIMAL,
    ),
    ("skip", "ip_output: a tag names the policy's SA, so IPsec is taken as applied.", "ip_output", _MINIMAL),
    (
        "no-ipsec",
        "ip_output: no outbound policy asks for IPsec.",
        "ip_output",
        fed("spdflush ;", "--detail minimal"),
    ),
    (
        "transform",
        "ipsec4_process_packet: straight to ESP or AH, without an outer header.",
        "ipsec4_process_packet",
        _MINIMAL,
    ),
    (
        "tunnel",
        "ipsec4_process_packet wraps the packet first; encap4_input gives it to the tunnel input.",
        "ipsec4_process_packet",
        f"{_MINIMAL} --mode tunnel",
    ),
    (
        "bundle",
        "ipsec_process_done: the policy has another rule, which is applied next.",
        "ipsec_process_done",
        f"{_MINIMAL} --proto esp+ah",
    ),
    (
        "clear",
        "ipsec4_process_packet: there is no SA, and the level lets the packet go in clear (use_without_sa).",
        "ipsec4_process_packet",
        fed(f"{_OUT} ipsec esp/transport//use ;", "--set use_without_sa=clear --detail minimal"),
    ),
    ("accept", "ip_input: gate 1 lets the packet pass to its protocol.", "ip_input", _MINIMAL),
    ("reject", "A gate's inbound policy refuses the packet.", "ip_input", _IN_DISCARD),
    ("reassemble", "ip_input: a fragment, for reassembly.", "ip_input", f"{_MINIMAL} -s 40000"),
    ("keep", "ip_reass: the fragment waits for the others.", "ip_reass", f"{_MINIMAL} -s 40000"),
    ("reflect", "icmp_input: an echo request, to be answered.", "icmp_input", _MINIMAL),
    ("raw", "The packet goes to the raw sockets.", "icmp_input", _MINIMAL),
    ("deliver", "A socket gets the packet, or the error that it brings.", "rip_input", _MINIMAL),
    ("multicast", "ip_output: to a group, so a copy may come back.", "ip_output", f"{_PROBE} multicast"),
    ("copy", "ip_mloopback: the copy goes to lo0.", "ip_mloopback", f"{_PROBE} multicast"),
    ("forward", "ip_input, ip_forward: for another host.", "ip_forward", f"{_PROBE} forward"),
    (
        "source-route",
        "ip_input: the packet's source route leads on to another hop.",
        "ip_input",
        f"{_PROBE} source-route",
    ),
    ("wire", "ether_output: the packet leaves the host.", "ether_output", f"{_PROBE} forward"),
    ("no-port", "udp_input, tcp_input: no socket has the port.", "udp_input", f"{_PROBE} udp-closed"),
    (
        "error",
        "An ICMP error is sent, or reaches the socket that it is for.",
        "icmp_error",
        f"{_PROBE} udp-closed",
    ),
    ("reuse", "tcp_respond: the RST is made in the segment's mbuf.", "tcp_respond", f"{_PROBE} tcp-closed"),
    (
        "new-mbuf",
        "tcp_respond: the RST is made in a new mbuf, since the segment has no options and no data.",
        "tcp_respond",
        explained("tcp_respond"),
    ),
    (
        "reuse-by-layout",
        "tcp_respond: the RST is made in the segment's mbuf; that depends on the mbuf layout.",
        "tcp_respond",
        f"{_PROBE} tcp-closed --case lo-ah",
    ),
    (
        "new-mbuf-by-layout",
        "tcp_respond: the RST is made in a new mbuf; that depends on the mbuf layout.",
        "tcp_respond",
        f"{_PROBE} tcp-closed --case lo-esp-tunnel",
    ),
    (
        "drop",
        "The packet is freed because something is wrong with it; the reason says what.",
        "ip_output",
        fed(f"{_OUT} discard ;", "--detail minimal"),
    ),
    (
        "panic",
        "The kernel stops: a page fault, or an assertion that fails.",
        "ipsec_process_done",
        explained("null-sa"),
    ),
)

_USE = fed(f"{_OUT} ipsec esp/transport//use ;", "--detail minimal")
_REQUIRE = fed(f"{_OUT} ipsec esp/transport//require ;", "--detail minimal")
_ERRNOS = (
    ("EINVAL", "Invalid: no SA at level use, a dead SA, a packet that does not fit its SA.", _USE),
    ("ENOENT", "No SA. ip_output turns it into success, so ping is not told.", _REQUIRE),
    ("EMSGSIZE", "The packet would exceed 65535 bytes.", f"{_MINIMAL} -s 65507"),
    ("ECONNREFUSED", "Nobody listens there: an ICMP error or a RST says so.", f"{_PROBE} tcp-closed"),
    ("EHOSTUNREACH", "There is no route, or IPComp is switched off.", f"{_MINIMAL} --proto ipcomp"),
    ("EOPNOTSUPP", "IPComp came, and it is switched off.", explained("ipcomp-disabled")),
    ("EACCES", "The ICV is wrong, or the AH header does not fit.", explained("bad-icv")),
    ("ENOBUFS", "A queue is full, an SA died, or a sequence number came before.", explained("replay")),
)


def _word(kind: str, name: str, text: str, source: str, example: str, see: tuple[str, ...] = ()) -> Page:
    return Page(kind=kind, name=name, text=text, source=source, sure="read", example=example, see=see)


VIAS = tuple(_word("transfers", *row, see=("transfer",)) for row in _VIAS)
DECISIONS = tuple(
    _word("decisions", name, text, stage, example, (stage,)) for name, text, stage, example in _DECISIONS
)
ERRNOS = tuple(
    _word("errnos", name, text, "errno(2); the kernel function that drops the packet", example)
    for name, text, example in _ERRNOS
)
