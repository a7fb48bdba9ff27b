"""The generated blocks of the documentation, by the names that its pages call them."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, get_args

import click
from console import PROGRAM, run
from decisions import BLOCKS as DECISIONS
from from_source import rooms, said, statements, transfers
from operators import BLOCKS as OPERATORS
from retest import BLOCKS as RETEST
from scope import BLOCKS as SCOPE
from tables import table

from ipsec_lo_trace.cli.commands.audit import command as audit_command
from ipsec_lo_trace.cli.commands.diff import command as diff
from ipsec_lo_trace.cli.commands.export import command as export
from ipsec_lo_trace.cli.commands.help import TOPICS
from ipsec_lo_trace.cli.commands.learn import command as learn
from ipsec_lo_trace.cli.commands.ping import ping, probe
from ipsec_lo_trace.cli.commands.replay import command as replay
from ipsec_lo_trace.cli.commands.show import command as show
from ipsec_lo_trace.kernel.netbsd_2003_08 import ASSUMPTIONS, link_table
from ipsec_lo_trace.kernel.netipsec.xform_ah import known_auths
from ipsec_lo_trace.kernel.netipsec.xform_esp import known_ciphers
from ipsec_lo_trace.kernel.netipsec.xform_ipcomp import known_compressions
from ipsec_lo_trace.machine.stage import ASYNCHRONOUS, CALL, Stage
from ipsec_lo_trace.model import audit, codes, proof, trace
from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    key_lens_text,
)
from ipsec_lo_trace.model.algorithms import CIPHERS as CIPHER_ROWS
from ipsec_lo_trace.model.operands import Operand, PolicyRecord, RequestRecord
from ipsec_lo_trace.model.questions import QUESTIONS, Question
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.pages.index import KINDS, names_of
from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS

if TYPE_CHECKING:
    import msgspec

PACKAGE = Path(__file__).resolve().parents[1] / "ipsec_lo_trace"


def options(command: click.Command, without: Iterable[str] = ()) -> Callable[[str], str]:
    """List the options of a command as click knows them, but those of these parameters."""
    found = [one for one in command.params if isinstance(one, click.Option) and one.name not in without]
    return lambda _old: option_table(found)


def option_table(found: list[click.Option]) -> str:
    """Make a table of options."""
    rows = []
    for option in found:
        names = ", ".join(f"`{name}`" for name in option.opts)
        text = option.help or ""
        if isinstance(option.default, int | str) and option.default and "[" not in text:
            text = f"{text} [{option.default}]".strip()
        rows.append((names, value(option), text))
    return table(("option", "value", "meaning [default]"), rows)


def setup_keys(_old: str) -> str:
    """List the fields of a setup, each with its option and what that says of it."""
    found = {one.name: one for one in (*probe.params, *ping.params)}
    rows = []
    for name in Setup.__struct_fields__:
        option = found[name]
        if isinstance(option, click.Option):
            names = ", ".join(f"`{spelling}`" for spelling in option.opts)
            rows.append((f"`{name}`", names, value(option), option.help or ""))
        else:
            rows.append((f"`{name}`", option.make_metavar(click.Context(probe)).strip("[]"), "", ENDS[name]))
    return table(("key", "option", "value", "meaning [default]"), rows)


ENDS = {
    "probe": "The kind of a probe; without it, it is a ping.",
    "host": "The address to send to [127.0.0.1, or the case's].",
}
"""What the arguments mean, which have no help of their own."""


def value(option: click.Option) -> str:
    """Say what an option takes."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.IntRange):
        return f"{option.type.min} to {option.type.max}"
    if isinstance(option.type, click.Choice):
        return ", ".join(f"`{choice}`" for choice in option.type.choices)
    return f"`{option.make_metavar(click.Context(ping))}`"


def outcomes(_old: str) -> str:
    """List the outcomes."""
    return table(("outcome", "meaning"), ((f"`{name}`", text) for name, text in codes.OUTCOMES.items()))


def code_table(found: dict[Any, str]) -> Callable[[str], str]:
    """List codes."""
    return lambda _old: table(("code", "meaning"), ((f"`{code}`", text) for code, text in found.items()))


def claims(_old: str) -> str:
    """List the claims of proofs."""
    return table(("claim", "meaning"), ((f"`{name}`", text) for name, text in proof.CLAIMS.items()))


def questions(_old: str) -> str:
    """List the questions that stages ask."""
    rows = (
        (f"`{name}`", f"`{asked.by}`", asked.text, _codes(asked.answers), _codes(_stale(asked)))
        for name, asked in QUESTIONS.items()
    )
    return table(("id", "asked by", "question", "answers", "code if a stale mark settles it"), rows)


def _stale(asked: Question[Any]) -> list[str]:
    return [asked.stale_code] if asked.stale_code else []


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def operands(_old: str) -> str:
    """List what may stand on a side of a check, in the words of each kind's own docstring."""
    rows = []
    for kind in get_args(Operand):
        told = (kind.__doc__ or "").splitlines()[0].replace("``", "`")
        rows.append((f"`{kind.__struct_config__.tag}`", _codes(kind.__struct_fields__), told))
    return table(("`is`", "fields", "what it is"), rows)


def record(struct: type[msgspec.Struct]) -> Callable[[str], str]:
    """List a record's fields and types; what they mean is written by hand, and kept."""

    def block(old: str) -> str:
        meanings = dict(re.findall(r"^\| `(\w+)` \| [^|]*(?:\\\|[^|]*)* \| (.*) \|$", old, re.MULTILINE))
        fields = {name: json_type(text) for name, text in struct.__annotations__.items()}
        config = struct.__struct_config__
        rows = [(config.tag_field, f'`"{config.tag}"`')] if config.tag and config.tag_field else []
        rows += fields.items()
        lines = ((f"`{name}`", kind, meanings.get(name, "?")) for name, kind in rows)
        return table(("field", "type", "meaning"), lines)

    return block


def json_type(annotation: str) -> str:
    """Say a field's type as JSON has it."""
    words = {"str": "string", "int": "integer", "bool": "boolean", "None": "null"}
    said = re.sub(r"Literal\[(.*)\]", lambda found: f"`{found[1].replace(', ', '` | `')}`", annotation)
    said = said.replace("'", '"')
    said = re.sub(r"\b(?:Values|Kind)\b", "str", said)
    said = re.sub(r"(?:list|tuple)\[(\w+)(?:, \.\.\.)?\]", r"array of \1", said)
    while "dict[" in said:
        said = re.sub(r"dict\[str, ([^][]+)\]", r"object of \1", said)
    return re.sub(r"\b(?:str|int|bool|None)\b", lambda found: words[found[0]], said).replace(" | ", " or ")


def example_step(_old: str) -> str:
    """Show the step record of the reply's way out."""
    with tempfile.TemporaryDirectory() as folder:
        lines = run(f"{PROGRAM} ping --format jsonl", Path(folder))[1].splitlines()
    steps = [json.loads(line) for line in lines[1:-1]]
    [step] = [step for step in steps if step["analysis"] == 8]  # noqa: PLR2004 -- the step of the analysis
    return f"```json\n{json.dumps(step, indent=2)}\n```"


def excerpt(_old: str) -> str:
    """Show the rows of steps 7 and 8 in the unpatched kernel."""
    with tempfile.TemporaryDirectory() as folder:
        lines = run(f"{PROGRAM} ping", Path(folder))[1].splitlines()
    heads = lines[lines.index("") + 1 :]
    heads = heads[: 1 + next(at for at, line in enumerate(heads) if line.startswith("row "))]
    start, end = (
        next(at for at, line in enumerate(lines) if line.startswith(f"\u2500\u2500 {heading} "))
        for heading in ("7", "after")
    )
    return "\n".join(["```text", *heads, *lines[start:end], "```"])


def algorithms(_old: str) -> str:
    """List the algorithms with the key lengths that the kernel takes."""
    rows = []
    for name in known_ciphers():
        cipher = CIPHERS[name]
        rows.append(("`-E`", f"`{name}`", key_lens_text(cipher), str(cipher.iv_len)))
    rows += [("`-A`", f"`{name}`", str(AUTHS[name].key_len), "") for name in known_auths()]
    rows += [("`-C`", f"`{name}`", "", "") for name in known_compressions()]
    return table(("option", "algorithm", "key, bytes", "IV, bytes"), rows)


def audit_algorithms(_old: str) -> str:
    """List the algorithms that audits read, with the names that setkey(8) and Linux have for them."""
    ciphers = [
        (row, key_lens_text(row), ", ".join(str(8 * length) for length in sorted(row.icv_lens)))
        for row in (*CIPHER_ROWS, *LATER_CIPHERS)
    ]
    auths = [
        (row, str(row.key_len), str(8 * row.icv_len)) for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS)
    ]
    rows = [
        (
            f"`{row.name}`",
            _names(*row.later),
            _names(row.linux, row.linux_old),
            key,
            icv,
            str(row.since),
            row.rfc,
        )
        for row, key, icv in (*ciphers, *auths)
        if row.title
    ]
    return table(("algorithm", "setkey(8) also", "Linux", "key, bytes", "ICV, bits", "since", "source"), rows)


def _names(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names if name)


def assumptions(_old: str) -> str:
    """List what every run assumes."""
    return "\n".join(f"- {text}" for text in ASSUMPTIONS)


def topic(name: str, head: str, *, code: bool) -> Callable[[str], str]:
    """List the rows of a help topic."""
    sign = "`" if code else ""
    rows = [
        (", ".join(f"{sign}{word}{sign}" for word in words.split(", ")), text)
        for words, text in TOPICS[name].rows
    ]
    return lambda _old: table((head, "meaning"), rows)


def glossary(_old: str) -> str:
    """List the terms and the marks."""
    pages = [page for kind in ("terms", "marks") for page in KINDS[kind][1]]
    pages.sort(key=lambda page: page.name.lower())
    names = {page.name: names_of(page) if page.kind == "terms" else (page.name,) for page in pages}
    return "\n\n".join(f"**{', '.join(names[page.name])}** — {page.text}" for page in pages)


def kinds(_old: str) -> str:
    """List the kinds of names."""
    return table(
        ("kind", "meaning"),
        ((f"`{kind}`", meaning) for kind, (meaning, _pages) in KINDS.items()),
    )


def stages(_old: str) -> str:
    """Describe every stage, by kernel file."""
    lines: list[str] = []
    table_of = link_table().values()
    for file in dict.fromkeys(stage.symbol.file for stage in table_of):
        lines.append(f"### {file}\n")
        defined = [stage for stage in table_of if stage.symbol.file == file]
        lines += [f"#### {stage.symbol.name}\n\n{stage_text(stage)}\n" for stage in defined]
    return "\n".join(lines)


def stage_text(stage: Stage) -> str:
    """Describe one stage by its docstring and its hand-offs."""
    reached = (f"[`{to}`](#{to}) by `{via}`" for to, via in transfers(stage).items())
    function = stage.function
    assert isinstance(function, FunctionType)  # noqa: S101 -- a stage is a plain function
    place = f"`{function.__module__.replace('.', '/')}.py`"
    parts = [
        *said(stage),
        f"Goes on to: {', '.join(reached) or 'nothing; the path ends here'}.",
        f"Ours: {place}.",
    ]
    return f"{parts[0]}\n\n" + "\n".join(f"- {part}" for part in parts[1:])


def room_table(_old: str) -> str:
    """List the rooms, the uppermost first."""
    return table(
        ("level", "room", "what it is"), ((str(level), f"`{name}`", text) for level, name, text in rooms())
    )


def graph(_old: str) -> str:
    """Draw the stages; dotted lines are asynchronous."""
    lines = ["```mermaid", "flowchart TD"]
    for stage in link_table().values():
        for to, via in transfers(stage).items():
            arrow = "-.->" if via in ASYNCHRONOUS else "-->"
            label = "" if via == CALL else f"|{via}|"
            lines.append(f"  {stage.symbol.name} {arrow}{label} {to}")
    return "\n".join([*lines, "```"])


def marked(word: str) -> Callable[[str], str]:
    """List every statement in the code that begins with ``word`` and a colon, with its place."""

    def block(_old: str) -> str:
        rows = []
        for path in sorted(PACKAGE.rglob("*.py")):
            place = path.relative_to(PACKAGE).as_posix()
            rows += [(f"`{place}`", f"`{owner}`", text) for owner, text in statements(path, f"{word}: ")]
        return table(("file", "in", "statement"), rows)

    return block


BLOCKS: dict[str, Callable[[str], str]] = {
    **RETEST,
    **DECISIONS,
    **OPERATORS,
    **SCOPE,
    "options": options(ping),
    "audit options": options(audit_command),
    "replay options": options(replay),
    "audit leaks": code_table(audit.LEAK_CODES),
    "audit doubts": code_table(audit.UNSURE_CODES),
    "audit notes": code_table(audit.NOTE_CODES),
    "audit fixes": code_table(audit.AUDIT_FIXES),
    "audit outcomes": code_table(audit.AUDIT_OUTCOMES),
    "setup keys": setup_keys,
    "diff options": options(diff, {*Setup.__struct_fields__} - {"host"}),
    "export options": options(export, {*Setup.__struct_fields__} - {"host"}),
    "show options": options(show),
    "learn options": options(learn),
    "outcomes": outcomes,
    "stale codes": code_table(codes.STALE_CODES),
    "other codes": code_table(codes.OTHER_CODES),
    "finding codes": code_table(codes.FINDING_CODES),
    "reasons": code_table(codes.REASONS),
    "questions": questions,
    "operands": operands,
    "example step": example_step,
    "excerpt": excerpt,
    "algorithms": algorithms,
    "audit algorithms": audit_algorithms,
    "assumptions": assumptions,
    "stages": stages,
    "rooms": room_table,
    "claims": claims,
    "exit codes": topic("exit-codes", "code", code=False),
    "environment": topic("environment", "variable", code=True),
    "glossary": glossary,
    "kinds": kinds,
    "stage graph": graph,
    "kernel": marked("KERNEL"),
    "simpler": marked("SIMPLER"),
    **{
        f"record {struct.__name__}": record(struct)
        for struct in (
            trace.Run, trace.SaRecord, PolicyRecord, RequestRecord, trace.Step, trace.Packet,
            trace.Mark, trace.Change, trace.Check, trace.Verdict, trace.Finding, trace.Crossing,
            audit.AuditRun, audit.AuditSa, audit.AuditPolicy, audit.AuditPacket, audit.AuditPart,
            audit.AuditCount, audit.AuditUse, audit.AuditFinding, audit.AuditVerdict,
            proof.Head, proof.Class, proof.Came, proof.Sum,
        )
    },
}  # fmt: skip
