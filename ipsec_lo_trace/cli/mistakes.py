"""What to answer to a command line that click does not take: what is wrong, and what to type."""

from __future__ import annotations

import re

import click

from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.model.suggest import did_you_mean, likely, listed, same

COMMANDS = {
    "trace": "ping",
    "run": "ping",
    "ping6": "ping",
    "compare": "diff",
    "view": "show",
    "cat": "show",
    "print": "show",
    "convert": "export",
    "save": "export",
    "table": "matrix",
    "fuzz": "sweep",
    "proof": "prove",
    "theorem": "prove",
    "certificate": "prove --check",
    "test": "check",
    "verify": "check",
    "analyze": "audit",
    "analyse": "audit",
    "describe": "explain",
    "glossary": "explain",
    "man": "help",
    "usage": "help",
    "tcp": "probe tcp-closed",
    "udp": "probe udp-echo",
    "config": "ping --show-config",
    "bisect": "ping --bisect",
    "version": "--version",
    "unpatched": "ping --unpatched",
    "patched": "ping --patched",
}
"""What people call a command, and what it is called here."""

_FIX = ("--patched", "--unpatched", "--fix")
OPTIONS = {
    "diff": {
        **dict.fromkeys((*_FIX, "--both"), "A and B name what differs: {program} diff @unpatched @patched"),
        "--expect": "the exit code says whether the two differ",
    },
    "show": dict.fromkeys(_FIX, "TRACE names the run: {program} show @patched"),
    "export": {
        **dict.fromkeys(_FIX, "TRACE names the run: {program} export @patched -o lo0.html"),
        **dict.fromkeys(("--format", "--json"), "--to says the form, or the name of -o does"),
    },
    "matrix": {
        **dict.fromkeys(_FIX, "--columns chooses fixes: {program} matrix --columns patched"),
        **dict.fromkeys(("--case", "--probe"), "--rows chooses: {program} matrix --rows '*lo-esp'"),
    },
    "prove": {
        **dict.fromkeys((*_FIX, "--set"), "every kernel is run, and the report has a table of the fixes"),
        **dict.fromkeys(("--cases", "--seed"), "nothing is drawn: --scope says how many there are"),
        **dict.fromkeys(
            ("-f", "--config", "--case"), "every small host is run: {program} ping -f FILE runs yours"
        ),
        **dict.fromkeys(
            ("--whole", "--quick", "--first"), "--scope says how much: {program} prove --scope quick"
        ),
        **dict.fromkeys(("--claim", "--claims"), "a claim stands alone: {program} prove daemon"),
        **dict.fromkeys(
            ("--verify", "--certificate"), "--check FILE checks a certificate, --json writes one"
        ),
        "--reflector": "daemon runs both: {program} prove daemon",
    },
}
"""Options that a command has not, and how to say there what they say elsewhere."""
ANYWHERE = {
    "--both": "diff shows both: {program} diff @unpatched @patched",
    "--no-patch": "--unpatched leaves the tags alone",
    "--file": "-f FILE has keys and policies",
    "--policy": "-f FILE has keys and policies",
    "--keys": "-f FILE has keys and policies",
    "--kernel": "--fix NAME says which kernel; " + listed("fixes"),
    "--interface": "-I ADDRESS says where to send from",
    "--interface-address": "-I ADDRESS says where to send from",
    "--src": "-I ADDRESS says where to send from",
    "--dst": "the address to ping stands alone: {program} ping 127.0.0.1",
    "--numeric": "addresses are never resolved: leave it out",
    "--interval": "requests follow each other without a clock: leave it out",
    "--timeout": "nothing is waited for: leave it out",
    "--debug": "-v says all that was run, --detail full all that happened",
    "--jsonl": "--format jsonl writes JSON Lines",
    "-n": "addresses are never resolved: leave it out",
    "-i": "requests follow each other without a clock: leave it out",
    "-w": "nothing is waited for: leave it out",
    "-W": "nothing is waited for: leave it out",
    "-t": "-T is the time to live, -c says how many requests are sent",
    "-m": "-T is the time to live",
    "-S": "-I ADDRESS says where to send from",
    "-4": "all of it is IPv4: leave it out",
    "-6": "the model of 2003's kernel has IPv4 alone",
    "-d": "-v says all that was run, --detail full all that happened",
    "-P": "-f FILE has keys and policies",
    "-E": "-f FILE has keys and policies",
    "-j": "--json writes JSON",
    "-F": "-f FILE has keys and policies, --format says the form of the output",
}
"""Options that no command has, or few, and what to type where one has not."""


def told(error: click.UsageError) -> str:
    """Return what click found wrong, in our words, with the right thing to type where it is known."""
    context = error.ctx
    if context is None:
        return error.format_message()
    if isinstance(error, click.NoSuchCommand):
        return _no_command(error.command_name, context)
    if isinstance(error, click.NoSuchOption):
        return _no_option(error.option_name, context)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return _missing(error.param, context)
    if isinstance(error, click.BadParameter) and error.param is not None:
        wrong = error.message.rstrip(".").replace("a valid integer range", "a whole number")
        return f"{_called(error.param, context)}: {wrong}"
    if isinstance(error, click.BadOptionUsage):
        return _bad_use(error, context)
    return _see(error.format_message().rstrip("."), context)


def _see(message: str, context: click.Context, right: str = "") -> str:
    """Add what would be right, else where the options are listed."""
    listed_there = f"see '{context.command_path} --help'"
    return f"{message} ({right or listed_there})"


def _called(param: click.Parameter, context: click.Context) -> str:
    return (
        param.opts[0]
        if isinstance(param, click.Option)
        else param.make_metavar(context).split()[0].strip("[].")
    )


def _commands(context: click.Context) -> list[str]:
    root = context.find_root()
    return root.command.list_commands(root) if isinstance(root.command, click.Group) else []


def _no_command(name: str, context: click.Context) -> str:
    known = _commands(context)
    right = COMMANDS.get(name.lower(), "") or _meant(name)
    if right in known or not right:
        near = did_you_mean([right] if right else likely(name, known))
    else:
        near = f"did you mean {PROGRAM} {right}?"
    return _see(f"{name}: no such command", context, near)


def no_host(text: str) -> str:
    """Say what may have been meant by what is no address of a host; "" without an idea."""
    right = _meant(text)
    return f"did you mean {PROGRAM} {right}?" if right else did_you_mean(likely(text, ["localhost"]))


_FILES = (
    (re.compile(r".*\.(conf|setkey)"), "ping -f {name}"),
    (re.compile(r".*\.jsonl?"), "show {name}"),
    (re.compile(r".*\.(pcap|pcapng|cap)"), "audit {name} -f FILE"),
    (re.compile(r".*\.toml"), "check {name}"),
    (re.compile(r"localhost|[0-9]+(\.[0-9]+){3}"), "ping {name}"),
    (re.compile(r"@.+"), "show {name}"),
)
"""What stands in place of a command, and which command takes it."""
_KINDS = {"probes": "probe {name}", "cases": "ping --case {name}", "fixes": "ping --fix {name}"}
"""Kinds of names, and the command that takes one."""


def _meant(name: str) -> str:
    """Return the command that takes what stands in place of one; "" if none does."""
    for pattern, command in _FILES:
        if pattern.fullmatch(name):
            return command.format(name=name)
    from ipsec_lo_trace.pages.index import KINDS, find  # noqa: PLC0415 -- for mistakes alone

    for kind, command in _KINDS.items():
        if known := same(name, [page.name for page in KINDS[kind][1]]):
            return command.format(name=known)
    return f"explain {name}" if find(name) else ""


def _no_option(option: str, context: click.Context) -> str:
    command = context.command
    if isinstance(command, click.Group):
        return _before_a_command(option, context)
    known = [name for param in command.params if isinstance(param, click.Option) for name in param.opts]
    long = [name for name in known if name.startswith("--")]
    elsewhere = OPTIONS.get(command.name or "", {}).get(option) or ANYWHERE.get(option)
    if elsewhere:
        right = elsewhere.format(program=PROGRAM)
    else:
        right = did_you_mean(likely(option, long)) if option.startswith("--") else ""
    owners = "" if right else _owners(option, context)
    return _see(f"{command.name} has no option {option}", context, right or owners)


def _before_a_command(option: str, context: click.Context) -> str:
    """Answer to an option in the place of a command."""
    owners = _having(option, context)
    if owners:
        right = f"a command goes first: {PROGRAM} {owners[0]} {option}"
    else:
        right = did_you_mean(likely(option, ["--version", "--help"]))
    return _see(f"{option}: no such option of {PROGRAM} itself", context, right)


_LISTED = {
    "fix": "fixes",
    "case": "cases",
    "probe": "probes",
    "settings": "knobs",
    "expect": "codes",
    "probes": "probes",
}
"""Where the values of an option are listed."""


def _bad_use(error: click.BadOptionUsage, context: click.Context) -> str:
    """Answer to an option without its value, or a switch with one."""
    for param in context.command.params:
        if isinstance(param, click.Option) and error.option_name in param.opts:
            needs = f"needs {param.make_metavar(context)}" if not param.is_flag else "takes no value"
            kind = _LISTED.get(param.name or "", "")
            return _see(f"{error.option_name} {needs}", context, listed(kind) if kind else "")
    return _see(error.format_message().rstrip("."), context)


def _owners(option: str, context: click.Context) -> str:
    """Say which commands have an option."""
    owners = _having(option, context)
    return f"it is an option of {', '.join(owners)}" if owners else ""


def _having(option: str, context: click.Context) -> list[str]:
    root = context.find_root()
    if not isinstance(root.command, click.Group):
        return []
    found = [(name, root.command.get_command(root, name)) for name in _commands(context)]
    return [
        name
        for name, command in found
        if command is not None
        if any(option in param.opts for param in command.params if isinstance(param, click.Option))
    ]


_EXAMPLES = {
    "probe": ("such as tcp-closed; " + listed("probes")),
    "row": f"such as cause: {PROGRAM} why cause @unpatched",
    "trace": "a stored trace, or a run such as @unpatched",
    "traces": "a stored trace, or a run such as @unpatched",
    "capture": "a pcap or pcapng file, - for standard input",
    "files": "a pcap or pcapng file, - for standard input",
    "config": "the host's keys and policies: setkey -D and -DP, or ip xfrm state and policy",
}
"""What an argument is, for who left it out."""


def _missing(param: click.Parameter, context: click.Context) -> str:
    name = _called(param, context)
    return _see(f"{name} is missing", context, _EXAMPLES.get(param.name or "", ""))
