"""The switches of a modelled kernel: what its code does differently, and how its sysctls are set.

A fix is a set of these; ``--set NAME=VALUE`` turns one by hand.  The first value of each is that of the plain
kernel of August 2003.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args, get_type_hints

import msgspec
from msgspec import structs

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, listed


class Build(msgspec.Struct, frozen=True):
    """How a kernel differs from the plain one of August 2003; ``KNOBS`` says what each switch does."""

    icmp_input: Literal["keep", "tags"] = "keep"
    icmp_reflect: Literal["keep", "tags", "all"] = "keep"
    tcp_respond: Literal["keep", "tags"] = "keep"
    if_output: Literal["keep", "history", "flags"] = "keep"
    looutput: Literal["keep", "tags", "all"] = "keep"
    persistent_tags: Literal["none", "pf"] = "none"
    loop_detect: Literal["last-used-sa", "own-sa", "any-out-done", "early-return"] = "last-used-sa"
    done_tag: Literal["per-sa", "boolean"] = "per-sa"
    lo_ipsec: Literal["on", "off"] = "on"
    in_done: Literal["per-sa", "none"] = "per-sa"
    requeue: Literal["yes", "no"] = "yes"
    use_without_sa: Literal["einval", "clear"] = "einval"
    ipcomp_enable: Literal["0", "1"] = "0"
    ipcomp_null_tag: Literal["panic", "ok"] = "panic"
    alloc_sp2: Literal["broken", "mended"] = "broken"
    ah_default_level: Literal["use", "sysctl"] = "use"
    ah_options: Literal["added-twice", "mended"] = "added-twice"
    altq_on_lo0: Literal["no", "yes"] = "no"
    pf: Literal["none", "tagging"] = "none"
    max_protohdr: Literal["60", "40"] = "60"
    copy_flags: Literal["all", "not-ipsec"] = "all"
    diagnostic: Literal["0", "1"] = "0"
    prefered_oldsa: Literal["0", "1"] = "0"
    def_policy: Literal["none", "discard"] = "none"
    esp_trans_deflev: Literal["use", "require"] = "use"
    esp_net_deflev: Literal["use", "require"] = "use"
    ah_trans_deflev: Literal["use", "require"] = "use"
    ah_net_deflev: Literal["use", "require"] = "use"
    maskrepl: Literal["0", "1"] = "0"
    forwarding: Literal["0", "1"] = "0"


def turned(build: Build) -> dict[str, str]:
    """Return the switches that differ from the plain kernel's."""
    return {name: value for name, value in structs.asdict(build).items() if value != getattr(PLAIN, name)}


def turn(build: Build, settings: Mapping[str, str]) -> Build:
    """Turn switches by hand; ``settings`` were checked by ``check_setting``."""
    # Without a conversion, which would cost a ping's start-up dear.
    return structs.replace(build, **settings) if settings else build


PLAIN = Build()
"""The plain kernel of August 2003."""


class Knob(NamedTuple):
    """What a switch is about, and where it comes from; its values are those of its field in ``Build``."""

    text: str
    source: str


KNOBS = {
    "icmp_input": Knob(
        "what icmp_input strips from a request before it reflects it", "OpenBSD ip_icmp.c 1.52, 2002"
    ),
    "icmp_reflect": Knob(
        "what icmp_reflect strips: nothing, the tags, or tags and flags", "the fix announced on 2003-08-18"
    ),
    "tcp_respond": Knob(
        "what tcp_respond strips from a segment's mbuf that it uses for its answer", "a proposal"
    ),
    "if_output": Knob(
        "what ip_output strips before if_output: nothing, the IPsec tags, or the flags",
        "KAME's ipsec_delaux; FreeBSD's M_PROTOFLAGS",
    ),
    "looutput": Knob("what lo0 strips: nothing, the tags, or tags and flags", "if_loop.c 1.49, 2003-11-13"),
    "persistent_tags": Knob("which tags stay when tags are stripped", "FreeBSD's MTAG_PERSISTENT"),
    "loop_detect": Knob(
        "which OUT_DONE tag makes ip_output skip IPsec: one for the SA that the policy used last, one for the"
        " SA that this packet would get, any, or any before a policy is looked for",
        "ip_output.c; FreeBSD 13 for any-out-done; NetBSD's ipsec.c, 2015, for early-return",
    ),
    "done_tag": Knob(
        "OUT_DONE names each SA, or is set once at the end of the bundle and names none", "NetBSD, 2015"
    ),
    "lo_ipsec": Knob("whether IPsec applies to lo0 at all", "Linux: NOXFRM and NOPOLICY on lo"),
    "in_done": Knob(
        "what inbound IPsec leaves on a packet: an IN_DONE that names its SA, or nothing, so that the inbound"
        " policy goes by address",
        "ipsec_input.c 1.8; 1.55, 2018, for none",
    ),
    "requeue": Knob(
        "whether a packet that came out of IPsec is queued for ip_input again, or asks its policy and goes"
        " to its protocol at once",
        "ipsec_input.c 1.8; 1.55, 2018, for no",
    ),
    "use_without_sa": Knob(
        'what happens at level "use" without an SA: an error, or clear text', "ipsec_nextisr; mended by 2017"
    ),
    "ipcomp_enable": Knob("whether IPComp is switched on", "xform_ipcomp.c 1.4; 1 by 2015"),
    "ipcomp_null_tag": Knob(
        "what ipsec4_common_input_cb does with IPComp's missing tag", "ipsec_input.c 1.8; mended by 2015"
    ),
    "alloc_sp2": Knob(
        "whether KEY_ALLOCSP2 compares the selector's protocol with ESP's own number, and so never finds a"
        " policy, or finds the policy by the SA",
        "key.c",
    ),
    "ah_default_level": Knob(
        "AH's level default: always use, for want of a break, or what the sysctl says", "ipsec.c"
    ),
    "ah_options": Knob(
        "where AH looks for the IP options that it leaves out of its ICV: 20 bytes too far on, because the"
        " header's length is added twice, or where they are",
        "xform_ah.c; mended by 1.42, 2013",
    ),
    "altq_on_lo0": Knob(
        "whether lo0 queues through ALTQ, whose way past looutput strips nothing", "if_loop.c 1.49"
    ),
    "pf": Knob(
        "whether a packet filter runs that tags every packet it sees, and passes unseen what bears its tag",
        "FreeBSD's PACKET_TAG_PF",
    ),
    "max_protohdr": Knob(
        "how many bytes of headers tcp_input pulls up into a packet's first mbuf: with IPv6 or without; after"
        " AH, 40 make tcp_respond take a new mbuf",
        "ip6_input.c, uipc_mbuf.c and tcp_subr.c",
    ),
    "copy_flags": Knob(
        "which flags a copied packet header keeps: all, or none of the three of IPsec",
        "M_COPYFLAGS in mbuf.h: a list labelled 2004 lacks the three, a later one has all",
    ),
    "diagnostic": Knob(
        "whether the kernel asserts that a request's SA did not change while a packet was in crypto",
        "options DIAGNOSTIC",
    ),
    "prefered_oldsa": Knob(
        "whether the SAs that are not used die (0) or live on (1); those of one file are of the same age, and"
        " the newest is used either way",
        "key.c",
    ),
    "def_policy": Knob("the policy where none matches", "net.inet.ipsec.def_policy"),
    "esp_trans_deflev": Knob("ESP's level default in transport mode", "net.inet.ipsec.esp_trans_deflev"),
    "esp_net_deflev": Knob("ESP's level default in tunnel mode", "net.inet.ipsec.esp_net_deflev"),
    "ah_trans_deflev": Knob("AH's level default in transport mode", "net.inet.ipsec.ah_trans_deflev"),
    "ah_net_deflev": Knob("AH's level default in tunnel mode", "net.inet.ipsec.ah_net_deflev"),
    "maskrepl": Knob("whether address mask requests are answered", "net.inet.icmp.maskrepl"),
    "forwarding": Knob("whether packets for other hosts are forwarded", "net.inet.ip.forwarding"),
}
"""Every switch that a run can turn, in the order of the fields of ``Build``."""


def values(name: str) -> tuple[str, ...]:
    """Give the values of a switch; the first is the plain kernel's."""
    allowed: tuple[str, ...] = get_args(_hints()[name])
    return allowed


def _hints() -> dict[str, object]:
    return get_type_hints(Build)


def check_setting(name: str, value: object) -> None:
    """Refuse a switch that there is not, and a value that it has not; UserError is about ``settings``."""
    token = f"{name}={value}"
    if name not in KNOBS:
        known = hint(name, list(KNOBS), listed("knobs"))
        raise UserError(f"no knob {name}", field="settings", token=token, hint=known)
    allowed = values(name)
    if value not in allowed:
        known = hint(str(value), allowed)
        raise UserError(f"{name} cannot be {value!r}", field="settings", token=token, hint=known)
