"""``ipsec-lo-trace ping``: an echo request and its reply over lo0, traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.pingargs import AddressType, PatternType, PingArguments

MAX_COUNT = 1_000_000
MAX_SIZE = 65507


@click.command("ping", short_help="Trace an echo request and its reply over lo0.")
@click.argument("host", type=AddressType(), default="127.0.0.1", metavar="[HOST]")
@click.option("--unpatched", is_flag=True, help="icmp_reflect leaves the tags alone (the default).")
@click.option("--patched", is_flag=True, help="icmp_reflect deletes all tags: the fix of 2003.")
@click.option(
    "-c", "count", type=click.IntRange(1, MAX_COUNT), default=1, show_default=True, help="Send N requests."
)
@click.option(
    "-s", "size", type=click.IntRange(0, MAX_SIZE), default=56, show_default=True, help="Data bytes."
)
@click.option("-p", "pattern", type=PatternType(), default="", help="Fill the data with these hex digits.")
@click.option("-R", "record_route", is_flag=True, help="Record the route (IP option).")
@click.option(
    "-T", "ttl", type=click.IntRange(1, 255), default=None, help="Time to live of the request [255]."
)
@click.option("-I", "source", type=AddressType(), default=None, help="Send from this local address [HOST].")
@click.option(
    "-l", "preload", type=click.IntRange(1, MAX_COUNT), default=1, help="Send the first N without waiting."
)
@click.option("--local", type=AddressType(), multiple=True, help="Give lo0 this address too (repeatable).")
@click.option(
    "-f", "--config", "config", metavar="FILE", help="Keys and policies in setkey(8) syntax; - is stdin."
)
@click.option(
    "--proto", type=click.Choice(["esp", "ah", "esp+ah"]), help="Built-in configuration: protocol [esp]."
)
@click.option("--mode", type=click.Choice(["transport", "tunnel"]), help="... mode [transport].")
@click.option(
    "--level", type=click.Choice(["default", "use", "require", "unique"]), help="... level [require]."
)
@click.option("--enc", metavar="ALGORITHM", help="... cipher, by its setkey(8) name [3des-cbc].")
@click.option("--auth", metavar="ALGORITHM", help="... authentication, or none [hmac-md5; AH: hmac-sha1].")
@click.option("--show-config", is_flag=True, help="Print the configuration as setkey(8) text, and stop.")
@click.option("--seed", type=click.IntRange(0, 0xFFFFFFFF), default=0, help="Makes IVs and IP ids [0].")
@click.option(
    "--diagnostic", is_flag=True, help="A kernel with options DIAGNOSTIC: its assertions can panic."
)
@click.option(
    "--format", "format_", type=click.Choice(["text", "jsonl", "json"]), default="text", show_default=True
)
@click.option("--detail", type=click.Choice(["minimal", "summary", "full"]), help="How much text [summary].")
@click.option(
    "--bytes", "show_bytes", type=click.Choice(["none", "changed", "all"]), help="Packet bytes [none]."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), help="Colour the text [auto].")
@click.option("-q", "quiet", is_flag=True, help="Print the verdict line only.")
@click.option("-v", "verbose", is_flag=True, help="List every assumption.")
@click.option("-o", "output", metavar="FILE", default="-", help="Write to FILE, whole or not at all.")
@click.option("--expect", metavar="OUTCOME", help="Exit 1 unless it ends so: an outcome or a verdict's code.")
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace an echo request and its reply over lo0.

    HOST is an address of this machine's lo0: 127.0.0.1, or one given with --local.
    """
    arguments = PingArguments(**values)
    arguments.check()
    from ipsec_lo_trace.cli.run_ping import run_ping  # noqa: PLC0415 -- scapy and rich load only to run

    return run_ping(arguments)
