"""The options that say what to run; every command that runs something takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ipsec_lo_trace.cli.complete import names_of_kind
from ipsec_lo_trace.cli.filename import FileName
from ipsec_lo_trace.cli.runargs import LOCALHOST, AddressType, PatternType, RunArguments

MAX_COUNT = 1_000_000
MAX_SIZE = 65507
F = TypeVar("F", bound=Callable[..., Any])

HOST = click.argument("host", type=AddressType(), default=None, required=False, metavar="[HOST]")
HOST_OPTION = click.option(
    "--host", type=AddressType(), default=None, help="The address to ping [127.0.0.1]."
)
"""For commands whose arguments are something else."""

PING_OPTIONS = (
    click.option(
        "-p", "pattern", type=PatternType(), default="", help="Fill the data with these hex digits."
    ),
    click.option("-R", "record_route", is_flag=True, help="Record the route (IP option)."),
    click.option(
        "-T",
        "ttl",
        metavar="TTL",
        type=click.IntRange(1, 255),
        default=None,
        help="Time to live of the request [255].",
    ),
    click.option(
        "-l",
        "preload",
        metavar="N",
        type=click.IntRange(1, MAX_COUNT),
        default=1,
        help="Send the first N without waiting.",
    ),
)
"""ping(8)'s own, which no probe takes."""

SEED_OPTION = click.option(
    "--seed", metavar="N", type=click.IntRange(0, 0xFFFFFFFF), default=0, help="Makes IVs and IP ids [0]."
)
SET_OPTION = click.option(
    "--set",
    "settings",
    metavar="KNOB=VALUE",
    multiple=True,
    help="Turn a switch of the kernel (repeatable; list knobs names them).",
)

OPTIONS = (
    click.option(
        "-c",
        "count",
        metavar="N",
        type=click.IntRange(1, MAX_COUNT),
        default=1,
        show_default=True,
        help="Send N requests.",
    ),
    click.option(
        "-s",
        "size",
        metavar="BYTES",
        type=click.IntRange(0, MAX_SIZE),
        default=None,
        help="Data bytes [56].",
    ),
    click.option(
        "-I", "source", type=AddressType(), default=None, help="Send from this local address [HOST]."
    ),
    click.option(
        "--local", type=AddressType(), multiple=True, help="Give lo0 this address too (repeatable)."
    ),
    click.option(
        "-f",
        "--config",
        "config",
        type=FileName(),
        metavar="FILE",
        help="Keys and policies in setkey(8) syntax; - is stdin.",
    ),
    click.option(
        "--case",
        metavar="NAME",
        shell_complete=names_of_kind("cases"),
        help="A configuration that comes with this program, and its ends (list cases names them).",
    ),
    click.option(
        "--proto",
        type=click.Choice(["esp", "ah", "esp+ah", "ipcomp", "ipcomp+esp"]),
        help="Built-in configuration: protocol [esp].",
    ),
    click.option("--mode", type=click.Choice(["transport", "tunnel"]), help="... mode [transport]."),
    click.option(
        "--level", type=click.Choice(["default", "use", "require", "unique"]), help="... level [require]."
    ),
    click.option("--enc", metavar="ALGORITHM", help="... cipher, by its setkey(8) name [3des-cbc]."),
    click.option(
        "--auth", metavar="ALGORITHM", help="... authentication, or none [hmac-md5; AH: hmac-sha1]."
    ),
    SEED_OPTION,
    SET_OPTION,
    click.option(
        "--reflector",
        type=click.Choice(["kernel", "userspace"]),
        default="kernel",
        show_default=True,
        help="Who answers ICMP requests: the kernel, or a process with a raw socket.",
    ),
)


PROBE_OPTION = click.option(
    "--probe",
    metavar="KIND",
    shell_complete=names_of_kind("probes"),
    help="Run this probe instead of a ping (list probes names them).",
)

FIX_OPTIONS = (
    click.option("--unpatched", is_flag=True, help="icmp_reflect leaves the tags alone (the default)."),
    click.option("--patched", is_flag=True, help="icmp_reflect deletes all tags: the fix of 2003."),
    click.option(
        "--fix",
        "fix",
        metavar="NAME",
        shell_complete=names_of_kind("fixes"),
        help="Apply this fix (list fixes names them).",
    ),
)


def run_options(command: F) -> F:
    """Give a command the options that say what to run, ping(8)'s own among them."""
    return _all((*PING_OPTIONS, *OPTIONS), command)


def probe_options(command: F) -> F:
    """Give a command the options that say what to run and hold for every probe."""
    return _all(OPTIONS, command)


def fix_options(command: F) -> F:
    """Give a command the options that choose a fix."""
    return _all(FIX_OPTIONS, command)


def _all(options: tuple[Callable[[F], F], ...], command: F) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def run_arguments(values: dict[str, Any]) -> RunArguments:
    """Take what is to be run out of a command's values; a case gives the ends that are not given."""
    names = [name for name in RunArguments.__struct_fields__ if name in values]
    run = {name: values.pop(name) for name in names}
    if run["case"] is not None:
        from ipsec_lo_trace.cases.case import known_case  # noqa: PLC0415 -- few runs are of a case

        case = known_case(run["case"])
        run["local"] = (*run["local"], case.src, case.dst)
        run["source"] = run["source"] or (case.src if case.src != case.dst else None)
        run["host"] = run["host"] or case.dst
    run["host"] = run["host"] or LOCALHOST
    return RunArguments(**run)
