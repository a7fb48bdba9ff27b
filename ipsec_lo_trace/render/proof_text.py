"""What a proof comes to, as text and as Markdown: claim by claim, how it is broken, and what cures it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from ipsec_lo_trace.model.proof import CLAIMS, Case, Cure, FixDoes, Head, Result
from ipsec_lo_trace.render.styles import Line

INDENT = 4
FIX_HEADS = ("program", "fix", "hosts", "broken")


def proof_text(head: Head, results: Sequence[Result], classes: int, *, width: int) -> Iterator[Text]:
    """Yield the lines of a proof's report."""
    yield from Line("", hang=2).say(headline(head, results, classes), "heading").wrap(width)
    for result in results:
        yield Text("")
        yield from Line(f"{result.claim}: ", hang=2, style="heading").say(CLAIMS[result.claim]).wrap(width)
        for sentence in _sentences(result):
            yield from Line("  ", hang=INDENT).say(sentence).wrap(width)
        for case in result.kinds:
            yield from _case(case, width)
        yield from _fixes(result.fixes)


def headline(head: Head, results: Sequence[Result], classes: int) -> str:
    """Say what was run."""
    programs = ", ".join(head.programs)
    return (
        f"scope {head.scope}, {programs}: {results[0].cases:,} cases, each a host under a kernel,"
        f" fall into {classes:,} classes, and every case was decided"
    )


def _sentences(result: Result) -> Iterator[str]:
    if not result.broken:
        yield f"holds in all {result.cases:,} cases"
        return
    yield f"holds in {result.cases - result.broken:,} cases, is broken in {result.broken:,}"
    yield from map(cure_text, result.cures)


def cure_text(cure: Cure) -> str:
    """Say the least that must be stripped in a view, and what nothing cures."""
    where = f"{cure.program}, {cure.view.partition(' ')[0]}"
    least = ", or ".join(cure.least)
    cures = f"stripping {least} cures" if cure.least else "no one combination cures"
    if cure.least == ["nothing"]:
        cures = "with nothing stripped it holds in"
    rest = f"all {cure.hosts - cure.incurable:,} hosts that can be cured" if cure.incurable else "every host"
    left = f"; {cure.incurable:,} of {cure.hosts:,} are broken whatever is stripped" if cure.incurable else ""
    return f"{where}: {cures} {rest}{left}"


def _case(case: Case, width: int) -> Iterator[Text]:
    said = f"{case.kind}, {case.program}: {case.cases:,} cases; the smallest strips {case.strips}"
    turned = "" if case.switch == "plain" else f", with {case.switch}"
    yield from Line("  how   ", hang=8).say(f"{said}{turned}").wrap(width)
    yield from (Text(f"  {line}") for line in case.command.splitlines())
    if case.beside:
        yield from Line("  beside it ", hang=8).say(f"the same {case.beside}").wrap(width)


def _fixes(fixes: Sequence[FixDoes]) -> Iterator[Text]:
    """Yield a table of what the known fixes leave broken."""
    if not any(one.broken for one in fixes):
        return
    rows = [FIX_HEADS, *((one.program, one.fix, f"{one.hosts:,}", f"{one.broken:,}") for one in fixes)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(FIX_HEADS))]
    for program, fix, hosts, broken in rows:
        cells = f"{program:<{widths[0]}}  {fix:<{widths[1]}}  {hosts:>{widths[2]}}  {broken:>{widths[3]}}"
        yield Text(f"  {cells}")


def proof_md(head: Head, results: Sequence[Result], classes: int) -> Iterator[str]:
    """Yield the report as Markdown, a line each."""
    yield f"{headline(head, results, classes)}."
    for result in results:
        yield from ("", f"## {result.claim}", "", f"Claim: {CLAIMS[result.claim]}.", "")
        yield from (f"- {sentence}" for sentence in _sentences(result))
        for case in result.kinds:
            turned = "" if case.switch == "plain" else f", with `{case.switch}`"
            yield from ("", f"`{case.kind}`, {case.program}: {case.cases:,} cases; the smallest strips")
            yield f"`{case.strips}`{turned}."
            yield from ("", "```sh", case.command, "```")
            if case.beside:
                yield from ("", f"Beside it: the same {case.beside}.")
        if any(one.broken for one in result.fixes):
            yield from ("", "| program | fix | hosts | broken |", "| --- | --- | ---: | ---: |")
            for one in result.fixes:
                yield f"| {one.program} | {one.fix} | {one.hosts:,} | {one.broken:,} |"
