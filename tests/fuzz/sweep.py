"""Fuzz the reader of a sweep's file, and the reports that show what it read."""

from __future__ import annotations

import io
from collections.abc import Iterator

import msgspec

from tests.fuzz.engine import fuzz, instrumented
from tests.fuzz.trace import mutated

with instrumented():
    from ipsec_lo_trace.cli.run.sweep import fitting
    from ipsec_lo_trace.cli.terminal import text_stream, write_lines
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.model.sweep import LAWS, TRUTHS, Broken
    from ipsec_lo_trace.render.sweep_text import sweep_jsonl, sweep_text
    from ipsec_lo_trace.sweep.run import begin, go_on

CASES = 40


def check(data: bytes) -> None:
    """Resume a sweep that is done, or refuse it with our error; a terminal may show its reports."""
    try:
        sweep = fitting(data, "f", begin(0), CASES)
    except UserError as error:
        str(error)
        return
    go_on(sweep, sweep.done)
    out = io.BytesIO()
    write_lines(sweep_text(sweep, width=80), text_stream(out), colour=False)
    out.writelines(sweep_jsonl(sweep))
    assert out.getvalue().decode().replace("\n", "").isprintable()
    assert fitting(msgspec.json.encode(sweep), "f", begin(0), CASES) == sweep


def seeds() -> Iterator[bytes]:
    """Yield a sweep that has just begun, and one of which every law is broken."""
    sweep = begin(0)
    yield msgspec.json.encode(sweep)
    sweep.done = CASES
    fix = sweep.fixes[0]
    sweep.outcomes[fix]["leak"] = CASES
    sweep.broken = [
        Broken(
            law=law,
            known=known,
            fixes={fix: 3},
            first=7,
            fix=fix,
            code="stale-out-done",
            text="row 3: what happened",
            config="spdflush ;\n",
            commands=["ipsec-lo-trace ping -f -"],
        )
        for law, known in zip(LAWS, ["", *TRUTHS, "", ""], strict=False)
    ]
    yield msgspec.json.encode(sweep)


if __name__ == "__main__":
    fuzz(check, seeds(), mutated)
