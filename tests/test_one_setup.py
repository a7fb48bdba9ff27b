"""One Setup behind three doors: the command line, Python and check files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest

from ipsec_lo_trace import Setup, Trace, UserError
from ipsec_lo_trace import ping as ping_in_python
from ipsec_lo_trace import probe as probe_in_python
from ipsec_lo_trace.cli.checking.command import asked, prepared
from ipsec_lo_trace.cli.checking.files import read_checks
from ipsec_lo_trace.cli.commands.ping import ping, probe
from ipsec_lo_trace.cli.params import FieldChoice, FieldRange
from ipsec_lo_trace.model.setup import CHOICES, LIMITS, MAX_PATTERN_BYTES, OF_PING, File
from tests.cli.support import invoke

FIELDS = frozenset(Setup.__struct_fields__)
SHORT_FORMS = {"patched": "--fix patched", "unpatched": "--fix unpatched"}
"""Options that are another's value by a shorter name."""
NOT_OF_A_RUN = {
    "show_config": "prints the configuration instead of running anything",
    "bisect": "makes many runs, each by a setup of its own",
    "expect": "judges the outcome, and check files have keys for that",
    "format_": "shapes the output",
    "detail": "shapes the output",
    "show_bytes": "shapes the output",
    "as_json": "shapes the output",
    "color": "shapes the output",
    "no_color": "shapes the output",
    "glyphs": "shapes the output",
    "pause": "shapes the output",
    **dict.fromkeys(("rows", "stages", "marks", "packets", "echoes", "steps"), "shapes the output"),
    "quiet": "shapes the output",
    "verbose": "shapes the output",
    "output": "says where the output goes",
}
"""Options that shape no run, and why not."""
CONFIG = """\
spdadd 127.0.0.1/32 127.0.0.1/32 any -P out none ;
spdadd 10.9.9.1/32 10.9.9.2/32 any -P out ipsec esp/transport//use ;
spdadd 10.9.9.1/32 127.0.0.1/32 any -P in ipsec esp/transport//use ;
"""


def options(command: click.Command) -> dict[str, click.Parameter]:
    """Return a command's parameters by their names."""
    return {parameter.name or "": parameter for parameter in command.params}


def spelling(field: str, command: click.Command = ping) -> str:
    """Return what the command line calls a field."""
    parameter = options(command)[field]
    return parameter.opts[0] if isinstance(parameter, click.Option) else field.upper()


def typed(setup: Setup) -> list[str]:
    """Return the command line that says what a setup does."""
    command = ping if setup.probe is None else probe
    words = ["ping"] if setup.probe is None else ["probe", setup.probe]
    for name, default in zip(Setup.__struct_fields__, Setup.__struct_defaults__, strict=True):
        value = setup.file or getattr(setup, name) if name == "config" else getattr(setup, name)
        if name in ("probe", "host") or value in (default, (), {}, None):
            continue
        for each in value if isinstance(value, tuple) else [value]:
            pairs = [f"{knob}={of}" for knob, of in each.items()] if isinstance(each, dict) else [each]
            for one in pairs:
                words += [spelling(name, command)] if one is True else [spelling(name, command), str(one)]
    return words + ([setup.host] if setup.host else [])


def tabled(setup: Setup) -> str:
    """Return a check file that says what a setup does."""
    lines = ["[[check]]", 'name = "one"', 'outcome = "clean"', "[check.setup]"]
    for name, default in zip(Setup.__struct_fields__, Setup.__struct_defaults__, strict=True):
        value = getattr(setup, name)
        if value in (default, (), {}, None):
            continue
        text = value.name if isinstance(value, File) else value
        if isinstance(text, dict):
            text = "{ " + ", ".join(f'{knob} = "{of}"' for knob, of in text.items()) + " }"
            lines.append(f"{name} = {text}")
        else:
            lines.append(f"{name} = {json.dumps(text)}")
    return "\n".join(lines) + "\n"


def test_every_option_that_shapes_a_run_is_a_field() -> None:
    """Options of ping and probe are fields of Setup, but those that are named here with their reason."""
    for command in (ping, probe):
        assert {*options(command)} - {*NOT_OF_A_RUN} - {*SHORT_FORMS} <= FIELDS
    assert {*NOT_OF_A_RUN, *SHORT_FORMS} <= {*options(ping)}
    assert not {*NOT_OF_A_RUN, *SHORT_FORMS} & FIELDS


def test_every_field_is_an_option() -> None:
    """Fields of Setup are options of ping and probe; a probe lacks what is ping's own, a ping the kind."""
    assert {*options(ping)} >= FIELDS - {"probe"}
    assert {*options(probe)} >= FIELDS - {*OF_PING}
    assert not {*options(probe)} & {*OF_PING}


def test_the_keys_of_a_check_are_the_fields(tmp_path: Path) -> None:
    """A check file takes each field of Setup by its name, and nothing else."""
    assert len(FIELDS) > 20
    for name in FIELDS:
        with pytest.raises(UserError) as refused:
            from_check(tmp_path, f"{name} = 1979-05-27")
        assert f"a.toml:5:1: {name} 1979-05-27: not " in str(refused.value), name
    for name in (*NOT_OF_A_RUN, *SHORT_FORMS, "counts"):
        with pytest.raises(UserError, match="no such key"):
            from_check(tmp_path, f"{name} = 1")


def test_help_shows_the_limits_that_hold() -> None:
    """Each number's and each word's option takes its limits from Setup, and no option has its own."""
    for command in (ping, probe):
        for name, parameter in options(command).items():
            if name in LIMITS:
                assert isinstance(parameter.type, FieldRange)
                assert (parameter.type.min, parameter.type.max) == LIMITS[name]
            elif name in CHOICES:
                assert isinstance(parameter.type, FieldChoice)
                assert tuple(parameter.type.choices) == CHOICES[name]
            elif name in FIELDS:
                assert not isinstance(parameter.type, (click.IntRange, click.Choice)), name


def test_defaults_are_those_of_setup() -> None:
    """A command line that says nothing makes a Setup that says nothing."""
    for command, words in ((ping, []), (probe, ["mask"])):
        with command.make_context(command.name, list(words)) as context:
            given = {name: value for name, value in context.params.items() if name in FIELDS}
        given["settings"] = dict(given["settings"])
        assert Setup(**given) == Setup(probe="mask" if words else None)


def from_check(folder: Path, lines: str) -> Trace:
    """Run the only check of a file with these lines in its setup."""
    path = folder / "a.toml"
    path.write_text(f'[[check]]\nname = "one"\noutcome = "clean"\n[check.setup]\n{lines}\n', encoding="utf-8")
    return run_check(path)


def run_check(path: Path) -> Trace:
    """Run the only check of a file to its trace."""
    [check] = read_checks(str(path), fresh=False)
    with prepared(asked(check)) as tracing:
        run, *steps, verdict = tracing.whole()
        return Trace(run, steps, verdict)  # type: ignore[arg-type]


def in_python(setup: Setup) -> Trace:
    """Run a setup as Python does."""
    return ping_in_python(setup) if setup.probe is None else probe_in_python(setup.probe, setup)


REFUSED: dict[str, tuple[Setup, str, str]] = {
    **{
        f"{name} {value}": (
            Setup(**{name: value}),  # type: ignore[arg-type]
            name,
            f"{{field}} {value}: not from {least} to {most}",
        )
        for name, (least, most) in LIMITS.items()
        for value in (least - 1, most + 1)
    },
    **{
        f"{name} nonsense": (
            Setup(**{name: "nonsense"}),  # type: ignore[arg-type]
            name,
            f"{{field}} nonsense: not one of {', '.join(words)}",
        )
        for name, words in CHOICES.items()
    },
    "pattern": (Setup(pattern="xy"), "pattern", "{field} xy: not hexadecimal"),
    "long pattern": (
        Setup(pattern="0" * 33),
        "pattern",
        f"{{field}} {'0' * 33}: 17 bytes, and ping(8) takes {MAX_PATTERN_BYTES}",
    ),
    "host": (
        Setup(host="10.9.9.1"),
        "host",
        "{field} 10.9.9.1: not local, lo0 has 127.0.0.1 ({local} 10.9.9.1 adds it)",
    ),
    "source": (
        Setup(source="::1"),
        "source",
        "{field} ::1: an IPv6 address, and the port of 2003 is IPv4 only",
    ),
    "local": (
        Setup(local=("224.0.0.1",)),
        "local",
        "{field} 224.0.0.1: not an address that an interface can have",
    ),
    "two ends": (
        Setup(source="10.9.9.1", local=("10.9.9.1",)),
        "source",
        "{field} 10.9.9.1: the built-in configuration is for 127.0.0.1 to itself (give {config})",
    ),
    "two configurations": (
        Setup(case="lo-esp", enc="des-cbc"),
        "enc",
        "{field} des-cbc: gives a configuration, as {case} does",
    ),
    "a shape of another's": (
        Setup(config=File("own.conf"), mode="tunnel"),
        "mode",
        "{field} tunnel: shapes the built-in configuration, and {config} gives another",
    ),
    "strict about nothing": (
        Setup(strict=True),
        "strict",
        "{field}: has nothing to be strict about: {config} gives no configuration",
    ),
    "ends of no file": (
        Setup(ends="auto"),
        "ends",
        "{field} auto: has no policy to take ends from: {config} gives no configuration",
    ),
    "ends beside a host": (
        Setup(config=File("own.conf"), ends="auto", host="127.0.0.1"),
        "ends",
        "{field} auto: takes both ends from a policy, and {host} gives one",
    ),
    "ends beside a source": (
        Setup(config=File("own.conf"), ends="pair", source="127.0.0.1"),
        "ends",
        "{field} pair: takes both ends from a policy, and {source} gives one",
    ),
    "no cipher": (
        Setup(enc="des"),
        "enc",
        "{field} des: no cipher that an SA of 2003 can have (did you mean des-cbc?)",
    ),
    "AH encrypts": (
        Setup(proto="ah", enc="des-cbc"),
        "enc",
        "{field} des-cbc: AH does not encrypt (esp or esp+ah does)",
    ),
    "no fix": (
        Setup(fix="netbsd-2003"),
        "fix",
        "{field} netbsd-2003: no such fix (did you mean netbsd-2003-08?)",
    ),
    "an empty fix": (
        Setup(fix=""),
        "fix",
        "{field}: no such fix ('ipsec-lo-trace list fixes' names them)",
    ),
    "no switch's value": (
        Setup(settings={"looutput": "some"}),
        "settings",
        "{field} looutput=some: looutput cannot be 'some' (one of keep, tags, all)",
    ),
    "no experiment": (
        Setup(drop_mark=("OUT_DONE",)),
        "drop_mark",
        "{field} OUT_DONE: not of the form NAME@STAGE[:VISIT] (as OUT_DONE@looutput)",
    ),
    "no data": (Setup(probe="mask", size=9), "size", "{field} 9: the probe mask sends no data of its own"),
}
"""What is refused: the setup, the field that the error is about, and the message."""


@pytest.mark.parametrize("what", REFUSED)
def test_a_limit_has_one_message(what: str, tmp_path: Path) -> None:
    """Each door refuses with the same words, and calls the field as it is called there."""
    setup, field, message = REFUSED[what]

    def said(call: Callable[[str], str]) -> str:
        names = {name: call(name) for name in FIELDS if f"{{{name}}}" in message}
        words = message.replace("{field}", call(field))
        for name, spelt in names.items():
            words = words.replace(f"{{{name}}}", spelt)
        return words

    command = ping if setup.probe is None else probe
    done = invoke(*typed(setup))
    assert (done.code, done.out) == (2, b"")
    assert done.err == f"ipsec-lo-trace: {said(lambda name: spelling(name, command))}\n"

    with pytest.raises(UserError) as refused:
        in_python(setup)
    assert str(refused.value) == said(str)
    assert refused.value.field == field

    path = tmp_path / "a.toml"
    path.write_text(tabled(setup), encoding="utf-8")
    with pytest.raises(UserError) as in_check:
        run_check(path)
    line = 1 + next(at for at, text in enumerate(tabled(setup).split("\n")) if text.startswith(f"{field} = "))
    assert str(in_check.value) == f"{path}:{line}:1: {said(str)}"


def test_an_error_points_into_an_inline_table(tmp_path: Path) -> None:
    """A setup in one line has its mistake told with line and column, and so has a dotted key."""
    path = tmp_path / "a.toml"
    for line, column in (("setup = { seed = 1, count = 0 }", 21), ("setup.count = 0", 7)):
        path.write_text(f'[[check]]\nname = "one"\n{line}\noutcome = "clean"\n', encoding="utf-8")
        with pytest.raises(UserError) as refused:
            run_check(path)
        assert f"a.toml:3:{column}: count 0: not from 1" in str(refused.value)


def test_options_are_called_as_they_were_typed() -> None:
    """Of an option's two spellings the message has the one on the command line."""
    for word in ("-f", "--config"):
        assert invoke("ping", "--enc", "des-cbc", word, "own.conf").err.endswith(
            f"and {word} gives another\n"
        )


def test_a_check_says_once_what_to_run(tmp_path: Path) -> None:
    """A check with both a command line and a setup is refused, and so is one with neither."""
    path = tmp_path / "a.toml"
    for lines, words in (
        ('run = "ping"\nsetup = {}', "a.toml:4: run and setup both say what to run"),
        ("", "a.toml:1: the check does not say what to run"),
    ):
        path.write_text(f'[[check]]\nname = "one"\n{lines}\noutcome = "leak"\n', encoding="utf-8")
        with pytest.raises(UserError, match=words):
            read_checks(str(path), fresh=False)


SAME: dict[str, Setup] = {
    "nothing": Setup(),
    "ping's own": Setup(count=3, size=100, pattern="a5f", record_route=True, ttl=9, preload=2),
    "a plain program": Setup(pinger="plain", count=2, preload=2, schedule="random:3"),
    "a flush probe": Setup(flush_probe=True, count=2),
    "both ways": Setup(both_ways=True, case="wildcard"),
    "shapes": Setup(proto="esp+ah", mode="tunnel", level="unique", enc="des-cbc", auth="hmac-sha1", seed=7),
    "patched": Setup(fix="patched", count=2),
    "a fix by name": Setup(fix="netbsd-2003-08", settings={"looutput": "all", "maskrepl": "0"}),
    "a case": Setup(case="ab-esp", reflector="userspace"),
    "other ends": Setup(case="ab-esp", host="10.9.9.1", source="10.9.9.2", local=("10.9.9.3", "10.9.9.4")),
    "a file": Setup(config=File("own.conf")),
    "a file's ends": Setup(config=File("own.conf"), ends="auto"),
    "a file without a mistake": Setup(config=File("own.conf"), strict=True),
    "an experiment": Setup(drop_mark=("OUT_DONE@icmp_reflect", "flags@looutput:2")),
    "a probe": Setup(probe="udp-echo", count=2, size=300, fix="strict"),
    "a probe without data": Setup(probe="tcp-closed", proto="ah"),
}


def test_every_field_is_run_through_every_door() -> None:
    """No field is left out of the comparison below."""
    default = Setup()
    moved = {
        name for setup in SAME.values() for name in FIELDS if getattr(setup, name) != getattr(default, name)
    }
    assert moved == FIELDS


@pytest.mark.parametrize("what", SAME)
def test_a_setup_is_the_same_run_through_every_door(what: str, tmp_path: Path) -> None:
    """A setup's trace is byte for byte the same from the command line, from Python and from a check file."""
    setup = SAME[what]
    if setup.file is not None:
        file = tmp_path / setup.file
        file.write_text(CONFIG, encoding="utf-8")
        setup = msgspec.structs.replace(setup, config=File(str(file)))
    path = tmp_path / "a.toml"
    path.write_text(tabled(setup), encoding="utf-8")
    done = invoke(*typed(setup), "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    assert lines(in_python(setup)) == lines(run_check(path)) == done.out


def lines(trace: Trace) -> bytes:
    """Return a trace as --format jsonl writes it."""
    encode: Callable[[Any], bytes] = msgspec.json.encode
    return b"".join(encode(record) + b"\n" for record in (trace.run, *trace.steps, trace.verdict))
