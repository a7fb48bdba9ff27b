"""SAs and policies such as a Linux host can have, drawn by hypothesis."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from hypothesis import strategies as st

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    Cipher,
)
from ipsec_lo_trace.model.host import Address, Cut, HostPolicy, HostRule, HostSa
from tests.xfrm.writer import Style

CIPHER_ROWS = [row for row in (*CIPHERS, *LATER_CIPHERS) if row.linux]
AUTH_ROWS = [
    row for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS) if row.linux or row.name == "hmac-sha256-128"
]
V4 = [IPv4Address(text) for text in ("10.9.9.1", "10.9.9.2", "127.0.0.1")]
V6 = [IPv6Address(text) for text in ("fd00:9::1", "fd00:9::2", "::1")]
ENDS = st.one_of(
    st.tuples(st.sampled_from(V4), st.sampled_from(V4)), st.tuples(st.sampled_from(V6), st.sampled_from(V6))
)
STYLES = st.builds(Style, *[st.booleans()] * 5)
HIGHS = st.one_of(
    st.none(),
    st.lists(st.sampled_from([0, 1, 0xFFFFFFFF]), min_size=1, max_size=2, unique=True).map(tuple),
)


def _key_len(row: Cipher) -> int:
    return row.key_lens[-1] if row.key_lens else row.max_key_len


@st.composite
def protections(draw: st.DrawFn, proto: int) -> dict[str, object]:
    """Make the algorithms and keys of an SA."""
    if proto == 108:
        return {"cipher": "deflate"}
    row = draw(st.sampled_from(CIPHER_ROWS)) if proto == 50 else None
    fields: dict[str, object] = {}
    if row is not None:
        fields["cipher"] = row.name
        fields["enc_key"] = (
            b"" if row.keyless else draw(st.binary(min_size=_key_len(row), max_size=_key_len(row)))
        )
        if row.icv_lens:
            return fields | {"cuts": (Cut("", draw(st.sampled_from(row.icv_lens))),)}
    auth = draw(st.sampled_from(AUTH_ROWS) if proto == 51 else st.sampled_from([*AUTH_ROWS, None]))
    if auth is not None:
        fields["cuts"] = (Cut(auth.name, auth.icv_len),)
        fields["auth_key"] = draw(st.binary(min_size=auth.key_len or 16, max_size=auth.key_len or 16))
    return fields


@st.composite
def sas(draw: st.DrawFn) -> HostSa:
    """Make an SA."""
    proto = draw(st.sampled_from([50, 51, 108]))
    src, dst = draw(ENDS)
    mode = draw(st.sampled_from(["transport", "tunnel", "beet"]))
    inner: tuple[Address, Address] | None = draw(ENDS) if mode == "beet" else None
    highs = None if proto == 108 else draw(HIGHS)
    return HostSa(
        proto=proto,
        spi=draw(st.integers(256, 260)),
        src=src,
        dst=dst,
        mode=mode,
        reqid=draw(st.sampled_from([0, 1, 0xFFFFFFFF])),
        seq_hi=highs,
        inner=inner,
        window=draw(st.sampled_from([0, 32, 64, 1024])),
        **draw(protections(proto)),  # type: ignore[arg-type]
    )


def identity(sa: HostSa) -> tuple[object, ...]:
    """Return what Linux tells SAs apart by, as long as they have no mark."""
    return sa.proto, sa.dst, sa.spi


@st.composite
def rules(draw: st.DrawFn) -> HostRule:
    """Make a rule such as a template can ask for."""
    mode = draw(st.sampled_from(["transport", "tunnel", "beet"]))
    level, reqid = draw(st.sampled_from([("require", 0), ("use", 0), ("use", 7), ("unique", 3)]))
    src, dst = (None, None) if mode == "transport" else draw(ENDS)
    if src is not None and draw(st.booleans()):
        src = None
    return HostRule(
        proto=draw(st.sampled_from([50, 51, 108])), mode=mode, level=level, reqid=reqid, src=src, dst=dst
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[int, HostPolicy]:
    """Make a policy with its priority."""
    src, dst = draw(ENDS)
    bits = draw(st.sampled_from([0, 8, src.max_prefixlen]))
    networks: list[IPv4Network | IPv6Network] = [
        ip_network(f"{end}/{bits}", strict=False) for end in (src, dst)
    ]
    kind = draw(st.sampled_from(["discard", "none", "ipsec"]))
    upper = draw(st.sampled_from([255, 1, 4, 6, 17, 58, 89, 132]))
    ports = st.sampled_from([None, 0, 1, 65535]) if upper in (6, 17, 132) else st.sampled_from([None, 0, 8])
    has_ports = upper in (1, 6, 17, 58, 132)
    one = HostPolicy(
        direction=draw(st.sampled_from(["in", "out"])),
        src=networks[0],
        dst=networks[1],
        src_port=draw(ports) if has_ports else None,
        dst_port=draw(ports) if has_ports else None,
        upper=upper,
        kind=kind,
        rules=tuple(draw(st.lists(rules(), min_size=1, max_size=3))) if kind == "ipsec" else (),
        condition=draw(st.sampled_from(["", "", "a mark"])),
    )
    return draw(st.sampled_from([0, 1, 0xFFFFFFFF])), one
