"""The policy queries of ipsec.c: which policy, what it wants, and whether the packet satisfies it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final, Literal

from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_AUTHIPDGM, M_AUTHIPHDR, M_DECRYPTED, m_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import OUT_DONE, m_tag_find, tdb_ident
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSP, KEY_ALLOCSP2
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf, DefaultPolicy, PacketEnds
from ipsec_lo_trace.model.policy import (
    PORT_ANY,
    ULPROTO_ANY,
    Direction,
    Level,
    PacketSelector,
    Policy,
    PolicyType,
    Request,
)
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP, IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.model.questions import (
    GATE_1_FLAG,
    GATE_1_POLICY,
    GATE_2_FLAG,
    GATE_2_POLICY,
    LOOP_DETECTION,
    OUT_POLICY,
    CoverAnswer,
    FlagAnswer,
    Question,
    asked,
)
from ipsec_lo_trace.model.records import borne
from ipsec_lo_trace.model.sa import Mode, Replay
from ipsec_lo_trace.model.trace import Check, Mark
from ipsec_lo_trace.model.undecided import Undecided
from ipsec_lo_trace.wire import ip

Silently = Literal["-EINVAL"]
SILENTLY: Final = "-EINVAL"
"""ipsec4_checkpolicy's error for: drop the packet and tell the caller nothing."""
Gate = Literal["gate-1", "gate-2"]
"""The two places that hold a packet against an inbound policy: ip_input, and the socket."""
_FLAG_QUESTIONS: dict[Gate, Question[FlagAnswer]] = {"gate-1": GATE_1_FLAG, "gate-2": GATE_2_FLAG}
_POLICY_QUESTIONS: dict[Gate, Question[CoverAnswer]] = {"gate-1": GATE_1_POLICY, "gate-2": GATE_2_POLICY}
COUNT_MAX = 0xFFFFFFFF
ANY_OUT_DONE = AnyOf((OUT_DONE,))
"""The tag that ipsec4_output looks for before anything else."""


def ipsec_setspidx(m: Mbuf, *, needport: bool = True) -> PacketSelector:
    """Make the selector of a packet from its outermost IP header.

    Source: netipsec/ipsec.c, ipsec_setspidx and ipsec4_get_ulp.

    A fragment has protocol "any".  So has an AH packet, though it was meant to be skipped: the length
    test is the wrong way round.  ESP and ICMP are themselves, without ports; so are UDP and TCP unless
    ``needport``.
    """
    header = ip.read(m.data)
    proto = header.proto
    # KERNEL: the inverted length test gives up on every AH packet of ordinary length.
    if header.off & (ip.IP_MF | ip.IP_OFFMASK) or proto == IPPROTO_AH:
        proto = ULPROTO_ANY
    if needport and proto in (IPPROTO_TCP, IPPROTO_UDP):
        return _selector(ip.ends(m.data), proto, *ip.ports(m.data, header.header_len))
    return _selector(ip.ends(m.data), proto)


@lru_cache(maxsize=1024)
def _selector(raw: bytes, proto: int, src_port: int = PORT_ANY, dst_port: int = PORT_ANY) -> PacketSelector:
    src, dst = ip.address(raw[:4]), ip.address(raw[4:])
    record = PacketEnds(str(src), str(dst), proto, src_port, dst_port)
    return PacketSelector(src, dst, src_port, dst_port, proto, record)


def ipsec_getpolicybyaddr(
    k: Kernel, m: Mbuf, direction: Direction, question: Question[CoverAnswer], *, forwarding: bool = False
) -> Policy:
    """Look the packet's policy up in the SPD; the system default if none matches or the SPD is empty.

    Source: netipsec/ipsec.c, ipsec_getpolicybyaddr.

    ``question`` is the one under which the lookup goes on record.
    KERNEL: with IP_FORWARDING, which ip_input passes for its own packets too, ports are left out.
    """
    selector = ipsec_setspidx(m, needport=not forwarding)
    sp = KEY_ALLOCSP(k, selector, direction)
    chosen = sp or k.ip4_def_policy[direction]
    k.checks.append(_policy_check(question, selector, sp, chosen, len(k.db.sptree[direction])))
    return chosen


def ipsec_getpolicybysock(
    k: Kernel, m: Mbuf, direction: Direction, question: Question[CoverAnswer]
) -> Policy:
    """Look the policy up for a packet of ping's socket.

    Source: netipsec/ipsec.c, ipsec_getpolicybysock.

    The socket is privileged and has the policy ENTRUST in both directions, so the SPD decides.
    """
    return ipsec_getpolicybyaddr(k, m, direction, question)


def ipsec_getpolicy(k: Kernel, tag: Mark, direction: Direction) -> Policy:
    """Look up the policy of the SA that a tag names; the system default if there is none.

    Source: netipsec/ipsec.c, ipsec_getpolicy.
    """
    return KEY_ALLOCSP2(k, tdb_ident(tag), direction) or k.ip4_def_policy[direction]


def returns_at_once(k: Kernel, m: Mbuf) -> str:
    """Say why ipsec4_output returns before it looks for a policy; "" if it does not.

    Source: netipsec/ipsec.c, ipsec4_output, 2015 and later: any OUT_DONE will do.
    """
    tag = m_tag_find(m, OUT_DONE)
    if tag is None or k.build.loop_detect != "early-return":
        return ""
    k.ask(LOOP_DETECTION, borne(tag), ANY_OUT_DONE, "done", tag)
    return f"{OUT_DONE}, made for {tag.made_for}: skip IPsec, and look for no policy"


def ipsec4_checkpolicy(
    k: Kernel, m: Mbuf, *, socket: bool, forwarding: bool = False
) -> tuple[Policy | None, Errno | Silently]:
    """Find what the outbound policy wants: (policy, "") to apply it, (None, errno) otherwise.

    Source: netipsec/ipsec.c, ipsec4_checkpolicy.

    The four results: a policy means apply IPsec; None with "" means nothing to do; None with "-EINVAL"
    means drop and tell the caller nothing; None with another errno means drop and report.
    """
    if socket:
        chosen = ipsec_getpolicybysock(k, m, Direction.OUT, OUT_POLICY)
    else:
        chosen = ipsec_getpolicybyaddr(k, m, Direction.OUT, OUT_POLICY, forwarding=forwarding)
    if chosen.kind is PolicyType.IPSEC:
        return chosen, ""
    if chosen.kind in (PolicyType.BYPASS, PolicyType.NONE):
        return None, ""
    k.count("ips_out_polvio")
    return None, SILENTLY


@lru_cache(maxsize=1024)
def _policy_check(
    question: Question[CoverAnswer], packet: PacketSelector, sp: Policy | None, chosen: Policy, policies: int
) -> Check:
    """Put a policy lookup on record; the same lookup happens for every packet of a run."""
    if sp is None:
        return asked(question, packet.record, DefaultPolicy(chosen.kind.name.lower(), policies), "default")
    return asked(question, packet.record, sp.record(), "covered")


def ipsec_get_reqlevel(k: Kernel, isr: Request) -> Level:
    """Work a request's level out: UNIQUE is REQUIRE, DEFAULT is what the sysctls say.

    Source: netipsec/ipsec.c, ipsec_get_reqlevel.
    """
    if isinstance(isr, Undecided):
        return isr.by(k, partial(ipsec_get_reqlevel, k))
    if isr.level is Level.UNIQUE:
        return Level.REQUIRE
    if isr.level is not Level.DEFAULT:
        return isr.level
    if isr.proto == IPPROTO_ESP:
        tunnel = isr.mode is Mode.TUNNEL
        return _sane(k.sysctl.esp_net_deflev if tunnel else k.sysctl.esp_trans_deflev)
    # KERNEL: the AH case lacks a break and falls into IPComp's, which is always USE.
    if isr.proto != IPPROTO_AH or k.build.ah_default_level == "use":
        return Level.USE
    return _sane(k.sysctl.ah_net_deflev if isr.mode is Mode.TUNNEL else k.sysctl.ah_trans_deflev)


def _sane(level: Level) -> Level:
    return level if level in (Level.USE, Level.REQUIRE) else Level.REQUIRE


def ipsec_in_reject(k: Kernel, sp: Policy, m: Mbuf, *, gate: Gate) -> bool:
    """Tell whether an inbound policy refuses the packet, going by the mbuf flags alone.

    Source: netipsec/ipsec.c, ipsec_in_reject.
    Marks: reads M_DECRYPTED for ESP, M_AUTHIPHDR for AH, none for IPComp; neither SA nor SPI, mode or order
    is compared.
    """
    if isinstance(sp, Undecided):
        return sp.by(k, lambda policy: ipsec_in_reject(k, policy, m, gate=gate))
    if sp.kind is not PolicyType.IPSEC:
        return sp.kind not in (PolicyType.BYPASS, PolicyType.NONE)
    authenticated = False
    for isr in sp.requests:
        if isr.proto == IPPROTO_IPCOMP or ipsec_get_reqlevel(k, isr) is not Level.REQUIRE:
            continue
        wanted = M_DECRYPTED if isr.proto == IPPROTO_ESP else M_AUTHIPHDR
        if _lacks(k, m, isr, wanted, gate=gate):
            return True
        # KERNEL: an inbound policy's cached SA stays empty, so this second test never fires.
        sealed = isr.proto == IPPROTO_ESP and not authenticated and isr.sav is not None and bool(isr.sav.auth)
        if sealed and _lacks(k, m, isr, M_AUTHIPDGM, gate=gate):
            return True
        authenticated = authenticated or isr.proto == IPPROTO_AH
    return False


def _lacks(k: Kernel, m: Mbuf, isr: Request, wanted: str, *, gate: Gate) -> bool:
    flag = m_flag(m, wanted)
    question, asks = _FLAG_QUESTIONS[gate], isr.record()
    if flag is None:
        k.ask(question, Absent((wanted,)), asks, "refused")
        return True
    k.ask(question, borne(flag), asks, "satisfied", flag)
    return False


def ipsec4_in_reject(k: Kernel, m: Mbuf, *, gate: Gate) -> bool:
    """Tell whether the socket's inbound policy refuses the packet; count it.

    Source: netipsec/ipsec.c, ipsec4_in_reject.
    Marks: IN_DONE is not consulted; flags as in ipsec_in_reject.
    """
    if k.build.lo_ipsec == "off":
        return False
    sp = ipsec_getpolicybysock(k, m, Direction.IN, _POLICY_QUESTIONS[gate])
    if not ipsec_in_reject(k, sp, m, gate=gate):
        return False
    k.count("ips_in_polvio")
    return True


def ipsec_chkreplay(seq: int, replay: Replay) -> bool:
    """Tell whether sequence number ``seq`` is new enough and not seen yet."""
    if replay.window_bytes == 0:
        return True
    if seq == 0:
        return False
    if replay.count == 0 or seq > replay.lastseq:
        return True
    behind = replay.lastseq - seq
    return behind < replay.window_bytes * 8 and not replay.bitmap >> behind & 1


def ipsec_updatereplay(seq: int, replay: Replay, *, cyclic: bool) -> bool:
    """Note that ``seq`` came; False if it must be refused after all.

    KERNEL: ``count``, the number that output gives out, goes up here too.  On lo0, where one SA may serve
    both ways, that is why the numbers on the wire go 1, 3, 5.
    """
    if replay.window_bytes and not _mark_seen(seq, replay):
        return False
    if replay.count == COUNT_MAX and not cyclic:
        return False
    replay.count = replay.count + 1 & COUNT_MAX
    return True


def _mark_seen(seq: int, replay: Replay) -> bool:
    if not ipsec_chkreplay(seq, replay):
        return False
    ahead = seq - replay.lastseq
    if replay.count == 0:
        replay.lastseq, replay.bitmap = seq, 1
    elif ahead > 0:
        window_mask = (1 << replay.window_bytes * 8) - 1
        replay.lastseq = seq
        # A jump past the whole window shifts every bit out; the shift is bounded first.
        replay.bitmap = (replay.bitmap << min(ahead, replay.window_bytes * 8) | 1) & window_mask
    else:
        replay.bitmap |= 1 << -ahead
    return True
