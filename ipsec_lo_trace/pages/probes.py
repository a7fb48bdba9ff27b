"""The probes, in the words of ``userland.probes``."""

from __future__ import annotations

from ipsec_lo_trace.pages.generated import ProbeWords, words
from ipsec_lo_trace.pages.page import PROGRAM, Page
from ipsec_lo_trace.pages.stages import FILES


def _page(probe: ProbeWords) -> Page:
    end = "" if probe.title.endswith("?") else "."
    knobs = ", ".join(f"{name}={value}" for name, value in probe.knobs.items())
    switched = (("switches", knobs),) if knobs else ()
    return Page(
        kind="probes",
        name=probe.name,
        text=f"{probe.title[0].upper()}{probe.title[1:]}{end}",
        source=f"{FILES[probe.stage]}, {probe.stage}",
        sure=probe.sure,
        example=f"{PROGRAM} probe {probe.name}",
        details=(("about", probe.text), ("answered", probe.answer), *switched),
        see=(probe.stage,),
    )


PROBES = tuple(map(_page, words().probes))
