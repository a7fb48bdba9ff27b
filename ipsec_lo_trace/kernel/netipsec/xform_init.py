"""What esp_init, ah_init0 and ipcomp_init refuse when an SA is set up: algorithms and keys.

Source: netipsec/xform_esp.c, xform_ah.c and xform_ipcomp.c there; the order of the checks is theirs.
"""

from __future__ import annotations

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.model.algorithms import Authenticator, Cipher, key_lens_text
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS
from ipsec_lo_trace.wire.ipcomp import DEFLATE


def xform_init(sa: SecurityAssociation) -> None:
    """Check an SA's algorithms and keys; PfkeyError EINVAL.

    Source: netipsec/key.c, key_setsaval and key_mature; netipsec/ipsec_netbsd.c, xform_init.
    """
    if sa.proto == IPPROTO_ESP:
        esp_init(sa)
    elif sa.proto == IPPROTO_AH:
        ah_init0(sa)
    else:
        ipcomp_init(sa)


def esp_algorithm_lookup(name: str) -> Cipher | None:
    """Find a cipher by its setkey(8) name; None if the kernel has none.

    Source: netipsec/xform_esp.c, esp_algorithm_lookup.
    """
    return CIPHERS.get(name)


def ah_algorithm_lookup(name: str) -> Authenticator | None:
    """Find an authenticator by its setkey(8) name; None if the kernel finds none.

    Source: netipsec/xform_ah.c, ah_algorithm_lookup.
    """
    auth = AUTHS.get(name)
    return auth if auth is not None and auth.found else None


def esp_init(sa: SecurityAssociation) -> None:
    """Check an ESP SA's cipher and its key, then its authenticator if it has one; PfkeyError EINVAL.

    Source: netipsec/xform_esp.c, esp_init.
    """
    cipher = esp_algorithm_lookup(sa.cipher)
    if cipher is None:
        raise _refused(f"the 2003 kernel has no {sa.cipher}", Extension.SA_ENCRYPT, _known_ciphers())
    if not _key_fits(cipher, len(sa.enc_key)):
        raise _wrong_len(cipher.name, len(sa.enc_key), key_lens_text(cipher), Extension.KEY_ENCRYPT)
    if sa.auth:
        ah_init0(sa)


def _key_fits(cipher: Cipher, key_len: int) -> bool:
    # SIMPLER: with a key between AES's three lengths the 2003 code computed something that is not AES.
    if cipher.key_lens is not None:
        return key_len in cipher.key_lens
    return cipher.min_key_len <= key_len <= cipher.max_key_len


def ah_init0(sa: SecurityAssociation) -> None:
    """Check an SA's authenticator and its key; PfkeyError EINVAL.

    Source: netipsec/xform_ah.c, ah_init0.
    """
    auth = ah_algorithm_lookup(sa.auth)
    if auth is None:
        raise _no_authenticator(sa.auth)
    if not sa.auth_key:
        raise _refused(f"no authentication key for {auth.name}", Extension.KEY_AUTH)
    if auth.key_len is not None and len(sa.auth_key) != auth.key_len:
        raise _wrong_len(auth.name, len(sa.auth_key), str(auth.key_len), Extension.KEY_AUTH)


def ipcomp_init(sa: SecurityAssociation) -> None:
    """Check an IPComp SA's algorithm; PfkeyError EINVAL.

    Source: netipsec/xform_ipcomp.c, ipcomp_init and ipcomp_algorithm_lookup.
    """
    if not sa.cipher:
        raise _refused("an IPComp SA needs a compression algorithm", Extension.SA_ENCRYPT, "-C deflate")
    if sa.cipher not in known_compressions():
        hint = f"there is {', '.join(known_compressions())}"
        raise _refused(f"the 2003 kernel has no {sa.cipher} for IPComp", Extension.SA_ENCRYPT, hint)


def known_compressions() -> list[str]:
    """Name the compression algorithms that an SA can have."""
    return [DEFLATE]


def known_ciphers() -> list[str]:
    """Name the ciphers that an SA can have through setkey(8): null has no key, so it is not among them."""
    return [name for name, cipher in CIPHERS.items() if not cipher.keyless]


def known_auths() -> list[str]:
    """Name the authenticators that an SA can have."""
    return [name for name in AUTHS if ah_algorithm_lookup(name) is not None]


def _no_authenticator(name: str) -> PfkeyError:
    hint = f"there are {', '.join(known_auths())}"
    if name in AUTHS:
        reason = f"the 2003 kernel does not find {name}: its number is above AH_ALG_MAX"
        return _refused(reason, Extension.SA_AUTH, hint)
    return _refused(f"the 2003 kernel has no {name}", Extension.SA_AUTH, hint)


def _known_ciphers() -> str:
    return f"there are {', '.join(known_ciphers())}"


def _wrong_len(name: str, key_len: int, key_lens: str, extension: Extension) -> PfkeyError:
    return _refused(f"this key has {key_len} bytes", extension, f"a {name} key has {key_lens}")


def _refused(reason: str, extension: Extension, hint: str = "") -> PfkeyError:
    return PfkeyError("EINVAL", reason, hint, extension)
