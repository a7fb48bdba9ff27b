"""What the kernel of 2003 can take of a real host's configuration, in its own databases."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ipsec_lo_trace.kernel.netipsec.key_pfkey import key_newsah, key_newsav
from ipsec_lo_trace.model.algorithms import AUTHENTICATORS, CIPHERS
from ipsec_lo_trace.model.databases import Configuration, SaHead
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration, HostPolicy, HostRule, HostSa, Network
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode, Replay, SaIndex, SecurityAssociation, TdbIdent
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.xfrm.load import nothing_usable, read_sources, sources

_ICV_LEN = 12
_CIPHERS = frozenset(row.name for row in CIPHERS if row.in_kernel)
_AUTHS = frozenset(row.name for row in AUTHENTICATORS if row.in_kernel)
_MODES = {"any": Mode.ANY, "transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL}
_KINDS = {"ipsec": PolicyType.IPSEC, "none": PolicyType.NONE, "discard": PolicyType.DISCARD}
_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}
_LEVELS = {
    "default": Level.DEFAULT,
    "use": Level.USE,
    "require": Level.REQUIRE,
    "unique": Level.UNIQUE,
}
_EVERYTHING = IPv4Network("0.0.0.0/0")


def read_kernel(paths: Sequence[str]) -> Configuration:
    """Read files as ``read_host`` does, for the kernel of 2003: setkey(8) commands as its setkey(8) would.

    Of anything else, what it has no notion of is left out, with a note.  UserError as from ``read_host``.
    """
    found = sources(paths)
    if found.commands:
        return setkey.load(*found.commands[0])
    text = "".join(text for text, _file in (*found.xfrm, *found.dumps))
    configuration = kernel_configuration(read_sources(found), text)
    if configuration.db.is_empty:
        raise nothing_usable(configuration.notes, found.names)
    return configuration


def kernel_configuration(read: HostConfiguration, text: str) -> Configuration:
    """Put into databases what the kernel of 2003 knows of a host's SAs and policies; note the rest.

    Nothing that this kernel would have refused is refused here.
    """
    configuration = Configuration(text, notes=list(read.notes))
    _add_sas(configuration, read.sas)
    for policy in read.policies:
        why = _no_policy_of_2003(policy)
        if why:
            configuration.notes.append(f"{_shown(policy)}: {why}: left out")
        else:
            # Two with the same selector may differ in what is not modelled, such as dev lo.
            configuration.db.add_policy(_policy(policy))
    for direction, kind in sorted(read.defaults.items()):
        if kind == "discard":
            note = f"the default policy {direction}, to discard, is not of 2003: left out"
            configuration.notes.append(note)
    return configuration


def _add_sas(configuration: Configuration, sas: Sequence[HostSa]) -> None:
    """Hang each SA into the head of its index, oldest first."""
    heads: dict[SaIndex, SaHead] = {}
    known: set[TdbIdent] = set()
    for sa in sas:
        sav, why = _association(sa)
        if sav is not None and sav.tdbi in known:
            why = "another one has this SPI, which a mark tells apart"
        if sav is None or why:
            configuration.notes.append(f"SA 0x{sa.spi:08x} to {sa.dst}: {why}: left out")
            continue
        known.add(sav.tdbi)
        if sav.index not in heads:
            heads[sav.index] = key_newsah(configuration.db, sav.index)
        key_newsav(configuration.db, heads[sav.index], sav)


def _association(sa: HostSa) -> tuple[SecurityAssociation | None, str]:
    """Make an SA as this kernel has them; None with the reason if it knows no such one."""
    src, dst, mode = sa.src, sa.dst, _MODES.get(sa.mode)
    if not isinstance(src, IPv4Address) or not isinstance(dst, IPv4Address):
        return None, "IPv6"
    cuts = [cut for cut in sa.cuts if cut.icv_len == _ICV_LEN and cut.auth in _AUTHS]
    ciphers = ("", "deflate") if sa.proto == IPPROTO_IPCOMP else ("", *_CIPHERS)
    reasons = {
        sa.opaque: bool(sa.opaque),
        f"mode {sa.mode} is not of 2003": mode is None,
        "extended sequence numbers are not of 2003": sa.seq_hi is not None,
        f"{sa.cipher} is not of 2003": sa.cipher not in ciphers,
        f"{_shown_cuts(sa)} is not of 2003": bool(sa.cuts) and not cuts,
    }
    why = next((why for why, holds in reasons.items() if holds), "")
    if why or mode is None:
        return None, why
    index = SaIndex(sa.proto, mode, sa.reqid, src, dst)
    return SecurityAssociation(
        index,
        sa.spi,
        sa.cipher,
        sa.enc_key,
        cuts[0].auth if cuts else "",
        sa.auth_key,
        old=sa.old,
        padding=sa.padding,
        replay=None if sa.old else Replay(-(-sa.window // 8)),
    ), ""


def _shown_cuts(sa: HostSa) -> str:
    return " or ".join(f"{cut.auth or sa.cipher} of {8 * cut.icv_len} bits" for cut in sa.cuts)


def _no_policy_of_2003(policy: HostPolicy) -> str:
    """Say why this kernel cannot have a policy, "" if it can."""
    ends = [end for rule in policy.rules for end in (rule.src, rule.dst)]
    if any(isinstance(one, IPv6Network | IPv6Address) for one in (policy.src, policy.dst, *ends)):
        return "IPv6"
    if policy.kind == UNKNOWN:
        return "it could not be read"
    if policy.condition:
        return f"it hangs on {policy.condition}"
    if policy.upper == IPPROTO_ICMP and (policy.src_port, policy.dst_port) != (None, None):
        return "types and codes of ICMP in a policy are not of 2003"
    if 0 in (policy.src_port, policy.dst_port):
        return "port 0 is every port in 2003"
    return next(filter(None, map(_no_rule_of_2003, policy.rules)), "")


def _no_rule_of_2003(rule: HostRule) -> str:
    if rule.mode not in _MODES:
        return f"mode {rule.mode} is not of 2003"
    return "a tunnel without an end" if rule.mode == "tunnel" and rule.dst is None else ""


def _policy(policy: HostPolicy) -> Policy:
    src, dst = (_network(network) for network in (policy.src, policy.dst))
    chosen = Selector(src, dst, policy.src_port or 0, policy.dst_port or 0, policy.upper)
    requests = list(map(_request, policy.rules))
    return Policy(_DIRECTIONS[policy.direction], chosen, _KINDS[policy.kind], requests)


def _network(network: Network | None) -> IPv4Network:
    return network if isinstance(network, IPv4Network) else _EVERYTHING


def _request(rule: HostRule) -> Request:
    src, dst = (end if isinstance(end, IPv4Address) else None for end in (rule.src, rule.dst))
    return Request(rule.proto, _MODES[rule.mode], _LEVELS[rule.level], rule.reqid, src, dst)


def _shown(policy: HostPolicy) -> str:
    src, dst = (network or "any" for network in (policy.src, policy.dst))
    return f"policy {policy.direction} from {src} to {dst}"
