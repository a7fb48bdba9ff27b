"""A sweep's report as text: the results of each fix, then each law that was broken, ours first."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rich.text import Text

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.sweep import LAWS, TRUTHS, Broken, Sweep
from ipsec_lo_trace.render.shown import shown
from ipsec_lo_trace.render.styles import Line, outcome_style

WORD_COLUMNS = 8


def sweep_text(sweep: Sweep, *, width: int) -> Iterator[Text]:
    """Yield the lines of the report."""
    yield from _headline(sweep, width)
    yield Text("")
    yield from _counts(sweep)
    for broken in (*sweep.ours, *sweep.known):
        yield Text("")
        yield from _broken(broken, width)


def _headline(sweep: Sweep, width: int) -> Iterator[Text]:
    drawn = f"{sweep.done} random cases of seed {sweep.seed}, each under {len(sweep.fixes)} fixes: "
    ours, known = len(sweep.ours), len(sweep.known)
    said = f"{ours or 'no'} broken law{'s' if ours != 1 else ''} of ours"
    line = Line(drawn, hang=2, style="heading").say(said, "bad" if ours else "clean")
    yield from line.say(f"and {known} by known kernel behaviour" if known else "").wrap(width)


def _counts(sweep: Sweep) -> Iterator[Text]:
    names = max(len(name) for name in ("fix", *sweep.fixes))
    yield Text(f"{'fix':<{names}}" + "".join(f"{name:>{WORD_COLUMNS}}" for name in OUTCOMES))
    for fix in sweep.fixes:
        line = Text(f"{fix:<{names}}")
        for outcome in OUTCOMES:
            count = sweep.outcomes[fix][outcome]
            line.append(f"{count:>{WORD_COLUMNS}}", style=outcome_style(outcome) if count else "")
        yield line


def _broken(broken: Broken, width: int) -> Iterator[Text]:
    title = "known" if broken.known else "BROKEN"
    line = Line(f"{title} {broken.law}: ", hang=2, style="heading" if broken.known else "bad")
    yield from line.say(LAWS[broken.law]).wrap(width)
    if broken.known:
        said = f"{broken.known}: {TRUTHS[broken.known]}"
        yield from Line("  but   ", hang=8).say(said).wrap(width)
    counts = ", ".join(f"{fix} {count}" for fix, count in broken.fixes.items())
    yield from Line("  cases ", hang=8).say(counts).wrap(width)
    found = f"case {broken.first} under {broken.fix} ({broken.code}), minimised: {broken.text}"
    yield from Line("  first ", hang=8).say(found).wrap(width)
    for command in broken.commands:
        yield from (Text(f"  {line}") for line in command.splitlines())


def sweep_jsonl(sweep: Sweep) -> Iterator[bytes]:
    """Return the lines, each with its newline."""
    records = (msgspec.structs.replace(sweep, broken=[]), *sweep.ours, *sweep.known)
    return (shown(msgspec.json.encode(record)) + b"\n" for record in records)
