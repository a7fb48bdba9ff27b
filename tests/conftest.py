"""What all tests share: hypothesis without surprises, and a loud word when the interop tests did not run."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    import pytest
    from _pytest.terminal import TerminalReporter

# Text is compared as ASCII unless a test says otherwise, whatever the machine speaks.
os.environ["LC_ALL"] = "C"
# What a shell puts in the background without job control ignores Ctrl-C, and so would what tests run.
signal.signal(signal.SIGINT, signal.default_int_handler)
# The same examples in every run, and no deadline: a slow machine is not a wrong program.
settings.register_profile("project", derandomize=True, deadline=None, database=None)
settings.register_profile("fast", settings.get_profile("project"), max_examples=10)
settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples of each law where the slow tests are left out."""
    if "not slow" in config.option.markexpr:
        settings.load_profile("fast")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say it once, and so that it is seen, which real kernel was asked, or that none was."""
    passed, skipped = (terminalreporter.stats.get(outcome, []) for outcome in ("passed", "skipped"))
    for told in (text for report in passed for name, text in report.user_properties if name == "interop"):
        terminalreporter.section("interop")
        terminalreporter.write_line(f"INTEROP: {told}")
    reasons = {report.longrepr[2] for report in skipped if "interop" in report.keywords}
    for reason in sorted(reasons):
        terminalreporter.section("interop", yellow=True)
        terminalreporter.write_line(f"INTEROP SKIPPED: {reason.removeprefix('Skipped: ')}")
