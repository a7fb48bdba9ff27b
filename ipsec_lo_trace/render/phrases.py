"""What a row did, in a few words for someone who sees it for the first time.

They are made of the row's facts alone, and are true of every configuration; the kernel's own words stand in
``--detail full`` and ``why``.  A row whose stage has no phrase here says what the kernel said.
"""

from __future__ import annotations

from collections.abc import Callable

from ipsec_lo_trace.model.codes import Reason
from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord, SaId
from ipsec_lo_trace.model.packet_name import FLUSH
from ipsec_lo_trace.model.trace import SOCKET, Check, Step

SEALED = frozenset({"esp", "ah", "ipcomp"})
ENDS: dict[Reason, str] = {
    "ah-bad-length": "AH's length is wrong",
    "ah-ip-options": "AH refuses IP options",
    "ah-short": "ends inside its AH",
    "bad-compression": "not to be decompressed",
    "bad-fragment": "a bad fragment",
    "bad-icv": "the ICV is wrong",
    "bad-ip-header": "a bad IP header",
    "bad-ip-option": "a bad IP option",
    "bad-padding": "ESP's padding is wrong",
    "bad-source": "no reply to such a source",
    "cannot-forward": "not to be forwarded",
    "cannot-fragment": "too long, with DF",
    "error-suppressed": "no ICMP error is sent",
    "esp-bad-length": "not in whole blocks",
    "icmp-checksum": "ICMP checksum wrong",
    "icmp-short": "ICMP message too short",
    "in-policy": "refused by policy",
    "ipcomp-disabled": "IPComp is off",
    "ipcomp-null-tag": "IPComp gave no tag",
    "ipintrq-full": "the queue is full",
    "ipip-family": "inside is no IPv4",
    "ipip-short": "inside is too short",
    "ipsec-short": "too few bytes",
    "loop": "round and round",
    "message-too-long": "over 65535 bytes",
    "no-inbound-sa": "no live SA for it",
    "no-port": "no such port",
    "no-route": "no route to it",
    "no-sa": "no SA, and one is due",
    "no-socket": "no socket wants it",
    "not-forwarding": "for another host",
    "not-in-group": "not in its group",
    "null-sa": "no SA is cached now",
    "out-policy": "discarded by policy",
    "replay": "its number came before",
    "sa-changed": "another SA is cached",
    "sa-gone": "its SA is gone",
    "sequence-wrap": "numbers are used up",
    "socket-policy": "refused by policy",
    "tcp-malformed": "a bad TCP segment",
    "tcp-unwanted": "no connection wants it",
    "tunnel-unspecified": "the tunnel has no ends",
    "udp-malformed": "a bad UDP datagram",
    "use-without-sa": "no SA: cannot go on",
}
"""Why a packet's way ends; what becomes of it is said behind a colon."""
FATES = {"panic": "PANIC", "loop": "stopped"}


def phrase(step: Step) -> str:
    """Say what a row did."""
    if step.reason:
        return _end(step)
    say = PHRASES.get(step.stage)
    return (say(step) if say else "") or step.text


def _end(step: Step) -> str:
    """Say why a packet's way ends here."""
    fate = FATES.get(step.decision) or FATES.get(step.reason) or step.returned or "dropped"
    if step.reason == "error-suppressed":
        stale = [f"stale {check.mark.name}: no error" for check in _by_stale(step) if check.mark]
        return stale[0] if stale else ENDS["error-suppressed"]
    refused = _found(step, "gate-1-flag", "refused") or _found(step, "gate-2-flag", "refused")
    if refused is not None and isinstance(refused.right, RequestRecord):
        return f"policy: {refused.right.proto.upper()} is due: {fate}"
    why = ENDS.get(step.reason)  # type: ignore[call-overload]  # a record keeps str
    return f"{why}: {fate}" if why else step.text


def _found(step: Step, id_: str, answer: str = "") -> Check | None:
    return next((one for one in step.checks if one.id == id_ and answer in ("", one.answer)), None)


def _by_stale(step: Step) -> list[Check]:
    return [check for check in step.checks if check.decided_by_stale]


def _spi(spi: int | None) -> str:
    return "" if spi is None else f"0x{spi:x}"


def _protos(check: Check) -> str:
    """Name what a policy asks for: "ESP", "ESP+AH"."""
    requests = check.right.requests if isinstance(check.right, PolicyRecord) else ()
    return "+".join(request.proto.upper() for request in requests)


def _added(step: Step) -> str:
    """Name the marks that a row made: "+ OUT_DONE for SA 0x1000"; "" if none."""
    made = [change.mark for change in step.changes if change.op == "add"]
    if not made:
        return ""
    if made[0].spi is not None:
        return f"+ {made[0].name} for SA {_spi(made[0].spi)}"
    if len(made) > 1 and all(mark.name.startswith("M_AUTH") for mark in made):
        return "+ both M_AUTH flags"
    return "+ " + ", ".join(mark.name for mark in made)


def _count(step: Step) -> tuple[int, int]:
    """Count the marks that a row deleted, and those that are stale behind it."""
    removed = sum(change.op == "remove" for change in step.changes)
    return removed, sum(mark.stale for mark in step.marks)


def _inherited(step: Step) -> str:
    """Say what a packet that is made in another's mbuf has of that one's marks."""
    removed, stale = _count(step)
    if stale and removed:
        return f"{removed} deleted, {stale} {'stays' if stale == 1 else 'stay'}: STALE"
    if stale:
        return f"{stale} {'mark stays' if stale == 1 else 'marks stay'}, now STALE"
    return f"{removed} {'mark' if removed == 1 else 'marks'} deleted" if removed else "bears no mark"


def _stale(step: Step) -> str:
    stale = _count(step)[1]
    return f"{stale} {'mark' if stale == 1 else 'marks'} STALE" if stale else "bears no mark"


def _rip_output(step: Step) -> str:
    return "the process wrote the header" if "ips_rawout" in step.counters else "gets an IP header"


def _ip_output(step: Step) -> str:
    policy, tag = _found(step, "out-policy", "covered"), _found(step, "loop-detection")
    if step.decision == "apply" and policy is not None:
        tags = {"different": "tag of another SA", "nothing-to-compare": "no SA used yet"}
        return f"policy: {_protos(policy)}, {tags.get(tag.answer, '') if tag else 'not done yet'}"
    if step.decision == "multicast":
        return "to a group: a copy comes back"
    if step.decision == "no-ipsec":
        return _cut(step, "no policy asks for IPsec" if step.checks[1:] else "no IPsec on lo0")
    done = _found(step, "loop-detection", "done")
    if done is None or done.mark is None:
        return ""
    if _pieces(step):
        return _cut(step, f"stale {done.mark.name}" if done.mark.stale else "done: skip IPsec")
    if done.mark.stale:
        return f"stale {done.mark.name}: no IPsec"
    if isinstance(done.right, SaId):
        return f"{done.mark.name} names the policy's SA"
    return f"{done.mark.name} is there: skip IPsec"


def _pieces(step: Step) -> int:
    """Tell into how many fragments the packet was cut; 0 if it was not."""
    return step.counters["ips_ofragments"] + 1 if "ips_fragmented" in step.counters else 0


def _cut(step: Step, words: str) -> str:
    pieces = _pieces(step)
    return f"{words}; {pieces} pieces" if pieces else words


def _process_packet(step: Step) -> str:
    chosen = _found(step, "sa", "chosen")
    if chosen is None or not isinstance(chosen.right, SaId):
        return "no SA: goes out in clear"
    tunnel = ": tunnel first" if step.decision == "tunnel" else ""
    return f"picks SA {_spi(chosen.right.spi)}{tunnel}"


def _transform(verb: str) -> Callable[[Step], str]:
    def say(step: Step) -> str:
        number = step.wire.seq[0] if step.wire.seq else None
        return f"{verb}, number {number}" if number else verb

    return say


def _process_done(step: Step) -> str:
    tag = next((change.mark for change in step.changes if change.op == "add"), None)
    if tag is not None and step.wire.spi and tag.spi != step.wire.spi[0]:
        return f"+ {tag.name} for {_spi(tag.spi)}: WRONG SA"
    if step.decision == "bundle":
        return f"+ {tag.name} {_spi(tag.spi)}, more due" if tag else "the next SA is due"
    return _added(step)


def _lo0(step: Step) -> str:
    if step.unmet:
        return _lacking(step)
    if "if_opackets" not in step.counters:
        return "looped back past lo0's tap"
    if step.packet == FLUSH:
        return "on lo0; exempt from policy"
    proto = step.wire.proto[0]
    how = f"on lo0 as {proto.upper()}" if proto in SEALED else "on lo0 in clear"
    removed = _count(step)[0]
    if removed:
        return f"{how}; {removed} deleted"
    return how if proto in SEALED else f"{how}, as it may"


def _lacking(step: Step) -> str:
    missing = "+".join(step.unmet).upper()
    if SEALED.isdisjoint(step.wire.proto):
        return f"IN CLEAR, though {missing} is due"
    return f"WITHOUT {missing}, which is due"


def _wire(step: Step) -> str:
    return _lacking(step) if step.unmet else "leaves this host by ex0"


def _gate(step: Step) -> str:
    """Say what an inbound policy came to; "" if none was asked."""
    for check in _by_stale(step):
        if check.mark is not None and check.id in ("gate-1-flag", "gate-2-flag"):
            return f"stale {check.mark.name} passes"
    tag = _found(step, "gate-1-tag")
    if tag is not None:
        stale = "stale " if tag.decided_by_stale else ""
        return f"{stale}IN_DONE: {'default policy' if tag.answer == 'default' else 'its policy'}"
    for gate in ("gate-1", "gate-2"):
        policy = _found(step, f"{gate}-policy")
        if policy is not None and policy.answer == "default":
            return "no policy covers it"
        if policy is not None and _found(step, f"{gate}-flag") is None:
            return "its policy insists on nothing"
        if policy is not None:
            return f"policy: {_protos(policy)} came"
    return ""


def _ip_input(step: Step) -> str:
    if step.decision == "reassemble":
        return "a fragment: to reassembly"
    if step.decision == "source-route":
        return "its source route leads on"
    if not step.decision:
        filtered = _found(step, "packet-filter", "skipped")
        if filtered is not None and filtered.decided_by_stale:
            return "stale IN_DONE: no filter"
        proto = step.wire.proto[0].upper()
        own = filtered is not None
        return f"no filter; {proto} first" if own else f"{proto} first, policy later"
    return _gate(step) or ("for another host" if step.decision == "forward" else "accepted: no IPsec on lo0")


def _input_cb(step: Step) -> str:
    header = step.stage.partition("_")[0].upper()
    return f"{_added(step)}: {header} is off" if _added(step) else f"{header} is off"


def _common_input(step: Step) -> str:
    found = _found(step, "in-sa", "found")
    return f"finds SA {_spi(found.right.spi)}" if found and isinstance(found.right, SaId) else ""


def _common_input_cb(step: Step) -> str:
    return _added(step) or _gate(step) or "queued for ip_input again"


def _icmp_input(step: Step) -> str:
    return {"reflect": "the request becomes the reply", "raw": "to the raw sockets"}.get(
        step.decision, "the socket that sent is told"
    )


def _forward(step: Step) -> str:
    return f"goes on, {_stale(step)}" if step.decision == "forward" else "an ICMP error is due"


def _respond(step: Step) -> str:
    return f"same mbuf, {_stale(step)}" if step.decision.startswith("reuse") else "in a new mbuf"


def _loopback(step: Step) -> str:
    return "a copy, with copies of marks" if step.marks else "a copy that bears no mark"


def _deliver(step: Step) -> str:
    gate = _gate(step)
    if gate.startswith("stale "):
        return gate
    who = step.to.removeprefix(SOCKET)
    if not step.to.startswith(SOCKET):
        return {"no-port": "no such port: an answer is due", "accept": "accepted: an ACK is due"}.get(
            step.decision, "a listening socket answers"
        )
    came = f"{gate.removeprefix('policy: ')}: " if gate.startswith("policy: ") else ""
    return f"{came}{who} gets it"


PHRASES: dict[str, Callable[[Step], str]] = {
    "rip_output": _rip_output,
    "udp_output": lambda _step: "the datagram, in a new mbuf",
    "tcp_output": lambda _step: "the segment, in a new mbuf",
    "syn_cache_respond": lambda _step: "the SYN-ACK, in a new mbuf",
    "ip_output": _ip_output,
    "ip_mloopback": _loopback,
    "ipsec4_process_packet": _process_packet,
    "ipip_output": lambda _step: "gets an outer IP header",
    "esp_output": _transform("encrypts"),
    "ah_output": _transform("authenticates"),
    "ipcomp_output": _transform("compresses"),
    "esp_output_cb": lambda _step: "crypto is back",
    "ah_output_cb": lambda _step: "crypto is back",
    "ipcomp_output_cb": lambda _step: "crypto is back",
    "ipsec_process_done": _process_done,
    "looutput": _lo0,
    "ether_output": _wire,
    "ip_input": _ip_input,
    "ip_reass": lambda step: "waits for the rest" if step.decision == "keep" else "whole again",
    "ipsec4_common_input": _common_input,
    "esp_input": lambda _step: "decrypts",
    "ah_input": lambda _step: "works the ICV out",
    "ipcomp_input": lambda _step: "decompresses",
    "esp_input_cb": _input_cb,
    "ah_input_cb": _input_cb,
    "ipcomp_input_cb": _input_cb,
    "ipsec4_common_input_cb": _common_input_cb,
    "encap4_input": lambda step: "to the tunnel" if step.decision == "tunnel" else "no tunnel claims it",
    "ip4_input": lambda _step: "outer header off, queued again",
    "icmp_input": _icmp_input,
    "icmp_reflect": _inherited,
    "icmp_send": lambda _step: "no socket: policy by address",
    "icmp_error": lambda _step: "the error, in a new mbuf",
    "ip_forward": _forward,
    "tcp_respond": _respond,
    "rip_input": _deliver,
    "udp_input": _deliver,
    "tcp_input": _deliver,
    "udp_ctlinput": lambda _step: "the socket that sent is told",
}
