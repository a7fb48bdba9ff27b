"""The command that makes a trace of schema 2 anew, out of its run record.

Such a trace says in English what was compared.  To convert it would take the parsing of English that schema 3
ended; and since a run comes out the same however often it is made, its command serves as well.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import msgspec

SCHEMA = "ipsec-lo-trace/2"
LOCALHOST = "127.0.0.1"
USUAL_SIZE = 56
"""Bytes of data that a ping sends if nothing is said."""


class OlderSa(msgspec.Struct):
    """What its SAs say about the options that shaped the built-in configuration."""

    proto: str = "esp"
    mode: str = "any"
    reqid: int = 0
    cipher: str = ""
    auth: str = ""


class OlderRun(msgspec.Struct):
    """What a run record of schema 2 says of how it was made; ``config`` is an option, as "--case NAME"."""

    schema: str
    program: str = "ping"
    fix: str = "none"
    knobs: list[str] = []
    seed: int = 0
    reflector: str = "kernel"
    src: str = LOCALHOST
    dst: str = LOCALHOST
    count: int = 1
    size: int = USUAL_SIZE
    preload: int = 1
    config: str = ""
    what_if: list[str] = []
    sas: list[OlderSa] = []


def command(run: OlderRun) -> str:
    """Return the command line, ready for a shell."""
    return shlex.join(["ipsec-lo-trace", *run.program.split(" ", 1), *_options(run), *_ends(run)])


def _options(run: OlderRun) -> Iterator[str]:
    if run.fix != "none":
        yield from ("--fix", run.fix)
    yield from _configuration(run)
    for knob in run.knobs:
        yield from ("--set", knob)
    for cut in run.what_if:
        yield from ("--drop-mark", cut)
    numbers = (("--seed", run.seed, 0), *([] if _replays(run) else _sending(run)))
    for name, value, usual in numbers:
        if value != usual:
            yield from (name, str(value))
    if run.program == "ping":
        yield from ("--pinger", "plain")  # which let the kernel write the IP header; there was no other
    if run.reflector != "kernel":
        yield from ("--reflector", run.reflector)
    yield from ("--format", "jsonl")


def _replays(run: OlderRun) -> bool:
    return run.program.startswith("replay ")


def _sending(run: OlderRun) -> Iterator[tuple[str, int, int]]:
    yield "-c", run.count, 1
    yield "-s", run.size, USUAL_SIZE if run.program == "ping" else 0
    yield "-l", run.preload, 1


def _configuration(run: OlderRun) -> Iterator[str]:
    """Yield the options that name the configuration, or that shaped the built-in one."""
    name, _space, of = run.config.partition(" ")
    if name in ("--case", "case"):
        yield from ("--case", of)
    elif name == "-f":
        yield from run.config.split(" ")
    elif name == "given":
        yield from ("-f", "FILE")
    elif run.program == "ping" and run.sas:
        yield from _shape(run.sas)


def _shape(sas: list[OlderSa]) -> Iterator[str]:
    """Yield what makes the built-in configuration have these SAs."""
    first = sas[0]
    yield from ("--proto", "+".join(sa.proto for sa in sas))
    if first.mode == "tunnel":
        yield from ("--mode", "tunnel")
    if first.reqid:
        yield from ("--level", "unique")
    for sa in sas:
        if sa.proto == "esp":
            yield from ("--enc", sa.cipher, "--auth", sa.auth or "none")


def _ends(run: OlderRun) -> Iterator[str]:
    if _replays(run):
        return
    for address in dict.fromkeys((run.dst, run.src)):
        if address != LOCALHOST:
            yield from ("--local", address)
    if run.src != run.dst:
        yield from ("-I", run.src)
    if run.dst != LOCALHOST:
        yield run.dst
