"""Has every name that an output can print a page, and does each page hold?"""

from __future__ import annotations

import inspect
import io
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS
from ipsec_lo_trace.kernel.netipsec.xform_ah import known_auths
from ipsec_lo_trace.kernel.netipsec.xform_esp import known_ciphers
from ipsec_lo_trace.kernel.netipsec.xform_ipcomp import known_compressions
from ipsec_lo_trace.machine.stage import Via
from ipsec_lo_trace.model.algorithms import LATER_AUTHENTICATORS, LATER_CIPHERS
from ipsec_lo_trace.model.codes import CODES, OUTCOMES, REASONS, Decision, Errno, Reason
from ipsec_lo_trace.model.counters import COUNTERS
from ipsec_lo_trace.model.policy import Level, PolicyType
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.pages.generated import FILES
from ipsec_lo_trace.pages.index import KINDS, PAGES, find, names_of
from ipsec_lo_trace.pages.page import SURE, Page
from ipsec_lo_trace.pages.questions import PLACES
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.cli.support import invoke
from tests.support import PATCHED, SCENARIOS, UNPATCHED, Traced, trace

KERNEL = Path(inspect.getfile(netbsd_2003_08)).parents[1] / "kernel"
SCENARIO_NAMES = sorted(path.stem for path in SCENARIOS.glob("*.conf"))
IDS = [f"{page.kind}-{page.name}" for page in PAGES]


def kernel_source() -> str:
    """Give the source of the modelled kernel, and of the machine that can end a packet."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(KERNEL.rglob("*.py")))


def pages_of(kind: str) -> dict[str, Page]:
    """Give the pages of a kind by name."""
    return {page.name: page for page in KINDS[kind][1]}


def names_in(traced: Traced) -> Iterator[tuple[str, str]]:
    """Give every name in a trace's records with the kind of page that it needs."""
    yield from (("kernels", traced.run.kernel), ("fixes", traced.run.fix), ("terms", traced.run.program))
    for sa in traced.run.sas:
        yield from (("algorithms", name) for name in (sa.cipher, sa.auth))
        yield from (("terms", sa.proto), ("terms", sa.mode))
    for policy in traced.run.policies:
        yield "terms" if policy.type != "none" else "fixes", policy.type
        for request in policy.requests:
            yield from (("terms", word) for word in (request.proto, request.mode, request.level))
    for step in traced.steps:
        yield from (("stages", step.stage), ("transfers", step.via), ("decisions", step.decision))
        yield from (("codes", step.reason), ("errnos", step.errno or ""), ("errnos", step.returned or ""))
        yield "stages", step.to if step.to and ":" not in step.to else ""
        yield from (("counters", name) for name in step.counters)
        yield from (("marks", mark.name) for mark in step.marks)
        yield from (("marks", change.mark.name) for change in step.changes)
        yield from (("questions", check.id) for check in step.checks)
        yield from (("terms", name) for name in step.wire.proto)
    verdict = traced.verdict
    yield from (("outcomes", verdict.outcome), ("codes", verdict.code), ("errnos", verdict.errno or ""))
    yield from (("counters", name) for name in verdict.counters)
    yield from (("terms", name) for name in verdict.reasons)
    yield "outcomes" if verdict.ping == "error" else "terms", verdict.ping


@cache
def kinds_of(name: str) -> set[str]:
    """Return the kinds of the pages that a name has."""
    return {page.kind for page in find(name)}


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", SCENARIO_NAMES)
@pytest.mark.parametrize("size", [56, pytest.param(40000, marks=pytest.mark.slow)])
def test_every_name_in_a_trace_has_a_page(name: str, fix: str, size: int) -> None:
    """Whatever a scenario's records name, explain has a page of the right kind for it."""
    found = {pair for pair in names_in(trace(name, fix, count=2, size=size)) if pair[1]}
    missing = [pair for pair in found if pair[0] not in kinds_of(pair[1])]
    assert missing == []


def test_tables_of_the_model_are_covered() -> None:
    """Outcomes, codes, counters, questions, marks, transfers, kernels and algorithms all have pages."""
    assert pages_of("outcomes").keys() == OUTCOMES.keys()
    assert pages_of("codes").keys() == CODES.keys()
    assert pages_of("counters").keys() == COUNTERS.keys()
    assert pages_of("questions").keys() == QUESTIONS.keys() == PLACES.keys()
    assert {*TAGS, *ORDER} <= pages_of("marks").keys()
    assert pages_of("kernels").keys() == {netbsd_2003_08.NAME}
    later = {row.name for row in (*LATER_CIPHERS, *LATER_AUTHENTICATORS)} | {"aes-ctr", "aes-xcbc-mac"}
    of_2003 = [*known_ciphers(), *known_auths(), *known_compressions()]
    assert list(pages_of("algorithms"))[: len(of_2003)] == of_2003
    assert set(list(pages_of("algorithms"))[len(of_2003) :]) == later
    assert pages_of("transfers").keys() == set(get_args(Via))


def test_policy_words_are_covered() -> None:
    """Each policy type and each level that a header or a question can show has a page."""
    words = {word.name.lower() for word in (*PolicyType, *Level)}
    assert [word for word in sorted(words) if not find(word)] == []


def test_fixes_say_what_the_profiles_say() -> None:
    """A fix's page has the title and the source of the fix that can be run."""
    pages = pages_of("fixes")
    assert list(pages) == [fix.name for fix in all_fixes()]
    for fix in all_fixes():
        name = fix.name
        assert fix.title.lower() in pages[name].text.lower()
        assert pages[name].source == fix.source


def test_probes_say_what_they_run() -> None:
    """A probe's page has the words and the switches of the probe that is run."""
    pages = pages_of("probes")
    assert list(pages) == [probe.name for probe in all_probes()]
    for probe in all_probes():
        page, details = pages[probe.name], dict(pages[probe.name].details)
        assert page.text.rstrip(".").lower() == probe.title.lower()
        assert details["about"] == probe.text
        assert details["answered"] == probe.answer
        assert (page.runs, page.see) == (probe.runs, (probe.stage,))
        assert details.get("switches", "") == ", ".join(f"{k}={v}" for k, v in probe.knobs.items())


def test_cases_say_what_their_files_say() -> None:
    """A case's page has the title and the ends of its file."""
    pages = pages_of("cases")
    assert list(pages) == [case.name for case in all_cases()]
    for case in all_cases():
        assert pages[case.name].text == case.title
        assert dict(pages[case.name].details)["pings"] == f"{case.src} to {case.dst}"


def test_counters_in_the_kernel_are_covered() -> None:
    """Each counter that a kernel function names, on whatever path, has a page."""
    counted = set(re.findall(r'count\(\s*"([^"{]+)"', kernel_source()))
    counted |= {
        f"{stat}_{name}"
        for name in re.findall(r'count\(f"\{\S+\}_(\w+)"', kernel_source())
        for stat in ("esps", "ahs", "ipcomps")
    }
    assert len(counted) > 40
    assert [name for name in sorted(counted) if not find(name)] == []


def test_decisions_and_errnos_are_the_kernel_s() -> None:
    """Each decision that a stage can make has a page, and each errno but those that only PF_KEY gives."""
    assert pages_of("decisions").keys() == set(get_args(Decision)) - {""}
    assert pages_of("errnos").keys() == set(get_args(Errno)) - {"", "EEXIST"}


def test_every_reason_has_its_words() -> None:
    """The reasons that the type knows are those that have words."""
    assert set(get_args(Reason)) == REASONS.keys()


def test_every_reason_names_its_stage() -> None:
    """Each reason's page names its stage, whose file has the reason; "loop" is the machine's."""
    for name in REASONS:
        page = pages_of("codes")[name]
        stage = dict(page.details).get("ends a packet in", "")
        assert stage in FILES, name
        modules = KERNEL.glob(FILES[stage].replace(".c", "*.py"))
        source = "".join(module.read_text(encoding="utf-8") for module in modules)
        assert name == "loop" or f'"{name}"' in source, name


def test_stages_have_their_docstrings_words() -> None:
    """A stage's page has the sentence, the source, the marks and the hand-offs of the stage's function."""
    table = netbsd_2003_08.link_table()
    assert list(pages_of("stages")) == list(table)
    for name, stage in table.items():
        page, details = pages_of("stages")[name], dict(pages_of("stages")[name].details)
        doc = inspect.getdoc(stage.function) or ""
        said = [" ".join(part.split()) for part in re.split(r"\n\n|\n(?=[A-Z]\w*: )", doc)]
        assert page.text == said[0]
        assert f"Source: {page.source}" in said
        assert f"Marks: {details['marks']}" in said
        assert said[1:] == [
            part
            for part in said[1:]
            if part.startswith(("Source: ", "Marks: ")) or part == details["besides"]
        ]
        assert set(page.see) == stage.may_reach
        assert FILES[name] == stage.symbol.file


def test_questions_are_asked_where_they_say() -> None:
    """The function that asks a question is named as a source in the file that its page names."""
    source = " ".join(kernel_source().split())
    for name, place in PLACES.items():
        function = QUESTIONS[name].by
        assert re.search(rf"{re.escape(place.file)}, [\w ,*]*{function}\b", source), name


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_is_whole(page: Page) -> None:
    """A page has a sentence, a source, a known degree of certainty, plain ASCII, and links to other pages."""
    assert page.text.endswith((".", "?"))
    assert page.source
    assert page.sure in SURE
    assert [name for name in page.see if not find(name)] == []
    assert all(text.isascii() for text in (page.name, page.text, page.source, *map(" ".join, page.details)))
    assert page in find(page.name)
    assert all(page in find(name) for name in names_of(page))


def test_names_are_told_apart() -> None:
    """Within a kind no two pages share a spelling."""
    for kind, (_meaning, pages) in KINDS.items():
        spellings = [name.lower() for page in pages for name in names_of(page)]
        assert len(spellings) == len(set(spellings)), kind


@cache
def shown_by(example: str) -> str:
    """Run an example as a shell would, ``echo TEXT |`` included; it must exit 0 and say nothing on stderr."""
    fed, pipe, command = example.rpartition(" | ")
    program, *arguments = shlex.split(command)
    assert program == "ipsec-lo-trace"
    with pytest.MonkeyPatch.context() as patch:
        if pipe:
            words = shlex.split(fed)
            assert words[0] == "echo"
            stdin = io.TextIOWrapper(io.BytesIO(" ".join(words[1:]).encode() + b"\n"))
            patch.setattr(sys, "stdin", stdin)
        done = invoke(*arguments)
    assert (done.code, done.err) == (0, ""), example
    return done.text


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_example_runs(page: Page) -> None:
    """A page's example exits 0; where it is a run, what it prints names what the page is about."""
    shown = shown_by(page.example)
    assert shown
    if " ping" in page.example and page.kind not in ("terms", "kernels", "fixes", "runs", "truths"):
        assert page.name.lower() in shown.lower(), page.example
