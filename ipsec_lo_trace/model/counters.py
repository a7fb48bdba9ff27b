"""Every counter that a trace can hold, in plain words; the names are the kernel's own fields."""

from __future__ import annotations

import re

IP_COUNTERS = {
    "ips_total": "packets that ip_input received",
    "ips_delivered": "packets that ip_input handed to a protocol; a socket's refusal takes it back",
    "ips_localout": "packets of this host's own that ip_output passed on",
    "ips_noroute": "packets that ip_output dropped for want of a route",
    "ips_cantforward": "packets for another host, which this one does not forward",
    "ips_forward": "packets that ip_forward handed to ip_output",
    "ips_redirectsent": "redirects that were due to a sender, sent or not",
    "ips_rawout": "packets whose IP header a process wrote",
    "ips_noproto": "packets that no raw socket wanted",
    "ips_fragments": "fragments that ip_input received",
    "ips_toolong": "packets that their fragments made too long",
    "ips_reassembled": "packets put together from fragments",
    "ips_fragmented": "packets that ip_output cut into fragments",
    "ips_ofragments": "fragments that ip_output made",
    "ips_cantfrag": "packets too long for the interface, which DF forbids to cut",
    "ips_tooshort": "packets with fewer bytes than their header says",
    "ips_toosmall": "packets too small for an IP header",
    "ips_badvers": "packets of another IP version",
    "ips_badhlen": "packets whose header length is wrong",
    "ips_badfrags": "fragments other than the last that are not whole units of 8 bytes",
    "ips_badlen": "packets whose total length is less than their header",
    "ips_badaddr": "packets from a multicast address",
    "ips_badoptions": "packets with malformed options, or a source route that leads nowhere",
    "ips_in_polvio": "packets that an inbound policy refused; gate 1 does not count, a socket counts twice",
    "ips_out_polvio": "packets that an outbound policy discarded",
    "ips_out_nosa": "packets for which an outbound policy found no SA",
    "ips_out_bundlesa": "packets that got a further SA of a bundle",
}

ICMP_COUNTERS = {
    "icps_reflect": "requests turned into replies",
    "icps_tooshort": "ICMP messages too short",
    "icps_checksum": "ICMP messages with a wrong checksum",
    "icps_inhist[0]": "echo replies received; other messages count under their own type",
    "icps_inhist[8]": "echo requests received",
    "icps_outhist[0]": "echo replies sent; other messages count under their own type",
    "icps_error": "ICMP errors that were due, sent or not",
    "icps_oldicmp": "ICMP errors that were due for ICMP errors, and not sent",
    "icps_badcode": "ICMP errors with a code that no socket hears of",
    "icps_badlen": "ICMP errors that quote too little, and requests that are too short to be answered",
}

UDP_COUNTERS = {
    "udps_ipackets": "datagrams received",
    "udps_opackets": "datagrams sent",
    "udps_hdrops": "datagrams too short for a UDP header",
    "udps_badlen": "datagrams whose UDP length does not fit",
    "udps_badsum": "datagrams with a wrong checksum",
    "udps_noport": "datagrams to a port without a socket",
    "udps_noportbcast": "datagrams to a group, and to a port without a socket",
    "udps_pcbhashmiss": "datagrams for which no socket is connected to the sender",
}

TCP_COUNTERS = {
    "tcps_rcvtotal": "segments received",
    "tcps_rcvshort": "segments too short for a TCP header",
    "tcps_rcvbadoff": "segments whose header length does not fit",
    "tcps_rcvbadsum": "segments with a wrong checksum",
    "tcps_noport": "segments to a port without a socket",
    "tcps_pcbhashmiss": "segments for which no socket is connected to the sender",
    "tcps_badsyn": "segments that a listening socket does not want",
    "tcps_sndtotal": "segments sent, but for what tcp_respond sends",
    "tcps_sndctrl": "segments with SYN, FIN or RST sent",
    "tcps_sndacks": "segments sent to acknowledge",
    "tcps_sc_added": "SYNs that the SYN cache holds or held",
    "tcps_sc_dropped": "SYNs whose SYN-ACK could not be sent",
    "tcps_sc_completed": "connections that came out of the SYN cache",
    "tcps_accepts": "connections accepted",
    "tcps_connects": "connections opened, by either end",
    "tcps_conndrops": "connections refused before they were open",
}

ESP_AH_COUNTERS = {
    f"{stat}_{name}": f"{proto}: {text}"
    for stat, proto in (("esps", "ESP"), ("ahs", "AH"))
    for name, text in {
        "input": "packets received",
        "output": "packets sent",
        "ibytes": "bytes received",
        "obytes": "bytes sent",
        "hdrops": "packets too short for the header",
        "notdb": "packets for which there is no SA",
        "qfull": "packets lost to a full IP input queue",
        "replay": "packets refused for their sequence number",
        "toobig": "packets that would have exceeded 65535 bytes",
    }.items()
} | {
    "esps_badauth": "ESP: packets with a wrong ICV",
    "esps_badilen": "ESP: packets whose ciphertext has a wrong length",
    "esps_badenc": "ESP: packets that decrypted to nonsense",
    "ahs_badauth": "AH: packets with a wrong ICV",
    "ahs_badauthl": "AH: packets whose header length does not fit the SA",
    "ahs_wrap": "AH: packets not sent because the sequence number would wrap",
}

IPCOMP_COUNTERS = {
    "ipcomps_input": "IPComp: packets received",
    "ipcomps_output": "IPComp: packets sent, compressed or not",
    "ipcomps_obytes": "IPComp: bytes sent, before compression",
    "ipcomps_hdrops": "IPComp: packets too short for the header",
    "ipcomps_notdb": "IPComp: packets for which there is no SA",
    "ipcomps_noxform": "IPComp: packets that could not be decompressed",
    "ipcomps_pdrops": "IPComp: packets dropped because IPComp is switched off",
    "ipcomps_qfull": "IPComp: packets lost to a full IP input queue",
    "ipcomps_toobig": "IPComp: packets that would have exceeded 65535 bytes",
}

IPIP_COUNTERS = {
    "ipips_ipackets": "inner packets received from a tunnel",
    "ipips_ibytes": "bytes of the inner packets received",
    "ipips_opackets": "packets put into a tunnel",
    "ipips_obytes": "bytes put into a tunnel",
    "ipips_hdrops": "packets too short for an inner header",
    "ipips_family": "inner packets of another IP version",
    "ipips_qfull": "inner packets lost to a full IP input queue",
    "ipips_unspec": "packets for a tunnel without an address at one end",
}

LO0_COUNTERS = {
    "if_opackets": "packets sent on lo0",
    "if_obytes": "bytes sent on lo0",
    "if_ipackets": "packets received on lo0",
    "if_ibytes": "bytes received on lo0",
    "if_opackets(ex0)": "packets looped back as if ex0 had sent them",
    "if_obytes(ex0)": "bytes looped back as if ex0 had sent them",
    "if_ipackets(ex0)": "packets looped back as if ex0 had received them",
    "if_ibytes(ex0)": "bytes looped back as if ex0 had received them",
}

COUNTERS = (
    IP_COUNTERS
    | ICMP_COUNTERS
    | UDP_COUNTERS
    | TCP_COUNTERS
    | ESP_AH_COUNTERS
    | IPCOMP_COUNTERS
    | IPIP_COUNTERS
    | LO0_COUNTERS
)
_HISTOGRAM = re.compile(r"icps_(?:in|out)hist\[(0|[1-9][0-9]{0,2})\]")
MAX_ICMP_TYPE = 255


def is_counter(name: str) -> bool:
    """Say whether a trace can hold a counter of this name: the histograms have one for each ICMP type."""
    histogram = _HISTOGRAM.fullmatch(name)
    return name in COUNTERS or bool(histogram and int(histogram[1]) <= MAX_ICMP_TYPE)
