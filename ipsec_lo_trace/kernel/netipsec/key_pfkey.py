"""The half of key.c that answers PF_KEY messages: what setkey(8) does to the two databases.

Every function either does its work whole or raises PfkeyError, the errno that the kernel would send back, and
changes nothing.  SIMPLER: the kernel keeps the empty head that a refused SADB_ADD made.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_init0
from ipsec_lo_trace.kernel.netipsec.xform_esp import esp_init
from ipsec_lo_trace.kernel.netipsec.xform_ipcomp import ipcomp_init
from ipsec_lo_trace.model.databases import Databases, Ends, SaHead
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import (
    CPI_MAX,
    IPSEC_MANUAL_REQID_MAX,
    RESERVED_SPI_MAX,
    SaIndex,
    SaState,
    SecurityAssociation,
)


def key_add(db: Databases, sa: SecurityAssociation) -> SaHead:
    """Add an SA (SADB_ADD) and give the head that took it; PfkeyError EINVAL or EEXIST.

    Source: netipsec/key.c, key_add, key_newsav, key_setsaval and key_mature.

    The SA takes on its head's index: that may not be the one it asked for.
    """
    _check_key_extensions(sa)
    head = key_getsah(db, sa.index)
    if head is not None and key_getsavbyspi(head, sa.spi) is not None:
        raise PfkeyError("EEXIST", f"SA {sa.tdbi} exists already", extension=Extension.SA)
    if sa.proto == IPPROTO_AH and sa.cipher:
        raise PfkeyError("EINVAL", "AH does not encrypt", "leave out -E", Extension.SA_ENCRYPT)
    if sa.proto == IPPROTO_IPCOMP:
        _check_ipcomp(sa)
    _xform_init(sa)
    if sa.proto != IPPROTO_IPCOMP and sa.spi <= RESERVED_SPI_MAX:
        reason = f"SPIs 0 to {RESERVED_SPI_MAX} are reserved"
        raise PfkeyError("EINVAL", reason, f"take one from {RESERVED_SPI_MAX + 1} up", Extension.SA)
    return key_newsav(db, head or key_newsah(db, sa.index), sa)


def _check_key_extensions(sa: SecurityAssociation) -> None:
    """Refuse a message without the key that its protocol must have.

    Source: netipsec/key.c, key_add.
    """
    if sa.proto == IPPROTO_ESP and not sa.enc_key:
        # KERNEL: this holds for the null cipher too, and setkey(8) sends no key for it: ESP without
        # encryption cannot be configured.
        reason = f"no encryption key for {sa.cipher}" if sa.cipher else "an ESP SA needs an encryption key"
        hint = "the 2003 kernel wants one even for the null cipher" if sa.cipher == "null" else ""
        raise PfkeyError("EINVAL", reason, hint, Extension.KEY_ENCRYPT)
    if sa.proto == IPPROTO_AH and not sa.auth_key:
        reason = f"no authentication key for {sa.auth}" if sa.auth else "an AH SA needs an authentication key"
        raise PfkeyError("EINVAL", reason, extension=Extension.KEY_AUTH)


def _check_ipcomp(sa: SecurityAssociation) -> None:
    """Refuse keys, an authenticator, and a CPI of more than 16 bits unless it is a raw one (-R).

    Source: netipsec/key.c, key_setsaval and key_mature.
    """
    if sa.enc_key:
        raise PfkeyError("EINVAL", "IPComp takes no key", "write -C deflate", Extension.KEY_ENCRYPT)
    if sa.auth:
        raise PfkeyError("EINVAL", "IPComp does not authenticate", "leave out -A", Extension.SA_AUTH)
    if sa.spi > CPI_MAX and not sa.raw_cpi:
        raise PfkeyError("EINVAL", "a CPI has 16 bits", f"at most {CPI_MAX}", Extension.SA)


def _xform_init(sa: SecurityAssociation) -> None:
    """Have an SA's transform check its algorithms and keys; PfkeyError EINVAL.

    Source: netipsec/key.c, key_setsaval and key_mature, which ask ipsec.c's xform_init for it.
    """
    if sa.proto == IPPROTO_ESP:
        esp_init(sa)
    elif sa.proto == IPPROTO_AH:
        ah_init0(sa)
    else:
        ipcomp_init(sa)


def key_getsah(db: Databases, saidx: SaIndex) -> SaHead | None:
    """Find the head that an SA with this index joins.

    Source: netipsec/key.c, key_getsah, and key_cmpsaidx with CMP_REQID.
    """
    ends = (saidx.proto, saidx.src, saidx.dst)
    # KERNEL: the mode is not compared, and a reqid of 0 joins any head.
    if saidx.reqid:
        return db.by_reqid.get((ends, saidx.reqid))
    return next(iter(db.by_ends.get(ends, ())), None)


def key_newsah(db: Databases, saidx: SaIndex) -> SaHead:
    """Make a head, in front of all others (LIST_INSERT_HEAD).

    Source: netipsec/key.c, key_newsah.
    """
    return db.new_head(saidx)


def key_newsav(db: Databases, head: SaHead, sa: SecurityAssociation) -> SaHead:
    """Hang an SA into its head, in front of the older ones.

    Source: netipsec/key.c, key_newsav, key_setsaval and key_sa_chgstate.
    """
    # Protocol and ends are equal, so the identity in sa.tdbi stays right.
    sa.index = head.index
    if sa.old:
        sa.replay = None
    db.adds += 1
    sa.added = db.adds
    db.hang(head, sa)
    return head


def key_getsavbyspi(head: SaHead, spi: int) -> SecurityAssociation | None:
    """Find a live SA of a head by its SPI.

    Source: netipsec/key.c, key_getsavbyspi.
    """
    for sav in head.by_spi.get(spi, ()):
        if sav.state is SaState.MATURE:
            return sav
    return None


def key_delete(db: Databases, proto: int | None, src: IPv4Address, dst: IPv4Address, spi: int) -> None:
    """Delete the first SA with this SPI between two ends; PfkeyError ENOENT, or EINVAL without a protocol.

    Source: netipsec/key.c, key_parse and key_delete.

    Mode and reqid are not looked at.  The head stays, empty or not, and is still found by key_allocsa_policy.
    """
    for head in db.by_name.get((_ends(proto, src, dst), spi), ()):
        sav = key_getsavbyspi(head, spi)
        if sav is not None:
            sav.state = SaState.DEAD
            db.unhang(head, sav)
            return
    raise PfkeyError("ENOENT", f"there is no such SA as 0x{spi:08x} {src} to {dst}", extension=Extension.SA)


def key_delete_all(db: Databases, proto: int | None, src: IPv4Address, dst: IPv4Address) -> None:
    """Delete every SA between two ends, be there any or not; PfkeyError EINVAL without a protocol.

    Source: netipsec/key.c, key_parse and key_delete_all.
    """
    for head in db.by_ends.get(_ends(proto, src, dst), ()):
        for sav in list(head.savs):
            sav.state = SaState.DEAD
            db.unhang(head, sav)


def _ends(proto: int | None, src: IPv4Address, dst: IPv4Address) -> Ends:
    """Return what heads of a protocol and two ends are found by (key_cmpsaidx with CMP_HEAD)."""
    if proto is None:
        reason = "a message about an SA must name the SA's protocol"
        raise PfkeyError("EINVAL", reason, "write esp, ah or ipcomp")
    return proto, src, dst


def key_flush(db: Databases, proto: int | None) -> None:
    """Delete all SAs of a protocol, or all there are for None, together with their heads.

    Source: netipsec/key.c, key_flush.
    """
    for sav in (sav for head in db.drop_heads(proto) for sav in head.savs):
        sav.state = SaState.DEAD


def key_spdadd(db: Databases, policy: Policy) -> Policy:
    """Add a policy behind all others of its direction (LIST_INSERT_TAIL); PfkeyError EINVAL or EEXIST.

    Source: netipsec/key.c, key_spdadd.

    What is added, and given back, is the kernel's own, made after the policy in the message.
    """
    if policy.kind in (PolicyType.ENTRUST, PolicyType.BYPASS):
        reason = f"{policy.kind.name.lower()} is for sockets, not for the SPD"
        raise PfkeyError("EINVAL", reason, "the SPD takes discard, none and ipsec", Extension.POLICY)
    if policy.kind is PolicyType.IPSEC and not policy.requests:
        reason = "an ipsec policy needs at least one rule"
        raise PfkeyError("EINVAL", reason, "such as esp/transport//require", Extension.POLICY)
    if key_getsp(db, policy.direction, policy.selector) is not None:
        raise PfkeyError("EEXIST", "a policy with the same selector and direction exists already")
    newsp = key_msg2sp(db, policy)
    db.add_policy(newsp)
    return newsp


def key_msg2sp(db: Databases, policy: Policy) -> Policy:
    """Make a policy after one in a message, giving unique rules a reqid unless they have one in range.

    Source: netipsec/key.c, key_msg2sp.
    """
    requests: list[Request] = []
    for isr in policy.requests:
        reqid = isr.reqid
        if isr.level is Level.UNIQUE and not 1 <= reqid <= IPSEC_MANUAL_REQID_MAX:
            reqid = key_newreqid(db)
        requests.append(Request(isr.proto, isr.mode, isr.level, reqid, isr.src, isr.dst))
    return Policy(policy.direction, policy.selector, policy.kind, requests)


def key_getsp(db: Databases, direction: Direction, selector: Selector) -> Policy | None:
    """Find the policy with exactly this selector.

    Source: netipsec/key.c, key_getsp and key_cmpspidx_exactly.
    """
    # SIMPLER: the kernel also compares the address bits under the prefix, which no packet is held against.
    return db.by_selector.get((direction, selector))


def key_newreqid(db: Databases) -> int:
    """Return the next reqid of the kernel's own, 0x4001 first.

    Source: netipsec/key.c, key_newreqid.
    """
    db.reqids += 1
    return IPSEC_MANUAL_REQID_MAX + 1 + db.reqids


def key_spddelete(db: Databases, direction: Direction, selector: Selector) -> None:
    """Delete the policy with exactly this selector; PfkeyError EINVAL if there is none.

    Source: netipsec/key.c, key_spddelete.
    """
    policy = key_getsp(db, direction, selector)
    if policy is None:
        raise PfkeyError("EINVAL", "there is no policy with this selector and direction")
    db.drop_policy(policy)


def key_spdflush(db: Databases) -> None:
    """Delete all policies of both directions.

    Source: netipsec/key.c, key_spdflush.
    """
    db.drop_policies()
