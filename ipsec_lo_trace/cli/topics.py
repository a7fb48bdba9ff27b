"""Help topics that are no command: exit codes and environment variables."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """A topic: what it is about, its words, and a table of them."""

    about: str
    text: str
    rows: tuple[tuple[str, str], ...]
    after: str = ""


TOPICS = {
    "exit-codes": Topic(
        "What the exit code says.",
        "The exit codes are an interface and do not change within a major version.",
        (
            ("0", "it ran; diff: the same; check, --expect: met; a leak found by a plain ping is 0 too"),
            ("1", "only: diff found a difference, check or --expect was not met, audit found clear text"),
            ("2", "usage, an unreadable or faulty input, an output that cannot be written"),
            ("3", "a fault of ipsec-lo-trace itself; please report it"),
            ("129", "the terminal was closed (SIGHUP); a half-written file is removed"),
            ("130", "interrupted (Ctrl-C)"),
            ("141", "whoever read the output closed the pipe"),
            ("143", "it was told to terminate (SIGTERM); a half-written file is removed"),
        ),
    ),
    "environment": Topic(
        "The variables that change an output.",
        "Colour never carries meaning alone.",
        (
            ("COLUMNS", "the width of text, at least 20 [the terminal's, or 80 for a pipe or a file]"),
            ("NO_COLOR", "if not empty: no colour"),
            ("FORCE_COLOR, CLICOLOR_FORCE", "colour also for a pipe; empty, 0 and false count as unset"),
            ("TERM", "dumb: no colour"),
            ("CI", "set (and not 0 or false): check --update rewrites nothing unless --allow-ci is given"),
            ("_IPSEC_LO_TRACE_COMPLETE", "set by a shell that asks for completions"),
        ),
        "--color always and --color never go before all of these, and NO_COLOR before FORCE_COLOR. Nothing"
        " else in the environment changes the output: not the locale, the clock, the host's name, or its"
        " own network configuration.",
    ),
}  # fmt: skip
"""The topics, by the names that ``help`` takes."""
