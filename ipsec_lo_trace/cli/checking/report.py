"""What a reader, GitHub or a CI server is told about the checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby

from ipsec_lo_trace.cli.checking.model import Mismatch, Result
from ipsec_lo_trace.cli.junit import Case, Suite, junit_text, printable
from ipsec_lo_trace.render.styles import UNWRAPPED, Line


def text_report(results: list[Result]) -> Iterator[Line]:
    """Yield one line for each check, more for one that failed, and the sum."""
    for result in results:
        sign, style = ("FAIL", "bad") if result.mismatches else ("PASS", "clean")
        yield Line(f"{sign} ", style=style).glue(printable(result.check.name))
        for mismatch in result.mismatches:
            place, *told = reason(mismatch)
            yield Line("  ", hang=4).glue(place)
            yield from (_told(line) for line in told)
        if result.mismatches:
            yield Line("  rerun with ", hang=4).glue(printable(result.rerun))
    failed = sum(bool(result.mismatches) for result in results)
    yield Line(style="bad" if failed else "clean").say(f"{len(results) - failed} passed, {failed} failed")


LABEL = re.compile(r"(?:expected|got|row \d+) +")


def _told(line: str) -> Line:
    """Lay a line of a reason out, continued under its own words."""
    words = line.strip()
    label = LABEL.match(words)
    at = label.end() if label else 0
    return Line(f"    {words[:at]}").say(words[at:])


def reason(mismatch: Mismatch) -> list[str]:
    """Say where and what was expected, what came, and which row shows it."""
    place = f"{mismatch.file}:{mismatch.line}" if mismatch.line else mismatch.file
    return [
        printable(line)
        for line in (
            f"{place}: {mismatch.what}",
            f"  expected {mismatch.expected}",
            f"  got      {mismatch.got}",
            f"  row {mismatch.row}   {mismatch.event}",
        )
    ]


def github_report(results: list[Result]) -> bytes:
    """Return an annotation of the first failure, the only line that a runner obeys, and the text."""
    failed = next((result for result in results if result.mismatches), None)
    annotations = [_annotation(failed.check.name, failed.mismatches[0])] if failed else []
    text = (words for line in text_report(results) for words in line.plain(UNWRAPPED))
    lines = [*annotations, *(re.sub(r"^(\s*)::", r"\1\\x3a:", line) for line in text)]
    return "".join(f"{_no_command(line)}\n" for line in lines).encode("ascii", "backslashreplace")


def _no_command(line: str) -> str:
    return line.replace("##[", r"#\x23[")  # a command too, wherever it stands in a line


def _annotation(name: str, mismatch: Mismatch) -> str:
    title = f"check failed: {name}"
    properties = {"file": mismatch.file, "line": str(mismatch.line or 1), "title": title}
    said = ",".join(f"{key}={_property(printable(value))}" for key, value in properties.items())
    return f"::error {said}::{_data(chr(10).join(reason(mismatch)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def junit_report(results: list[Result]) -> bytes:
    """Return JUnit's XML: a suite for each file."""
    files = groupby(results, key=lambda result: result.check.file)
    return junit_text(Suite(file, [_case(result) for result in group]) for file, group in files)


def _case(result: Result) -> Case:
    if not result.mismatches:
        return Case(result.check.name)
    first = result.mismatches[0]
    message = f"{first.what}: expected {first.expected}, got {first.got}"
    text = "\n".join(line for mismatch in result.mismatches for line in reason(mismatch))
    return Case(result.check.name, "failure", "mismatch", message, text)


REPORTS: dict[str, Callable[[list[Result]], bytes]] = {"junit": junit_report, "github": github_report}
"""The report of each format but text."""
