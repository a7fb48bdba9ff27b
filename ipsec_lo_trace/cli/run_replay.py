"""Replay a capture and write its trace in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import BinaryIO, cast

import msgspec

from ipsec_lo_trace.capture.errors import CaptureError
from ipsec_lo_trace.capture.read import STDIN, STDIN_NAME, open_capture
from ipsec_lo_trace.cli.hostconfig import host_configuration, shown_name
from ipsec_lo_trace.cli.main import EXIT_TROUBLE
from ipsec_lo_trace.cli.output import complain, refuse_own_input
from ipsec_lo_trace.cli.replayargs import ReplayArguments
from ipsec_lo_trace.cli.run_ping import as_expected, check_expectation, write_trace
from ipsec_lo_trace.cli.runargs import LOCALHOST
from ipsec_lo_trace.cli.start import chosen_fix
from ipsec_lo_trace.cli.traces import seekable
from ipsec_lo_trace.model.address import can_be_local
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.tracer import Plan, Tracing
from ipsec_lo_trace.userland.replay import ReplayOptions
from ipsec_lo_trace.wire import ip

MAX_ADDRESSES = 4096


class Survey(msgspec.Struct):
    """What a capture holds: how many IPv4 packets and others, between whom, and what stopped it."""

    count: int = 0
    others: int = 0
    first: bytes = b""
    addresses: set[IPv4Address] = msgspec.field(default_factory=set)
    error: CaptureError | None = None


def run_replay(arguments: ReplayArguments) -> int:
    """Run it; give the exit code."""
    check_expectation(arguments.expect)
    refuse_own_input(arguments.output, arguments.capture, *arguments.config)
    read = host_configuration(arguments.config)
    fix, chosen = chosen_fix(arguments)
    name = STDIN_NAME if arguments.capture == STDIN else arguments.capture
    with seekable(arguments.capture) as opened:
        stream = cast("BinaryIO", opened)
        survey = _survey(stream, name)
        if not survey.count:
            raise survey.error or UserError("there is no IPv4 packet in it", file=name)
        if survey.others:
            complain(f"{name}: {survey.others} packets are no IPv4 and left out")
        plan = Plan(
            options=_options(arguments, stream, name, survey),
            fix=fix,
            chosen=chosen,
            config=" ".join(f"-f {shown_name(path)}" for path in arguments.config),
            local=frozenset({LOCALHOST, *arguments.local, *survey.addresses}),
            seed=arguments.seed,
            settings=arguments.turned,
        )
        tracing = Tracing(plan, read)
        try:
            verdict = write_trace(arguments, tracing)
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
            if frame.data and left:
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


def _survey(stream: BinaryIO, name: str) -> Survey:
    """Read the capture once, for what must be known before it is replayed."""
    survey = Survey()
    try:
        for frame in open_capture(stream, name):
            if len(frame.data) < ip.HEADER_LEN:
                survey.others += not frame.data
                survey.count += bool(frame.data)
                continue
            survey.count += 1
            ends = ip.ends(frame.data)
            survey.first = survey.first or ends
            if len(survey.addresses) < MAX_ADDRESSES:
                survey.addresses |= set(filter(can_be_local, (ip.address(ends[:4]), ip.address(ends[4:]))))
    except CaptureError as error:
        survey.error = error
    return survey
