"""The marks: packet tags and mbuf flags, by their short and their full kernel names."""

from __future__ import annotations

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.pages.page import PROGRAM, Page, explained

_TAGS_SOURCE = "sys/mbuf.h, PACKET_TAG_*; kern/uipc_mbuf2.c, m_tag_*"
_FLAGS_SOURCE = "sys/mbuf.h, M_*"


def _tag(
    name: str, text: str, *, source: str, runs: tuple[RunName, ...] = (), example: str = "", full: str = ""
) -> Page:
    return Page(
        kind="marks",
        name=name,
        aliases=(full or f"PACKET_TAG_IPSEC_{name}",),
        text=text,
        source=f"{source}; {_TAGS_SOURCE}",
        sure="measured" if runs else "read",
        runs=runs,
        example=example or f"{PROGRAM} ping --detail full",
        see=("tag", "stale"),
    )


def _flag(name: str, text: str, *, source: str, example: str) -> Page:
    return Page(
        kind="marks",
        name=name,
        text=text,
        source=f"{source}; {_FLAGS_SOURCE}",
        sure="measured",
        runs=("further",),
        example=example,
        details=(
            ("ends", "nothing clears it over IPv4: not icmp_reflect, not looutput, not the fix of 2003"),
        ),
        see=("flag", "stale"),
    )


MARKS = (
    _tag(
        "OUT_DONE",
        "A tag that says: the SA that it names has been applied to this packet on its way out. ip_output's"
        " loop detection reads it, and sends a packet that bears the policy's SA without IPsec.",
        source=(
            "netipsec/ipsec_output.c, ipsec_process_done, adds it; netinet/ip_output.c, ip_output, reads it"
        ),
        runs=("tag-traces",),
    ),
    _tag(
        "IN_DONE",
        "A tag that says: this packet came in by the SA that it names. ip_input reads it: with it the packet"
        " filter is skipped, and the inbound policy is looked up by the tag's SA.",
        source=(
            "netipsec/ipsec_input.c, ipsec4_common_input_cb, adds it; netinet/ip_input.c, ip_input, reads it"
        ),
        runs=("tag-traces",),
    ),
    _tag(
        "ENCAP",
        "A tag by which encap4_input tells the tunnel input which handler claimed an IP-in-IP packet. Nothing"
        " removes it, and no decision about IPsec reads it.",
        source="netinet/ip_encap.c, encap_fillarg",
        example=f"{PROGRAM} ping --mode tunnel --detail full",
        full="PACKET_TAG_ENCAP",
    ),
    _tag(
        "PENDING_TDB",
        "A tag that would say: this SA is still to be applied. ip_output reads and deletes it, and no code"
        " of that time was found to set it; so no trace shows it.",
        source="netinet/ip_output.c, ip_output",
        example=explained("ip_output"),
    ),
    _tag(
        "OUT_CRYPTO_NEEDED",
        "A tag that would say: the hardware is to do this SA's crypto. ip_output's loop detection reads it"
        " as it reads OUT_DONE, and nothing sets it; so no trace shows it.",
        source="netinet/ip_output.c, ip_output",
        example=explained("loop-detection"),
    ),
    _tag(
        "IN_CRYPTO_DONE",
        "A tag that would say: the network card has decrypted the packet. esp_input and ah_input read it,"
        " lo0 has no such driver, and so no trace shows it.",
        source="netipsec/xform_esp.c, esp_input; netipsec/xform_ah.c, ah_input",
        example=explained("esp_input"),
    ),
    _tag(
        "PF",
        "A tag that a packet filter leaves on what it has seen; no part of IPsec reads it. It is there only"
        " where the switch pf is turned, and shows which tags outlive a fix.",
        source="FreeBSD's net/pfvar.h",
        example=f"{PROGRAM} ping --set pf=tagging --fix freebsd-13",
        full="PACKET_TAG_PF",
    ),
    _flag(
        "M_DECRYPTED",
        "An mbuf flag that says: ESP was undone. An inbound policy that requires ESP looks for it and for"
        " nothing else, whoever's it is. It says nothing of authentication.",
        source="netipsec/xform_esp.c, esp_input_cb, sets it; netipsec/ipsec.c, ipsec_in_reject, reads it",
        example=f"{PROGRAM} ping",
    ),
    _flag(
        "M_AUTHIPHDR",
        "An mbuf flag that says: AH was verified, IP header included. An inbound policy that requires AH"
        " looks for it and for nothing else.",
        source="netipsec/xform_ah.c, ah_input_cb, sets it; netipsec/ipsec.c, ipsec_in_reject, reads it",
        example=f"{PROGRAM} ping --proto ah",
    ),
    _flag(
        "M_AUTHIPDGM",
        "An mbuf flag that says: AH was verified, payload included. The test that reads it goes by an inbound"
        " policy's cached SA, which stays empty, so it decides in encap4_input alone.",
        source="netipsec/xform_ah.c, ah_input_cb, sets it; netipsec/xform_ipip.c, ipe4_encapcheck, reads it",
        example=f"{PROGRAM} ping --proto ah",
    ),
)
