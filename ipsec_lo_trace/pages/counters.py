"""The kernel counters that can move; their words are those of ``model.counters``."""

from __future__ import annotations

from ipsec_lo_trace.model.counters import COUNTERS
from ipsec_lo_trace.pages.page import PROGRAM, Page, explained, fed, sentence

_SOURCES = {
    "esps": "netstat -s -p esp; netipsec/esp_var.h",
    "ahs": "netstat -s -p ah; netipsec/ah_var.h",
    "ipcomps": "netipsec/ipcomp_var.h",
    "ipips": "netipsec/ipip_var.h",
    "ipsec": "netstat -s -p ipsec; netipsec/ipsec_var.h",
    "ips": "netstat -s -p ip; netinet/ip_var.h",
    "icps": "netstat -s -p icmp; netinet/icmp_var.h",
    "udps": "netstat -s -p udp; netinet/udp_var.h",
    "tcps": "netstat -s -p tcp; netinet/tcp_var.h",
    "if": "netstat -i; net/if.h",
}
"""Where to read the counters with a prefix, and what declares them."""
_OF_IPSEC = ("ips_in_polvio", "ips_out_polvio", "ips_out_nosa", "ips_out_bundlesa")

# Where each moves first; some move in later stages too.
_MOVED_BY = {
    "looutput": (
        "if_opackets if_obytes if_ipackets if_ibytes"
        " if_opackets(ex0) if_obytes(ex0) if_ipackets(ex0) if_ibytes(ex0)"
    ),
    "ip_input": (
        "ips_total ips_delivered ips_fragments ips_cantforward ips_toosmall ips_badvers ips_badhlen"
        " ips_badfrags ips_badaddr ips_badlen ips_tooshort ips_badoptions"
    ),
    "ip_output": "ips_localout ips_fragmented ips_ofragments ips_noroute ips_out_polvio ips_cantfrag",
    "ip_forward": "ips_forward ips_redirectsent",
    "rip_output": "ips_rawout",
    "ip_reass": "ips_reassembled ips_toolong",
    "rip_input": "ips_noproto ips_in_polvio",
    "ipsec4_process_packet": "ips_out_nosa ipcomps_pdrops",
    "ipsec_process_done": "ips_out_bundlesa",
    "esp_input": "esps_badilen esps_ibytes esps_replay",
    "esp_input_cb": "esps_badenc esps_badauth",
    "ah_input": "ahs_badauthl ahs_ibytes ahs_replay",
    "ah_output": "ahs_wrap ahs_output ahs_obytes ahs_toobig",
    "ipcomp_output": "ipcomps_output ipcomps_obytes ipcomps_toobig",
    "ipcomp_input_cb": "ipcomps_noxform",
    "ipip_output": "ipips_opackets ipips_obytes ipips_unspec",
    "ip4_input": "ipips_ipackets ipips_ibytes ipips_hdrops ipips_family ipips_qfull",
    "icmp_input": (
        "icps_inhist[0] icps_inhist[8] icps_outhist[0] icps_reflect icps_tooshort icps_checksum icps_badcode"
        " icps_badlen"
    ),
    "icmp_error": "icps_error icps_oldicmp",
    "udp_output": "udps_opackets",
    "udp_input": (
        "udps_ipackets udps_hdrops udps_badlen udps_badsum udps_noport udps_noportbcast udps_pcbhashmiss"
    ),
    "tcp_output": "tcps_sndtotal tcps_sndctrl tcps_sndacks",
    "tcp_input": (
        "tcps_rcvtotal tcps_rcvshort tcps_rcvbadoff tcps_rcvbadsum tcps_noport tcps_pcbhashmiss tcps_badsyn"
        " tcps_sc_completed tcps_accepts tcps_connects tcps_conndrops"
    ),
    "syn_cache_respond": "tcps_sc_added tcps_sc_dropped",
    "ipsec4_common_input": (
        "esps_input esps_hdrops esps_notdb ahs_input ahs_hdrops ahs_notdb"
        " ipcomps_input ipcomps_hdrops ipcomps_notdb"
    ),
    "ipsec4_common_input_cb": "esps_qfull ahs_qfull ipcomps_qfull",
    "esp_output": "esps_output esps_obytes esps_toobig",
    "ah_input_cb": "ahs_badauth",
}
_STAGES = {name: stage for stage, names in _MOVED_BY.items() for name in names.split()}

_PING = f"{PROGRAM} ping -v"
_SHOWN_BY = {
    f"{_PING} --proto ah": ("ahs_input", "ahs_output", "ahs_ibytes", "ahs_obytes"),
    f"{_PING} --proto ipcomp": ("ipcomps_pdrops",),
    f"{_PING} --proto ipcomp --set ipcomp_enable=1 -p 0f": (
        *("ipcomps_input", "ipcomps_output", "ipcomps_obytes"),
    ),
    f"{_PING} --mode tunnel": ("ipips_opackets", "ipips_obytes", "ipips_ipackets", "ipips_ibytes"),
    f"{_PING} -s 40000": ("ips_fragments", "ips_reassembled", "ips_fragmented", "ips_ofragments"),
    f"{_PING} --proto esp+ah": ("ips_out_bundlesa",),
    fed("spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;"): ("ips_out_nosa",),
    fed("spdadd 127.0.0.1 127.0.0.1 any -P out discard ;"): ("ips_out_polvio",),
    _PING: (
        *("if_opackets", "if_obytes", "if_ipackets", "if_ibytes", "ips_total", "ips_delivered"),
        *("ips_localout", "esps_input", "esps_output", "esps_ibytes", "esps_obytes"),
        *("icps_inhist[0]", "icps_inhist[8]", "icps_outhist[0]", "icps_reflect"),
    ),
}
_SHOWN_BY |= {
    f"{PROGRAM} probe udp-echo": ("udps_ipackets", "udps_opackets", "udps_pcbhashmiss"),
    f"{PROGRAM} probe udp-closed": ("udps_noport", "icps_error"),
    f"{PROGRAM} probe df": ("ips_cantfrag", "ips_rawout"),
    f"{PROGRAM} probe forward": ("ips_forward",),
    f"{PROGRAM} probe redirect": ("ips_redirectsent",),
    f"{PROGRAM} probe tcp-closed": ("tcps_noport", "tcps_conndrops"),
    f"{PROGRAM} probe tcp-open": (
        *("tcps_rcvtotal", "tcps_pcbhashmiss", "tcps_sndtotal", "tcps_sndctrl", "tcps_sndacks"),
        *("tcps_sc_added", "tcps_sc_completed", "tcps_accepts", "tcps_connects"),
    ),
}
_EXAMPLES = {name: command for command, names in _SHOWN_BY.items() for name in names}


def _source(name: str) -> str:
    return _SOURCES["ipsec" if name in _OF_IPSEC else name.partition("_")[0]]


def _page(name: str, text: str) -> Page:
    stage = _STAGES[name]
    return Page(
        kind="counters",
        name=name,
        text=sentence(text),
        source=_source(name),
        sure="read",
        example=_EXAMPLES.get(name, explained(stage)),
        details=(("moved by", stage),),
        see=(stage,),
    )


COUNTER_PAGES = tuple(_page(name, text) for name, text in COUNTERS.items())
