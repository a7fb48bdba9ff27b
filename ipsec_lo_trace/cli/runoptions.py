"""The options that say what to run; every command that runs something takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ipsec_lo_trace.cli.filename import FileName
from ipsec_lo_trace.cli.runargs import AddressType, PatternType, RunArguments

MAX_COUNT = 1_000_000
MAX_SIZE = 65507
F = TypeVar("F", bound=Callable[..., Any])

HOST = click.argument("host", type=AddressType(), default="127.0.0.1", metavar="[HOST]")
HOST_OPTION = click.option(
    "--host", type=AddressType(), default="127.0.0.1", show_default=True, help="The address to ping."
)
"""For commands whose arguments are something else."""

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
        default=56,
        show_default=True,
        help="Data bytes.",
    ),
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
        "-I", "source", type=AddressType(), default=None, help="Send from this local address [HOST]."
    ),
    click.option(
        "-l",
        "preload",
        metavar="N",
        type=click.IntRange(1, MAX_COUNT),
        default=1,
        help="Send the first N without waiting.",
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
        "--proto", type=click.Choice(["esp", "ah", "esp+ah"]), help="Built-in configuration: protocol [esp]."
    ),
    click.option("--mode", type=click.Choice(["transport", "tunnel"]), help="... mode [transport]."),
    click.option(
        "--level", type=click.Choice(["default", "use", "require", "unique"]), help="... level [require]."
    ),
    click.option("--enc", metavar="ALGORITHM", help="... cipher, by its setkey(8) name [3des-cbc]."),
    click.option(
        "--auth", metavar="ALGORITHM", help="... authentication, or none [hmac-md5; AH: hmac-sha1]."
    ),
    click.option(
        "--seed", metavar="N", type=click.IntRange(0, 0xFFFFFFFF), default=0, help="Makes IVs and IP ids [0]."
    ),
)


def run_options(command: F) -> F:
    """Give a command the options that say what to run."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def run_arguments(values: dict[str, Any]) -> RunArguments:
    """Take what is to be run out of a command's values."""
    return RunArguments(**{name: values.pop(name) for name in RunArguments.__struct_fields__})
