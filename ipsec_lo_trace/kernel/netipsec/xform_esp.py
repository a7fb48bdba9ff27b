"""The ESP transform: RFC 2406 as this kernel does it."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, refused, wrong_key_len
from ipsec_lo_trace.kernel.netipsec.ipsec import COUNT_MAX, ipsec_chkreplay, ipsec_updatereplay
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSA
from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_init0
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, Kernel
from ipsec_lo_trace.machine.stage import CALL, CRYPTO, Drop, Panic, Verdict, hand_off, stage
from ipsec_lo_trace.model.algorithms import Cipher, key_lens_text
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ESP
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire import esp, ip
from ipsec_lo_trace.wire.algorithms import CIPHERS
from ipsec_lo_trace.wire.esp import derive_bytes

SEQUENTIAL_PADDING = bytes(range(1, 256))


def esp_algorithm_lookup(name: str) -> Cipher | None:
    """Find a cipher by its setkey(8) name; None if the kernel has none.

    Source: netipsec/xform_esp.c, esp_algorithm_lookup.
    """
    return CIPHERS.get(name)


def known_ciphers() -> list[str]:
    """Name the ciphers that an SA can have through setkey(8): null has no key, so it is not among them."""
    return [name for name, cipher in CIPHERS.items() if not cipher.keyless]


def esp_init(sa: SecurityAssociation) -> None:
    """Check an ESP SA's cipher and its key, then its authenticator if it has one; PfkeyError EINVAL.

    Source: netipsec/xform_esp.c, esp_init.
    """
    cipher = esp_algorithm_lookup(sa.cipher)
    if cipher is None:
        raise refused(
            f"the 2003 kernel has no {sa.cipher}",
            Extension.SA_ENCRYPT,
            f"there are {', '.join(known_ciphers())}",
        )
    if not _key_fits(cipher, len(sa.enc_key)):
        raise wrong_key_len(cipher.name, len(sa.enc_key), key_lens_text(cipher), Extension.KEY_ENCRYPT)
    if sa.auth:
        ah_init0(sa)


def _key_fits(cipher: Cipher, key_len: int) -> bool:
    # SIMPLER: with a key between AES's three lengths the 2003 code computed something that is not AES.
    if cipher.key_lens is not None:
        return key_len in cipher.key_lens
    return cipher.min_key_len <= key_len <= cipher.max_key_len


@stage(defs.esp_output, defs.esp_output_cb)
def esp_output(k: Kernel, m: Mbuf, args: defs.XformOutput) -> Verdict:
    """Put ESP header, padding and trailer around the payload and queue the packet for encryption.

    Source: netipsec/xform_esp.c, esp_output.  RFC 2406.
    Marks: reads none, adds none, removes none.
    """
    sav = args.sav
    xform = k.esp(sav)
    hlen, _ident, _off, _ttl, proto = ip.outline(m.data)
    payload = m.data[hlen:]
    k.count("esps_output")
    padding_len = xform.padding_len(len(payload))
    sealed_len = hlen + xform.header_len + len(payload) + padding_len + xform.icv_len
    if sealed_len > IP_MAXPACKET:
        k.count("esps_toobig")
        return Drop("message-too-long", "EMSGSIZE", f"with ESP the packet would be {sealed_len} bytes long")
    k.count("esps_obytes", len(payload))
    seq = 0
    if sav.replay is not None:
        seq = sav.replay.count = (sav.replay.count + 1) & COUNT_MAX
    sealed = xform.seal(
        spi=sav.spi,
        seq=seq,
        iv=derive_bytes(k.seed, sav.spi, seq, xform.iv_len),
        next_header=proto,
        payload=payload,
        padding=_padding(k, sav, seq, padding_len - esp.TRAILER_LEN),
    )
    # SIMPLER: the bytes are encrypted here, not by the crypto framework between this call and the callback.
    m.data = ip.patch(m.data[:hlen] + sealed, proto=IPPROTO_ESP)
    opaque = defs.CryptoOutput(args.isr, sav.tdbi)
    text = f"encrypts with 0x{sav.spi:08x} as number {seq}"
    return hand_off(defs.esp_output_cb, CRYPTO, m, opaque, text)


def _padding(k: Kernel, sav: SecurityAssociation, seq: int, length: int) -> bytes:
    """Make the padding bytes that the SA's SADB_X_EXT_P* flag asks for."""
    if sav.padding == "zero":
        return bytes(length)
    if sav.padding == "random":
        return derive_bytes(k.seed + 1, sav.spi, seq, length)
    return SEQUENTIAL_PADDING[:length]


@stage(defs.esp_output_cb, defs.ipsec_process_done)
def esp_output_cb(k: Kernel, m: Mbuf, args: defs.CryptoOutput) -> Verdict:
    """Take the encrypted packet back from the crypto framework.

    Source: netipsec/xform_esp.c, esp_output_cb.
    Marks: reads none, adds none, removes none.
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("esps_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being encrypted")
    if k.build.diagnostic == "1" and args.isr.sav is not sav:
        return Panic(
            "sa-changed", "assertion failed: the request's SA changed while the packet was in crypto"
        )
    done = defs.ProcessDone(args.isr)
    return hand_off(defs.ipsec_process_done, CALL, m, done, "the crypto callback brings it back")


@stage(defs.esp_input, defs.esp_input_cb)
def esp_input(k: Kernel, m: Mbuf, args: defs.XformInput) -> Verdict:
    """Check length and sequence number, and queue the packet for decryption.

    Source: netipsec/xform_esp.c, esp_input.  RFC 2406 section 3.4.
    Marks: reads none (no driver here sets IN_CRYPTO_DONE), adds none, removes none.
    """
    sav, skip = args.sav, args.skip
    xform = k.esp(sav)
    cipher_len = len(m.data) - (skip + xform.header_len + xform.icv_len)
    if cipher_len <= 0 or cipher_len % xform.block_len:
        k.count("esps_badilen")
        return Drop(
            "esp-bad-length",
            "EINVAL",
            f"{cipher_len} bytes of ciphertext are no multiple of {xform.block_len}",
        )
    if xform.icv_len and sav.replay is not None:
        seq = esp.sequence(m.data[skip:])
        if not ipsec_chkreplay(seq, sav.replay):
            k.count("esps_replay")
            return Drop("replay", "ENOBUFS", f"number {seq} is a replay or older than the window")
    k.count("esps_ibytes", cipher_len)
    opaque = defs.CryptoInput(sav.tdbi, skip)
    return hand_off(defs.esp_input_cb, CRYPTO, m, opaque, f"decrypts with 0x{sav.spi:08x}")


@stage(defs.esp_input_cb, defs.ipsec4_common_input_cb)
def esp_input_cb(k: Kernel, m: Mbuf, args: defs.CryptoInput) -> Verdict:
    """Compare the ICV, note the sequence number, and cut header, IV, padding and trailer off.

    Source: netipsec/xform_esp.c, esp_input_cb.  RFC 2406 section 3.4.
    Marks: adds M_DECRYPTED (and not M_AUTHIPDGM, even if the SA authenticates).
    """
    sav = KEY_ALLOCSA(k, args.tdbi)
    if sav is None:
        k.count("esps_notdb")
        return Drop("sa-gone", "ENOBUFS", f"{args.tdbi} died while the packet was being decrypted")
    xform = k.esp(sav)
    skip = args.skip
    sealed = m.data[skip:]
    if not xform.icv_ok(sealed):
        k.count("esps_badauth")
        return Drop("bad-icv", "EACCES", "the ICV is wrong: altered on the way, or another key")
    m_set_flag(m, M_DECRYPTED)
    if sav.replay is not None and not ipsec_updatereplay(esp.sequence(sealed), sav.replay, cyclic=sav.cyclic):
        k.count("esps_replay")
        return Drop("replay", "ENOBUFS", "its sequence number came before")
    plain = xform.decrypt(sealed)
    fault = _bad_trailer(sav, plain)
    if fault is not None:
        k.count(fault[0])
        return Drop("bad-padding", "EINVAL", fault[1])
    pad_len, next_header = plain[-2], plain[-1]
    if m.layout == "pulled-up":
        m.layout = "apart"
    m.data = ip.patch(m.data[:skip] + plain[: len(plain) - pad_len - esp.TRAILER_LEN], proto=next_header)
    return hand_off(
        defs.ipsec4_common_input_cb,
        CALL,
        m,
        defs.InputDone(sav, skip),
        "the ICV is right; ESP is cut off" if xform.icv_len else "not authenticated; ESP is cut off",
    )


def _bad_trailer(sav: SecurityAssociation, plain: bytes) -> tuple[str, str] | None:
    """Look at the padding: the counter that moves and the reason if it is wrong."""
    last, pad_len = plain[-3], plain[-2]
    if pad_len + esp.TRAILER_LEN > len(plain):
        return "esps_badilen", f"pad length {pad_len} exceeds the payload"
    # KERNEL: only the last padding byte is looked at, so zero padding is refused by its own receiver.
    why = "zero-pad makes it so" if sav.padding == "zero" else "wrong key?"
    if sav.padding != "random" and pad_len not in (0, last):
        return "esps_badenc", f"last padding byte {last} is not the pad length {pad_len}: {why}"
    return None
