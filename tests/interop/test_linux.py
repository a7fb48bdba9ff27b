"""Linux's IPsec, a second opinion on our bytes: it takes what we seal, and we take what it answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.proto import IPPROTO_ESP
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import trace
from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.wire import build, icmp, ip
from ipsec_lo_trace.xfrm.load import load as load_xfrm
from tests.audit.support import Audited, audited_under, capture
from tests.interop.linux_image import UnavailableError
from tests.interop.linux_vm import Case, Linux, Seen, exchange
from tests.interop.pairs import IPPROTO_ICMP, PAIRS, Pair, iproute2, opened, packet, seal, setkey
from tests.interop.today import DEFAULTS, TODAY, esp_at

pytestmark = pytest.mark.interop

IDENT = 0x4C4F


def echo_message(seq: int) -> bytes:
    """Make an echo request with 57 bytes of data, so that ESP has to pad."""
    return build.echo_request(ident=IDENT, seq=seq, data=bytes(range(57)))


def sealed(pair: Pair) -> tuple[bytes, ...]:
    """Protect two requests with our transforms alone, numbered 1 and 2."""
    return tuple(seal(pair, packet(pair, IPPROTO_ICMP, echo_message(seq)), seq) for seq in (1, 2))


def flipped(protected: bytes) -> bytes:
    """Flip one bit of the ICV: in ESP of the packet's last byte, in AH of the ICV's first."""
    at = len(protected) - 1 if protected[9] == IPPROTO_ESP else ip.HEADER_LEN + 12
    return protected[:at] + bytes((protected[at] ^ 1,)) + protected[at + 1 :]


def traced(pair: Pair) -> tuple[bytes, ...]:
    """Let the modelled kernel send two requests; give them as they are when they reach lo0."""
    options = PingOptions(dst=pair.dst, src=pair.src, count=2)
    plan = Plan(
        options,
        known_fix("netbsd-2003-08"),
        "--patched",
        Origin("given"),
        local=frozenset((pair.src, pair.dst)),
    )
    latest: dict[int, bytes] = {}
    crossed = []
    for step in trace(plan, load(setkey(pair), "test")):
        if isinstance(step, Step) and step.packet == "P1":
            if step.bytes is not None:
                latest[step.echo] = bytes.fromhex(step.bytes)
            if step.stage == "looutput":
                crossed.append(latest[step.echo])
    return tuple(crossed)


@pytest.fixture(scope="module")
def guest(pytestconfig: pytest.Config) -> Linux:
    """Boot Linux; have it do all that is asked about below."""
    cases = {name: today.case for name, today in TODAY.items()}
    cases["defaults"] = DEFAULTS
    for name, pair in PAIRS.items():
        good = sealed(pair)
        cases[f"{name}-sealed"] = Case(iproute2(pair), good)
        cases[f"{name}-flipped"] = Case(iproute2(pair), tuple(map(flipped, good)))
        cases[f"{name}-traced"] = Case(iproute2(pair), traced(pair))
    try:
        return exchange(cases, pytestconfig.cache.mkdir("linux"))
    except UnavailableError as reason:
        pytest.skip(f"no Linux to ask: {reason}")


@pytest.fixture
def linux(guest: Linux) -> dict[str, Seen]:
    """Give what Linux had on lo of each case: a pair's requests in three kinds, a host's own traffic."""
    return guest.cases


def test_the_guest_is_named(guest: Linux, record_property: Callable[[str, object], None]) -> None:
    """The kernel that was asked says its release, which the run's last lines repeat with QEMU's CPU."""
    assert guest.release[0].isdigit()
    record_property("interop", f"asked Linux {guest.release}, -cpu {guest.cpu}")


def replies(pair: Pair, seen: Seen, requests: tuple[bytes, ...]) -> list[tuple[int, int, bytes]]:
    """Open every protected packet that Linux sent: SPI, sequence number, ICMP message."""
    proto = pair.algorithms.proto
    return [opened(pair, found) for found in seen.packets if found[9] == proto and found not in requests]


def answers(pair: Pair, messages: list[bytes]) -> list[tuple[int, int, bytes]]:
    """Say what must come back for echo requests: echo replies with the same content, numbered from 1."""
    made = [icmp.with_type(message, icmp.ICMP_ECHOREPLY) for message in messages]
    return [(pair.reply_spi, seq, message) for seq, message in enumerate(made, 1)]


@pytest.mark.parametrize("name", PAIRS)
def test_linux_answers_what_we_seal(name: str, linux: dict[str, Seen]) -> None:
    """Linux accepts our transforms' packets; its protected replies verify, decrypt and answer them."""
    pair = PAIRS[name]
    seen = linux[f"{name}-sealed"]
    assert replies(pair, seen, sealed(pair)) == answers(pair, [echo_message(1), echo_message(2)])
    assert seen.errors == {}


@pytest.mark.parametrize("name", PAIRS)
def test_linux_answers_what_the_modelled_kernel_sends(name: str, linux: dict[str, Seen]) -> None:
    """Linux accepts the very packets that a traced ping puts on lo0, and answers them."""
    pair = PAIRS[name]
    requests = traced(pair)
    assert [request[9] for request in requests] == [pair.algorithms.proto] * 2
    found = replies(pair, linux[f"{name}-traced"], requests)
    assert found == answers(pair, [opened(pair, request)[2] for request in requests])


@pytest.mark.parametrize("name", PAIRS)
def test_linux_is_silent_to_a_flipped_icv(name: str, linux: dict[str, Seen]) -> None:
    """A packet with one bit of its ICV flipped is on lo and counted as forged, and nothing comes back."""
    seen = linux[f"{name}-flipped"]
    assert seen.packets == [flipped(request) for request in sealed(PAIRS[name])]
    assert seen.errors == {"XfrmInStateProtoError": len(seen.packets)}


@pytest.mark.parametrize("name", PAIRS)
def test_audit_finds_linux_s_own_traffic_protected(name: str, linux: dict[str, Seen]) -> None:
    """What was on Linux's lo, under its SAs and policies as iproute2 shows them, is clean and answered."""
    seen = linux[f"{name}-sealed"]
    found = audited(seen)
    assert found.verdict.outcome == "clean"
    # Linux shows what a tunnel packet had inside once more.
    first_sight = [packet for packet in found.packets if "decapsulated-again" not in packet.codes]
    assert [packet.got for packet in first_sight] == [PAIRS[name].algorithms.proto_name] * 4
    assert sum(packet.answers > 0 for packet in first_sight) == 2


@pytest.mark.parametrize("name", PAIRS)
def test_audit_names_the_flipped_icv(name: str, linux: dict[str, Seen]) -> None:
    """Packets with a flipped ICV, captured on Linux's lo, are named so, each of them."""
    found = audited(linux[f"{name}-flipped"])
    assert found.verdict.outcome != "clean"
    assert {"wrong-icv", "wrong-key"} & {finding.code for finding in found.verdict.findings}


@pytest.mark.parametrize("name", TODAY)
def test_audit_opens_what_linux_seals_today(name: str, linux: dict[str, Seen]) -> None:
    """Each packet that the kernel sealed by itself is opened, each request has its answer, all is clean."""
    found = audited(linux[name])
    assert found.verdict.outcome == "clean"
    first_sight = [packet for packet in found.packets if "decapsulated-again" not in packet.codes]
    assert [packet.got for packet in first_sight] == ["esp"] * TODAY[name].sealed
    assert [packet.answers > 0 for packet in first_sight] == [False, True] * (TODAY[name].sealed // 2)
    assert linux[name].errors == {}


@pytest.mark.parametrize("name", TODAY)
def test_audit_sees_one_bit_of_what_linux_sealed(name: str, linux: dict[str, Seen]) -> None:
    """One flipped bit of the number, of what is encrypted, or of the ICV: that packet's ICV is wrong."""
    seen = linux[name]
    for number, whole in enumerate(seen.packets):
        if (esp := esp_at(whole)) is None:
            continue
        for at in (esp + 7, esp + 24, len(whole) - 1):
            packets = list(seen.packets)
            packets[number] = whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :]
            found = audited(Seen(packets, {}, seen.xfrm)).packets[number]
            assert (found.got, "wrong-icv" in found.codes) == ("wrong", True), (number, at)


def test_lo_s_defaults_spare_ipv4_alone(linux: dict[str, Seen]) -> None:
    """With lo's sysctls left alone, IPv4 crosses in clear where a policy asks for ESP; IPv6 is protected."""
    found = audited(linux["defaults"])
    assert found.got == ["clear"] * 4 + ["esp"] * 4
    assert (found.verdict.outcome, found.verdict.leaks) == ("leak", 4)


def audited(seen: Seen) -> Audited:
    """Audit what was seen on lo against the SAs and policies that Linux had then."""
    return audited_under(capture(seen.packets), load_xfrm(seen.xfrm, "ip xfrm"))
