"""What setkey(8) prints with -D and -DP, cut into entries: each SA and each policy begins with its two ends.

Layout: pfkey_sadump and pfkey_spdump in libipsec's pfkey_dump.c, FreeBSD's and ipsec-tools' (NetBSD, Linux).
Between the entries there may be anything: a shell's prompts, headings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
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
_LAST = re.compile(r"\s*(spid=[0-9]+\s+seq=|sadb_seq=[0-9]+\s+pid=|refcnt=[0-9])")
"""How the lines begin that are an entry's last."""
_SP_LINE = re.compile(r"\s*(\S+/\S*/\S*\s*$|created:\s|lifetime:\s|lastused:\s|spid=[0-9]|refcnt=)")
_SA_LINE = re.compile(
    r"\s*([EAC]:\s|(?:[0-9A-Fa-f]{2,8}\s+)*[0-9A-Fa-f]{2,8}\s*$|seq=0x|sadb_seq=|refcnt="
    r"|(created|diff|last|current|hard|soft|allocated|NAT|NAT-T|NAT frag|hw offl if|HW offl if):?\s)"
)
_COMMENTED_OUT = re.compile(r"\s*#\s*(\S+/\S*/\S*|[EAC]:\s.*|(in|out)\s+(ipsec|none|discard))\s*")
"""A line of an entry behind a comment's sign."""
_NONE = re.compile(r"\s*No S[AP]D entries\.\s*")


class Line(NamedTuple):
    """A line and its number."""

    number: int
    text: str


class Entry(msgspec.Struct):
    """An SA or a policy: the line with its ends, what it and the one below say, and the rest.

    ``head`` or ``body`` is None where that line cannot be read, but not both.
    """

    line: Line
    head: re.Match[str] | None
    body: re.Match[str] | None
    rest: list[Line] = msgspec.field(default_factory=list)

    @property
    def is_sa(self) -> bool:
        """Tell an SA from a policy."""
        return self.body.re is SA_BODY if self.body else self.head is not None and self.head.re is SA_HEAD

    @property
    def unknown(self) -> list[Line]:
        """Lines that setkey(8) does not print, up to the last one that it does."""
        ends = [at for at, line in enumerate(self.rest) if _LAST.match(line.text)]
        own = self.rest[: ends[-1]] if ends else self.rest
        return [line for line in own if not (_SA_LINE if self.is_sa else _SP_LINE).match(line.text)]

    def at(self, file: str) -> Token:
        """Return where it begins."""
        text = self.line.text
        return Token(Kind.WORD, text.strip(), file, self.line.number, len(text) - len(text.lstrip()) + 1)


def is_dump(text: str) -> bool:
    """Tell whether a text is what setkey(8) prints with -D or -DP; prompts and headings do not matter."""
    return says_none(text) or any(
        (entry.head and entry.body) or any(_LAST.match(line.text) for line in entry.rest)
        for entry in entries(text)
    )


def says_none(text: str) -> bool:
    """Tell whether setkey(8) says in it that there are no SAs, or no policies."""
    return any(_NONE.fullmatch(line.text) for line in _lines(text))


def entries(text: str) -> Iterator[Entry]:
    """Yield each entry."""
    entry: Entry | None = None
    before: Line | None = None
    for line in _lines(text):
        begun = _begun(before, line)
        if begun is not None:
            if entry is not None:
                yield entry
            entry, before = begun, None if begun.body else line
            continue
        if entry is not None and before is not None:
            entry.rest.append(before)
        before = line
    if entry is not None:
        entry.rest += [before] if before is not None else []
        yield entry


def _begun(first: Line | None, second: Line) -> Entry | None:
    """Return the entry that begins with these two lines, if one does."""
    heads = {its: its.fullmatch(first.text) if first else None for its in (SA_HEAD, SP_HEAD)}
    for its_head, its_body in ((SA_HEAD, SA_BODY), (SP_HEAD, SP_BODY)):
        body = its_body.fullmatch(second.text)
        if first and heads[its_head] and body:
            return Entry(first, heads[its_head], body)
    for its_body in (SA_BODY, SP_BODY):
        if body := its_body.fullmatch(second.text):
            return Entry(first or second, None, body)
    head = next((head for head in heads.values() if head and _has_ends(head)), None)
    return Entry(first, head, None) if first and head else None


def _has_ends(head: re.Match[str]) -> bool:
    """Tell whether a line that looks like a first one really has two addresses."""
    try:
        return bool(head["src"]) and ip_address(head["src"]).version == ip_address(head["dst"]).version
    except ValueError:
        return False


def _lines(text: str) -> Iterator[Line]:
    """Yield the lines that say something; what begins with # is a comment, or what root typed."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip() and (not line.lstrip().startswith("#") or _COMMENTED_OUT.fullmatch(line)):
            yield Line(number, line)
