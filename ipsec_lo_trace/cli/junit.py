"""JUnit's XML as Ant and Jenkins have it, in ASCII: suites of test cases, whatever was tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from ipsec_lo_trace.cli.files import PROGRAM

NO_TIME = 'timestamp="1970-01-01T00:00:00" hostname="localhost"'
"""The usual schema insists on both, and a report does not depend on clock or host."""


class Case(NamedTuple):
    """A test case: ``fault`` is "failure", "error" or "skipped", "" if it passed; ``kind`` is its type."""

    name: str
    fault: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""


class Suite(NamedTuple):
    """Cases that belong together, and what is said of them all."""

    name: str
    cases: list[Case]
    said: str = ""


def printable(text: str) -> str:
    """Escape what a terminal would obey or XML cannot hold; newlines too."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def junit_text(suites: Iterable[Suite]) -> bytes:
    """Return a whole report."""
    return "".join(f"{line}\n" for line in _lines(suites)).encode("ascii", "xmlcharrefreplace")


def _lines(suites: Iterable[Suite]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<testsuites>"
    for number, suite in enumerate(suites):
        failures, errors = (
            sum(case.fault == fault for case in suite.cases) for fault in ("failure", "error")
        )
        yield (
            f'  <testsuite id="{number}" name={_attribute(suite.name)} package="{PROGRAM}" {NO_TIME} '
            f'tests="{len(suite.cases)}" failures="{failures}" errors="{errors}" time="0">'
        )
        yield "    <properties/>"
        for case in suite.cases:
            yield from _case(case, suite.name)
        said = printable(suite.said)
        yield f"    <system-out>{escape(said)}</system-out>" if said else "    <system-out/>"
        yield "    <system-err/>"
        yield "  </testsuite>"
    yield "</testsuites>"


def _case(case: Case, suite: str) -> Iterator[str]:
    head = f'    <testcase name={_attribute(case.name)} classname={_attribute(suite)} time="0"'
    if not case.fault:
        yield f"{head}/>"
        return
    kind = f' type="{case.kind}"' if case.kind else ""
    fault = f"      <{case.fault}{kind} message={_attribute(case.message)}"
    yield f"{head}>"
    yield f"{fault}>{escape(case.text)}</{case.fault}>" if case.text else f"{fault}/>"
    yield "    </testcase>"


def _attribute(text: str) -> str:
    return quoteattr(printable(text))
