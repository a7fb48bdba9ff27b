"""The options that commands share, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click
import msgspec

from ipsec_lo_trace.cli.params import LOCALHOST, AddressType, FileName, PatternType, names_of_kind
from ipsec_lo_trace.fixes.fix import PATCHED, UNPATCHED, Fix, known_fix
from ipsec_lo_trace.model.address import can_be_local
from ipsec_lo_trace.model.build import read_setting

if TYPE_CHECKING:
    from ipsec_lo_trace.cli.run.ping import PingArguments
    from ipsec_lo_trace.cli.run.replay import ReplayArguments
    from ipsec_lo_trace.cli.run.why import WhyArguments
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])

COLOR_OPTION = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), help="Colour the text [auto]."
)
OUTPUT_OPTION = click.option(
    "-o", "output", type=FileName(), metavar="FILE", default="-", help="Write to FILE, whole or not at all."
)


def text_or_json(meaning: str) -> Callable[[F], F]:
    """Give --format text|json; ``meaning`` is its help."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "format_", type=choice, default="text", show_default=True, help=meaning)


TRIAL_OPTIONS = (
    click.option("--show-config", is_flag=True, help="Print the configuration as setkey(8) text, and stop."),
    click.option(
        "--drop-mark",
        metavar="NAME@STAGE[:VISIT]",
        multiple=True,
        help="What if: delete this mark, or all tags, flags or marks, right after that stage (repeatable).",
    ),
    click.option(
        "--bisect", is_flag=True, help="What if: find the rows after which deleting the tags helps."
    ),
)

BYTES_OPTION = click.option(
    "--bytes",
    "show_bytes",
    type=click.Choice(["none", "changed", "all", "layers"]),
    help="Packet bytes, or layers and fields where they changed [none].",
)
VIEW_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(["text", "jsonl", "json"]),
        default="text",
        show_default=True,
        help="As a timeline, as JSON Lines, or as one JSON document.",
    ),
    click.option(
        "--detail", type=click.Choice(["minimal", "summary", "full"]), help="How much text [summary]."
    ),
    BYTES_OPTION,
    COLOR_OPTION,
    click.option("-q", "quiet", is_flag=True, help="Print the verdict line only."),
    click.option("-v", "verbose", is_flag=True, help="List every assumption."),
    OUTPUT_OPTION,
    click.option(
        "--expect", metavar="OUTCOME", help="Exit 1 unless it ends so: an outcome or a verdict's code."
    ),
)


def view_options(command: F) -> F:
    """Give a command all of these options."""
    for option in reversed((*TRIAL_OPTIONS, *VIEW_OPTIONS)):
        command = option(command)
    return command


def trace_options(command: F) -> F:
    """Give a command those that say how to show a trace, and what to expect of it."""
    for option in reversed(VIEW_OPTIONS):
        command = option(command)
    return command


MAX_COUNT = 1_000_000
MAX_SIZE = 65507

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
    click.option("--local", type=AddressType(), multiple=True, help="Add this address to lo0 (repeatable)."),
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


class RunArguments(msgspec.Struct, frozen=True):
    """What is to be sent, on which host, under which configuration; None where nothing was said.

    ``probe`` is the kind of a probe; without one it is a ping, and the last four are for it alone.
    """

    host: IPv4Address
    count: int
    size: int | None
    source: IPv4Address | None
    local: tuple[IPv4Address, ...]
    config: str | None
    case: str | None
    proto: str | None
    mode: str | None
    level: str | None
    enc: str | None
    auth: str | None
    seed: int
    settings: tuple[str, ...]
    reflector: Literal["kernel", "userspace"]
    probe: str | None = None
    pattern: bytes = b""
    record_route: bool = False
    ttl: int | None = None
    preload: int = 1

    @property
    def addresses(self) -> frozenset[IPv4Address]:
        """The addresses that lo0 has."""
        return frozenset((LOCALHOST, *self.local))

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        shapes = given(self, proto="--proto", mode="--mode", level="--level", enc="--enc", auth="--auth")
        refuse(shapes, "shapes the built-in configuration, and -f gives another", if_=self.config is not None)
        refuse(
            [*shapes, *given(self, config="-f")],
            "gives a configuration, as --case does",
            if_=self.case is not None,
        )
        self._check_settings()
        self._check_probe()
        for address in self.local:
            if not can_be_local(address):
                raise click.UsageError(f"--local {address}: not an address that an interface can have")
        ends = [("HOST", self.host)] + ([("-I", self.source)] if self.source else [])
        for name, address in ends:
            if address not in self.addresses:
                has = ", ".join(str(address) for address in sorted(self.addresses))
                way = f"--local {address} adds it" if can_be_local(address) else "no interface can have it"
                raise click.UsageError(f"{name} {address} is not local: lo0 has {has} ({way})")
        if self.config is None and self.case is None and self.source not in (None, self.host):
            raise click.UsageError(
                f"the built-in configuration is for {self.host} to itself: from {self.source}, give -f FILE"
            )

    @property
    def turned(self) -> tuple[tuple[str, str], ...]:
        """The switches that --set turns."""
        return tuple(read_setting(text) for text in self.settings)

    def _check_probe(self) -> None:
        """Refuse what a probe does not take."""
        ping = (("-p", self.pattern), ("-R", self.record_route), ("-T", self.ttl), ("-l", self.preload != 1))
        refuse([name for name, is_given in ping if is_given], "is ping's own", if_=self.probe is not None)

    def _check_settings(self) -> None:
        """Refuse a switch that there is not, and one that is turned twice."""
        names = [name for name, _value in self.turned]
        for name in names:
            if names.count(name) > 1:
                raise click.UsageError(f"--set {name}=... is given twice")


def given(arguments: msgspec.Struct, **options: str) -> list[str]:
    """Name the options among these that the command line gives."""
    return [option for field, option in options.items() if getattr(arguments, field) is not None]


def refuse(options: list[str], why: str, *, if_: bool) -> None:
    """Refuse the first of these options, if there is one, and say why."""
    if if_ and options:
        raise click.UsageError(f"{options[0]} {why}")


def one_fix(*, patched: bool, unpatched: bool, fix: str | None) -> None:
    """Refuse two fixes at once."""
    names = (("--patched", patched), ("--unpatched", unpatched), ("--fix", fix is not None))
    chosen = [name for name, is_given in names if is_given]
    if len(chosen) > 1:
        raise click.UsageError(
            f"{chosen[0]} and {chosen[1]} exclude each other: run it twice, once with each"
        )


def chosen_fix(arguments: PingArguments | ReplayArguments | WhyArguments) -> tuple[Fix, str]:
    """Give the fix that --fix, --patched or --unpatched asks for, and how it was chosen."""
    if arguments.fix is not None:
        return known_fix(arguments.fix, "--fix "), f"--fix {arguments.fix}"
    if arguments.patched:
        return known_fix(PATCHED), "--patched"
    return known_fix(UNPATCHED), "--unpatched" if arguments.unpatched else "the default: unpatched"


ABOUT_A_RUN = frozenset({"patched", "unpatched", "fix", *RunArguments.__struct_fields__})


def given_run_options(context: click.Context) -> list[str]:
    """Name the options about a run that the command line gives."""
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in ABOUT_A_RUN
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
