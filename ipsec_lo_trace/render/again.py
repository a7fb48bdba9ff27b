"""The options that make a run again, out of its record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import PING, PROBE, Run

LOCALHOST = "127.0.0.1"
STDIN = "-"
USUAL_SIZE = 56
"""Bytes of data that a ping sends if nothing is said."""


def options(run: Run) -> list[str]:
    """List the options that say what was run, for a command whose arguments are something else than HOST.

    A configuration's file has its name alone; one that was given as text, or on standard input, is FILE.
    """
    return [*_kernel(run), *_configuration(run), *_sent(run), *_ends(run)]


def command(run: Run) -> list[str]:
    """Return the command that makes a ping or a probe again, ready to be joined for a shell."""
    words = options(run)
    host = _taken(words, "--host")
    kind = _taken(words, "--probe")
    return ["ipsec-lo-trace", run.program, *kind, *words, *host]


def _taken(words: list[str], option: str) -> list[str]:
    """Take an option out of a command; give its value, if it is there."""
    if option not in words:
        return []
    at = words.index(option)
    value = words[at + 1]
    del words[at : at + 2]
    return [value]


def _kernel(run: Run) -> Iterator[str]:
    if run.fix != "none":
        yield from ("--fix", run.fix)
    for knob in run.knobs:
        yield from ("--set", knob)
    for cut in run.what_if:
        yield from ("--drop-mark", cut)
    if run.seed:
        yield from ("--seed", str(run.seed))
    if run.reflector != "kernel":
        yield from ("--reflector", run.reflector)


def _configuration(run: Run) -> Iterator[str]:
    if run.case:
        yield from ("--case", run.case)
    for name in run.config or (["FILE"] if run.source == "given" else []):
        yield from ("-f", "FILE" if name == STDIN else name)
    for option, value in run.shape.items():
        yield from (f"--{option}", value)


def _sent(run: Run) -> Iterator[str]:
    ping = run.program == PING
    if run.program == PROBE:
        yield from ("--probe", run.probe)
    numbers = (
        ("-c", run.count, 1),
        ("-s", run.size, USUAL_SIZE if ping else run.size),
        ("-l", run.preload, 0),
        ("-T", run.ttl, 0),
    )
    for option, value, usual in numbers:
        if value != usual:
            yield from (option, str(value))
    if run.pattern:
        yield from ("-p", run.pattern)
    if run.pinger == "plain":
        yield from ("--pinger", "plain")
    if run.schedule != "fifo":
        yield from ("--schedule", run.schedule)
    switches = (("-R", run.record_route), ("--flush-probe", run.flush_probe), ("--both-ways", run.both_ways))
    yield from (option for option, is_on in switches if is_on)


def _ends(run: Run) -> Iterator[str]:
    """Say the ends and the addresses of lo0, as far as the case does not bring them."""
    if run.program not in (PING, PROBE):
        return
    if run.ends:
        yield from ("--ends", run.ends)
    src, dst = _usual_ends(run)
    for address in run.local:
        if address not in (LOCALHOST, src, dst):
            yield from ("--local", address)
    if run.bound and (run.src != src or not (run.case or run.ends)):
        yield from ("-I", run.src)
    if run.dst != dst or _needs_host(run):
        yield from ("--host", run.dst)


def _needs_host(run: Run) -> bool:
    """Tell whether a file would give other ends than 127.0.0.1 if no HOST was given."""
    own = f"{LOCALHOST}/32"
    ours = any(policy.src == policy.dst == own for policy in run.policies)
    return run.source in ("file", "given") and not (run.ends or run.bound or ours) and bool(run.policies)


def _usual_ends(run: Run) -> tuple[str, str]:
    """Return source and destination of a run whose ends nobody gave."""
    if run.ends:
        return run.src, run.dst
    if run.case:
        from ipsec_lo_trace.cases.case import known_case  # noqa: PLC0415 -- few traces are of a case

        with suppress(UserError):  # a case of another version
            case = known_case(run.case)
            return str(case.src), str(case.dst)
    return LOCALHOST, LOCALHOST
