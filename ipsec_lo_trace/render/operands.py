"""A question's two operands, taken apart so that equal parts stand side by side."""

from __future__ import annotations

import re
from ipaddress import IPv4Network

import msgspec

EQUAL, DIFFERENT, COVERED, NOT_COVERED, ALONE = "=", "!=", "in", "not in", ""
"""How a part of the left operand relates to its counterpart; alone if there is none."""

_ADDRESS = r"\d+(?:\.\d+){3}"
_SA = re.compile(
    rf"(?:(?P<tag>\w+) )?(?P<proto>\w+) (?P<spi>0x[0-9a-f]{{8}}) to (?P<dst>{_ADDRESS})"
    r"(?:, made for (?P<made>\S+))?"
)
_REQUEST = re.compile(
    rf"(?P<proto>\w+) (?P<mode>\w+) (?P<src>{_ADDRESS}) to (?P<dst>{_ADDRESS})(?: reqid (?P<reqid>\d+))?"
)
_PACKET = re.compile(rf"(?P<src>{_ADDRESS}) to (?P<dst>{_ADDRESS}) (?P<upper>\w+)")
_POLICY = re.compile(
    rf"(?P<src>{_ADDRESS}/\d+) to (?P<dst>{_ADDRESS}/\d+) (?P<upper>\w+)"
    r"(?P<ports>(?: \w+ port \d+)*) (?P<policy>.*)"
)


class Part(msgspec.Struct, frozen=True):
    """One part of both operands: what it is, both values ("" where one has none), how they relate."""

    label: str
    left: str
    relation: str
    right: str


def side_by_side(left: str, right: str) -> list[Part]:
    """Take operands apart as a check's words have them; one part if they have no known form."""
    for left_form, right_form, parts in (
        (_SA, _SA, _of_sas),
        (_REQUEST, _SA, _of_request),
        (_PACKET, _POLICY, _of_packet),
    ):
        first, second = left_form.fullmatch(left), right_form.fullmatch(right)
        if first and second:
            return parts(first.groupdict(""), second.groupdict(""))
    return [Part("", left, ALONE, right)]


def _equal(label: str, left: str, right: str) -> Part:
    return Part(label, left, EQUAL if left == right else DIFFERENT, right)


def _of_sas(left: dict[str, str], right: dict[str, str]) -> list[Part]:
    """Compare tdb_idents: a tag's or a header's with an SA's."""
    parts = [_equal(label, left[label], right[label]) for label in ("proto", "spi", "dst")]
    if left["tag"]:
        parts = [Part("tag", left["tag"], ALONE, ""), *parts]
    if left["made"]:
        parts.append(Part("made for", left["made"], ALONE, "(not compared)"))
    return parts


def _of_request(left: dict[str, str], right: dict[str, str]) -> list[Part]:
    """Compare what a rule asks for with the SA that was chosen."""
    parts = [_equal(label, left[label], right[label]) for label in ("proto", "dst")]
    parts += [Part(label, left[label], ALONE, "") for label in ("src", "mode", "reqid") if left[label]]
    return [*parts, Part("spi", "", ALONE, right["spi"])]


def _of_packet(left: dict[str, str], right: dict[str, str]) -> list[Part]:
    """Compare a packet's selector with the policy's that covers it."""
    parts = [_covered(label, left[label], right[label]) for label in ("src", "dst")]
    upper = COVERED if right["upper"] in ("any", left["upper"]) else NOT_COVERED
    parts.append(Part("protocol", left["upper"], upper, right["upper"]))
    parts += [Part("ports", "", ALONE, right["ports"].strip())] if right["ports"] else []
    return [*parts, Part("policy", "", ALONE, right["policy"])]


def _covered(label: str, left: str, right: str) -> Part:
    try:
        covered = IPv4Network(left).subnet_of(IPv4Network(right, strict=False))
    except ValueError:  # a trace that somebody wrote by hand
        return Part(label, left, ALONE, right)
    return Part(label, left, COVERED if covered else NOT_COVERED, right)
