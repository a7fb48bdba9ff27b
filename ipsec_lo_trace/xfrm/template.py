"""A template of ``ip xfrm policy``: one transform that a policy asks for."""

from __future__ import annotations

from ipsec_lo_trace.model.host import Address, HostRule
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.lines import Entry
from ipsec_lo_trace.xfrm.values import address, needed, number, pairs
from ipsec_lo_trace.xfrm.words import IPSEC, MODES

_NAMES = {"proto": ("proto", "spi", "reqid", "mode"), "level": ("level", "share")}


def rule(template: Entry) -> HostRule:
    """Make a rule of a template; UserError where it cannot be read.

    One with a reqid wants an SA with that reqid.  What SPI it names is not looked at.
    """
    at = template.head[0]
    names = _names(template)
    proto, mode = needed(names, "proto", at), needed(names, "mode", at)
    if proto.text not in IPSEC:
        raise proto.fault(f"{proto} where esp, ah or comp should be")
    if mode.text not in MODES:
        raise mode.fault(f"mode {mode} is not known")
    if "spi" in names:
        number(names["spi"], "an SPI")
    reqid = number(names["reqid"], "a reqid") if "reqid" in names else 0
    level = _level(names.get("level"))
    src, dst = _ends(mode.text, names, at)
    return HostRule(
        proto=IPSEC[proto.text],
        mode=mode.text,
        level="unique" if reqid and level == "require" else level,
        reqid=reqid,
        src=src,
        dst=dst,
    )


def _names(template: Entry) -> dict[str, Token]:
    """Read the line with the ends, and those below it in whatever order."""
    names, fault = pairs(template.head[1:], ("src", "dst"))
    for words in template.lines:
        found, other = pairs(words, _NAMES[words[0].text])
        twice = [found[name].fault(f"{name} stands here twice") for name in found if name in names]
        names |= found
        fault = fault or other or next(iter(twice), None)
    if fault:
        raise fault
    return names


def _level(word: Token | None) -> str:
    """Read a level; whatever is not 0 makes a template optional.

    Source: Linux, net/xfrm/xfrm_policy.c, xfrm_tmpl_resolve_one and xfrm_policy_ok.
    """
    if word is None or word.text == "required":
        return "require"
    if word.text != "use" and not number(word, "required, use or a number"):
        return "require"
    return "use"


def _ends(mode: str, names: dict[str, Token], at: Token) -> tuple[Address | None, Address | None]:
    """Return a template's ends, None for an open one.

    In transport mode Linux takes those of the packet, whatever stands there; of a tunnel only the beginning
    may be open, so that no SA serves one whose end is.  Source: xfrm_policy.c, xfrm_tmpl_resolve_one.
    """
    src, dst = address(needed(names, "src", at)), address(needed(names, "dst", at))
    if src.version != dst.version:
        raise names["dst"].fault("src and dst are of two families")
    if mode == "transport":
        return None, None
    return None if src.is_unspecified else src, None if dst.is_unspecified else dst
