"""How a command's help is laid out: its options in sections, the usual ones first, and its examples."""

from __future__ import annotations

from collections.abc import Sequence

import click

SECTIONS = {
    "What to trace": (
        *(
            "host",
            "probe",
            "count",
            "size",
            "source",
            "local",
            "ends",
            "pattern",
            "preload",
            "ttl",
            "record_route",
        ),
        *("reflector", "pinger", "schedule", "both_ways", "flush_probe", "seed"),
    ),
    "What to prove": ("probes", "every", "scope"),
    "How to run it": ("jobs", "resume", "shard", "merge"),
    "Configuration": (*("config", "case", "proto", "mode", "level", "enc", "auth", "strict", "show_config"),),
    "Kernel and fix": ("unpatched", "patched", "fix", "settings"),
    "What if": ("drop_mark", "bisect"),
    "Output": (
        *("to", "wire", "no_keys", "unified", "side_by_side", "brief", "context"),
        *("quiet", "verbose", "output", "format_", "as_json", "detail", "show_bytes"),
        *("rows", "stages", "marks", "packets", "echoes", "steps", "pause", "color", "no_color", "glyphs"),
    ),
    "Judging": ("expect", "check", "sample"),
    "Other": ("help",),
}
"""The sections of a long help, and the parameters of each, the usual ones first."""
MANY = 15
"""How many options a command has before its help is cut into sections."""

EXAMPLES = {
    "": (
        ("Trace the leak of 2003:", "ping --unpatched"),
        ("Show what the fix of 2003 changes:", "diff @unpatched @patched"),
        ("Say what a name in the output means:", "explain OUT_DONE"),
    ),
    "ping": (
        ("Trace the leak of 2003:", "ping --unpatched"),
        ("Trace three requests under a configuration of your own:", "ping -f loopback.conf --count 3"),
        ("Fail unless nothing leaks, in one line:", "ping --patched --quiet --expect clean"),
    ),
    "probe": (
        ("Trace a connection to a closed port:", "probe tcp-closed"),
        ("Trace a datagram under the fix of 2003:", "probe udp-echo --patched"),
    ),
    "diff": (
        ("Show where the fix of 2003 makes the runs part:", "diff"),
        ("As diff -u has it, for two kernels:", "diff -u @patched @netbsd-9"),
        ("Say in a line whether they differ:", "diff -q @unpatched @strict"),
    ),
    "show": (
        ("Show the rows of one stage:", "show @unpatched --stage icmp_reflect"),
        ("Show the reply's bytes where they change:", "show @patched --packet P2 --bytes changed"),
    ),
    "matrix": (
        ("Show where each fix helps, for a few cases:", "matrix --rows 'ping lo-*' --columns patched"),
        ("Print the commands instead:", "matrix --rows encap --commands"),
        ("Run half of the rows, the other half elsewhere:", "matrix --rows encap --shard 1/2 -o part.1"),
    ),
    "sweep": (
        ("Try a few random configurations under every fix:", "sweep --cases 5"),
        ("Draw others, and write what is found as JSON Lines:", "sweep --cases 3 --seed 7 --json"),
        ("Run a quarter of the cases, the others elsewhere:", "sweep --cases 30 --shard 1/4 -o part.1"),
    ),
    "prove": (
        ("Prove one claim over a few simple hosts:", "prove daemon --scope first"),
        ("Write the certificate of another:", "prove no-clear --scope first --json -o proof.jsonl"),
    ),
    "export": (
        ("Write a web page that shows two runs side by side:", "export @unpatched @patched -o lo0.html"),
        ("Write what tcpdump would have seen on lo0:", "export @unpatched --wire -o lo0.pcapng"),
        ("Draw the packet's way:", "export @patched --to mermaid"),
    ),
    "check": (
        ("Run the checks that come with the program:", "check"),
        ("Run your own, and write JUnit's XML:", "check site.toml -o checks.xml"),
    ),
    "audit": (
        ("Judge a capture by the host's SAs and policies:", "audit lo.pcap -f state.txt -f policy.txt"),
        ("Show a row for each packet:", "audit lo.pcap -f state.txt -f policy.txt --all"),
    ),
    "replay": (
        (
            "Trace a capture's packets through the kernel of 2003:",
            "replay lo.pcap -f state.txt -f policy.txt",
        ),
        (
            "The same under the fix of 2003, the verdict alone:",
            "replay lo.pcap -f state.txt -f policy.txt --patched -q",
        ),
    ),
    "why": (
        ("Say why the reply leaked:", "why cause"),
        ("Say what one row of another run asked:", "why icmp_reflect @patched"),
    ),
    "explain": (
        ("Say what a mark is:", "explain OUT_DONE"),
        ("Say what a stage does:", "explain ip_output"),
    ),
    "list": (
        ("Name the kinds of names:", "list"),
        ("Name the fixes:", "list fixes"),
        ("Name the probes for a program:", "list probes --json"),
    ),
    "schema": (("Print the schema:", "schema"), ("Write it to a file:", "schema -o trace.schema.json")),
    "learn": (
        ("List the lessons:", "learn"),
        ("Play the first one at a terminal, or answer at once:", "learn crossing --answer 'esp icmp'"),
    ),
    "help": (
        ("List the topics and commands:", "help"),
        ("Say what the exit codes mean:", "help exit-codes"),
    ),
}
"""What each command is used for, and how it is typed; of the program as a whole under ""."""


def sections(params: Sequence[click.Parameter]) -> list[tuple[str, list[click.Option]]]:
    """Sort a command's options into sections; into one, in their own order, if they are few."""
    options = {_key(param): param for param in params if isinstance(param, click.Option)}
    if len(options) <= MANY:
        return [("Options", list(options.values()))]
    found = [
        (title, [options.pop(name) for name in names if name in options]) for title, names in SECTIONS.items()
    ]
    own = [("Options", list(options.values()))] if options else []
    return own + [(title, members) for title, members in found if members]


def _key(option: click.Option) -> str:
    """Return an option's name; click calls its own help option otherwise."""
    return "help" if "--help" in option.opts else option.name or ""


def write_sections(command: click.Command, context: click.Context, formatter: click.HelpFormatter) -> None:
    """Write a command's options."""
    for title, members in sections(command.get_params(context)):
        records = [record for option in members if (record := option.get_help_record(context))]
        with formatter.section(title):
            formatter.write_dl(records)


def write_examples(name: str, program: str, formatter: click.HelpFormatter) -> None:
    """Write a command's examples."""
    with formatter.section("Examples"):
        for number, (what, words) in enumerate(EXAMPLES[name]):
            formatter.write("\n" if number else "")
            formatter.write_text(what)
            formatter.write(f"{'':{formatter.current_indent}}  {program} {words}\n")
