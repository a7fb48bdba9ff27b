"""The stages: modelled kernel functions that take the packet.

Their words are those of the stages' docstrings, held equal by a test, so that a trace can be explained
without the kernel.
"""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page

_AH = f"{PROGRAM} ping --proto ah"
_TUNNEL = f"{PROGRAM} ping --mode tunnel"
_IPCOMP = f"{PROGRAM} ping --proto ipcomp --set ipcomp_enable=1 -p 0f"
_EXAMPLES = {
    "ah_output": _AH,
    "ah_output_cb": _AH,
    "ah_input": _AH,
    "ah_input_cb": _AH,
    "ipcomp_output": _IPCOMP,
    "ipcomp_output_cb": _IPCOMP,
    "ipcomp_input": _IPCOMP,
    "ipcomp_input_cb": _IPCOMP,
    "ipip_output": _TUNNEL,
    "encap4_input": _TUNNEL,
    "ip4_input": _TUNNEL,
    "ip_reass": f"{PROGRAM} ping -s 40000",
    "ip_forward": f"{PROGRAM} probe forward",
    "ether_output": f"{PROGRAM} probe forward",
    "ip_mloopback": f"{PROGRAM} probe multicast",
    "udp_output": f"{PROGRAM} probe udp-echo",
    "udp_input": f"{PROGRAM} probe udp-echo",
    "udp_ctlinput": f"{PROGRAM} probe udp-closed --proto ah",
    "icmp_error": f"{PROGRAM} probe udp-closed",
    "tcp_output": f"{PROGRAM} probe tcp-open",
    "tcp_input": f"{PROGRAM} probe tcp-open",
    "syn_cache_respond": f"{PROGRAM} probe tcp-open",
    "tcp_respond": f"{PROGRAM} probe tcp-closed",
}


def _stage(
    name: str,
    file: str,
    text: str,
    *,
    source: str,
    marks: str,
    reaches: tuple[str, ...],
    more: str = "",
) -> tuple[str, Page]:
    onward = ", ".join(reaches) or "nothing; the path ends here"
    details = (("marks", marks), *((("besides", more),) if more else ()), ("goes on to", onward))
    page = Page(
        kind="stages",
        name=name,
        text=text,
        source=source,
        sure="read",
        example=_EXAMPLES.get(name, f"{PROGRAM} ping"),
        details=details,
        see=reaches,
    )
    return file, page


_STAGES = (
    _stage(
        "rip_output",
        "netinet/raw_ip.c",
        ("Put a 20-byte IP header before the ICMP message that ping wrote to its raw socket."),
        source="netinet/raw_ip.c, rip_output.",
        marks="the mbuf is new and bears none.",
        reaches=("ip_output",),
        more="With IP_HDRINCL the process wrote the header itself.",
    ),
    _stage(
        "ip_output",
        "netinet/ip_output.c",
        (
            "Send a packet: through IPsec if a policy says so and it has not been through, else to its"
            " interface."
        ),
        source="netinet/ip_output.c, ip_output.",
        marks=(
            "reads PENDING_TDB (and removes it) and OUT_DONE; adds none. KAME's deletes the IPsec tags,"
            " FreeBSD's clears the flags, right before if_output; a packet filter that tags adds PF."
        ),
        reaches=("ether_output", "ip_mloopback", "ip_output", "ipsec4_process_packet", "looutput"),
    ),
    _stage(
        "ipsec4_process_packet",
        "netipsec/ipsec_output.c",
        ("Choose an SA for the request and hand the packet to its transform, in a tunnel if need be."),
        source="netipsec/ipsec_output.c, ipsec4_process_packet and ipsec_nextisr.",
        marks=(
            'reads none, removes none; adds none, but where level "use" may go on without an SA'
            " (use_without_sa) an OUT_DONE that names none."
        ),
        reaches=("ah_output", "esp_output", "ip_output", "ipcomp_output", "ipip_output"),
    ),
    _stage(
        "ipip_output",
        "netipsec/xform_ipip.c",
        "Put an outer IP header with the SA's ends before the packet.",
        source="netipsec/xform_ipip.c, ipip_output. RFC 2003; RFC 3168 for the ECN bits.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_output", "esp_output", "ipcomp_output"),
    ),
    _stage(
        "esp_output",
        "netipsec/xform_esp.c",
        ("Put ESP header, padding and trailer around the payload and queue the packet for encryption."),
        source="netipsec/xform_esp.c, esp_output. RFC 2406.",
        marks="reads none, adds none, removes none.",
        reaches=("esp_output_cb",),
    ),
    _stage(
        "esp_output_cb",
        "netipsec/xform_esp.c",
        "Take the encrypted packet back from the crypto framework.",
        source="netipsec/xform_esp.c, esp_output_cb.",
        marks="reads none, adds none, removes none.",
        reaches=("ipsec_process_done",),
    ),
    _stage(
        "ah_output",
        "netipsec/xform_ah.c",
        "Insert the AH header and queue the packet for authentication.",
        source="netipsec/xform_ah.c, ah_output. RFC 2402 section 3.3.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_output_cb",),
    ),
    _stage(
        "ah_output_cb",
        "netipsec/xform_ah.c",
        "Take the authenticated packet back from the crypto framework.",
        source="netipsec/xform_ah.c, ah_output_cb.",
        marks="reads none, adds none, removes none.",
        reaches=("ipsec_process_done",),
    ),
    _stage(
        "ipcomp_output",
        "netipsec/xform_ipcomp.c",
        "Put the IPComp header before the payload and queue the packet for compression.",
        source="netipsec/xform_ipcomp.c, ipcomp_output. RFC 3173 section 2.",
        marks="reads none, adds none, removes none.",
        reaches=("ipcomp_output_cb",),
        more="The header's CPI is the SA's SPI, with and without setkey's -R.",
    ),
    _stage(
        "ipcomp_output_cb",
        "netipsec/xform_ipcomp.c",
        "Take the compressed packet back from the crypto framework.",
        source="netipsec/xform_ipcomp.c, ipcomp_output_cb.",
        marks="reads none, adds none, removes none.",
        reaches=("ipsec_process_done",),
    ),
    _stage(
        "ipsec_process_done",
        "netipsec/ipsec_output.c",
        ("Tag the packet with the SA that was applied; go on with the bundle, or output the packet again."),
        source="netipsec/ipsec_output.c, ipsec_process_done.",
        marks=(
            "adds OUT_DONE at the head; reads none, removes none. NetBSD's of 2015 adds one at the end of"
            " the bundle, and it names no SA."
        ),
        reaches=("ip_output", "ipsec4_process_packet"),
    ),
    _stage(
        "ip_mloopback",
        "netinet/ip_output.c",
        ("Copy a multicast packet that this host's own group is to get, and give the copy to lo0."),
        source="netinet/ip_output.c, ip_mloopback.",
        marks="adds copies of the original's tags and flags (M_COPY_PKTHDR).",
        reaches=("looutput",),
        more="This comes before the IPsec block of ip_output. The copy is not cut to the MTU.",
    ),
    _stage(
        "looutput",
        "net/if_loop.c",
        "Put the packet on the IP input queue, as it is.",
        source="net/if_loop.c, looutput.",
        marks=(
            "reads none, adds none, removes none: tags and flags all come back up with the packet. With"
            " some fixes the tags end here, with some the flags too; a packet that ALTQ queues passes that"
            " by."
        ),
        reaches=("ip_input",),
    ),
    _stage(
        "ether_output",
        "net/if_ethersubr.c",
        "Put the packet on the wire of ex0, where neither tags nor flags can follow.",
        source="net/if_ethersubr.c, ether_output.",
        marks="reads none, adds none, removes none; they end with the mbuf.",
        reaches=(),
    ),
    _stage(
        "ip_input",
        "netinet/ip_input.c",
        ("Check the header, ask packet filter and policy, and give the packet to its protocol."),
        source="netinet/ip_input.c, ip_input.",
        marks=(
            "reads IN_DONE (packet filter and policy gate) and, by address, the flags; adds none, removes"
            " none."
        ),
        reaches=(
            "encap4_input",
            "icmp_input",
            "ip_forward",
            "ip_reass",
            "ipsec4_common_input",
            "rip_input",
            "tcp_input",
            "udp_input",
        ),
    ),
    _stage(
        "ip_reass",
        "netinet/ip_input.c",
        ("Keep a fragment until its packet is whole; the first fragment's mbuf becomes the packet."),
        source="netinet/ip_input.c, ip_reass. RFC 791 section 3.2.",
        marks="the packet has those of its first fragment; the others' end with their mbufs.",
        reaches=("ip_input",),
    ),
    _stage(
        "ip_forward",
        "netinet/ip_input.c",
        ("Count the TTL down and output the packet; tell its sender if there was a shorter way."),
        source="netinet/ip_input.c, ip_forward.",
        marks=(
            "the packet that goes out inherits all of the one that came in; a redirect's copy gets copies."
        ),
        reaches=("icmp_error", "ip_output"),
    ),
    _stage(
        "ipsec4_common_input",
        "netipsec/ipsec_input.c",
        ("Find the SA by destination, protocol and SPI, and hand the packet to its transform."),
        source="netipsec/ipsec_input.c, ipsec4_common_input and ipsec_common_input.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_input", "esp_input", "ipcomp_input"),
    ),
    _stage(
        "esp_input",
        "netipsec/xform_esp.c",
        "Check length and sequence number, and queue the packet for decryption.",
        source="netipsec/xform_esp.c, esp_input. RFC 2406 section 3.4.",
        marks="reads none (no driver here sets IN_CRYPTO_DONE), adds none, removes none.",
        reaches=("esp_input_cb",),
    ),
    _stage(
        "esp_input_cb",
        "netipsec/xform_esp.c",
        ("Compare the ICV, note the sequence number, and cut header, IV, padding and trailer off."),
        source="netipsec/xform_esp.c, esp_input_cb. RFC 2406 section 3.4.",
        marks="adds M_DECRYPTED (and not M_AUTHIPDGM, even if the SA authenticates).",
        reaches=("ipsec4_common_input_cb",),
    ),
    _stage(
        "ah_input",
        "netipsec/xform_ah.c",
        "Check sequence number and length, and queue the packet for its ICV.",
        source="netipsec/xform_ah.c, ah_input. RFC 2402 section 3.4.",
        marks="reads none (no driver here sets IN_CRYPTO_DONE), adds none, removes none.",
        reaches=("ah_input_cb",),
    ),
    _stage(
        "ah_input_cb",
        "netipsec/xform_ah.c",
        "Compare the ICV, note the sequence number, and cut the AH header out.",
        source="netipsec/xform_ah.c, ah_input_cb. RFC 2402 section 3.4.",
        marks="adds M_AUTHIPHDR and M_AUTHIPDGM.",
        reaches=("ipsec4_common_input_cb",),
    ),
    _stage(
        "ipcomp_input",
        "netipsec/xform_ipcomp.c",
        "Queue the packet for decompression; there is nothing to check before.",
        source="netipsec/xform_ipcomp.c, ipcomp_input. RFC 3173 section 2.",
        marks="reads none, adds none, removes none.",
        reaches=("ipcomp_input_cb",),
    ),
    _stage(
        "ipcomp_input_cb",
        "netipsec/xform_ipcomp.c",
        "Take the decompressed packet, and cut the IPComp header off.",
        source="netipsec/xform_ipcomp.c, ipcomp_input_cb. RFC 3173 section 2.",
        marks=(
            "reads none, adds none, removes none: neither a flag nor, behind it, IN_DONE tells of IPComp."
        ),
        reaches=("ipsec4_common_input_cb",),
    ),
    _stage(
        "ipsec4_common_input_cb",
        "netipsec/ipsec_input.c",
        ("Mend the IP header, tag the packet with the SA that was used, queue it for ip_input again."),
        source="netipsec/ipsec_input.c, ipsec4_common_input_cb.",
        marks="adds IN_DONE at the head, but not for IPComp; reads none, removes none.",
        reaches=("ip_input",),
    ),
    _stage(
        "encap4_input",
        "netinet/ip_encap.c",
        ("Give an IP-in-IP packet that came by IPsec to the tunnel input, any other to the raw sockets."),
        source=(
            "netinet/ip_encap.c, encap4_input and encap_fillarg; netipsec/xform_ipip.c, ipe4_encapcheck."
        ),
        marks="reads the three flags; adds ENCAP, which nothing removes.",
        reaches=("ip4_input", "rip_input"),
    ),
    _stage(
        "ip4_input",
        "netipsec/xform_ipip.c",
        "Cut the outer IP header off and queue the inner packet for ip_input.",
        source="netipsec/xform_ipip.c, ip4_input and _ipip_input.",
        marks=("reads none, adds none, removes none: the inner packet keeps the outer one's history."),
        reaches=("ip_input",),
        more=(
            "The test against spoofed inner addresses is skipped on a loopback interface, hence always here."
        ),
    ),
    _stage(
        "icmp_input",
        "netinet/ip_icmp.c",
        (
            "Turn an echo, timestamp or mask request into its reply and reflect it; give the rest to raw"
            " sockets."
        ),
        source="netinet/ip_icmp.c, icmp_input. RFC 792, RFC 950.",
        marks=(
            "reads none, adds none, removes none; OpenBSD's of 2002 deletes the tags of what it reflects."
        ),
        reaches=("icmp_reflect", "rip_input", "udp_ctlinput"),
    ),
    _stage(
        "icmp_reflect",
        "netinet/ip_icmp.c",
        ("Swap the addresses, renew the TTL, rebuild the options; with the fix, delete every tag."),
        source="netinet/ip_icmp.c, icmp_reflect.",
        marks=(
            "the reply inherits all of the request's. With the fix of 2003 the tags are deleted; the"
            " flags stay. With OpenBSD's of today the flags go too."
        ),
        reaches=("icmp_send",),
    ),
    _stage(
        "icmp_send",
        "netinet/ip_icmp.c",
        "Renew the ICMP checksum and call ip_output, with no route and no socket.",
        source="netinet/ip_icmp.c, icmp_send.",
        marks="reads none, adds none, removes none.",
        reaches=("ip_output",),
    ),
    _stage(
        "rip_input",
        "netinet/raw_ip.c",
        "Check the inbound policy once more, for the socket, and append the packet to it.",
        source="netinet/raw_ip.c, rip_input.",
        marks="reads the flags (through the policy check) and not IN_DONE; the tags end here.",
        reaches=(),
    ),
    _stage(
        "udp_output",
        "netinet/udp_usrreq.c",
        "Put UDP and IP headers before what a process wrote to its UDP socket.",
        source="netinet/udp_usrreq.c, udp_output. RFC 768.",
        marks="the mbuf is new and bears none.",
        reaches=("ip_output",),
    ),
    _stage(
        "udp_input",
        "netinet/udp_usrreq.c",
        (
            "Find the socket of a datagram and ask its inbound policy; without a socket, have an ICMP"
            " error sent."
        ),
        source="netinet/udp_usrreq.c, udp_input, udp4_realinput and udp4_sendup.",
        marks=("reads the flags (through the policy check) and not IN_DONE; the tags end at the socket."),
        reaches=("icmp_error",),
    ),
    _stage(
        "udp_ctlinput",
        "netinet/udp_usrreq.c",
        "Tell the connected socket that sent the quoted datagram what became of it.",
        source="netinet/udp_usrreq.c, udp_ctlinput and udp_notify.",
        marks="reads none, adds none, removes none.",
        reaches=("rip_input",),
    ),
    _stage(
        "icmp_error",
        "netinet/ip_icmp.c",
        ("Answer an offending packet with an error in a new mbuf, unless it came by ESP or deserves none."),
        source="netinet/ip_icmp.c, icmp_error. RFC 792, RFC 1122 section 3.2.2.",
        marks=(
            "reads M_DECRYPTED; the error's mbuf is new and bears none, the offending packet's end with it."
        ),
        reaches=("icmp_reflect",),
    ),
    _stage(
        "tcp_output",
        "netinet/tcp_output.c",
        "Send a segment of a connection: the SYN with its options, or an ACK.",
        source="netinet/tcp_output.c, tcp_output. RFC 793; RFC 1323 for the options.",
        marks="the mbuf is new and bears none.",
        reaches=("ip_output",),
    ),
    _stage(
        "tcp_input",
        "netinet/tcp_input.c",
        ("Find the connection that a segment is for and ask its inbound policy; refuse it if there is none."),
        source="netinet/tcp_input.c, tcp_input and syn_cache_get.",
        marks=("reads the flags (through the policy check, which a listening socket skips) and not IN_DONE."),
        reaches=("syn_cache_respond", "tcp_output", "tcp_respond"),
    ),
    _stage(
        "syn_cache_respond",
        "netinet/tcp_input.c",
        "Note a SYN in the SYN cache, free it, and answer with a SYN-ACK in a new mbuf.",
        source="netinet/tcp_input.c, syn_cache_add and syn_cache_respond.",
        marks="the SYN's end with it; the SYN-ACK's mbuf is new and bears none.",
        reaches=("ip_output",),
    ),
    _stage(
        "tcp_respond",
        "netinet/tcp_subr.c",
        ("Answer a segment with a RST, in the segment's own mbuf if that is longer than two bare headers."),
        source="netinet/tcp_subr.c, tcp_respond.",
        marks=('an answer in the segment\'s mbuf inherits all of them; with the proposal "strict" no tag.'),
        reaches=("ip_output",),
    ),
)

FILES = {page.name: file for file, page in _STAGES}
"""The kernel file that defines each stage."""

STAGES = tuple(page for _file, page in _STAGES)
