"""Replay a capture and write its trace in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any, BinaryIO, cast

import msgspec

from ipsec_lo_trace.capture.frame import CaptureError
from ipsec_lo_trace.capture.read import STDIN, STDIN_NAME, open_capture
from ipsec_lo_trace.cli.choice import Choice, take_choice
from ipsec_lo_trace.cli.exits import EXIT_TROUBLE
from ipsec_lo_trace.cli.files import complain, refuse_own_input
from ipsec_lo_trace.cli.options import fix_of, given, refuse, turned
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.host import kernel_configuration, one_stdin
from ipsec_lo_trace.cli.run.traces import as_expected, expectation, seekable
from ipsec_lo_trace.cli.run.written import write_trace
from ipsec_lo_trace.fixes.fix import UNPATCHED, known_fix
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import LOCALHOST, Setup, can_be_local, local_address, shown_name
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.setup import how_chosen
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.replay import ReplayOptions
from ipsec_lo_trace.wire import ip


class ReplayArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    capture: str
    config: tuple[str, ...]
    fix: str | None
    settings: dict[str, str]
    local: tuple[str, ...]
    seed: int
    format_: str
    choice: Choice
    detail: str | None
    show_bytes: str | None
    color: str | None
    glyphs: str | None
    quiet: bool
    verbose: bool
    output: str
    expect: str | None

    @property
    def setup(self) -> Setup:
        """What a replay has in common with other runs."""
        return Setup(fix=self.fix, settings=self.settings, local=self.local, seed=self.seed)

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        one_stdin(self.capture, *self.config)
        self.setup.check()
        refuse(["-q"] if self.quiet else [], "and -v exclude each other", if_=self.verbose)
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        whole = [*given(self, detail="--detail", show_bytes="--bytes"), *self.choice.options]
        text_only = [*whole, *given(self, color="--color", glyphs="--glyphs"), *flags]
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")


MAX_ADDRESSES = 4096
IPV6 = 6


class Survey(msgspec.Struct):
    """What a capture holds: how many IPv4 packets and others, between whom, and what stopped it.

    ``passed_over`` says what is of other interfaces, "" if nothing is.
    """

    count: int = 0
    others: int = 0
    passed_over: str = ""
    first: bytes = b""
    addresses: set[IPv4Address] = msgspec.field(default_factory=set)
    error: CaptureError | None = None


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    values["fix"] = fix_of(values, values["fix"])
    values["settings"] = turned(values["settings"])
    arguments = ReplayArguments(choice=take_choice(values), **values)
    arguments.check()
    return run_replay(arguments)


def run_replay(arguments: ReplayArguments) -> int:
    """Run it; give the exit code."""
    arguments = msgspec.structs.replace(
        arguments, expect=expectation(arguments.expect), choice=arguments.choice.named(())
    )
    refuse_own_input(arguments.output, arguments.capture, *arguments.config)
    fix = known_fix(UNPATCHED if arguments.fix is None else arguments.fix)
    local = {local_address("local", text) for text in arguments.local}
    read = kernel_configuration(arguments.config)
    name = STDIN_NAME if arguments.capture == STDIN else arguments.capture
    with seekable(arguments.capture) as opened:
        stream = cast("BinaryIO", opened)
        with progress("reading the capture"):
            survey = _survey(stream, name)
        if not survey.count:
            raise survey.error or UserError("there is no IPv4 packet in it", file=name)
        if survey.passed_over:
            complain(f"{name}: {survey.passed_over}")
        if survey.others:
            complain(f"{name}: {survey.others} packets are no IPv4 and left out")
        plan = Plan(
            options=_options(arguments, stream, name, survey),
            fix=fix,
            chosen=how_chosen(arguments.fix),
            config=Origin("file", files=tuple(map(shown_name, arguments.config))),
            local=frozenset({LOCALHOST, *local, *survey.addresses}),
            seed=arguments.seed,
            settings=tuple(arguments.settings.items()),
        )
        tracing = Tracing(plan, read)
        try:
            verdict = write_trace(arguments, arguments.format_, tracing, arguments.setup)
        finally:
            tracing.crossings.close()
    if survey.error is not None:
        complain(str(survey.error))
        return EXIT_TROUBLE
    return as_expected(arguments.expect, verdict)


def _options(arguments: ReplayArguments, stream: BinaryIO, name: str, survey: Survey) -> ReplayOptions:
    def packets() -> Iterator[bytes]:
        stream.seek(0)
        left = survey.count
        for frame in open_capture(stream, name):
            if left and _is_ipv4(frame.data):
                left -= 1
                yield frame.data
            if not left:
                return

    return ReplayOptions(
        name=shown_name(arguments.capture),
        packets=packets,
        src=ip.address(survey.first[:4]) if survey.first else LOCALHOST,
        dst=ip.address(survey.first[4:]) if survey.first else LOCALHOST,
        count=survey.count,
    )


def _is_ipv4(data: bytes) -> bool:
    """Tell what the kernel of 2003 takes for IPv4: it drops another version itself, but has no IPv6."""
    return bool(data) and ip.version(data) != IPV6


def _survey(stream: BinaryIO, name: str) -> Survey:
    """Read the capture once, for what must be known before it is replayed."""
    survey, capture = Survey(), open_capture(stream, name)
    try:
        for frame in capture:
            if not _is_ipv4(frame.data):
                survey.others += 1
                continue
            survey.count += 1
            if len(frame.data) < ip.HEADER_LEN:
                continue
            ends = ip.ends(frame.data)
            survey.first = survey.first or ends
            if len(survey.addresses) < MAX_ADDRESSES:
                survey.addresses |= set(filter(can_be_local, (ip.address(ends[:4]), ip.address(ends[4:]))))
    except CaptureError as error:
        survey.error = error
    survey.passed_over = capture.choice.told()
    return survey
