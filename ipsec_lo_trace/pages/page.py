"""A page: what one name means, who says so, how sure that is, and a command that shows it."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.codes import RunName

SURE = {
    "cited": "a person wrote it at the time: mail, manual page, RFC, commit text",
    "read": "read in the source named above; of NetBSD's, the 2.0 branch less what is younger",
    "measured": "seen when a real kernel ran, and of 2003 only where its code says the same",
    "derived": "concluded step by step from source that was read; nobody ran it",
    "assumed": "taken for granted; nobody saw it in a source",
    "ours": "a word of this program, and no fact about a kernel",
}
"""How sure a statement is, from what it rests on."""

PROGRAM = "ipsec-lo-trace"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What ``explain`` says of one name; ``example`` is a shell command that exits 0.

    ``aliases`` are other spellings (a tag's full kernel name); ``sure`` is a word of ``SURE``; what was
    measured names the ``runs``.  ``details`` are further statements under a label each.
    """

    kind: str
    name: str
    text: str
    source: str
    sure: str
    runs: tuple[RunName, ...] = ()
    example: str
    aliases: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    see: tuple[str, ...] = ()


def sentence(text: str) -> str:
    """Make a sentence of a phrase; the name of a function stays as it is."""
    is_name = "_" in text.partition(" ")[0]
    return f"{text if is_name else text[0].upper() + text[1:]}."


def explained(name: str) -> str:
    """Return the command that explains ``name``."""
    return f"{PROGRAM} explain {name}"


def fed(configuration: str, options: str = "") -> str:
    """Return the command that pings under a configuration of a few setkey(8) lines."""
    return f"echo '{configuration}' | {PROGRAM} ping -f -{f' {options}' if options else ''}"
