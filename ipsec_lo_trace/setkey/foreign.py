"""Texts of other programs that people take for setkey(8)'s: what each is, and what to give instead."""

from __future__ import annotations

import re
from typing import NamedTuple

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.shell import says_nothing

_PING = "ping takes setkey(8) commands, add and spdadd"
_KEYS = (
    f"it says what IKE is to agree on, and has no SA; {_PING}, audit also what ip xfrm state and policy print"
)
_AUDITED = f"audit and replay take it; {_PING}"
_RUN = f"{_PING}, audit also what ip xfrm state and policy print once it was run"
_SECRET = f"it is for IKE, and has no SA's key; {_PING}"


class _Kind(NamedTuple):
    """A kind of text, the line by which it is known, and what to do."""

    what: str
    line: re.Pattern[str]
    hint: str


def _kind(what: str, line: str, hint: str) -> _Kind:
    return _Kind(what, re.compile(rf"^[ \t]*(?:{line})", re.MULTILINE), hint)


# Sources: ipsec.conf(5), ipsec.secrets(5) and swanctl.conf(5) of strongSwan; racoon.conf(5) of ipsec-tools;
# ipsec.conf(5) of OpenBSD, ip-xfrm(8), wg(8).
_KINDS = (
    _kind("strongSwan's ipsec.conf", r"(?:conn|ca)[ \t]+\S+[ \t]*$|config[ \t]+setup\b", _KEYS),
    _kind("strongSwan's swanctl.conf", r"(?:connections|pools|authorities|secrets)[ \t]*\{", _KEYS),
    _kind("strongSwan's strongswan.conf", r"(?:charon|libstrongswan)[\w-]*[ \t]*\{", _KEYS),
    _kind("strongSwan's ipsec.secrets", r"[^#\n]*:[ \t]*(?:PSK|RSA|ECDSA|EAP|XAUTH|PIN|P12)[ \t]", _SECRET),
    _kind(
        "racoon's racoon.conf",
        r"path[ \t]+\w+[ \t]+\"|(?:remote|sainfo)[ \t][^{;\n]*\{?[ \t]*$|(?:listen|padding|timer)[ \t]*\{",
        _KEYS,
    ),
    _kind("OpenBSD's ipsec.conf", r"(?:ike|flow)[ \t]+(?:\w+[ \t]+){0,4}from[ \t]", _KEYS),
    _kind("WireGuard's configuration", r"\[(?:Interface|Peer)\]", f"it is no IPsec; {_PING}"),
    _kind("a script of ip xfrm commands", r"(?:sudo[ \t]+)?ip[ \t]+(?:-\S+[ \t]+)*x(?:f|fr|frm)?[ \t]", _RUN),
    _kind("the output of ip xfrm", r"src[ \t]\S+[ \t]+dst[ \t]\S+", _AUDITED),
    _kind("the output of setkey -D", r"[0-9a-fA-F.:]+(?:\[\w+\])?[ \t]+[0-9a-fA-F.:]+[^\n]*\n\t", _AUDITED),
    _kind("a check file", r"\[\[check\]\]", "ipsec-lo-trace check reads it"),
)
_SECRET_LINE = re.compile(r"\s*[\w-]*[.:@][\w.:@-]*\s+\S+\s*")
"""racoon.conf(5), pre_shared_key: an identifier and its secret; a newer one may have blanks in it."""
_MAGICS = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\n\r\r\n")
_CAPTURES = tuple(magic.decode("utf-8", "surrogateescape") for magic in _MAGICS)
"""What a pcap or pcapng file begins with."""


def foreign_fault(text: str, file: str, mistake: UserError) -> UserError | None:
    """Make the error that says whose text this is, at its first telling line; None if it looks like none.

    What goes wrong after a command of setkey(8) is a mistake in its own text.
    """
    if text.startswith(_CAPTURES):
        hint = "audit and replay take it as CAPTURE; -f is for keys and policies"
        return UserError("this is a capture", file=file, hint=hint)
    if text.startswith('{"'):
        hint = "show, diff and why take it as TRACE; -f is for keys and policies"
        return UserError("this is a stored trace", file=file, hint=hint)
    lines = text.split("\n")
    if not all(map(says_nothing, lines[: mistake.line - 1])):
        return None
    for kind in _KINDS:
        if found := kind.line.search(text):
            line = text.count("\n", 0, found.start()) + 1
            return UserError(f"this is {kind.what}", file=file, line=line, column=1, hint=kind.hint)
    told = [line for line in lines if not says_nothing(line)]
    if told and all(map(_SECRET_LINE.fullmatch, told)):
        return UserError("this is a file of racoon's pre-shared keys", file=file, hint=_SECRET)
    return None
