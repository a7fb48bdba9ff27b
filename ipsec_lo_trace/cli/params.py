"""What a command line can hold: its types of values, its completions, and no option twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.cli.formats import suffix_form
from ipsec_lo_trace.model.build import KNOBS, values
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import CHOICES, LIMITS
from ipsec_lo_trace.model.suggest import did_you_mean, likely, one_of, same

TYPED = "ipsec_lo_trace.typed"
"""Where a context keeps its command line."""


def spellings(context: click.Context) -> dict[str, str]:
    """Return what each parameter of a command is called, as it was typed where it was."""
    typed: list[str] = context.meta.get(TYPED, [])
    return {
        param.name or "": _spelling(param, typed) if isinstance(param, click.Option) else _argument(param)
        for param in context.command.params
    }


def spelt(error: UserError, context: click.Context) -> UserError:
    """Return the error with its fields called as the command line calls them."""
    return UserError(error.spelt(spellings(context)))


def _spelling(option: click.Option, typed: list[str]) -> str:
    for word in typed:
        for name in option.opts:
            if word.partition("=")[0] == name or (not name.startswith("--") and word.startswith(name)):
                return name
    return option.opts[0]


def _argument(param: click.Parameter) -> str:
    return param.make_metavar(click.Context(click.Command(""))).strip("[]")


FORM_OPTIONS = ("format_", "to")
"""What the options are called that choose a form."""
AS_JSON = "as_json"
"""What --json is called, short for the form that has it."""
NO_COLOR = "no_color"
"""What --no-color is called, short for --color never."""

HELP_OPTIONS = ["-h", "--help"]


class StrictCommand(click.Command):
    """An option that takes one value may be given once; the name of -o chooses the form, or agrees."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- whatever click's command takes
        """Know -h by itself: click keeps the help option of the first context, which may have no parent."""
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("help_option_names", HELP_OPTIONS)

    allow_extra_args = True  # click calls them unexpected, and does not say what a command takes

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as ever, refuse an argument too many, and settle the form."""
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            taken = [_argument(param) for param in self.params if isinstance(param, click.Argument)]
            takes = f"takes {' and '.join(taken) or 'no argument'}"
            raise click.UsageError(f"{rest[0]} is one argument too many: {self.name} {takes}", ctx=ctx)
        as_json, no_color = ctx.params.pop(AS_JSON, False), ctx.params.pop(NO_COLOR, False)
        for param in () if ctx.resilient_parsing else self.params:
            if param.name in FORM_OPTIONS and isinstance(param.type, click.Choice):
                ctx.params[param.name] = _form(ctx, param, list(param.type.choices), as_json=as_json)
        if no_color:
            ctx.params["color"] = _without_color(ctx)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in sections."""
        from ipsec_lo_trace.cli.help_text import write_sections  # noqa: PLC0415 -- for --help alone

        write_sections(self, ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples."""
        from ipsec_lo_trace.cli.help_text import write_examples  # noqa: PLC0415 -- for --help alone

        write_examples(self.name or "", ctx.find_root().info_name or PROGRAM, formatter)

    def make_parser(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's parser is not public
        """Let click's parser tell which options it saw, in their order."""
        return _OnceParser(super().make_parser(ctx), ctx)


def _form(ctx: click.Context, param: click.Parameter, forms: list[str], *, as_json: bool) -> str:
    """Return the form that is asked for; click.UsageError if the options do not agree, or ask for none."""
    option, output = param.opts[0], ctx.params.get("output", "")
    value: str | None = ctx.params[param.name or ""]
    wanted = suffix_form(output)
    if value is None and not wanted:
        reason = f"{option} is missing: {one_of(forms)}; or say it by the name of -o, as -o lo0.html"
        raise click.UsageError(reason, ctx=ctx)
    is_given = value is not None and ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT
    asked = f"{option} {value}"
    if as_json:
        json = "json" if "json" in forms else "jsonl"
        if is_given and value != json:
            raise click.UsageError(f"{asked} and --json contradict each other", ctx=ctx)
        value, asked, is_given = json, "--json", True
    if is_given:
        if wanted in forms and wanted != value:
            raise click.UsageError(f"{asked} and -o {output} contradict each other", ctx=ctx)
        return str(value)
    if wanted and wanted not in forms:
        known = ", ".join(forms)
        raise click.UsageError(f"-o {output}: this command writes no {wanted}, but {known}", ctx=ctx)
    return wanted or str(value)


def _without_color(ctx: click.Context) -> str:
    """Return what --no-color stands for; click.UsageError if it has nothing to act on, or is contradicted."""
    color, form = ctx.params.get("color"), ctx.params.get("format_", "text")
    if color not in (None, "never"):
        raise click.UsageError(f"--color {color} and --no-color contradict each other", ctx=ctx)
    if form != "text":
        raise click.UsageError(f"--no-color is for text, not for --format {form}", ctx=ctx)
    return "never"


class _OnceParser:
    """click's parser, and a look at what it saw."""

    def __init__(self, parser: Any, ctx: click.Context) -> None:  # noqa: ANN401 -- as above
        self._parser = parser
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- everything else is the parser's
        return getattr(self._parser, name)

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[click.Parameter]]:
        """Parse as ever, and refuse an option that was seen twice."""
        self._ctx.meta[TYPED] = list(args)
        self._refuse_one_dash(args)
        try:
            opts, rest, seen = self._parser.parse_args(args)
        except click.UsageError as error:
            error.ctx = error.ctx or self._ctx
            raise
        options = [param for param in seen if isinstance(param, click.Option)]
        for option in options:
            if options.count(option) > 1 and not (option.multiple or option.is_flag or option.count):
                raise click.UsageError(f"{option.opts[0]} is given more than once", ctx=self._ctx)
        return opts, rest, seen

    def _refuse_one_dash(self, args: list[str]) -> None:
        """Refuse a long option with one dash, whose first letter click would take for a short one."""
        long = {name for param in self._ctx.command.params for name in param.opts if name.startswith("--")}
        for word in args:
            if word == "--":
                return
            if word.startswith("-") and f"-{word.partition('=')[0]}" in long:
                raise click.UsageError(f"{word}: a long option has two dashes: -{word}", ctx=self._ctx)


class OneOf(click.Choice[str]):
    """One of a few words, in any case."""

    def __init__(self, choices: Iterable[str]) -> None:
        """Take the words."""
        super().__init__(list(choices), case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 -- as click has it
        """Return the word as it is spelt here; a mistyped one is told what it may be."""
        known = same(str(value), self.choices)
        if not known:
            near = did_you_mean(likely(str(value), self.choices))
            self.fail(f"{value} is not {one_of(self.choices)}{f' ({near})' if near else ''}", param, ctx)
        return known


class FileName(click.ParamType[str]):
    """Any text; ``-`` is standard input or output."""

    name = "file"

    def convert(self, value: str, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        """Take the name as it is: click.Path would look at the file, and refuse one that is write-only."""
        return value

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete it."""
        return [CompletionItem(incomplete, type="file")]


class FieldRange(click.IntRange):
    """A number of a setup's: --help shows its limits, and the setup refuses what is beyond them."""

    def __init__(self, field: str) -> None:
        """Take the limits of a field."""
        super().__init__(*LIMITS[field])

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Any:  # noqa: ANN401 -- as click has it
        """Take a whole number; what is none is for the setup to refuse."""
        with suppress(ValueError):
            return int(value)
        return value


class FieldChoice(click.Choice[str]):
    """A word of a setup's: --help shows which there are, and the setup refuses others."""

    def __init__(self, field: str) -> None:
        """Take the words of a field."""
        super().__init__(CHOICES[field])

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> Any:  # noqa: ANN401 -- as click has it
        """Take the word in any case, and what is none as it is."""
        return same(str(value), self.choices) or value


class FieldText(click.ParamType[str]):
    """A text that a setup parses, with a name for --help."""

    def __init__(self, name: str) -> None:
        """Take the name."""
        self.name = name


class SettingType(click.ParamType[tuple[str, str]]):
    """A switch and its value, KNOB=VALUE."""

    name = "setting"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Part the two; the setup knows which there are."""
        if isinstance(value, tuple):
            return value
        name, equals, setting = value.partition("=")
        if not equals:
            self.fail(f"{value!r} is not of the form KNOB=VALUE, as looutput=tags", param, ctx)
        name = same(name, KNOBS) or name
        return name, same(setting, values(name) if name in KNOBS else ()) or setting


AFTER = "after"
Rows = tuple[tuple[int, int], ...]


class RowsType(click.ParamType[Rows]):
    """Row numbers and ranges of them, with commas between: ``3-7,9``."""

    name = "rows"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Rows:
        """Parse them; a range ends where it begins or later."""
        spans = []
        for part in value.split(","):
            match = re.fullmatch(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", part)
            if match is None:
                self.fail(f"{value!r} is no list of rows such as 3-7,9", param, ctx)
            first = int(match[1])
            last = int(match[2] or first)
            if not 1 <= first <= last:
                self.fail(f"{part!r}: rows count from 1, and a range goes up", param, ctx)
            spans.append((first, last))
        return tuple(spans)


class PacketType(click.ParamType[str]):
    """A packet's name: ``P1`` the request, ``P2`` the reply, ``P1/2`` a fragment, ``P1/loop1`` a copy."""

    name = "packet"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check its form."""
        if not re.fullmatch(r"P[1-9][0-9]*(/([1-9][0-9]*|loop[12]|copy))*", value):
            self.fail(f"{value!r} is no packet: P1 is the request, P2 the reply, P1/2 a fragment", param, ctx)
        return value


class EchoType(click.ParamType[int]):
    """An echo's number, from 1."""

    name = "echo"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it."""
        if not re.fullmatch(r"[1-9][0-9]{0,17}", value):
            self.fail(f"{value!r} is no echo: they count from 1", param, ctx)
        return int(value)


class StepType(click.ParamType[tuple[int, ...]]):
    """A step of the analysis, 1 to 8, or what comes after it (0 in a trace); ``6-8`` is three steps."""

    name = "step"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Parse it; a range ends where it begins or later."""
        if value == AFTER:
            return (0,)
        match = re.fullmatch(r"([1-8])(?:-([1-8]))?", value)
        if match is None or int(match[1]) > int(match[2] or match[1]):
            self.fail(f"{value!r} is no step: 1 to 8, a range such as 6-8, or {AFTER}", param, ctx)
        return tuple(range(int(match[1]), int(match[2] or match[1]) + 1))
