"""The probes; their words are those of ``userland.probes``, which load scapy and cannot be imported here."""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace.pages.page import PROGRAM, Page
from ipsec_lo_trace.pages.stages import FILES


class _Probe(NamedTuple):
    """A probe: its title, what is sent and what that tests, what counts as an answer, what it switches.

    ``stage`` is where it is decided.
    """

    name: str
    stage: str
    title: str
    text: str
    answer: str
    knobs: tuple[str, ...] = ()


_PROBES = (
    _Probe(
        name="big",
        stage="ip_reass",
        title="an echo request over lo0's MTU: which marks survive fragments and reassembly?",
        text=(
            "ip_fragment leaves tags and flags on the first fragment, in whose mbuf ip_reass puts the"
            " packet together. So the marks survive, and the reply leaks as a small one does."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="df",
        stage="ip_output",
        title="a packet that fits lo0's MTU, but not with IPsec, and must not be cut: who hears of it?",
        text=(
            "The process writes the IP header itself and sets DF. The packet is short enough for lo0"
            " when sendto is called, but too long when ip_output sees it again after IPsec. It is"
            " dropped with EMSGSIZE, and since sendto has returned long ago, nobody hears of that."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="encap",
        stage="encap4_input",
        title="an echo request in a tunnel: what becomes of the tag that the decapsulation adds?",
        text=(
            "encap4_input takes an IP-in-IP packet only if it came by IPsec, and puts an ENCAP tag on"
            " it that nobody removes. So the reply bears it, beside IN_DONE and OUT_DONE: it decides"
            " nothing, and shows how far leftovers travel."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="forward",
        stage="ip_forward",
        title="a packet that leaves a tunnel of this host with itself, and is forwarded: how does it go out?",
        text=(
            "An echo request to 192.0.2.1 takes a tunnel both of whose ends are this host's. Over lo0"
            " it comes back, is decapsulated, and ip_forward outputs it in the same mbuf. The OUT_DONE"
            " tag of its first trip makes ip_output skip IPsec, and it leaves by ex0 in clear. Without"
            " that tag the policy takes it into the tunnel again and again, until its TTL, 4 here, runs"
            " out: the tag ends that loop, and the leak is its price. No other packet that this host"
            " forwards can bear OUT_DONE."
        ),
        answer="the packet leaves by ex0",
        knobs=("forwarding=1",),
    ),
    _Probe(
        name="ipcomp",
        stage="ipsec4_common_input_cb",
        title="an echo request over IPComp: does the kernel survive it?",
        text=(
            "ping sends data that can be compressed, with IPComp asked for in both directions and"
            " switched on (the kernel's ipcomp_enable is 0). The kernel of 2003 panics at the request:"
            " the code that tags a received packet rewrites a tag that IPComp never gives it. With --set"
            " ipcomp_null_tag=ok, or with a fix that brings it, the request is answered, and the stale"
            " OUT_DONE lets the reply go uncompressed. IPComp sets no flag, and no inbound check looks"
            " for it, so the reply is accepted."
        ),
        answer="ping gets the echo reply",
        knobs=("ipcomp_enable=1",),
    ),
    _Probe(
        name="mask",
        stage="icmp_input",
        title="an ICMP address mask request: does its reply leak as an echo reply does?",
        text=(
            "With maskrepl=1 icmp_input writes lo0's mask into the request and reflects it in its own"
            " mbuf, marks and all. With maskrepl=0, which is the usual setting, the request goes to the"
            " raw sockets instead, and nobody answers."
        ),
        answer="an address mask reply",
        knobs=("maskrepl=1",),
    ),
    _Probe(
        name="multicast",
        stage="ip_mloopback",
        title="an echo request to a group that is routed to lo0: is what comes back protected?",
        text=(
            "ip_output's multicast branch comes before its IPsec block. ip_mloopback gives lo0 a copy"
            " in clear, whatever the policy says, and the packet itself is freed, since nothing is sent"
            " to a group on lo0. The copy has no history, so an inbound policy that requires ESP refuses"
            " it."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="multicast-out",
        stage="ip_mloopback",
        title="an echo request to a group that is routed to a real interface: which copies come back?",
        text=(
            "First ip_mloopback gives lo0 a copy in clear. The packet itself goes through IPsec, and in"
            " ip_output again, where a second copy is looped, of the ESP packet and with its OUT_DONE"
            " tag. That copy is decrypted and answered in its own mbuf, so the reply bears stale marks;"
            " they name an SA to the group, which no policy for a reply can use."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="record-route",
        stage="icmp_reflect",
        title="an echo request that records its route: do IP options change what leaks?",
        text=(
            "icmp_reflect takes the options off the request and has ip_output insert them into the"
            " reply, where an mbuf may be put in front that gets copies of the tags. So tags and"
            " protection are as without options. ip_input writes an address each time that it sees the"
            " packet: twice for one by IPsec."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="redirect",
        stage="ip_forward",
        title="a packet that is forwarded back to where it came from: is its sender redirected?",
        text=(
            "A static route leads 192.0.2.0/24 back to this host. A packet there takes a tunnel of this"
            " host with itself, comes back over lo0, and is forwarded by lo0, so ip_forward owes"
            " 127.0.0.1 a redirect. The copy that it quotes bears copies of the packet's marks,"
            " M_DECRYPTED among them, so icmp_error sends nothing: not for the packet that was"
            " decrypted, and not for the same packet later, which by then goes round in clear."
        ),
        answer="an ICMP redirect",
        knobs=("forwarding=1",),
    ),
    _Probe(
        name="source-route",
        stage="ip_input",
        title="an echo request by way of this host itself: where does its reply go, and with what marks?",
        text=(
            "A loose source route leads to the host, and from there to the host again. ip_input follows"
            " it before IPsec is taken off, so ip_forward sends the ESP packet on, and the OUT_DONE tag"
            " of the packet that came in keeps it from being encrypted again. The reply takes the route"
            " back. No packet to 127.0.0.0/8 is ever forwarded, so this needs another address of the"
            " host: --local 10.9.9.1 10.9.9.1."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="tcp-closed",
        stage="tcp_respond",
        title="a TCP SYN to a port without a socket: does the RST leak?",
        text=(
            "A socket connects to port 9, where nobody listens. tcp_respond makes the RST in the SYN's"
            " own mbuf, with the SYN's tags and flags, just as icmp_reflect makes the echo reply; and"
            " the fix of 2003 touches icmp_reflect only. So the RST crosses lo0 in clear, and the stale"
            " flag lets it in."
        ),
        answer="the RST reaches the socket, and connect(2) returns ECONNREFUSED",
    ),
    _Probe(
        name="tcp-open",
        stage="syn_cache_respond",
        title="a TCP connection to a listening socket: SYN, SYN-ACK, ACK",
        text=(
            "A socket connects to port 80, where a process listens. SYN, SYN-ACK and ACK each start in"
            " a new mbuf, so nothing leaks. The listening socket's policy is not asked, though:"
            " FAST_IPSEC of 2004 lacks that check, so a policy that requires protection does not keep a"
            " plain connection out."
        ),
        answer="connect(2) returns 0, and the server accepts the connection",
    ),
    _Probe(
        name="timestamp",
        stage="icmp_input",
        title="an ICMP timestamp request: does its reply leak as an echo reply does?",
        text=(
            "icmp_input writes two times into the request and reflects it in its own mbuf, by the same"
            " code as an echo request, so the reply bears the request's marks. The clock starts at 0 and"
            " ticks a second an echo."
        ),
        answer="a timestamp reply",
    ),
    _Probe(
        name="timestamp-option",
        stage="icmp_reflect",
        title="an echo request that asks for addresses and times: do IP options change what leaks?",
        text=(
            "The timestamp option is kept in the reply as record route is, and tags and protection are"
            " as without options. Each ip_input fills one of the four slots; when none is free, it"
            " counts an overflow."
        ),
        answer="an echo reply",
    ),
    _Probe(
        name="udp-closed",
        stage="icmp_error",
        title="a UDP datagram to a port without a socket: does the ICMP error come?",
        text=(
            "A connected UDP socket sends a datagram to port 9, where nobody listens. The kernel makes"
            " the ICMP error in a new mbuf, so no mark leaks; but it sends none at all about a packet"
            " with M_DECRYPTED. So over ESP there is silence, over AH an error that is protected as the"
            " policies ask."
        ),
        answer="the ICMP error reaches the socket, whose next system call returns ECONNREFUSED",
    ),
    _Probe(
        name="udp-echo",
        stage="udp_input",
        title="a UDP datagram to a process that echoes it: what an answer from a socket looks like",
        text=(
            "A connected UDP socket sends a datagram to port 7, where a process reads it and sends a"
            " new one back. Tags and flags end at the socket, and the answer starts in a new mbuf: this"
            " is the packet semantics that the fix of 2003 wants for the echo reply. UDP has no gate 1;"
            " both sockets have gate 2."
        ),
        answer="the echoed datagram reaches the socket",
    ),
)

_SEEN_RUN = (
    *("big", "encap", "mask", "record-route", "tcp-closed", "tcp-open"),
    *("timestamp", "timestamp-option", "udp-closed"),
)
"""The traffic that NetBSD's own stack was run with, unpatched and patched."""


def _page(probe: _Probe) -> Page:
    end = "" if probe.title.endswith("?") else "."
    switched = (("switches", ", ".join(probe.knobs)),) if probe.knobs else ()
    return Page(
        kind="probes",
        name=probe.name,
        text=f"{probe.title[0].upper()}{probe.title[1:]}{end}",
        source=f"{FILES[probe.stage]}, {probe.stage}",
        sure="measured" if probe.name in _SEEN_RUN else "derived",
        example=f"{PROGRAM} probe {probe.name}",
        details=(("about", probe.text), ("answered", probe.answer), *switched),
        see=(probe.stage,),
    )


PROBES = tuple(_page(probe) for probe in _PROBES)
