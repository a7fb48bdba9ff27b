"""The laws of sweeps, the known kernel behaviour that breaks some of them, and the claims of proofs."""

from __future__ import annotations

from ipsec_lo_trace.model.proof import CLAIMS
from ipsec_lo_trace.model.sweep import LAWS, TRUTHS
from ipsec_lo_trace.pages.page import PROGRAM, Page, fed, sentence

_TWO = "--local 10.9.9.1 --local 10.9.9.2 -I 10.9.9.1"
_ESP = 'add 10.9.9.1 10.9.9.2 esp 0x1001 -E des-cbc "12345678" ;'
_AH = 'add 10.9.9.1 10.9.9.2 ah 0x1002 -A hmac-md5 "0123456789abcdef" ;'
_OUT = "spdadd 10.9.9.1 10.9.9.2 any -P out ipsec"

_SEE = {
    "clean-with-clear-accepted": ("clear-accepted", "clean"),
    "clean-with-clear-text": ("clear-text", "clean"),
    "clean-with-errno": ("error", "clean"),
    "clean-without-answer": ("lost", "clean"),
    "exception": ("panic",),
    "packet-loop": ("loop", "bundle-loop"),
    "stale-after-lo0": ("strict", "openbsd-now", "freebsd"),
    "stale-tag-after-strip": ("netbsd-2003-08", "openbsd-2002"),
    "worse-than-none": (
        "no-ipsec-on-lo",
        "any-out-done",
        "goes-further",
        "policy-by-address",
        "tag-spared-an-error",
    ),
}
_IN_DISCARD = "spdadd 10.9.9.1 10.9.9.2 any -P in discard ;"
_TRUTHS = {
    "any-out-done": (
        ("freebsd-13", "netbsd-2015", "loop-detection"),
        fed(
            f"{_AH} spdadd 10.9.9.1 10.9.9.2 icmp -P out ipsec ah/transport//require ;"
            " spdadd 0.0.0.0/0 0.0.0.0/0 any -P out ipsec esp/transport//require ;",
            f"--fix freebsd-13 {_TWO} 10.9.9.2",
        ),
    ),
    "bundle-loop": (
        ("loop", "loop-detection", "packet-loop"),
        fed(f"{_AH} {_OUT} esp/transport//use ah/transport//use ;", f"-q {_TWO} 10.9.9.2"),
    ),
    "goes-further": (
        ("netbsd-2015", "use_without_sa", "ipcomp_enable"),
        fed(f"{_OUT} esp/transport//use ;", f"--fix netbsd-2015 {_TWO} 10.9.9.2"),
    ),
    "no-ipsec-on-lo": (("lo-exempt", "lo_ipsec", "policy-not-asked"), f"{PROGRAM} ping --fix lo-exempt"),
    "policy-by-address": (
        ("netbsd-current", "in_done", "gate-1-policy"),
        fed(f"{_AH} {_OUT} ah/transport//require ; {_IN_DISCARD}", f"--fix netbsd-9 {_TWO} 10.9.9.2"),
    ),
    "tag-spared-an-error": (
        ("use-without-sa", "stale-out-done", "worse-than-none"),
        fed(
            f"{_ESP} spdadd 10.9.9.0/24 10.9.9.0/24 any -P out ipsec esp/transport//use ;",
            f"--patched {_TWO} 10.9.9.2",
        ),
    ),
}

_CLAIMS = {
    "daemon": ("daemon-tags", "stale-flag", "netbsd-2003-08"),
    "daemon-tags": ("daemon", "OUT_DONE", "IN_DONE"),
    "no-clear": ("clear-text", "stale-out-done"),
    "no-accept": ("clear-accepted", "stale-flag", "gate-2"),
    "no-stale": ("stale", "stale-after-lo0"),
    "answered": ("lost", "socket-policy", "in-policy"),
    "never-worse": ("worse-than-none",),
}

LAW_PAGES = tuple(
    Page(
        kind="laws",
        name=name,
        text=sentence(text),
        source="a law of this program's own, that its sweep holds every run to",
        sure="ours",
        example=f"{PROGRAM} sweep -q --cases 20",
        see=_SEE[name],
    )
    for name, text in LAWS.items()
)
CLAIM_PAGES = tuple(
    Page(
        kind="claims",
        name=name,
        text=sentence(text),
        source="a claim of this program's own, that it proves or refutes for every small configuration",
        sure="ours",
        example=f"{PROGRAM} prove {name} --scope first -q",
        see=_CLAIMS[name],
    )
    for name, text in CLAIMS.items()
)
TRUTH_PAGES = tuple(
    Page(
        kind="truths",
        name=name,
        text=sentence(text),
        source="a sweep found it in the modelled kernel, as its sources were read",
        sure="derived",
        example=_TRUTHS[name][1],
        see=_TRUTHS[name][0],
    )
    for name, text in TRUTHS.items()
)
