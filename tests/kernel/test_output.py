"""What do the output stages choose, tag and refuse?"""

from __future__ import annotations

from typing import Any

import pytest

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import OUT_DONE, PENDING_TDB, m_tag_prepend
from ipsec_lo_trace.kernel.netipsec.ipsec import COUNT_MAX
from ipsec_lo_trace.kernel.state import LOMTU
from ipsec_lo_trace.machine.stage import CALL, CRYPTO
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import ip
from tests import handmade
from tests.kernel.bench import AH_KEYS, ESP_KEYS, ONE_AH, ONE_ESP, OUT_ESP, Bench, echo, header
from tests.support import LOCALHOST, PATCHED, UNPATCHED, A, B, trace


def output(bench: Bench, packet: bytes, *, tags: Mbuf | None = None) -> list[Step]:
    """Hand a packet to ip_output, with another mbuf's tags if it is to have some."""
    m = Mbuf(packet, echo=1, packet="P1")
    if tags is not None:
        m.tags = tags.tags
    return bench.enter(defs.ip_output, m, defs.Output(), via=CALL)


def tagged(*spis: int) -> Mbuf:
    """Make a mbuf that bears OUT_DONE for these SPIs, the last one newest."""
    m = Mbuf(echo(), echo=1, packet="P1")
    bench = Bench("".join(f"add 127.0.0.1 127.0.0.1 esp {spi} {ESP_KEYS} ;" for spi in spis))
    for sav in reversed(bench.kernel.db.sahtree[0].savs):
        m_tag_prepend(m, OUT_DONE, sav.tdbi)
    return m


def test_no_tag_can_match_a_policy_that_used_no_sa_yet() -> None:
    """The walk stops at the first OUT_DONE if the policy's request has no SA cached: IPsec is applied."""
    assert output(Bench(ONE_ESP + OUT_ESP), echo(), tags=tagged(0x1000))[0].decision == "apply"


@pytest.mark.parametrize(
    ("tags", "decision"), [((0x1000,), "skip"), ((0x1000, 0x2000), "skip"), ((0x2000,), "apply")]
)
def test_any_tag_of_the_chain_may_match_the_last_used_sa(tags: tuple[int, ...], decision: str) -> None:
    """Every OUT_DONE is compared with the SA used last, from the newest on; one that is equal is enough."""
    bench = Bench(ONE_ESP + OUT_ESP)
    bench.kernel.db.sptree[Direction.OUT][0].requests[0].sav = bench.sa
    assert output(bench, echo(), tags=tagged(*tags))[0].decision == decision


def test_only_the_first_request_of_a_bundle_is_compared() -> None:
    """A tag that names the bundle's second SA does not stop the bundle from being applied again."""
    bench = Bench(ONE_ESP + ONE_AH + OUT_ESP.replace("require ;", "require ah/transport//require ;"))
    esp_request, ah_request = bench.kernel.db.sptree[Direction.OUT][0].requests
    esp_sa, ah_sa = (head.savs[0] for head in reversed(bench.kernel.db.sahtree))
    esp_request.sav, ah_request.sav = esp_sa, ah_sa
    m = Mbuf(echo(), echo=1, packet="P1")
    m_tag_prepend(m, OUT_DONE, ah_sa.tdbi)
    assert output(bench, echo(), tags=m)[0].decision == "apply"


def test_a_pending_tdb_tag_is_consumed_and_answers_for_the_policy() -> None:
    """PENDING_TDB leads to its SA's policy and is deleted; the SPD is not asked."""
    config = ONE_ESP + "spdadd 127.0.0.1 127.0.0.1 50 -P out ipsec esp/transport//require ;"
    for used, decision in ((True, "apply"), (False, "no-ipsec")):
        bench = Bench(config)
        bench.kernel.db.sptree[Direction.OUT][0].requests[0].sav = bench.sa if used else None
        m = Mbuf(echo(), echo=1, packet="P1")
        m_tag_prepend(m, PENDING_TDB, bench.sa.tdbi)
        first = output(bench, echo(), tags=m)[0]
        assert first.decision == decision
        assert [(change.op, change.mark.name) for change in first.changes] == [("remove", PENDING_TDB)]


@pytest.mark.parametrize(("proto", "keys"), [("esp", ESP_KEYS), ("ah", AH_KEYS)])
def test_a_tag_names_the_sa_that_is_cached_when_the_callback_runs(proto: str, keys: str) -> None:
    """If the request's SA changed meanwhile, the tag is wrong; with DIAGNOSTIC the kernel panics instead."""
    config = (
        f"add 127.0.0.1 127.0.0.1 {proto} 0x1001 {keys} ; add 10.9.9.1 10.9.9.1 {proto} 0x1002 {keys} ;"
        f"spdadd 0.0.0.0/0 0.0.0.0/0 any -P out ipsec {proto}/transport//require ;"
    )
    callback = defs.esp_output_cb if proto == "esp" else defs.ah_output_cb
    for diagnostic in ("0", "1"):
        bench = Bench(config, build=Build(diagnostic=diagnostic))
        other, used = (head.savs[0] for head in bench.kernel.db.sahtree)
        isr = bench.kernel.db.sptree[Direction.OUT][0].requests[0]
        isr.sav = other
        m = Mbuf(echo(), echo=1, packet="P1")
        steps = bench.enter(callback, m, defs.CryptoOutput(isr, used.tdbi), via=CRYPTO)
        if diagnostic == "1":
            assert (steps[-1].decision, steps[-1].reason) == ("panic", "sa-changed")
            assert bench.machine.panicked
        else:
            assert [mark.spi for mark in steps[1].marks] == [0x1002]


def test_process_done_without_an_sa_panics() -> None:
    """A request whose cached SA is gone when the callback runs is read through a null pointer."""
    bench = Bench(ONE_ESP + OUT_ESP)
    isr = bench.kernel.db.sptree[Direction.OUT][0].requests[0]
    done = defs.ProcessDone(isr)
    steps = bench.enter(defs.ipsec_process_done, Mbuf(echo(), echo=1, packet="P1"), done, via=CRYPTO)
    assert (steps[-1].decision, steps[-1].reason) == ("panic", "null-sa")


def test_a_bundle_goes_on_past_a_use_request_without_an_sa() -> None:
    """In a bundle, level use without an SA is passed over for the next request."""
    bench = Bench(ONE_ESP + OUT_ESP.replace("ipsec ", "ipsec ah/transport//use "))
    stages = [step.stage for step in output(bench, echo())]
    assert stages[:3] == ["ip_output", "ipsec4_process_packet", "esp_output"]


@pytest.mark.parametrize(
    ("config", "counter"),
    [(ONE_ESP + OUT_ESP, "esps_toobig"), (ONE_AH + OUT_ESP.replace("esp/", "ah/"), "ahs_toobig")],
)
def test_a_packet_that_outgrows_65535_bytes_is_refused(config: str, counter: str) -> None:
    """The transform counts *_toobig and returns EMSGSIZE."""
    bench = Bench(config)
    big = handmade.write(header(), bytes(65510))
    steps = output(bench, big)
    assert (steps[-1].reason, steps[-1].errno, bench.counters[counter]) == ("message-too-long", "EMSGSIZE", 1)


def test_a_tunnel_refuses_what_its_outer_header_would_make_too_long() -> None:
    """ipip_output does not ask; the packet is counted, and the transform refuses it: EMSGSIZE."""
    bench = Bench(
        f"add 127.0.0.1 127.0.0.1 esp 0x1000 -m tunnel {ESP_KEYS} ;"
        "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/tunnel/127.0.0.1-127.0.0.1/require ;"
    )
    assert output(bench, handmade.write(header(), bytes(65510)))[-1].reason == "message-too-long"
    assert (bench.counters["ipips_opackets"], bench.counters["esps_toobig"]) == (1, 1)


def test_a_tunnel_sa_with_an_unspecified_end_is_refused() -> None:
    """No outer header can be made from 0.0.0.0: ipips_unspec, EINVAL."""
    bench = Bench(
        f"add 0.0.0.0 127.0.0.1 esp 0x1000 -m tunnel {ESP_KEYS} ;"
        "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/tunnel/0.0.0.0-127.0.0.1/require ;"
    )
    steps = output(bench, echo())
    assert (steps[-1].reason, steps[-1].errno, bench.counters["ipips_unspec"]) == (
        "tunnel-unspecified",
        "EINVAL",
        1,
    )


def test_ah_does_not_wrap_unless_the_sa_is_cyclic() -> None:
    """At 2^32 - 1 an AH SA with nocyclic-seq refuses: ahs_wrap, EINVAL."""
    bench = Bench(
        f"add 127.0.0.1 127.0.0.1 ah 0x1001 -f nocyclic-seq {AH_KEYS} ;" + OUT_ESP.replace("esp/", "ah/")
    )
    assert bench.sa.replay is not None
    bench.sa.replay.count = COUNT_MAX
    steps = output(bench, echo())
    assert (steps[-1].reason, steps[-1].errno, bench.counters["ahs_wrap"]) == ("sequence-wrap", "EINVAL", 1)


@pytest.mark.parametrize("padding", ["zero", "seq", "random"])
def test_padding_is_as_the_sa_asks(padding: str) -> None:
    """The padding bytes are zeros, 1 2 3 and so on, or derived ones; the pad length is their number."""
    bench = Bench(f"add 127.0.0.1 127.0.0.1 esp 0x1000 -f {padding}-pad {ESP_KEYS} ;" + OUT_ESP)
    sealed = bytes.fromhex(output(bench, echo())[2].bytes or "")[20:]
    plain = bench.kernel.esp(bench.sa).decrypt(sealed)
    pad = plain[-2 - plain[-2] : -2]
    assert len(pad) == 6
    assert {"zero": pad == bytes(6), "seq": pad == bytes(range(1, 7)), "random": len(set(pad)) > 1}[padding]


@pytest.mark.parametrize(
    ("proto", "keys", "longer"), [("esp-old", ESP_KEYS, 4), ("ah-old", '-A hmac-md5 "0123456789abcdef"', 24)]
)
def test_the_old_forms_have_no_sequence_number(proto: str, keys: str, longer: int) -> None:
    """esp-old and ah-old packets are answered, are shorter by the number, and every one looks the same."""
    name = proto.removesuffix("-old")
    config = f"add 127.0.0.1 127.0.0.1 {proto} 0x1000 {keys} ;" + OUT_ESP.replace("esp/", f"{name}/")
    bench = Bench(config)
    first, second = (output(bench, echo(ident=1)) for _again in range(2))
    sealed = [next(step for step in steps if step.stage == f"{name}_output") for steps in (first, second)]
    assert len(bench.delivered) == 2
    assert {step.text for step in sealed} == {sealed[0].text}
    if name == "ah":
        assert sealed[0].wire.len == 84 + longer


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_transport_mode_keeps_ttl_and_id_and_a_tunnel_has_its_own(fix: str) -> None:
    """Transport keeps the packet's TTL and id; the outer header has TTL 64 and an id of its own."""
    inner = trace("lo-esp", fix, ttl=77).at("looutput", "P1")[0].wire
    assert (inner.ttl, inner.ident) == (77, 1)
    tunnelled = trace("lo-esp-tunnel", fix, ttl=77).at("looutput", "P1")[0].wire
    assert (tunnelled.ttl, tunnelled.ident) == (64, 2)


@pytest.mark.parametrize("name", ["lo-esp", "lo-ah"])
def test_only_the_first_fragment_bears_the_marks_and_they_are_the_whole_packets(name: str) -> None:
    """Over lo0's MTU: the second fragment bears no mark; put together, the packet bears the first one's."""
    traced = trace(name, size=40000)
    first, second = traced.at("looutput")[:2]
    assert (first.packet, second.packet) == ("P1", "P1/2")
    assert [mark.name for mark in first.marks] == ["OUT_DONE"]
    assert second.marks == ()
    assert first.wire.len <= LOMTU
    assert (first.wire.more, second.wire.more) == (True, False)
    reassembled = next(step for step in traced.steps if step.stage == "ip_reass" and step.to)
    whole = traced.steps[traced.steps.index(reassembled) + 1]
    assert [mark.name for mark in whole.marks] == ["OUT_DONE"]
    assert whole.wire.len > LOMTU
    counters = traced.verdict.counters
    assert (counters["ips_fragments"], counters["ips_reassembled"]) == (4, 2)
    assert traced.verdict.ping == "ok"


def test_a_burst_numbers_the_requests_first() -> None:
    """Four requests without waiting share one SA's numbers as events come: 1 to 4, the replies later."""
    traced = trace("lo-esp", PATCHED, count=4, preload=4)
    sequence = [crossing.seq[0] or 0 for crossing in traced.verdict.lo0]
    assert sequence[:4] == [1, 2, 3, 4]
    assert sequence[4:] == sorted(sequence[4:])
    assert traced.verdict.ping == "ok"


def test_a_burst_on_a_wildcard_policy() -> None:
    """With every stage atomic, both requests are out before a reply is made: both replies leak."""
    assert trace("wildcard", UNPATCHED, count=2, preload=2).lo0 == [
        "esp:2001#1",
        "esp:2001#2",
        "icmp",
        "icmp",
    ]


def test_a_burst_longer_than_the_input_queue_loses_packets() -> None:
    """300 plain requests at once: the queue takes 50, and the next sendto fails with ENOBUFS."""
    verdict = trace("out-discard", UNPATCHED, count=1).verdict
    assert verdict.ping == "loss"
    burst = trace("lo-esp", UNPATCHED, count=300, preload=300, dst=B, src=A).verdict
    assert (burst.outcome, burst.code, burst.errno) == ("error", "ipintrq-full", "ENOBUFS")
    assert (burst.sent, burst.received) == (51, 50)


def test_options_that_do_not_fit_are_left_out() -> None:
    """65507 bytes of data fill an IP packet: a record route option finds no room and is silently left out."""
    full = trace("lo-esp", UNPATCHED, size=65507, record_route=True, dst=B, src=A)
    assert full.verdict.ping == "ok"
    assert full.at("ip_output")[0].text.startswith("the IP options do not fit and are left out")
    whole = next(step for step in full.steps if step.stage == "ip_input" and step.visit == 2)
    assert whole.wire.len == 65535


def test_the_raw_socket_refuses_a_message_that_no_packet_can_hold() -> None:
    """65516 bytes and a header exceed 65535: EMSGSIZE from rip_output."""
    bench = Bench()
    raw = defs.RawOutput(None, LOCALHOST, 0, b"")
    steps = bench.enter(defs.rip_output, Mbuf(bytes(65516), echo=1, packet="P1"), raw, via=CALL)
    assert (steps[-1].reason, steps[-1].errno) == ("message-too-long", "EMSGSIZE")


@pytest.mark.parametrize(
    ("flags", "off", "kept"),
    [
        (0, ip.IP_DF, 0),
        (0, ip.IP_MF, 0),
        (defs.IP_MTUDISC, 0, ip.IP_DF),
        (defs.IP_RAWOUTPUT, ip.IP_DF, ip.IP_DF),
        (defs.IP_FORWARDING, ip.IP_DF, ip.IP_DF),
    ],
)
def test_whose_df_it_is(flags: int, off: int, kept: int) -> None:
    """An own packet has DF if the caller discovers the MTU; a raw or forwarded one keeps what it has."""
    m = Mbuf(ip.patch(echo(ident=9), off=off), echo=1, packet="P1")
    step = Bench().enter(defs.ip_output, m, defs.Output(flags=flags), via=CALL)[0]
    assert ip.read(bytes.fromhex(step.bytes or "")).off == kept


@pytest.mark.parametrize(("pf", "tags"), [("tagging", ["PF"]), ("none", [])])
def test_a_packet_filter_that_tags_sees_what_goes_out(pf: Any, tags: list[str]) -> None:  # noqa: ANN401
    """A packet that never came in gets the filter's tag at its output hooks, one on each packet."""
    step = output(Bench(build=Build(pf=pf)), echo())[0]
    assert [mark.name for mark in step.marks] == tags
