"""What setkey(8) prints with -D and -DP, cut into entries: each SA and each policy begins with its two ends.

Layout: pfkey_sadump and pfkey_spdump in libipsec's pfkey_dump.c, FreeBSD's and ipsec-tools' (NetBSD, Linux).
Between the entries there may be anything: a shell's prompts, headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.setkey.tokens import Kind, Token

_END = r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9]+)?"
_PORTS = r"(?:\[[^\]\s]*\])*"
SA_HEAD = re.compile(rf"\s*(?P<src>{_END})(?P<src_port>{_PORTS})\s+(?P<dst>{_END})(?P<dst_port>{_PORTS})\s*")
SA_BODY = re.compile(
    r"\s*(?:natt\+)?(?P<proto>[a-z0-9-]+)\s+mode=(?P<mode>\w+)\s+spi=(?P<spi>[0-9]+)\(0x[0-9a-fA-F]+\)"
    r"(?:\s+reqid=(?P<reqid>[0-9]+)\(0x[0-9a-fA-F]+\))?\s*"
)
SP_HEAD = re.compile(
    rf"\s*(?:(?P<src>{_END})(?:/(?P<src_bits>[0-9]{{1,3}}))?(?:\[(?P<src_port>[^\]\s]*)\])?"
    rf"\s+(?P<dst>{_END})(?:/(?P<dst_bits>[0-9]{{1,3}}))?(?:\[(?P<dst_port>[^\]\s]*)\])?"
    r"\s+(?P<upper>[A-Za-z0-9.+/-]+)(?:\s+(?P<finer>[0-9,]+))?"
    r"|(?P<other>\([a-z, -]+\)|unknown-af\b.*|tagged\s.*))\s*"
)
SP_BODY = re.compile(
    r"\s*(?P<direction>in|out|fwd|any)(?P<socket>\(socket\))?(?:\s+prio\s+(?P<base>low|def|high)"
    r"(?:\s+(?P<sign>[+-])\s+(?P<offset>[0-9]+))?)?\s+(?P<kind>discard|none|ipsec|entrust|bypass)\s*"
)
_NONE = re.compile(r"\s*No S[AP]D entries\.\s*")


class Line(NamedTuple):
    """A line and its number."""

    number: int
    text: str


class Entry(msgspec.Struct):
    """An SA or a policy: the line with its ends, what it and the one below say, and the rest."""

    line: Line
    head: re.Match[str]
    body: re.Match[str]
    rest: list[Line] = msgspec.field(default_factory=list)

    @property
    def is_sa(self) -> bool:
        """Tell an SA from a policy."""
        return self.body.re is SA_BODY

    def at(self, file: str) -> Token:
        """Return where it begins."""
        text = self.line.text
        return Token(Kind.WORD, text.strip(), file, self.line.number, len(text) - len(text.lstrip()) + 1)


def is_dump(text: str) -> bool:
    """Tell whether a text is what setkey(8) prints with -D or -DP; prompts and headings do not matter."""
    return says_none(text) or next(entries(text), None) is not None


def says_none(text: str) -> bool:
    """Tell whether setkey(8) says in it that there are no SAs, or no policies."""
    return any(_NONE.fullmatch(line.text) for line in _lines(text))


def entries(text: str) -> Iterator[Entry]:
    """Yield each entry."""
    entry: Entry | None = None
    before: Line | None = None
    for line in _lines(text):
        begun = _begun(before, line) if before is not None else None
        if begun is not None:
            if entry is not None:
                yield entry
            entry, before = begun, None
            continue
        if entry is not None and before is not None:
            entry.rest.append(before)
        before = line
    if entry is not None:
        entry.rest += [before] if before is not None else []
        yield entry


def _begun(first: Line, second: Line) -> Entry | None:
    """Return the entry that begins with these two lines, if one does."""
    for its_head, its_body in ((SA_HEAD, SA_BODY), (SP_HEAD, SP_BODY)):
        head, body = its_head.fullmatch(first.text), its_body.fullmatch(second.text)
        if head and body:
            return Entry(first, head, body)
    return None


def _lines(text: str) -> Iterator[Line]:
    """Yield the lines that say something; what begins with # is a comment, or what root typed."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield Line(number, line)
