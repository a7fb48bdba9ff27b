from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.databases import Databases, SaHead
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.sa import Mode, Replay, SaIndex, SecurityAssociation
from ipsec_lo_trace.xfrm.load import load
from tests.setkey.support import plain

CIPHERS = {"cbc(aes)": ("rijndael-cbc", 16), "cbc(des3_ede)": ("3des-cbc", 24), "cbc(des)": ("des-cbc", 8)}
AUTHS = {
    "hmac(sha1)": ("hmac-sha1", 20),
    "hmac(md5)": ("hmac-md5", 16),
    "hmac(sha256)": ("hmac-sha2-256", 32),
}
MODES = st.sampled_from([Mode.TRANSPORT, Mode.TUNNEL])
ENDS = st.sampled_from([IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2"), IPv4Address("127.0.0.1")])
NETWORKS = st.builds(
    lambda address, bits: IPv4Network((address, bits), strict=False), ENDS, st.sampled_from([0, 8, 24, 32])
)
OPEN = IPv4Address(0)
PORTS = st.sampled_from([0, 1, 65535])
SELECTORS = st.builds(Selector, NETWORKS, NETWORKS, PORTS, PORTS, st.sampled_from([6, 17])) | st.builds(
    Selector, NETWORKS, NETWORKS, st.just(0), st.just(0), st.sampled_from([255, 1, 4, 89])
)
PROTOCOLS = {
    255: "",
    1: "proto icmp ",
    4: "proto ipencap ",
    6: "proto tcp ",
    17: "proto udp ",
    89: "proto 89 ",
}


class Style(NamedTuple):
    """How the text is printed: with statistics, on one line."""

    statistics: bool
    oneline: bool


STYLES = st.builds(Style, st.booleans(), st.booleans())


class Protection(NamedTuple):
    """The algorithms of an SA by Linux's names, "" for none, and their keys."""

    enc: str
    enc_key: bytes
    auth: str
    auth_key: bytes


def _keyed(name: str, key_len: int) -> st.SearchStrategy[tuple[str, bytes]]:
    return st.binary(min_size=key_len, max_size=key_len).map(lambda key: (name, key))


ENC = st.one_of([_keyed(name, key_len) for name, (_ours, key_len) in CIPHERS.items()])
AUTH = st.one_of([_keyed(name, key_len) for name, (_ours, key_len) in AUTHS.items()])


@st.composite
def associations(draw: st.DrawFn) -> tuple[SecurityAssociation, Protection]:
    """Make an SA, and what Linux calls its algorithms."""
    proto = draw(st.sampled_from([50, 51]))
    enc, enc_key = draw(ENC) if proto == 50 else ("", b"")
    auth, auth_key = draw(AUTH if proto == 51 else AUTH | st.just(("", b"")))
    index = SaIndex(proto, draw(MODES), draw(st.sampled_from([0, 1, 0xFFFFFFFF])), draw(ENDS), draw(ENDS))
    sav = SecurityAssociation(
        index,
        draw(st.integers(256, 259) | st.just(0xFFFFFFFF)),
        CIPHERS[enc][0] if enc else "",
        enc_key,
        AUTHS[auth][0] if auth else "",
        auth_key,
        replay=Replay(draw(st.integers(0, 4))),
    )
    return sav, Protection(enc, enc_key, auth, auth_key)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Make a request such as a template can ask for."""
    mode = draw(MODES)
    level, reqid = draw(st.sampled_from([(Level.REQUIRE, 0), (Level.USE, 0), (Level.UNIQUE, 3)]))
    src, dst = (draw(ENDS), draw(ENDS)) if mode is Mode.TUNNEL else (None, None)
    return Request(draw(st.sampled_from([50, 51, 108])), mode, level, reqid, src, dst)


@st.composite
def policies(draw: st.DrawFn) -> tuple[int, Policy]:
    """Make a policy with its priority."""
    kind = draw(st.sampled_from([PolicyType.DISCARD, PolicyType.NONE, PolicyType.IPSEC]))
    asked = draw(st.lists(requests(), min_size=1, max_size=3)) if kind is PolicyType.IPSEC else []
    policy = Policy(draw(st.sampled_from(list(Direction))), draw(SELECTORS), kind, asked)
    return draw(st.sampled_from([0, 1, 0xFFFFFFFF])), policy


def _joined(lines: list[str], style: Style) -> str:
    return ("\\" if style.oneline else "\n").join(lines) + "\n"


def _name(proto: int) -> str:
    return "comp" if proto == 108 else PROTO_NAMES[proto]


def _state(sav: SecurityAssociation, said: Protection, style: Style) -> str:
    index = sav.index
    bits = " ({} bits)" if style.statistics else ""
    spi, reqid = (f"({sav.spi})", f"(0x{index.reqid:08x})") if style.statistics else ("", "")
    mode = index.mode.name.lower()
    assert sav.replay is not None
    lines = [
        f"src {index.src} dst {index.dst}",
        f"\tproto {_name(index.proto)} spi 0x{sav.spi:08x}{spi} reqid {index.reqid}{reqid} mode {mode}",
        f"\treplay-window {8 * sav.replay.window_bytes} ",
    ]
    if said.auth:
        key = f"0x{said.auth_key.hex()}{bits.format(8 * len(said.auth_key))}"
        lines.append(f"\tauth-trunc {said.auth} {key} 96")
    if said.enc:
        lines.append(f"\tenc {said.enc} 0x{said.enc_key.hex()}{bits.format(8 * len(said.enc_key))}")
    lines += [
        "\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000",
        "\tsel src 0.0.0.0/0 dst 0.0.0.0/0 ",
    ]
    if style.statistics:
        lines += ["\tlifetime current:", "\t  0(bytes), 0(packets)", "\t  add 2003-08-01 00:00:00 use -"]
        lines += ["\tstats:", "\t  replay-window 9 replay 0 failed 0"]
    return _joined(lines, style)


def _template(isr: Request, style: Style) -> list[str]:
    mode = isr.mode.name.lower()
    spi = "spi 0x00000000(0) " if style.statistics else ""
    lines = [
        f"\ttmpl src {isr.src or OPEN} dst {isr.dst or OPEN}",
        f"\t\tproto {_name(isr.proto)} {spi}reqid {isr.reqid} mode {mode}",
    ]
    if isr.level is Level.USE or style.statistics:
        lines.append(f"\t\tlevel {'use' if isr.level is Level.USE else 'required'} share any ")
    return lines


def _policy(priority: int, policy: Policy, style: Style) -> str:
    selector = policy.selector
    ports = "".join(
        f"{name} {port} "
        for name, port in (("sport", selector.src_port), ("dport", selector.dst_port))
        if port
    )
    action = "action block " if policy.kind is PolicyType.DISCARD else ""
    lines = [
        f"src {selector.src} dst {selector.dst} {PROTOCOLS[selector.ul_proto]}{ports}",
        f"\tdir {policy.direction.name.lower()} {action}priority {priority} ptype main ",
    ]
    return _joined([*lines, *(line for isr in policy.requests for line in _template(isr, style))], style)


@given(st.lists(associations(), min_size=1, max_size=5, unique_by=lambda made: made[0].tdbi), STYLES)
def test_sas_come_back_from_their_text(
    made: list[tuple[SecurityAssociation, Protection]], style: Style
) -> None:
    """Every SA that is printed comes back, the newest first, in the head of its own index."""
    text = "".join(_state(sav, said, style) for sav, said in reversed(made))
    heads: dict[SaIndex, SaHead] = {}
    for sav, _said in made:
        heads.setdefault(sav.index, SaHead(sav.index)).savs.insert(0, sav)
    assert plain(load(text, "f").db) == plain(Databases(sahtree=list(reversed(heads.values()))))


@given(st.lists(policies(), min_size=1, max_size=6), STYLES)
def test_policies_come_back_from_their_text(made: list[tuple[int, Policy]], style: Style) -> None:
    """Every policy that is printed comes back, by priority, and among equals the older one first."""
    text = "".join(_policy(priority, policy, style) for priority, policy in reversed(made))
    wanted = Databases()
    for _priority, policy in sorted(made, key=lambda pair: pair[0]):
        wanted.sptree[policy.direction].append(policy)
    assert plain(load(text, "f").db) == plain(wanted)
