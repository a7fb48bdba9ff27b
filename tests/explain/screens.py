"""Collect the labels from the screens: what stands in a label's place, read off what is printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ipsec_lo_trace.render.rows import UNICODE
from tests.cli.support import ROOT, invoke

EXAMPLES = ROOT / "docs" / "examples"
AUDITED = [
    f"{EXAMPLES}/{name}" for name in ("lo.pcap", "state.txt", "policy.txt", "nokeys.txt", "mended.pcap")
]
LO, STATE, POLICY, NO_KEYS, MENDED = AUDITED
TWO, WRONG = f"{EXAMPLES}/two-addresses.conf", f"{EXAMPLES}/wrong.toml"
LABEL = re.compile(r" {0,2}([A-Za-z]+(?: [a-z]+)?) *")
LABEL_COLUMNS = {8: " ", 10: "   "}
"""Where a line's words begin behind its label, and what stands before them at least."""
CAPITALS = re.compile(r"IN CLEAR|(?<![\w/@-])[A-Z][A-Z]+\b(?![-_/])")
SIGNS = "".join([*UNICODE.signs.values(), UNICODE.crosses, UNICODE.clear])


def shown(*words: str) -> list[str]:
    """Return the lines of a screen."""
    done = invoke(*words)
    assert done.code in (0, 1), done
    return done.out.decode().splitlines()


def columns(lines: list[str]) -> Iterator[str]:
    """Yield what stands in the label column of a line, whose words begin behind it."""
    for line in lines:
        for width, blank in LABEL_COLUMNS.items():
            label = LABEL.fullmatch(line[:width])
            if label and line[:width].endswith(blank) and line[width : width + 1].strip():
                yield label[1]


def capitals(lines: list[str]) -> Iterator[str]:
    """Yield the words in capitals: protocols, outcomes, roles, abbreviations."""
    for line in lines:
        yield from CAPITALS.findall(line)


def legend(lines: list[str]) -> Iterator[str]:
    """Yield what the last line says of its signs."""
    for part in re.split(f"[{re.escape(SIGNS)}]", lines[-1])[1:]:
        yield part.strip()


def headings(lines: list[str]) -> Iterator[str]:
    """Yield the groups of rows: the eight steps, a probe's packets, and the echo."""
    for line in lines:
        if group := re.match(r"\u2500\u2500 (?:([1-8]) |([PF]\d\S*) |(after))", line):
            yield f"step {group[1]}" if group[1] else group[2] or group[3]
        yield from re.findall(r"\((echo) \d+\)", line)


def row_head(lines: list[str]) -> Iterator[str]:
    """Yield the names of a timeline's columns, and the marks that its lanes name."""
    for line in lines:
        if head := re.match(r"(row)  (function) *(P|pkt)? .*?(decision)?$", line):
            yield from filter(None, head.groups())
        yield from re.findall(r"\u256d\u2500 (\w+)[:,]", line)


def notes(lines: list[str]) -> Iterator[str]:
    """Yield what begins a line below a row, and what is said in brackets of a question."""
    for line in lines:
        yield from re.findall(r"^     ([a-z]+): \w+ \+\d", line)
        yield from re.findall(r"\((settled by a stale mark)\)", line)
        yield from re.findall(r"^(marks)$", line)


def asked(lines: list[str]) -> Iterator[str]:
    """Yield the labels of why's table, in which both sides of a question stand."""
    for line in lines:
        if operand := re.match(r"    (\S+(?: \S+)?)  +\S", line):
            yield operand[1]


def first_words(lines: list[str]) -> Iterator[str]:
    """Yield the word that begins a line of a report, and the words that a count is of."""
    for line in lines:
        if word := re.match(r" {0,4}([A-Za-z]\w*(?:\[\d+\])?)(?:  +|$| [a-z])", line):
            yield word[1]
        yield from re.findall(r"\d+ (passed|failed)", line)


def packets(lines: list[str]) -> Iterator[str]:
    """Yield an audit's columns, and what it says that packets got."""
    for line in lines:
        if line.startswith("packet "):
            yield from line.removesuffix("what it is").split()
        if row := re.match(r" +\d+ (\S+) +(\S+)", line):
            yield from set(row.groups()) - {"-"}
        yield from re.findall(r"<== (\S+)", line)


def pairs(lines: list[str]) -> Iterator[str]:
    """Yield a diff's labels: the sides, the fields and questions that differ, the columns of the counters."""
    for line in lines:
        if side := re.match(r"([AB])  @", line):
            yield side[1]
        if field := re.match(r" {10}([\w-]+)(?::|  +)", line):
            yield field[1]
        if operand := re.match(r"[AB]  (@\w+)", line):
            yield operand[1]
        if counter := re.match(r" {10}([a-z]\w+(?:\[\d+\])?) +\d+ +\d+", line):
            yield counter[1]
        if line.split() == ["counters", "A", "B", "B-A"]:
            yield "B-A"


def cells(lines: list[str]) -> Iterator[str]:
    """Yield a matrix's fixes, its rows' programs and cases, and the words of its legend."""
    for line in lines:
        yield from re.findall(r"\u256d\u2500 (\S+)", line)
        if row := re.match(r"([a-z-]+) ([a-z][a-z0-9-]+) +(?:[.a-zA-Z-] ?)+$", line):
            yield from row.groups()
    yield from re.findall(r"[.a-zA-Z-] ([a-z]{4,})", lines[-1])


def tries(lines: list[str]) -> Iterator[str]:
    """Yield what a bisection says of a row, and how it sums up."""
    for line in lines:
        yield from re.findall(r"prevents it|breaks something else|^prevented", line)


def proved(lines: list[str]) -> Iterator[str]:
    """Yield a proof's claims, how they are broken, what stands beside a case, the words of its table."""
    for line in lines:
        if claim := re.match(r"([a-z]+(?:-[a-z]+)*): ", line):
            yield claim[1]
        if case := re.match(r"  (how)   ([\w-]+), (\w+):", line):
            yield from case.groups()
        yield from re.findall(r"^  (beside it|holds|how)  ?", line)
        if view := re.match(r"  (ping), ([a-z]+-[a-z]+): ", line):
            yield from view.groups()
        if line.split() == ["program", "fix", "hosts", "broken"]:
            yield from line.split()
        yield from re.findall(r"^  ping  +(\S+) +[\d,]+ +[\d,]+$", line)


def page_labels(lines: list[str]) -> Iterator[str]:
    """Yield the labels of explain's own pages."""
    for line in lines:
        if label := re.match(r" ([a-z]+(?: \S+)*?)  +\S", line):
            yield label[1]


def topics(lines: list[str]) -> Iterator[str]:
    """Yield the topics of help."""
    begin = lines.index("Topics:")
    for line in lines[begin + 1 : lines.index("", begin)]:
        yield line.split()[0]


def topic_words(lines: list[str]) -> Iterator[str]:
    """Yield the words that a topic is about; an exit code is a number, and its topic is its page."""
    for line in lines:
        yield from re.findall(r"^([A-Z_]{2,})(?:, ([A-Z_]+))? +[a-z]", line) and re.findall(
            r"[A-Z_]{2,}", line[:30]
        )


Collector = Callable[[list[str]], Iterator[str]]
TIMELINE: tuple[Collector, ...] = (columns, capitals, headings, row_head, notes)
WIDE = ["--glyphs", "unicode"]
SCREENS: dict[str, tuple[list[str], tuple[Collector, ...]]] = {
    "timeline": (["ping", *WIDE], (*TIMELINE, legend)),
    "wide": (["ping", *WIDE], (*TIMELINE, legend)),
    "summary of many": (["ping", "-c", "3", "-l", "2"], TIMELINE),
    "minimal": (["ping", "--detail", "minimal"], (capitals, first_words)),
    "full": (["ping", "--detail", "full", *WIDE], (*TIMELINE, legend)),
    "verbose": (["ping", "-v", "-c", "2", "--patched", *WIDE], (*TIMELINE, legend)),
    "AH": (["ping", "-v", "--proto", "esp+ah", "--mode", "tunnel", "--level", "unique"], TIMELINE),
    "a file": (["ping", "-v", "-f", TWO], TIMELINE),
    "unusual": (
        [
            "ping",
            "-v",
            "--case",
            "wildcard",
            "--both-ways",
            "--schedule",
            "eager",
            "--drop-mark",
            "tags@icmp_input",
            "--set",
            "diagnostic=1",
            "--pinger",
            "plain",
            "--reflector",
            "userspace",
        ],
        TIMELINE,
    ),
    "flush probe": (["ping", "--flush-probe"], TIMELINE),
    "a probe": (["probe", "udp-closed", "-v"], TIMELINE),
    "a drop": (["ping", "--case", "require-no-sa", "-v"], TIMELINE),
    "show": (["show", "@patched", "-v", "--step", "7", "--step", "8", *WIDE], (*TIMELINE, legend)),
    "show in brief": (["show", "@unpatched", "-q"], (capitals,)),
    "layers": (["ping", "--bytes", "layers"], (columns, headings)),
    "diff": (["diff", "--glyphs", "unicode"], (columns, capitals, legend, pairs)),
    "side by side": (["diff", "--side-by-side"], (columns, pairs)),
    "matrix": (
        ["matrix", "--rows", "ping lo-*", "--rows", "udp-*", "--glyphs", "unicode"],
        (capitals, cells),
    ),
    "why": (["why", "7"], (columns, capitals, asked)),
    "why the effect": (["why", "18"], (columns, capitals, asked)),
    "why unseen": (["why", "22"], (columns, capitals, asked)),
    "why an SA": (["why", "3"], (columns, asked)),
    "audit": (["audit", LO, "-f", STATE, "-f", POLICY, "--all"], (columns, packets)),
    "audit in brief": (["audit", LO, "-f", STATE, "-f", POLICY], (columns, capitals)),
    "audit without keys": (["audit", MENDED, "-f", NO_KEYS, "-f", POLICY, "--all"], (columns, packets)),
    "check": (["check", WRONG], (first_words, capitals)),
    "smoke": (["check"], (first_words,)),
    "orders": (["ping", "--schedule", "all", "--case", "wildcard", "--both-ways"], (columns, capitals)),
    "bisect": (["ping", "--bisect"], (capitals, tries)),
    "sweep": (["sweep", "--cases", "12", "--seed", "3", "-q"], (first_words,)),
    "prove": (["prove", "daemon", "--scope", "first", "-q"], (proved,)),
    "explain": (["explain", "step 2"], (page_labels,)),
    "help": (["help"], (topics,)),
    "environment": (["help", "environment"], (topic_words,)),
    "kinds": (["list"], (iter,)),
}
"""Each screen: its command, and what collects its labels."""


def labels(screen: str) -> set[str]:
    """Collect a screen's labels."""
    words, collectors = SCREENS[screen]
    lines = shown(*words)
    return {label for collect in collectors for label in collect(lines)}
