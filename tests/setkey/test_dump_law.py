"""What a host has, printed as setkey -D and setkey -DP print it, is what is read."""

from __future__ import annotations

from ipaddress import ip_network

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.host import Address, Cut, HostPolicy, HostRule, HostSa, Network
from ipsec_lo_trace.setkey.dump import is_dump, load_all

PROTOCOLS = {50: "esp", 51: "ah", 108: "ipcomp"}
UPPERS = {255: "any", 6: "tcp", 17: "udp", 1: "icmp", 58: "icmp6", 132: "132"}
CIPHERS = {
    "null": ("null", [0], 0),
    "des-cbc": ("des-cbc", [8], 0),
    "3des-cbc": ("3des-cbc", [24], 0),
    "rijndael-cbc": ("rijndael-cbc", [16, 24, 32], 0),
    "aes-cbc": ("rijndael-cbc", [16, 24, 32], 0),
    "12": ("rijndael-cbc", [16, 24, 32], 0),
    "aes-gcm-16": ("aes-gcm", [20, 28, 36], 16),
    "chacha20-poly1305": ("chacha20-poly1305", [36], 16),
}
"""Printed names: row, lengths of keys, length of the ICV of a combined cipher."""
AUTHENTICATORS = {
    "hmac-md5": (16, (Cut("hmac-md5", 12),)),
    "hmac-sha1": (20, (Cut("hmac-sha1", 12),)),
    "hmac-sha2-256": (32, (Cut("hmac-sha2-256", 12), Cut("hmac-sha256-128", 16))),
    "hmac-sha2-384": (48, (Cut("hmac-sha2-384", 12), Cut("hmac-sha384", 24))),
    "aes-xcbc-mac": (16, (Cut("aes-xcbc-mac", 12),)),
}
PADDINGS = {"seq": 0, "random": 0x100, "zero": 0x200}
MODES = st.sampled_from(["any", "transport", "tunnel"])
NUMBERS = st.integers(0, 0xFFFFFFFF)
PORTS = st.none() | st.integers(1, 0xFFFF)


class PrintedSa(msgspec.Struct, frozen=True):
    """An SA and the names that its algorithms have in print."""

    sa: HostSa
    enc: str = ""
    auth: str = ""


class PrintedPolicy(msgspec.Struct, frozen=True):
    """A policy and its priority."""

    policy: HostPolicy
    priority: int


def a_key(lens: list[int]) -> st.SearchStrategy[bytes]:
    """Draw a key of one of these lengths."""
    return st.sampled_from(lens).flatmap(lambda length: st.binary(min_size=length, max_size=length))


def ends() -> st.SearchStrategy[tuple[Address, Address]]:
    """Draw two addresses of one family."""
    v4, v6 = st.ip_addresses(v=4), st.ip_addresses(v=6)
    return st.tuples(v4, v4) | st.tuples(v6, v6)


@st.composite
def printed_sas(draw: st.DrawFn) -> PrintedSa:
    """Draw an SA that every setkey(8) has words for."""
    proto = draw(st.sampled_from(sorted(PROTOCOLS)))
    src, dst = draw(ends())
    sa = HostSa(
        proto=proto,
        spi=draw(NUMBERS),
        src=src,
        dst=dst,
        mode=draw(MODES),
        reqid=draw(NUMBERS),
        seq_hi=draw(st.sampled_from([None, (0,)])),
        padding=draw(st.sampled_from(sorted(PADDINGS))),
        old=draw(st.booleans()),
        window=8 * draw(st.integers(0, 255)),
    )
    if proto == 108:
        return PrintedSa(msgspec.structs.replace(sa, cipher="deflate"))
    enc = draw(st.sampled_from(sorted(CIPHERS))) if proto == 50 else ""
    if enc:
        row, lens, icv_len = CIPHERS[enc]
        cuts = (Cut("", icv_len),) if icv_len else ()
        sa = msgspec.structs.replace(sa, cipher=row, enc_key=draw(a_key(lens)), cuts=cuts)
        if icv_len or draw(st.booleans()):
            return PrintedSa(sa, enc)
    auth = draw(st.sampled_from(sorted(AUTHENTICATORS)))
    key_len, ways = AUTHENTICATORS[auth]
    return PrintedSa(msgspec.structs.replace(sa, auth_key=draw(a_key([key_len])), cuts=ways), enc, auth)


@st.composite
def networks(draw: st.DrawFn, address: Address) -> Network:
    """Draw a network around an address."""
    return ip_network((address, draw(st.integers(0, address.max_prefixlen))), strict=False)


@st.composite
def rules(draw: st.DrawFn) -> HostRule:
    """Draw a rule."""
    level = draw(st.sampled_from(["default", "use", "require", "unique"]))
    mode = draw(st.sampled_from(["transport", "tunnel"]))
    src, dst = draw(ends()) if mode == "tunnel" else (None, None)
    reqid = draw(NUMBERS) if level == "unique" else 0
    proto = draw(st.sampled_from(sorted(PROTOCOLS)))
    return HostRule(proto=proto, mode=mode, level=level, reqid=reqid, src=src, dst=dst)


@st.composite
def printed_policies(draw: st.DrawFn) -> PrintedPolicy:
    """Draw a policy and its priority."""
    src, dst = draw(ends())
    kind = draw(st.sampled_from(["ipsec", "none", "discard"]))
    policy = HostPolicy(
        direction=draw(st.sampled_from(["in", "out"])),
        src=draw(networks(src)),
        dst=draw(networks(dst)),
        src_port=draw(PORTS),
        dst_port=draw(PORTS),
        upper=draw(st.sampled_from(sorted(UPPERS))),
        kind=kind,
        rules=tuple(draw(st.lists(rules(), min_size=1, max_size=3))) if kind == "ipsec" else (),
    )
    return PrintedPolicy(policy, draw(st.integers(-2, 2)))


def printed_key(key: bytes) -> str:
    """Print a key: groups of four bytes, eight groups to a line."""
    return "\n ".join(key[start : start + 32].hex(" ", -4) for start in range(0, len(key), 32))


def sa_text(one: PrintedSa) -> str:
    """Print an SA."""
    sa = one.sa
    flags = (0x400 if sa.seq_hi else 0) | PADDINGS[sa.padding] | sa.old
    state = f"seq=0x00000000 replay={sa.window // 8} flags=0x{flags:08x} state=mature \n"
    return (
        f"{sa.src} {sa.dst}\n\t{PROTOCOLS[sa.proto]} mode={sa.mode}"
        f" spi={sa.spi}(0x{sa.spi:08x}) reqid={sa.reqid}(0x{sa.reqid:08x})\n"
        + (f"\tE: {one.enc}  {printed_key(sa.enc_key)}\n" if one.enc else "")
        + (f"\tA: {one.auth}  {printed_key(sa.auth_key)}\n" if one.auth else "")
        + ("\tC: deflate  " if sa.cipher == "deflate" else "\t")
        + state
        + "\tcreated: Nov 28 19:00:00 2026\tcurrent: Nov 28 19:00:10 2026\n"
        + "\tdiff: 10(s)\thard: 0(s)\tsoft: 0(s)\n\tsadb_seq=0 pid=100 refcnt=1\n"
    )


def end_text(net: Network | None, port: int | None) -> str:
    """Print an end of a policy."""
    assert net is not None
    bits = "" if net.prefixlen == net.max_prefixlen else f"/{net.prefixlen}"
    return f"{net.network_address}{bits}[{'any' if port is None else port}]"


def selector_text(policy: HostPolicy) -> str:
    """Print a policy's selector: of ICMPv6 with type and code behind the protocol."""
    ports = (policy.src_port, policy.dst_port)
    finer = ""
    if policy.upper == 58:
        finer = f" {ports[0] or 0},{ports[1] or 0}"
        ports = (None, None)
    src, dst = end_text(policy.src, ports[0]), end_text(policy.dst, ports[1])
    return f"{src} {dst} {UPPERS[policy.upper]}{finer}"


def rule_text(rule: HostRule) -> str:
    """Print a rule."""
    between = f"{rule.src}-{rule.dst}" if rule.src else ""
    reqid = f"#{rule.reqid}" if rule.level == "unique" else ""
    return f"\t{PROTOCOLS[rule.proto]}/{rule.mode}/{between}/{rule.level}{reqid}\n"


def policy_text(one: PrintedPolicy, spid: int, *, has_priorities: bool) -> str:
    """Print a policy."""
    prio = ""
    if has_priorities and one.priority:
        prio = f" prio def {'-' if one.priority > 0 else '+'} {abs(one.priority)}"
    elif has_priorities:
        prio = " prio def"
    return (
        f"{selector_text(one.policy)}\n\t{one.policy.direction}{prio} {one.policy.kind}\n"
        + "".join(map(rule_text, one.policy.rules))
        + f"\tspid={spid} seq=0 pid=100\n\trefcnt=1\n"
    )


@given(st.lists(printed_sas(), max_size=6, unique_by=lambda one: one.sa))
def test_sas_are_read_as_they_were_printed(sas: list[PrintedSa]) -> None:
    """The last one printed is the oldest."""
    text = "".join(map(sa_text, reversed(sas))) or "No SAD entries.\n"
    assert is_dump(text)
    read = load_all([(text, "f")])
    assert read.sas == [one.sa for one in sas]
    assert (read.policies, read.notes) == ([], [])


@given(st.lists(printed_policies(), max_size=6, unique_by=lambda one: one.policy), st.booleans(), st.data())
def test_policies_are_read_as_they_are_asked(
    policies: list[PrintedPolicy], has_priorities: bool, data: st.DataObject
) -> None:
    """In whatever order a kernel prints them, the lowest priority comes first, and of those the oldest."""
    texts = [
        policy_text(one, spid, has_priorities=has_priorities) for spid, one in enumerate(policies, start=1)
    ]
    text = "".join(data.draw(st.permutations(texts))) or "No SPD entries.\n"
    assert is_dump(text)
    read = load_all([(text, "f")])
    asked = sorted(policies, key=lambda one: one.priority) if has_priorities else policies
    assert read.policies == [one.policy for one in asked]
    assert (read.sas, read.notes) == ([], [])
