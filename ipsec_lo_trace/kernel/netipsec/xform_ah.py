"""The AH transform: RFC 2402 as this kernel does it."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_AUTHIPDGM, M_AUTHIPHDR, m_set_flag
from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError, refused, wrong_key_len
from ipsec_lo_trace.kernel.netipsec.ipsec import COUNT_MAX, ipsec_chkreplay, ipsec_updatereplay
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSA
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, Kernel
from ipsec_lo_trace.machine.stage import CALL, CRYPTO, Drop, Panic, Verdict, hand_off, stage
from ipsec_lo_trace.model.algorithms import Authenticator
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire import ah, ip
from ipsec_lo_trace.wire.algorithms import AUTHS

UNCOUNTED = 8
"""Bytes of the header that ah_len leaves out: it counts words less two.  RFC 2402 section 2.2."""


def ah_algorithm_lookup(name: str) -> Authenticator | None:
    """Find an authenticator by its setkey(8) name; None if the kernel finds none.

    Source: netipsec/xform_ah.c, ah_algorithm_lookup.
    """
    auth = AUTHS.get(name)
    return auth if auth is not None and auth.found else None


def known_auths() -> list[str]:
    """Name the authenticators that an SA can have."""
    return [name for name in AUTHS if ah_algorithm_lookup(name) is not None]


def ah_init0(sa: SecurityAssociation) -> None:
    """Check an SA's authenticator and its key; PfkeyError EINVAL.

    Source: netipsec/xform_ah.c, ah_init0.
    """
    auth = ah_algorithm_lookup(sa.auth)
    if auth is None:
        raise _no_authenticator(sa.auth)
    if not sa.auth_key:
        raise refused(f"no authentication key for {auth.name}", Extension.KEY_AUTH)
    if auth.key_len is not None and len(sa.auth_key) != auth.key_len:
        raise wrong_key_len(auth.name, len(sa.auth_key), str(auth.key_len), Extension.KEY_AUTH)


def _no_authenticator(name: str) -> PfkeyError:
    hint = f"there are {', '.join(known_auths())}"
    if name in AUTHS:
        reason = f"the 2003 kernel does not find {name}: its number is above AH_ALG_MAX"
        return refused(reason, Extension.SA_AUTH, hint)
    return refused(f"the 2003 kernel has no {name}", Extension.SA_AUTH, hint)


@stage(defs.ah_output, defs.ah_output_cb)
def ah_output(k: Kernel, m: Mbuf, args: defs.XformOutput) -> Verdict:
    """Insert the AH header and queue the packet for authentication.

    Source: netipsec/xform_ah.c, ah_output.  RFC 2402 section 3.3.
    Marks: reads none, adds none, removes none.
    """
    sav = args.sav
    xform = k.ah(sav)
    skip = ip.read(m.data).header_len
    k.count("ahs_output")
    if len(m.data) + xform.header_len > IP_MAXPACKET:
        k.count("ahs_toobig")
        return Drop("message-too-long", "EMSGSIZE", "with AH the packet would exceed 65535 bytes")
    k.count("ahs_obytes", len(m.data) - skip)
    seq = 0
    if sav.replay is not None:
        if sav.replay.count == COUNT_MAX and not sav.cyclic:
            k.count("ahs_wrap")
            return Drop("sequence-wrap", "EINVAL", "the sequence number would wrap")
        seq = sav.replay.count = (sav.replay.count + 1) & COUNT_MAX
    # SIMPLER: the ICV is made here, not by the crypto framework between this call and the callback.
    try:
        m.data = xform.seal(m.data, spi=sav.spi, seq=seq)
    except ah.OptionError as error:
        # KERNEL: the number is spent and the packet counted as output, and the failure is not counted.
        return Drop("ah-ip-options", "EINVAL", str(error))
    opaque = defs.CryptoOutput(args.isr, sav.tdbi)
    return hand_off(
        defs.ah_output_cb, CRYPTO, m, opaque, f"authenticates with 0x{sav.spi:08x} as number {seq}"
    )


@stage(defs.ah_output_cb, defs.ipsec_process_done)
def ah_output_cb(k: Kernel, m: Mbuf, args: defs.CryptoOutput) -> Verdict:
    """Take the authenticated packet back from the crypto framework.

    Source: netipsec/xform_ah.c, ah_output_cb.
    Marks: reads none, adds none, removes none.
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("ahs_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being authenticated")
    if k.build.diagnostic == "1" and args.isr.sav is not sav:
        return Panic(
            "sa-changed", "assertion failed: the request's SA changed while the packet was in crypto"
        )
    done = defs.ProcessDone(args.isr)
    return hand_off(defs.ipsec_process_done, CALL, m, done, "the crypto callback brings it back")


@stage(defs.ah_input, defs.ah_input_cb)
def ah_input(k: Kernel, m: Mbuf, args: defs.XformInput) -> Verdict:
    """Check sequence number and length, and queue the packet for its ICV.

    Source: netipsec/xform_ah.c, ah_input.  RFC 2402 section 3.4.
    Marks: reads none (no driver here sets IN_CRYPTO_DONE), adds none, removes none.
    """
    sav, skip = args.sav, args.skip
    xform = k.ah(sav)
    if len(m.data) < skip + xform.header_len:
        k.count("ahs_hdrops")
        return Drop("ah-short", "ENOBUFS", "the packet ends inside its AH header")
    header = ah.read(m.data)
    if sav.replay is not None and not ipsec_chkreplay(header.seq, sav.replay):
        k.count("ahs_replay")
        return Drop("replay", "ENOBUFS", f"number {header.seq} is a replay or older than the window")
    if header.header_len != xform.header_len:
        k.count("ahs_badauthl")
        return Drop(
            "ah-bad-length",
            "EACCES",
            f"the AH header says {header.header_len} bytes, its SA {xform.header_len}",
        )
    # KERNEL: ah_len, which counts words less two, is taken for the header's length.
    k.count("ahs_ibytes", len(m.data) - skip - (header.header_len - UNCOUNTED))
    try:
        xform.check_options(m.data)
    except ah.OptionError as error:
        k.count("ahs_hdrops")
        return Drop("ah-ip-options", "EINVAL", str(error))
    return hand_off(
        defs.ah_input_cb, CRYPTO, m, defs.CryptoInput(sav.tdbi, skip), f"authenticates with 0x{sav.spi:08x}"
    )


@stage(defs.ah_input_cb, defs.ipsec4_common_input_cb)
def ah_input_cb(k: Kernel, m: Mbuf, args: defs.CryptoInput) -> Verdict:
    """Compare the ICV, note the sequence number, and cut the AH header out.

    Source: netipsec/xform_ah.c, ah_input_cb.  RFC 2402 section 3.4.
    Marks: adds M_AUTHIPHDR and M_AUTHIPDGM.
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("ahs_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being authenticated")
    xform = k.ah(sav)
    if not xform.icv_ok(m.data):
        k.count("ahs_badauth")
        return Drop("bad-icv", "EACCES", "the ICV is wrong: altered on the way, or another key")
    m_set_flag(m, M_AUTHIPHDR)
    m_set_flag(m, M_AUTHIPDGM)
    seq = ah.read(m.data).seq
    if sav.replay is not None and not ipsec_updatereplay(seq, sav.replay, cyclic=sav.cyclic):
        k.count("ahs_replay")
        return Drop("replay", "ENOBUFS", "its sequence number came before")
    m.data = xform.strip(m.data)
    if m.layout == "whole":
        m.layout = "pulled-up"
    done = defs.InputDone(sav, args.skip)
    return hand_off(defs.ipsec4_common_input_cb, CALL, m, done, "the ICV is right; AH is cut out")
