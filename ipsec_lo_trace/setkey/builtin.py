"""The built-in configuration: one SA of each protocol for both directions, as the setkey(8) text it is."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_algorithm_lookup, known_auths
from ipsec_lo_trace.kernel.netipsec.xform_esp import esp_algorithm_lookup, known_ciphers
from ipsec_lo_trace.kernel.netipsec.xform_ipcomp import known_compressions
from ipsec_lo_trace.model.algorithms import usual_key_len
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import check_choice
from ipsec_lo_trace.setkey.hints import nearest

NO_AUTH = "none"
"""The authenticator's name that leaves ESP without one."""

_SPIS = {"esp": 0x1000, "ah": 0x1001, "ipcomp": 0x1002}
_DEFAULT_CIPHER = "3des-cbc"
_DEFAULT_AUTHS = {"esp": "hmac-md5", "ah": "hmac-sha1"}
_REQIDS = {"esp": 10, "ah": 11, "ipcomp": 12}


def builtin_text(
    *,
    proto: str = "esp",
    mode: str = "transport",
    level: str = "require",
    enc: str | None = None,
    auth: str | None = None,
    local: IPv4Address,
) -> str:
    """Make the text for an address that talks to itself; UserError for what cannot be configured.

    ``proto``, ``mode`` and ``level`` are one of setup.CHOICES.  ``enc`` and ``auth`` are setkey(8)
    names, None for the default.  In a bundle ``mode`` is for the inner protocol and ``auth`` for ESP alone:
    what goes around does so in transport mode, AH with its own default.  ``auth`` "none" leaves ESP without.
    """
    for field, value in (("proto", proto), ("mode", mode), ("level", level)):
        check_choice(field, value)
    protos = proto.split("+")
    _check_protocols(protos, enc, auth)
    lines = ["# built in: one SA for both directions, keys made up"]
    rules = []
    for name in protos:
        own_mode = mode if name == protos[0] else "transport"
        own_auth = auth if name == "esp" or len(protos) == 1 else None
        lines.append(_sa(name, local, own_mode, level, _algorithms(name, enc, own_auth)))
        rules.append(_rule(name, local, own_mode, level))
    both, policy = f"{local}/32 {local}/32 any", f"ipsec {' '.join(rules)}"
    lines += [f"spdadd {both} -P {direction} {policy} ;" for direction in ("out", "in")]
    return "\n".join(lines) + "\n"


def _check_protocols(protos: list[str], enc: str | None, auth: str | None) -> None:
    if protos == ["ipcomp"] and (enc or auth):
        field, token = ("enc", enc) if enc else ("auth", auth or "")
        reason = "IPComp neither encrypts nor authenticates"
        raise UserError(reason, field=field, token=token, hint="ipcomp+esp does")
    if "esp" not in protos and enc is not None:
        raise UserError("AH does not encrypt", field="enc", token=enc, hint="esp or esp+ah does")
    if "esp" not in protos and auth == NO_AUTH:
        hint = f"there are {', '.join(known_auths())}"
        reason = "AH without an authenticator does nothing"
        raise UserError(reason, field="auth", token=NO_AUTH, hint=hint)


def _sa(name: str, local: IPv4Address, mode: str, level: str, algorithms: str) -> str:
    tunnel = " -m tunnel" if mode == "tunnel" else ""
    reqid = f" -u {_REQIDS[name]}" if level == "unique" else ""
    return f"add {local} {local} {name} 0x{_SPIS[name]:x}{tunnel}{reqid} {algorithms} ;"


def _rule(name: str, local: IPv4Address, mode: str, level: str) -> str:
    ends = f"{local}-{local}" if mode == "tunnel" else ""
    asked = f"unique:{_REQIDS[name]}" if level == "unique" else level
    return f"{name}/{mode}/{ends}/{asked}"


def _algorithms(name: str, enc: str | None, auth: str | None) -> str:
    if name == "ipcomp":
        return f"-C {known_compressions()[0]}"
    auths = "" if auth == NO_AUTH else f"-A {_with_auth_key(auth or _DEFAULT_AUTHS[name])}"
    if name == "ah":
        return auths
    return f"-E {_with_enc_key(enc or _DEFAULT_CIPHER)} {auths}".rstrip()


def _with_enc_key(name: str) -> str:
    cipher = esp_algorithm_lookup(name)
    if cipher is None or name not in known_ciphers():
        raise _not_there("enc", name, "cipher", known_ciphers())
    return f'{name} "{_key("1234567890", usual_key_len(cipher))}"'


def _with_auth_key(name: str) -> str:
    auth = ah_algorithm_lookup(name)
    if auth is None or auth.key_len is None:
        raise _not_there("auth", name, "authenticator", known_auths())
    return f'{name} "{_key("0123456789abcdef" if name == "hmac-md5" else "0123456789", auth.key_len)}"'


def _not_there(field: str, name: str, what: str, known: list[str]) -> UserError:
    return UserError(
        f"no {what} that an SA of 2003 can have",
        field=field,
        token=name,
        hint=nearest(name, tuple(known)) or f"there are {', '.join(known)}",
    )


def _key(characters: str, key_len: int) -> str:
    return (characters * (key_len // len(characters) + 1))[:key_len]
