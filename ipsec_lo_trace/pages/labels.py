"""The labels of the screens: what stands before a line, above a column or beside a sign."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.pages.page import PROGRAM, Page, fed

_PING_V = f"{PROGRAM} ping -v"
_HEAD, _END = "the head of a trace", "the end of a trace"
# A screen: its name, a command that shows it or tells of it, and its labels; | parts the names of one page.
_SCREENS: dict[tuple[str, str], dict[str, str]] = {
    (_HEAD, _PING_V): {
        "kernel": "Which kernel was modelled, and under which fix; in brackets how the fix was chosen.",
        "config": "Where keys and policies came from: built in, a probe's own, a case, or files (-f).",
        "assumed": "What a real kernel may differ in; -v lists each of these assumptions.",
    },
    (_HEAD, f"{_PING_V} --set diagnostic=1"): {"set": "The switches that --set, or the probe, turned."},
    (_HEAD, fed("spdadd 10.9.9.1 10.9.9.2 any -P out ipsec esp/transport//use ;", "-v")): {
        "ends": "The two addresses were not given: they are those of the file's first IPsec policy, and lo0"
        " has them (--ends). On a mark's page: where the mark ends.",
    },
    (_HEAD, f"{_PING_V} --both-ways"): {
        "sent by": "Who sends, where it is not one ping of NetBSD's: a plain program, or two pings at once.",
    },
    (_HEAD, f"{_PING_V} --schedule eager"): {
        "schedule": "Who runs next in a burst: fifo, eager, random:SEED or order:LETTERS.",
    },
    (_HEAD, f"{_PING_V} --reflector userspace"): {
        "answers": "Who answers the requests, where it is not the kernel.",
    },
    (_HEAD, f"{_PING_V} --drop-mark tags@looutput"): {
        "what if": "An experiment of --drop-mark: a mark that is deleted behind a stage, as no kernel does.",
    },
    ("the rows of a trace", f"{PROGRAM} ping"): {
        "function | stage": "The kernel function that had the packet in this row. The row is one run of it.",
        "new": "The sign of a mark that was made in this row.",
        "own": "The sign of a mark that the packet bears and that was made for this very packet.",
        "decides": "The sign of a mark that settled a question in this row. The packet is the one that it"
        " was made for.",
        "stale, decides": "The sign of a stale mark that settled a question in this row: a decision by"
        " another packet's history.",
        "on the wire": "The sign of a row in which the packet crosses lo0, or leaves by another interface.",
        "unprotected": "The sign of a row in which a packet crosses, or is accepted, without the protection"
        " that a policy asks for.",
        "in clear": "The packet crosses without the protection that a policy asks for; the row says which.",
    },
    ("the rows of a trace", f"{PROGRAM} ping --patched"): {
        "removed": "The sign of a mark that was deleted in this row, or a mark that why tells of.",
    },
    ("the rows of a trace", f"{PROGRAM} ping -c 3"): {
        "pkt | P": "The packet of a row; of several echoes the echo's number goes before it. See P1.",
        "echo": "A request and its reply. They are numbered from 1 in the order of the requests.",
    },
    ("the rows of a trace", f"{PROGRAM} ping --detail full"): {
        "after the eight steps | after | step 0": "The heading of the rows that come once the reply has"
        " passed ip_output: it crosses lo0, comes in and reaches ping. The mail ends before it; --step"
        " after shows them.",
        "counted": "The counters that moved in this row, and by how much.",
        "settled by a stale mark": "The answer to this question hung on a mark of another packet.",
    },
    ("the rows of a trace", f"{PROGRAM} list decisions"): {
        "decision": "What the stage decided, in one word; the column is there from 120 columns on. See list"
        " decisions.",
    },
    ("the rows of a trace", f"{PROGRAM} list marks"): {
        "ledger": "The ledger of all marks: what made each, which questions it settled, since when it was"
        " stale, and where it ended.",
        "lane": "The line of a mark through the rows that its packet had with it; thick where the mark is"
        " stale.",
    },
    (_END, f"{PROGRAM} ping"): {
        "why | reasons": "The rows that show the cause and the effect, in a sentence each. The command why"
        " tells more of any row.",
        "next": "Commands that tell more, ready to be typed.",
        "more": "How much -v says beyond this.",
    },
    (_END, _PING_V): {
        "also": "Further findings, with the row that first shows each. Of the orders of a burst: what this"
        " ending shows beside its code.",
        "moved": "The counters that moved in the whole run, each with its sum. See list counters.",
    },
    ("a diff", f"{PROGRAM} help diff"): {
        "A | B": "The two traces that are compared, in the order in which they were named.",
        "B-A": "By how much more a counter moved in B than in A.",
        "part at | parts at": "The first row that differs, in A and in B: the rest follows from it.",
        "rows": "How many rows are the same, differ, or are in one trace alone.",
        "=>": "What is so in A, and behind the arrow what is so in B.",
        "@ | @NAME": "A run on the spot, in place of a stored trace, under the fix of that name: @unpatched"
        " has none, @patched the one of 2003, and list fixes names the others.",
    },
    ("the answers of why", f"{PROGRAM} why 7"): {
        "in": "The file of the kernel that the stage's function is in; of two operands, that the left lies"
        " within the right.",
        "did": "What the stage did with the packet, as the kernel's code has it.",
        "so": "The decision of the row, and of a drop its reason and errno.",
        "by": "The function that asks the question, and its file.",
        "answer": "What the question came to.",
        "src | dst": "Source and destination address, of a packet, a policy or an SA.",
        "proto | protocol": "The IP protocol: of a packet what it carries, of a policy what it covers, of"
        " an SA esp, ah or ipcomp.",
        "made for": "The packet that the mark was made for. No code of 2003 compares it, and that is the"
        " bug.",
    },
    ("the answers of why", f"{PROGRAM} why 3"): {
        "mode": "Of an SA or a rule: transport, tunnel or any.",
    },
    ("the answers of why", f"{PROGRAM} why 18"): {
        "code": "The code that this answer has among the findings, since a stale mark gave it.",
    },
    ("an audit", f"{PROGRAM} help audit"): {
        "capture": "The file that was read, and its link type.",
        "packet | packets": "A packet's number in the capture, from 1; at the end how many there were, in"
        " which form. In a diff: fields of the packet that differ.",
        "asked": "What the outbound policy asks for; - for nothing.",
        "got": "What the packet had: clear, or its headers from the outside in. In a check: what came"
        " instead of what was expected.",
        "opaque | wrong | unopened": "A packet that no SA opened: its SA cannot be read, it did not verify"
        " or opened to nonsense, or there is no SA for it.",
        "trouble": "Why the capture was not read to its end.",
        "findings": "Everything that the run or the capture showed, each by its code.",
    },
    ("a check", f"{PROGRAM} check"): {
        "pass | passed": "Every expectation of the check was met.",
        "fail | failed": "An expectation of the check was not met; below stand its place, what was"
        " expected, what came, and the row that shows it.",
        "expected": "What the check file says.",
        "rerun | rerun with": "The command that runs the check's trace by hand.",
        "crossing | lo0[0]": "A packet that crossed lo0, as a check file writes it: icmp for clear text, or"
        " each header from the outside in with SPI and sequence number, as esp:1001#1.",
    },
    ("the orders of a burst", f"{PROGRAM} ping --schedule all"): {
        "orders": "How many orders of the turns were tried, and how many endings there are.",
        "always": "The findings that every order shows.",
        "again": "The schedule that makes this ending again.",
    },
    ("a bisection", f"{PROGRAM} ping --bisect"): {
        "prevents it": "With the tags deleted behind this row, what went wrong does not happen.",
        "prevented": "The rows behind which deleting the tags helps, from the earliest to the latest.",
        "breaks something else": "With the tags deleted behind this row, something else goes wrong.",
    },
    ("a sweep", f"{PROGRAM} help sweep"): {
        "broken": "A law that a run broke, and no known kernel behaviour explains it. Of a proof: in how"
        " many cases, or under a fix over how many hosts, the claim is not true.",
        "but": "The known kernel behaviour by which the law is broken.",
        "first": "The first case that breaks the law, as small as it goes; below stand the commands that"
        " run it.",
    },
    ("a proof", f"{PROGRAM} help prove"): {
        "how": "A way in which the claim is broken: its name, the program that runs, in how many cases, and"
        " what the kernel of the smallest of them strips; below stands the command that runs that case.",
        "beside it": "What must be run as well to see the case: the claim compares two runs.",
        "scope": "Which hosts and kernels are run: whole, quick or first. The head says how many cases that"
        " is, and how many classes of cases that are alike.",
        "view | one-address | two-addresses | shared-out | by-protocol | examples": "A part of a scope: how"
        " many addresses the hosts have, whether a policy is about a pair of them, about everything or about"
        " a protocol, or that they are examples; and which kernels run.",
        "class | classes": "Hosts over which the same comes of every kernel. A certificate has a line for"
        " each class.",
        "holds": "In how many cases the claim is true; of a certificate, that --check found nothing wrong.",
        "program": "What runs: ping, or a probe.",
        "hosts": "How many hosts there were: configurations of SAs and policies.",
        "incurable": "Of a host: the claim is broken over it whatever is stripped.",
        "socket-gate": "daemon is broken since a process has a socket, whose policy is asked once more: a"
        " request that its inbound policy refuses reaches the kernel's reflector and no process.",
        "unlike": "daemon is broken, and it is neither a stale mark nor the gate of a socket.",
        "tags": "daemon-tags is broken: in some row the kernel's reply bears other tags than a process's.",
        "no-answer": "answered is broken, and no packet was dropped for a reason that has a code.",
        "not-output": "no-clear is broken by a packet that crossed without having been in ip_output.",
    },
    ("explain", f"{PROGRAM} explain step 2"): {
        "known": "How sure a page is, from what it rests on. In a sweep: a law that is broken by a kernel"
        " behaviour that is known.",
        "model": "What the modelled kernel does, where it is not what the mail says.",
        "source": "Who says so: a kernel file and its function, an RFC, a mail.",
        "try": "A command that shows it.",
        "see": "Names that have to do with it.",
        "about": "What a probe sends, and what that tests.",
        "answered": "What counts as an answer to a probe.",
        "besides": "What else the stage does, or takes into account.",
        "goes on to": "The stages that a stage may hand the packet to.",
        "moved by | ends a packet in": "The stage that moves the counter, or that drops the packet with"
        " this code.",
        "weight": "How much an audit makes of it: leak, unsure or note.",
        "compares | compared": "What a question holds against what; of a run of a real kernel, what was"
        " held against the model.",
        "note": "What else is to be known.",
        "if stale": "The code that an answer has if a stale mark gives it.",
        "left out": "What the real code does beside, which the model leaves out.",
        "values": "What a switch can be set to, the plain kernel's value first.",
        "unknown": "What was not to be found out.",
        "switches": "The switches that a probe turns by itself.",
        "derived": "Configurations over which a page is derived, and why.",
        "pings": "The two ends that a case is about.",
        "print it": "The command that prints the configuration.",
        "key length": "How many bytes a key has.",
        "well-known CPI": "The number that RFC 3173 gives to the algorithm.",
        "on Linux": "What Linux calls the algorithm.",
        "ran": "What ran on a real kernel.",
        "held by": "The tests that hold the model to what ran.",
    },
    ("the topics of help", f"{PROGRAM} help environment"): {
        "environment | COLUMNS | NO_COLOR | FORCE_COLOR | CLICOLOR_FORCE | TERM | LC_ALL | LC_CTYPE | LANG"
        " | CI"
        " | _IPSEC_LO_TRACE_COMPLETE": "The variables that change an output: its width, its colour, its"
        " characters. The topic says what each does.",
    },
    ("the topics of help", f"{PROGRAM} help exit-codes"): {
        "exit-codes | exit code": "What the exit code says: 0 it ran or was met, 1 not met or different, 2"
        " a usage or an input that is wrong; the topic lists all.",
        "faults": "What to send when the program says that a fault is its own; the topic lists it.",
    },
}


def _pages() -> Iterator[Page]:
    for (screen, example), texts in _SCREENS.items():
        for names, text in texts.items():
            name, *others = names.split(" | ")
            yield Page(
                kind="labels",
                name=name,
                aliases=tuple(others),
                text=text,
                source=f"the word as {screen} uses it",
                sure="ours",
                example=example,
            )


LABEL_PAGES = tuple(_pages())


def kind_page(kind: str, meaning: str) -> Page:
    """Return the page of a kind of names, which is a label of ``list`` and of explain's index."""
    return Page(
        kind="labels",
        name=kind,
        text=f"A kind of names: {meaning}.",
        source="the word as list uses it",
        sure="ours",
        example=f"{PROGRAM} list {kind}",
    )
