"""What ``explain`` says of stages and probes, taken from the stages and the probes themselves."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import msgspec
from from_source import said

from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from ipsec_lo_trace.machine.stage import Stage
from ipsec_lo_trace.pages.generated import ProbeWords, StageWords, Words
from ipsec_lo_trace.userland.probe_kind import ProbeKind, all_probes


def words_text() -> str:
    """Return what ``ipsec_lo_trace/pages/generated.json`` must be."""
    words = Words(
        stages=tuple(_stage(stage) for stage in link_table().values()),
        probes=tuple(_probe(probe) for probe in all_probes()),
    )
    return msgspec.json.format(msgspec.json.encode(words), indent=2).decode() + "\n"


def _stage(stage: Stage) -> StageWords:
    """Take a stage's docstring apart; it must have one source and one statement on marks."""
    text, *parts = said(stage)
    [source] = [part for part in parts if part.startswith("Source: ")]
    [marks] = [part for part in parts if part.startswith("Marks: ")]
    return StageWords(
        name=stage.symbol.name,
        file=stage.symbol.file,
        text=text,
        source=source.removeprefix("Source: "),
        marks=marks.removeprefix("Marks: "),
        more=" ".join(part for part in parts if part not in (source, marks)),
        reaches=tuple(sorted(stage.may_reach)),
    )


def _probe(probe: ProbeKind) -> ProbeWords:
    return ProbeWords(**{name: getattr(probe, name) for name in ProbeWords.__struct_fields__})
