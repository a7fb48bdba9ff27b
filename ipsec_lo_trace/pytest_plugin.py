"""A plugin of pytest: a fixture that traces, and golden traces as tests.

pytest loads it in every project beside which this package is installed, so it imports nothing of the model
until a test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ipsec_lo_trace.cli.checking.model import Result
    from ipsec_lo_trace.model.setup import Setup
    from ipsec_lo_trace.tracer.tracing import Trace

TRACES: pytest.StashKey[list[Trace]] = pytest.StashKey()
"""What a test traced."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--ipsec-golden``."""
    parser.getgroup("ipsec-lo-trace").addoption(
        "--ipsec-golden",
        action="store_true",
        help="Run golden traces as tests: *.txt with the command of ipsec-lo-trace in a comment at the top.",
    )


@pytest.fixture
def ipsec_trace(request: pytest.FixtureRequest) -> Callable[[Setup], Trace]:
    """Trace a ping, or the probe that the setup names; if the test fails, its report has the traces."""
    from ipsec_lo_trace.tracer.setup import ping, probe  # noqa: PLC0415 -- as the module says

    traces: list[Trace] = request.node.stash.setdefault(TRACES, [])

    def traced(setup: Setup) -> Trace:
        traces.append(ping(setup) if setup.probe is None else probe(setup.probe, setup))
        return traces[-1]

    return traced


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Put what a failed test traced into its report."""
    if call.when == "call" and call.excinfo is not None:
        for trace in item.stash.get(TRACES, []):
            item.add_report_section("call", "ipsec_trace", str(trace))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take golden traces for tests, if that was asked for."""
    if file_path.suffix == ".txt" and parent.config.getoption("ipsec_golden") and _is_golden(file_path):
        return GoldenFile.from_parent(parent, path=file_path)
    return None


def _is_golden(path: Path) -> bool:
    from ipsec_lo_trace.cli.checking.text import COMMAND, read_text, split_head  # noqa: PLC0415 -- as above
    from ipsec_lo_trace.model.errors import UserError  # noqa: PLC0415

    try:
        head, _trace = split_head(read_text(path, str(path)))
    except UserError:  # not even a text
        return False
    return any(line.startswith(COMMAND) for line in head.split("\n"))


class NotMetError(Exception):
    """A golden trace is not what came out."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.rerun)
        self.result = result


class GoldenFile(pytest.File):
    """A file with one golden trace."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield its test."""
        yield GoldenTrace.from_parent(self, name="golden")


class GoldenTrace(pytest.Item):
    """The test that a golden trace is what its command gives now."""

    def runtest(self) -> None:
        """Run the command as ``ipsec-lo-trace check`` does, and compare."""
        from ipsec_lo_trace.cli.checking.command import asked  # noqa: PLC0415 -- as above
        from ipsec_lo_trace.cli.checking.files import read_checks  # noqa: PLC0415
        from ipsec_lo_trace.cli.run.check import run_all  # noqa: PLC0415

        for result in run_all([asked(check) for check in read_checks(str(self.path), fresh=False)]):
            if result.mismatches:
                raise NotMetError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 -- pytest's
        """Say in the words of ``ipsec-lo-trace check`` what is not met, or why it could not be run."""
        from ipsec_lo_trace.cli.checking.report import text_report  # noqa: PLC0415 -- as above
        from ipsec_lo_trace.model.errors import UserError  # noqa: PLC0415
        from ipsec_lo_trace.render.styles import UNWRAPPED  # noqa: PLC0415

        error = excinfo.value
        if isinstance(error, NotMetError):
            report = text_report([error.result])
            return "\n".join(words for line in report for words in line.plain(UNWRAPPED))
        return str(error) if isinstance(error, UserError) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the test is and what it is called."""
        return self.path, 0, f"golden trace {self.path.name}"
