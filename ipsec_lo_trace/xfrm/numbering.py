"""How an SA numbers its packets, and its flags, among which one says so.

Source: Linux, net/xfrm/xfrm_replay.c; iproute2, ip/ipxfrm.c, xfrm_state_info_print.
"""

from __future__ import annotations

import re
from itertools import dropwhile, pairwise, takewhile
from typing import Any

from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.lines import Words
from ipsec_lo_trace.xfrm.values import number, pairs

Fields = dict[str, Any]
Lines = dict[str, list[Words]]
"""The lines of an SA by their first word."""
_FLAGS = frozenset(
    (
        *("noecn", "decap-dscp", "nopmtudisc", "wildrecv", "icmp", "af-unspec", "align4", "esn"),
        *("dont-encap-dscp", "oseq-may-wrap", ""),
    )
)
_ESN_BIT = 0x80
"""XFRM_STATE_ESN (uapi/linux/xfrm.h), which an old iproute2 has no word for and prints as a number."""
_CONTEXTS = ("anti-replay", "seq-hi", "oseq-hi", "replay_window")
_EXTRA = "extra_flag"
_FLAG_BITS = re.compile(r"[0-9a-f]{1,8}")


def numbering(lines: Lines, _fields: Fields) -> Fields:
    """Read the replay window and whether sequence numbers are extended.

    An SA whose window is over 32 has the context of extended ones too; only the flag makes them so.  Source:
    Linux, net/xfrm/xfrm_replay.c, xfrm_init_replay.
    """
    windows = _behind(lines, ("replay_window",))
    for words in flag_lines(lines):
        names, fault = pairs(takewhile(lambda word: word.text != "flag", words), ("replay-window", "seq"))
        if fault:
            raise fault
        if "replay-window" in names:
            windows.append(number(names["replay-window"], "a replay window"))
    if not any(_is_extended(words) for words in flag_lines(lines)):
        return {"window": max(windows, default=0)}
    return {"window": max(windows, default=0), "seq_hi": tuple(dict.fromkeys(highs(lines))) or (0,)}


def highs(lines: Lines) -> list[int]:
    """Return the high halves of sequence numbers that are named."""
    return _behind(lines, ("seq-hi", "oseq-hi"))


def strange_flags(lines: Lines) -> list[Token]:
    """Return the flags that are not known."""
    found = [flag for words in flag_lines(lines) for several in _flags(words) for flag in several]
    return [flag for flag in found if not _is_known(flag.text.removesuffix(_EXTRA))]


def flag_lines(lines: Lines) -> list[Words]:
    """Return the lines with flags, but not that of the statistics, which begins with the same word."""
    several = (*lines.get("replay-window", ()), *lines.get("flag", ()))
    return [words for words in several if "failed" not in [word.text for word in words]]


def _flags(words: Words) -> tuple[list[Token], list[Token]]:
    """Return the flags of a line, and the extra ones, which iproute2 puts right behind them."""
    behind = list(dropwhile(lambda word: word.text != "flag", words))[1:]
    flags = [word for word in behind if not word.text.startswith("(")]
    ends = [at for at, word in enumerate(flags) if word.text.endswith(_EXTRA)]
    cut = ends[0] + 1 if ends else len(flags)
    return flags[:cut], flags[cut:]


def _is_extended(words: Words) -> bool:
    texts = [word.text.removesuffix(_EXTRA) for word in _flags(words)[0]]
    return any(text == "esn" or (_FLAG_BITS.fullmatch(text) and int(text, 16) & _ESN_BIT) for text in texts)


def _is_known(flag: str) -> bool:
    return flag in _FLAGS or _FLAG_BITS.fullmatch(flag) is not None


def _behind(lines: Lines, names: tuple[str, ...]) -> list[int]:
    """Return the numbers behind these names in the replay contexts, in the order of the names."""
    contexts = [words for first in _CONTEXTS for words in lines.get(first, ())]
    found = [(name, value) for words in contexts for name, value in pairwise(words)]
    return [number(value, f"a {wanted}") for wanted in names for name, value in found if name.text == wanted]
