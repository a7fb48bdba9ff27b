"""What a reader, GitHub or a CI server is told about the checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from ipsec_lo_trace.cli.checking.model import Mismatch, Result
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.render.styles import UNWRAPPED, Line

NO_TIME = 'timestamp="1970-01-01T00:00:00" hostname="localhost"'
"""The usual schema insists on both, and a report does not depend on clock or host."""


def printable(text: str) -> str:
    """Escape what a terminal would obey or XML cannot hold; newlines too."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


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


def github_report(results: list[Result]) -> Iterator[str]:
    """Yield an annotation of the first failure and the text; a runner takes only the former for a command."""
    failed = next((result for result in results if result.mismatches), None)
    annotations = [_annotation(failed.check.name, failed.mismatches[0])] if failed else []
    text = (words for line in text_report(results) for words in line.plain(UNWRAPPED))
    yield from map(_no_command, annotations)
    yield from (_no_command(re.sub(r"^(\s*)::", r"\1\\x3a:", line)) for line in text)


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


def junit_report(results: list[Result]) -> Iterator[str]:
    """Yield JUnit's XML as Ant and Jenkins have it: a suite for each file, in ASCII."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<testsuites>"
    files = groupby(results, key=lambda result: result.check.file)
    for number, (file, group) in enumerate(files):
        yield from _suite(number, file, list(group))
    yield "</testsuites>"


def _suite(number: int, file: str, results: list[Result]) -> Iterator[str]:
    failed = sum(bool(result.mismatches) for result in results)
    yield (
        f'  <testsuite id="{number}" name={_attribute(file)} package="{PROGRAM}" {NO_TIME} '
        f'tests="{len(results)}" failures="{failed}" errors="0" time="0">'
    )
    yield "    <properties/>"
    for result in results:
        case = f"    <testcase name={_attribute(result.check.name)} classname={_attribute(file)}"
        if not result.mismatches:
            yield f'{case} time="0"/>'
            continue
        first = result.mismatches[0]
        message = f"{first.what}: expected {first.expected}, got {first.got}"
        lines = [escape(line) for mismatch in result.mismatches for line in reason(mismatch)]
        yield f'{case} time="0">'
        yield (
            f'      <failure type="mismatch" message={_attribute(message)}>' + "\n".join(lines) + "</failure>"
        )
        yield "    </testcase>"
    yield "    <system-out/>"
    yield "    <system-err/>"
    yield "  </testsuite>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))


REPORTS: dict[str, tuple[Callable[[list[Result]], Iterator[str]], str]] = {
    "junit": (junit_report, "xmlcharrefreplace"),
    "github": (github_report, "backslashreplace"),
}
"""The report of each format but text, and how it writes what is not ASCII."""
