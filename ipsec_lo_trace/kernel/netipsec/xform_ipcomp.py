"""The IPComp transform: RFC 3173 as this kernel does it.  It sets no flag and has no sequence number."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, refused
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSA
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, Kernel
from ipsec_lo_trace.machine.stage import CALL, CRYPTO, Drop, Panic, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire import build, ip, ipcomp
from ipsec_lo_trace.wire.ipcomp import DEFLATE


def known_compressions() -> list[str]:
    """Name the compression algorithms that an SA can have."""
    return [DEFLATE]


def ipcomp_init(sa: SecurityAssociation) -> None:
    """Check an IPComp SA's algorithm; PfkeyError EINVAL.

    Source: netipsec/xform_ipcomp.c, ipcomp_init and ipcomp_algorithm_lookup.
    """
    if not sa.cipher:
        raise refused("an IPComp SA needs a compression algorithm", Extension.SA_ENCRYPT, "-C deflate")
    if sa.cipher not in known_compressions():
        hint = f"there is {', '.join(known_compressions())}"
        raise refused(f"the 2003 kernel has no {sa.cipher} for IPComp", Extension.SA_ENCRYPT, hint)


@stage(defs.ipcomp_output, defs.ipcomp_output_cb)
def ipcomp_output(k: Kernel, m: Mbuf, args: defs.XformOutput) -> Verdict:
    """Put the IPComp header before the payload and queue the packet for compression.

    Source: netipsec/xform_ipcomp.c, ipcomp_output.  RFC 3173 section 2.
    Marks: reads none, adds none, removes none.

    The header's CPI is the SA's SPI, with and without setkey's -R.
    """
    header = ip.read(m.data)
    payload = m.data[header.header_len :]
    k.count("ipcomps_output")
    if len(m.data) + ipcomp.HEADER_LEN > IP_MAXPACKET:
        k.count("ipcomps_toobig")
        return Drop("message-too-long", "EMSGSIZE", "with IPComp the packet would exceed 65535 bytes")
    k.count("ipcomps_obytes", len(payload))
    # SIMPLER: compressed here, not by the crypto framework between this call and the callback.
    packed, text = _pack(payload)
    # KERNEL: an SA with setkey's -R may have an SPI of 32 bits; ipcomp_output cuts it down to u_int16_t.
    head = build.ipcomp_header(header.proto, args.sav.spi & 0xFFFF)
    m.data = ip.patch(m.data[: header.header_len] + head + packed, proto=IPPROTO_IPCOMP)
    return hand_off(defs.ipcomp_output_cb, CRYPTO, m, defs.CryptoOutput(args.isr, args.sav.tdbi), text)


def _pack(payload: bytes) -> tuple[bytes, str]:
    """Compress the payload, unless that makes it longer.

    Source: opencrypto/cryptosoft.c, swcr_compdec.
    """
    packed = ipcomp.deflate(payload)
    if len(packed) <= len(payload):
        return packed, f"compresses {len(payload)} bytes to {len(packed)}"
    # KERNEL: RFC 3173 section 2.2 wants the packet to go without the header then; it keeps it.
    return payload, f"{len(payload)} bytes would become {len(packed)}: they stay as they are, behind IPComp"


@stage(defs.ipcomp_output_cb, defs.ipsec_process_done)
def ipcomp_output_cb(k: Kernel, m: Mbuf, args: defs.CryptoOutput) -> Verdict:
    """Take the compressed packet back from the crypto framework.

    Source: netipsec/xform_ipcomp.c, ipcomp_output_cb.
    Marks: reads none, adds none, removes none.
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("ipcomps_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being compressed")
    if k.build.diagnostic == "1" and args.isr.sav is not sav:
        return Panic(
            "sa-changed", "assertion failed: the request's SA changed while the packet was in crypto"
        )
    done = defs.ProcessDone(args.isr)
    return hand_off(defs.ipsec_process_done, CALL, m, done, "the crypto callback brings it back")


@stage(defs.ipcomp_input, defs.ipcomp_input_cb)
def ipcomp_input(_k: Kernel, m: Mbuf, args: defs.XformInput) -> Verdict:
    """Queue the packet for decompression; there is nothing to check before.

    Source: netipsec/xform_ipcomp.c, ipcomp_input.  RFC 3173 section 2.
    Marks: reads none, adds none, removes none.
    """
    opaque = defs.CryptoInput(args.sav.tdbi, args.skip)
    return hand_off(defs.ipcomp_input_cb, CRYPTO, m, opaque, f"decompresses with 0x{args.sav.spi:08x}")


@stage(defs.ipcomp_input_cb, defs.ipsec4_common_input_cb)
def ipcomp_input_cb(k: Kernel, m: Mbuf, args: defs.CryptoInput) -> Verdict:
    """Take the decompressed packet, and cut the IPComp header off.

    Source: netipsec/xform_ipcomp.c, ipcomp_input_cb.  RFC 3173 section 2.
    Marks: reads none, adds none, removes none: neither a flag nor, behind it, IN_DONE tells of IPComp.
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("ipcomps_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being decompressed")
    body_at = args.skip + ipcomp.HEADER_LEN
    packed = m.data[body_at:]
    plain = ipcomp.inflate(packed)
    if plain is None:
        k.count("ipcomps_noxform")
        return Drop("bad-compression", "EINVAL", f"its {len(packed)} bytes cannot be decompressed")
    # KERNEL: no ipcomps_ibytes; this revision declares it and never counts it.
    next_header = ipcomp.read(m.data, args.skip).next_header
    m.layout = "apart"
    m.data = ip.patch(m.data[: args.skip] + plain, proto=next_header)
    done = defs.InputDone(sav, args.skip)
    text = f"{len(packed)} bytes become {len(plain)} again; IPComp is cut off"
    return hand_off(defs.ipsec4_common_input_cb, CALL, m, done, text)
