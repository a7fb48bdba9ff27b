"""The options that commands share, and which of them contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, TypeVar

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.complete import CUTS, MARK, ROWS, SETTINGS, names_of_kind
from ipsec_lo_trace.cli.formats import FORMATS
from ipsec_lo_trace.cli.params import (
    AS_JSON,
    NO_COLOR,
    EchoType,
    FieldChoice,
    FieldRange,
    FieldText,
    FileName,
    OneOf,
    PacketType,
    RowsType,
    SettingType,
    StepType,
)
from ipsec_lo_trace.model.setup import File, Setup

F = TypeVar("F", bound=Callable[..., Any])


def _color_option(command: F) -> F:
    """Give --color, and --no-color for short."""
    command = click.option("--no-color", NO_COLOR, is_flag=True, help="Short for --color never.")(command)
    choice = OneOf(["auto", "always", "never"])
    return click.option("--color", type=choice, help="Colour the text [auto].")(command)


COLOR_OPTION = _color_option
JSON_OPTION = click.option("--json", AS_JSON, is_flag=True, help="Short for --format json.")
JSON_LINES_OPTION = click.option("--json", AS_JSON, is_flag=True, help="Short for --format jsonl.")
OUTPUT_OPTION = click.option(
    "-o",
    "--output",
    "output",
    type=FileName(),
    metavar="FILE",
    default="-",
    help="Write to FILE, whole or not at all.",
)


def text_or_json(meaning: str) -> Callable[[F], F]:
    """Give --format text|json; ``meaning`` is its help."""
    choice = OneOf(["text", "json"])

    def give(command: F) -> F:
        form = click.option(
            "--format", "format_", type=choice, default="text", show_default=True, help=meaning
        )
        return form(JSON_OPTION(command))

    return give


TRIAL_OPTIONS = (
    click.option("--show-config", is_flag=True, help="Print the configuration as setkey(8) text, and stop."),
    click.option(
        "--drop-mark",
        metavar="NAME@STAGE[:VISIT]",
        multiple=True,
        shell_complete=CUTS,
        help="What if: delete this mark, or all tags, flags or marks, right after that stage (repeatable).",
    ),
    click.option(
        "--bisect", is_flag=True, help="What if: find the rows after which deleting the tags helps."
    ),
    click.option("--pause", is_flag=True, help="Wait for a key after each row: space; b: back; q: quit."),
)

BYTES_OPTION = click.option(
    "--bytes",
    "show_bytes",
    type=OneOf(["none", "changed", "all", "layers"]),
    help="Packet bytes, or layers and fields where they changed [none].",
)
GLYPHS_OPTION = click.option(
    "--glyphs",
    type=OneOf(["unicode", "ascii"]),
    help="The characters to draw with [unicode where the output can take them].",
)
CHOICE_OPTIONS = (
    click.option(
        "--rows", type=RowsType(), multiple=True, shell_complete=ROWS, help="Only these rows, such as 3-7,9."
    ),
    click.option(
        "--stage",
        "stages",
        metavar="NAME",
        multiple=True,
        shell_complete=names_of_kind("stages"),
        help="Only rows of this stage.",
    ),
    click.option(
        "--mark",
        "marks",
        metavar="NAME",
        multiple=True,
        shell_complete=MARK,
        help="Only rows whose packet bore this mark.",
    ),
    click.option(
        "--packet", "packets", type=PacketType(), multiple=True, help="Only rows of this packet, such as P2."
    ),
    click.option("--echo", "echoes", type=EchoType(), multiple=True, help="Only rows of this echo."),
    click.option(
        "--step", "steps", type=StepType(), multiple=True, help="Only rows of these steps: 1 to 8, or after."
    ),
)
QUIET_OPTION = click.option("-q", "--quiet", "quiet", is_flag=True, help="Print the verdict line only.")
VERBOSE_OPTION = click.option(
    "-v",
    "--verbose",
    "verbose",
    is_flag=True,
    help="Say all that was run, every finding, counter and assumption.",
)
VIEW_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=OneOf(["text", "jsonl", "json", *FORMATS]),
        default="text",
        show_default=True,
        help="As a timeline, as records, or as export has it; or say it by the name of -o, as in a.html.",
    ),
    JSON_OPTION,
    click.option("--detail", type=OneOf(["minimal", "summary", "full"]), help="How much text [summary]."),
    BYTES_OPTION,
    *CHOICE_OPTIONS,
    COLOR_OPTION,
    GLYPHS_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
    OUTPUT_OPTION,
    click.option(
        "--expect",
        metavar="OUTCOME",
        shell_complete=names_of_kind("outcomes", "codes"),
        help="Exit 1 unless it ends so: an outcome or a verdict's code.",
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


HOST = click.argument("host", type=FieldText("address"), default=None, required=False, metavar="[HOST]")
HOST_OPTION = click.option(
    "--host", type=FieldText("address"), default=None, help="The address to ping [127.0.0.1]."
)
"""For commands whose arguments are something else."""

PING_OPTIONS = (
    click.option(
        "-p",
        "--pattern",
        "pattern",
        type=FieldText("hex"),
        default="",
        help="Fill the data with these hex digits.",
    ),
    click.option("-R", "--record-route", "record_route", is_flag=True, help="Record the route (IP option)."),
    click.option(
        "-T",
        "--ttl",
        "ttl",
        metavar="TTL",
        type=FieldRange("ttl"),
        default=None,
        help="Time to live of the request [255].",
    ),
    click.option(
        "-l",
        "--preload",
        "preload",
        metavar="N",
        type=FieldRange("preload"),
        default=0,
        help="Send N requests at once; NetBSD's ping sends them on top of -c.",
    ),
    click.option(
        "--pinger",
        type=FieldChoice("pinger"),
        default="netbsd",
        show_default=True,
        help="Which ping: NetBSD's, or a plain program that lets the kernel write the IP header.",
    ),
    click.option(
        "--schedule",
        metavar="WHO",
        type=FieldText("schedule"),
        default="fifo",
        show_default=True,
        help="Who runs next in a burst: fifo, eager, random:SEED, order:LETTERS, or (ping only) all.",
    ),
    click.option("--flush-probe", is_flag=True, help="Send what NetBSD's ping sends to clear its route."),
    click.option("--both-ways", is_flag=True, help="Have a second ping go from HOST back, at the same time."),
)
"""ping(8)'s own, which no probe takes."""

SEED_OPTION = click.option(
    "--seed", metavar="N", type=FieldRange("seed"), default=0, help="Makes IVs and IP ids [0]."
)
SET_OPTION = click.option(
    "--set",
    "settings",
    type=SettingType(),
    metavar="KNOB=VALUE",
    multiple=True,
    shell_complete=SETTINGS,
    help="Turn a switch of the kernel (repeatable; list knobs names them).",
)

OPTIONS = (
    click.option(
        "-c",
        "--count",
        "count",
        metavar="N",
        type=FieldRange("count"),
        default=1,
        show_default=True,
        help="Send N requests.",
    ),
    click.option(
        "-s",
        "--size",
        "size",
        metavar="BYTES",
        type=FieldRange("size"),
        default=None,
        help="Data bytes [56].",
    ),
    click.option(
        "-I",
        "--source",
        "source",
        type=FieldText("address"),
        default=None,
        help="Send from this local address [HOST].",
    ),
    click.option(
        "--local", type=FieldText("address"), multiple=True, help="Add this address to lo0 (repeatable)."
    ),
    click.option(
        "--ends",
        type=FieldChoice("ends"),
        help="Ends of FILE's first IPsec policy: auto, or pair if FILE is about one pair of hosts alone"
        " [pair unless HOST or -I is given].",
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
        "--strict",
        is_flag=True,
        help="Refuse what the kernel would refuse of FILE, instead of leaving it out.",
    ),
    click.option(
        "--case",
        metavar="NAME",
        shell_complete=names_of_kind("cases"),
        help="A configuration that comes with this program, and its ends (list cases names them).",
    ),
    click.option(
        "--proto",
        type=FieldChoice("proto"),
        help="Built-in configuration: protocol [esp].",
    ),
    click.option("--mode", type=FieldChoice("mode"), help="... mode [transport]."),
    click.option("--level", type=FieldChoice("level"), help="... level [require]."),
    click.option("--enc", metavar="ALGORITHM", help="... cipher, by its setkey(8) name [3des-cbc]."),
    click.option(
        "--auth", metavar="ALGORITHM", help="... authentication, or none [hmac-md5; AH: hmac-sha1]."
    ),
    SEED_OPTION,
    SET_OPTION,
    click.option(
        "--reflector",
        type=FieldChoice("reflector"),
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


def choice_options(command: F) -> F:
    """Give a command the options that choose rows."""
    return _all(CHOICE_OPTIONS, command)


def fix_options(command: F) -> F:
    """Give a command the options that choose a fix."""
    return _all(FIX_OPTIONS, command)


def _all(options: tuple[Callable[[F], F], ...], command: F) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def setup_of(values: dict[str, Any]) -> Setup:
    """Take what is to be run out of a command's values."""
    fields = {name: values.pop(name) for name in Setup.__struct_fields__ if name in values}
    fields["fix"] = fix_of(values, fields.get("fix"))
    fields["settings"] = turned(fields["settings"])
    if fields["config"] is not None:
        fields["config"] = File(fields["config"])
        if fields["ends"] is fields["host"] is fields["source"] is None:
            fields["ends"] = "pair"
    return Setup(**fields)


def fix_of(values: dict[str, Any], fix: str | None) -> str | None:
    """Take the fix that --fix, --patched or --unpatched asks for out of a command's values."""
    short = [name for name in ("patched", "unpatched") if values.pop(name, False)]
    chosen = [f"--{name}" for name in short] + (["--fix"] if fix is not None else [])
    if len(chosen) > 1:
        raise click.UsageError(
            f"{chosen[0]} and {chosen[1]} exclude each other: run it twice, once with each"
        )
    return short[0] if short else fix


def turned(settings: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return the switches that --set turns; click.UsageError for one that is turned twice."""
    found: dict[str, str] = {}
    for name, value in settings:
        if name in found:
            raise click.UsageError(f"--set {name}=... is given twice")
        found[name] = value
    return found


def given(arguments: msgspec.Struct, **options: str) -> list[str]:
    """Name the options among these that the command line gives."""
    return [option for field, option in options.items() if getattr(arguments, field) is not None]


def refuse(options: list[str], why: str, *, if_: bool) -> None:
    """Refuse the first of these options, if there is one, and say why."""
    if if_ and options:
        raise click.UsageError(f"{options[0]} {why}")


CONFIG_OPTIONS = ("-f", "--config", "--strict")
"""The options that give keys for a stored trace, too."""
ABOUT_A_RUN = frozenset({"patched", "unpatched", "fix", *Setup.__struct_fields__})


def given_run_options(context: click.Context) -> list[str]:
    """Name the options about a run that the command line gives."""
    return typed(context, ABOUT_A_RUN)


def typed(context: click.Context, names: Container[str]) -> list[str]:
    """Name the options among these parameters that the command line gives, also if it says the default."""
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
