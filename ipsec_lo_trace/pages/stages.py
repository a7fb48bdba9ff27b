"""The stages: modelled kernel functions that take the packet.

Their words are those of the stages' docstrings, held equal by a test, so that a trace can be explained
without the kernel.
"""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page

_AH = f"{PROGRAM} ping --proto ah"
_TUNNEL = f"{PROGRAM} ping --mode tunnel"
_EXAMPLES = {
    "ah_output": _AH,
    "ah_output_cb": _AH,
    "ah_input": _AH,
    "ah_input_cb": _AH,
    "ipip_output": _TUNNEL,
    "encap4_input": _TUNNEL,
    "ip4_input": _TUNNEL,
    "ip_reass": f"{PROGRAM} ping -s 40000",
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
        "Put a 20-byte IP header before the ICMP message that ping wrote to its raw socket.",
        source="netinet/raw_ip.c, rip_output.",
        marks="the mbuf is new and bears none.",
        reaches=("ip_output",),
    ),
    _stage(
        "ip_output",
        "netinet/ip_output.c",
        "Send a packet: through IPsec if a policy says so and it has not been through, else to lo0.",
        source="netinet/ip_output.c, ip_output.",
        marks="reads PENDING_TDB (and removes it) and OUT_DONE; adds none.",
        reaches=("ipsec4_process_packet", "looutput"),
    ),
    _stage(
        "ipsec4_process_packet",
        "netipsec/ipsec_output.c",
        "Choose an SA for the request and hand the packet to its transform, in a tunnel if need be.",
        source="netipsec/ipsec_output.c, ipsec4_process_packet and ipsec_nextisr.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_output", "esp_output", "ipip_output"),
    ),
    _stage(
        "ipip_output",
        "netipsec/xform_ipip.c",
        "Put an outer IP header with the SA's ends before the packet.",
        source="netipsec/xform_ipip.c, ipip_output. RFC 2003; RFC 3168 for the ECN bits.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_output", "esp_output"),
    ),
    _stage(
        "esp_output",
        "netipsec/xform_esp.c",
        "Put ESP header, padding and trailer around the payload and queue the packet for encryption.",
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
        "ipsec_process_done",
        "netipsec/ipsec_output.c",
        "Tag the packet with the SA that was applied; go on with the bundle, or output the packet again.",
        source="netipsec/ipsec_output.c, ipsec_process_done.",
        marks="adds OUT_DONE at the head; reads none, removes none.",
        reaches=("ip_output", "ipsec4_process_packet"),
    ),
    _stage(
        "looutput",
        "net/if_loop.c",
        "Put the packet on the IP input queue, as it is.",
        source="net/if_loop.c, looutput.",
        marks="reads none, adds none, removes none: tags and flags all come back up with the packet.",
        reaches=("ip_input",),
    ),
    _stage(
        "ip_input",
        "netinet/ip_input.c",
        "Check the header, ask packet filter and policy, and give the packet to its protocol.",
        source="netinet/ip_input.c, ip_input.",
        marks="reads IN_DONE (packet filter and policy gate) and, by address, the flags; adds none,"
        " removes none.",
        reaches=("encap4_input", "icmp_input", "ip_reass", "ipsec4_common_input", "rip_input"),
    ),
    _stage(
        "ip_reass",
        "netinet/ip_input.c",
        "Keep a fragment until its packet is whole; the first fragment's mbuf becomes the packet.",
        source="netinet/ip_input.c, ip_reass. RFC 791 section 3.2.",
        marks="the packet has those of its first fragment; the others' end with their mbufs.",
        reaches=("ip_input",),
    ),
    _stage(
        "ipsec4_common_input",
        "netipsec/ipsec_input.c",
        "Find the SA by destination, protocol and SPI, and hand the packet to its transform.",
        source="netipsec/ipsec_input.c, ipsec4_common_input and ipsec_common_input.",
        marks="reads none, adds none, removes none.",
        reaches=("ah_input", "esp_input"),
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
        "Compare the ICV, note the sequence number, and cut header, IV, padding and trailer off.",
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
        "ipsec4_common_input_cb",
        "netipsec/ipsec_input.c",
        "Mend the IP header, tag the packet with the SA that was used, queue it for ip_input again.",
        source="netipsec/ipsec_input.c, ipsec4_common_input_cb.",
        marks="adds IN_DONE at the head; reads none, removes none.",
        reaches=("ip_input",),
    ),
    _stage(
        "encap4_input",
        "netinet/ip_encap.c",
        "Give an IP-in-IP packet that came by IPsec to the tunnel input, any other to the raw sockets.",
        source="netinet/ip_encap.c, encap4_input and encap_fillarg; netipsec/xform_ipip.c, ipe4_encapcheck.",
        marks="reads the three flags; adds ENCAP, which nothing removes.",
        reaches=("ip4_input", "rip_input"),
    ),
    _stage(
        "ip4_input",
        "netipsec/xform_ipip.c",
        "Cut the outer IP header off and queue the inner packet for ip_input.",
        source="netipsec/xform_ipip.c, ip4_input and _ipip_input.",
        marks="reads none, adds none, removes none: the inner packet keeps the outer one's history.",
        reaches=("ip_input",),
        more="The test against spoofed inner addresses is skipped on a loopback interface, hence "
        "always here.",
    ),
    _stage(
        "icmp_input",
        "netinet/ip_icmp.c",
        "Turn an echo request into an echo reply and reflect it; give the rest to the raw sockets.",
        source="netinet/ip_icmp.c, icmp_input. RFC 792.",
        marks="reads none, adds none, removes none.",
        reaches=("icmp_reflect", "rip_input"),
    ),
    _stage(
        "icmp_reflect",
        "netinet/ip_icmp.c",
        "Swap the addresses, renew the TTL, rebuild the options; with the fix, delete every tag.",
        source="netinet/ip_icmp.c, icmp_reflect.",
        marks="the reply inherits all of the request's. With the fix of 2003 the tags are deleted; "
        "the flags stay.",
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
)

FILES = {page.name: file for file, page in _STAGES}
"""The kernel file that defines each stage."""

STAGES = tuple(page for _file, page in _STAGES)
