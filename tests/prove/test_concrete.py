"""Is a decided case what the proof says of it: the same host, the same kernel, the same answers?"""

from __future__ import annotations

import io
import shlex
from random import Random

import pytest
from msgspec import structs

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.build import Build, turn
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.records import policy_records
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.setup import Reflector
from ipsec_lo_trace.prove.claims import ROW_LIMIT
from ipsec_lo_trace.prove.concrete import Decided, broken_of, command_of
from ipsec_lo_trace.prove.scope import FIRST, VIEWS, View, hosts_of, kernels_of, programs
from ipsec_lo_trace.prove.shapes import COMBINED, SHAPES, Combined, Shape
from ipsec_lo_trace.prove.slots import associations
from ipsec_lo_trace.setkey.load import load
from tests.cli.support import invoke
from tests.prove.support import EVERY_CLAIM, drawn, numbers

ONE = COMBINED["one-address"]
TWO = COMBINED["two-addresses"]
ANYONE: dict[str, int] = {}
HEAD = "ipsec-lo-trace ping -f - --local 10.9.9.1 --local 10.9.9.2"


def assert_loads(shape: Combined, host: dict[str, int]) -> None:
    """Check that a host's text makes the very SAs and policies that its variables name."""
    db = load(shape.config(host), "decided", strict=True).db
    wanted = [sav for name, sav in associations(shape.pairs).items() if host[name]]
    assert sorted(map(_plain, _sas(db))) == sorted(map(_plain, wanted))
    policies = [slot.policies[host[slot.name]] for slot in shape.slots]
    records = [sp.record() for sp in policies if sp is not None]
    assert policy_records(db) == sorted(records, key=lambda record: record.dir)


def _sas(db: Databases) -> list[SecurityAssociation]:
    return [sav for head in db.sahtree for sav in head.savs]


def _plain(sav: SecurityAssociation) -> tuple[str, ...]:
    """Show an SA but for when it was added, which counts what is missing too."""
    return tuple(str(value) for name, value in structs.asdict(sav).items() if name != "added")


@pytest.mark.parametrize("shape", COMBINED.values(), ids=list(COMBINED))
def test_a_text_loads_to_the_host_that_it_is_of(shape: Combined) -> None:
    """Every policy of every place, with SAs there and missing, comes out of its text as it is."""
    rng = Random(1)  # noqa: S311 -- no secret: the same hosts in every run
    for slot in shape.slots:
        for value in numbers(slot.every):
            assert_loads(shape, drawn(rng, shape.hosts) | {slot.name: value})


def test_a_host_with_nothing_has_a_text_that_loads() -> None:
    """Where nothing is there, the text leaves nothing there."""
    host = dict.fromkeys(TWO.hosts, 0)
    assert TWO.config(host) == "spdflush ;\n"
    assert_loads(TWO, host)


def test_a_text_is_what_someone_would_write() -> None:
    """SAs come first, then the policies in the order of their places; keys are text."""
    host = dict.fromkeys(ONE.hosts, 0) | {"esp 10.9.9.1 10.9.9.1": 1}
    out, inward = ONE.slots
    host[out.name] = numbers(out.tunnel)[-1]
    host[inward.name] = 1
    assert ONE.config(host) == (
        'add 10.9.9.1 10.9.9.1 esp 0x1001 -u 1 -E rijndael-cbc "0123456789abcdef"'
        ' -A hmac-md5 "0123456789abcdef" ;\n'
        "spdadd 10.9.9.1/32 10.9.9.1/32 any -P out ipsec esp/tunnel/10.9.9.1-10.9.9.1/unique:1 ;\n"
        "spdadd 10.9.9.1/32 10.9.9.1/32 any -P in discard ;\n"
    )


@pytest.mark.parametrize(
    ("shape", "build", "words"),
    [
        (ONE, known_fix("none").build, "10.9.9.1 --unpatched"),
        (TWO, known_fix("patched").build, "-I 10.9.9.1 10.9.9.2 --patched"),
        (TWO, known_fix("strict").build, "-I 10.9.9.1 10.9.9.2 --fix strict"),
        (TWO, Build(icmp_reflect="all"), "-I 10.9.9.1 10.9.9.2 --set icmp_reflect=all"),
        (
            ONE,
            Build(icmp_input="tags", in_done="none"),
            "10.9.9.1 --set icmp_input=tags --set in_done=none",
        ),
    ],
)
def test_a_command_names_a_known_fix_and_else_each_switch(shape: Shape, build: Build, words: str) -> None:
    """The command is as short as can be: the fix where one makes that kernel, else what is turned."""
    assert command_of("ping", shape, ANYONE, build) == f"{HEAD} {words}"


def test_a_command_can_have_the_process_answer() -> None:
    """The other side of what is said of a process's reply has its own command."""
    assert (
        command_of("ping", ONE, ANYONE, Build(), "userspace")
        == f"{HEAD} 10.9.9.1 --unpatched --reflector userspace"
    )


def test_a_probe_s_own_switches_are_no_part_of_its_command() -> None:
    """What a probe turns by itself is not said again, and a fix on top of it is called by its name."""
    view = View("one-address", "strips", "all")
    for program in programs():
        kernels = kernels_of(view, program)
        strips = kernels.number(icmp_reflect="tags")
        assert command_of(program, ONE, ANYONE, kernels.build(0, 0)).endswith("10.9.9.1 --unpatched")
        assert command_of(program, ONE, ANYONE, kernels.build(strips, 0)).endswith("10.9.9.1 --patched")
        other = turn(kernels.build(0, 0), {"looutput": "all"})
        assert command_of(program, ONE, ANYONE, other).endswith("10.9.9.1 --set looutput=all")


def test_a_command_runs_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's trace has row by row what the decided case has, whoever answers."""
    rng = Random(2)  # noqa: S311 -- no secret
    compared = 0
    for at, program in enumerate(programs() * 3):
        view = VIEWS[at % len(VIEWS)]
        shape, kernels = SHAPES[view.shape], kernels_of(view, program)
        host = drawn(rng, hosts_of(view))
        strips, switch = rng.randrange(len(kernels.strips)), rng.randrange(len(kernels.builds))
        reflector: Reflector = "userspace" if at % 2 else "kernel"
        seen = Decided(program, view, host).seen(strips, switch, reflector)
        if len(seen.steps) >= ROW_LIMIT:
            continue  # it goes round, and the command would follow it much further
        _, *words = shlex.split(command_of(program, shape, host, kernels.build(strips, switch), reflector))
        text = io.BytesIO(shape.config(host).encode())
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(text))
        done = invoke(*words, "--format", "jsonl")
        assert done.code in (0, 1), done
        rows = [row for row in done.records if row["kind"] == "step"]
        assert [(row["stage"], row["packet"], row["decision"], row["reason"]) for row in rows] == [
            (step.stage, step.packet, step.decision, step.reason) for step in seen.steps
        ]
        compared += 1
    assert compared > 50


def test_claims_are_judged_as_asked() -> None:
    """Of the claims those asked for are answered, in their order, and one by one as all together."""
    rng = Random(3)  # noqa: S311 -- no secret
    host = drawn(rng, hosts_of(FIRST))
    whole = broken_of("ping", FIRST, host, 5, 0, EVERY_CLAIM)
    assert list(whole) == list(EVERY_CLAIM)
    for claim in EVERY_CLAIM:
        assert broken_of("ping", FIRST, host, 5, 0, (claim,)) == {claim: whole[claim]}
