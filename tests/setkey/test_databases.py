"""Do the databases' indexes say what a walk through their lists would say?"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.kernel.net.pfkeyv2 import PfkeyError
from ipsec_lo_trace.kernel.netipsec.key_pfkey import (
    key_add,
    key_delete,
    key_delete_all,
    key_flush,
    key_spdadd,
    key_spddelete,
)
from ipsec_lo_trace.model.databases import Databases, SaHead
from ipsec_lo_trace.model.policy import Direction, Policy, PolicyType, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Mode, SaIndex, SaState, SecurityAssociation, TdbIdent
from ipsec_lo_trace.setkey.load import load

PROTOS = (IPPROTO_ESP, IPPROTO_AH)
ADDRESSES = tuple(IPv4Address(f"10.0.0.{host}") for host in (1, 2))
SPIS = (0x1000, 0x1001)
REQIDS = (0, 7)
ADD, DELETE, DELETE_ALL, FLUSH = "add", "delete", "deleteall", "flush"

commands = st.tuples(
    st.sampled_from([ADD, ADD, ADD, DELETE, DELETE_ALL, FLUSH]),
    st.sampled_from(PROTOS),
    st.sampled_from(ADDRESSES),
    st.sampled_from(ADDRESSES),
    st.sampled_from(SPIS),
    st.sampled_from(REQIDS),
)
Command = tuple[str, int, IPv4Address, IPv4Address, int, int]


def carry_out(db: Databases, command: Command) -> None:
    """Do what setkey(8) would do; what the kernel refuses changes nothing."""
    what, proto, src, dst, spi, reqid = command
    try:
        if what == ADD:
            index = SaIndex(proto, Mode.ANY, reqid, src, dst)
            enc = ("3des-cbc", bytes(range(24))) if proto == IPPROTO_ESP else ("", b"")
            key_add(db, SecurityAssociation(index, spi, *enc, "hmac-md5", bytes(16)))
        elif what == DELETE:
            key_delete(db, proto, src, dst, spi)
        elif what == DELETE_ALL:
            key_delete_all(db, proto, src, dst)
        else:
            key_flush(db, proto)
    except PfkeyError:
        pass


def walked_ends(db: Databases, proto: int, src: IPv4Address, dst: IPv4Address) -> list[SaHead]:
    """Find heads by their ends as the kernel does."""
    return [head for head in db.sahtree if head.index[0] == proto and head.index[3:] == (src, dst)]


def walked_ident(db: Databases, tdbi: TdbIdent) -> list[SecurityAssociation]:
    """Find SAs by destination, protocol and SPI as the kernel does."""
    return [sav for head in db.sahtree for sav in head.savs if sav.tdbi == tdbi]


@given(st.lists(commands, max_size=30))
def test_an_index_finds_what_a_walk_finds_in_the_same_order(drawn: list[Command]) -> None:
    """After any commands, heads by ends and SAs by identity are those of the lists, newest first."""
    db = Databases()
    for command in drawn:
        carry_out(db, command)
    for proto, src, dst in product(PROTOS, ADDRESSES, ADDRESSES):
        assert db.by_ends.get((proto, src, dst), []) == walked_ends(db, proto, src, dst)
    for proto, dst, spi in product(PROTOS, ADDRESSES, SPIS):
        tdbi = TdbIdent(proto, spi, str(dst))
        heads = db.by_ident.get(tdbi, [])
        assert [sav for head in heads for sav in head.by_spi[spi]] == walked_ident(db, tdbi)
    assert all(sav.state is SaState.MATURE for head in db.sahtree for sav in head.savs)


@given(st.lists(commands, max_size=30))
def test_what_adding_and_deleting_look_up_is_what_a_walk_finds(drawn: list[Command]) -> None:
    """After any commands, heads by protocol, by reqid, and by ends with an SPI are the lists' own."""
    db = Databases()
    for command in drawn:
        carry_out(db, command)
    for proto in PROTOS:
        assert db.by_proto.get(proto, []) == [head for head in db.sahtree[::-1] if head.index.proto == proto]
    for proto, src, dst in product(PROTOS, ADDRESSES, ADDRESSES):
        ends, heads = (proto, src, dst), walked_ends(db, proto, src, dst)
        for reqid in REQIDS:
            newest = next((head for head in heads if head.index.reqid == reqid), None)
            assert db.by_reqid.get((ends, reqid)) is newest
        for spi in SPIS:
            assert db.by_name.get((ends, spi), []) == [head for head in heads if spi in head.by_spi]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(list(Direction)), st.sampled_from([6, 17, 50]))))
def test_policies_by_upper_protocol_are_those_of_the_list(drawn: list[tuple[bool, Direction, int]]) -> None:
    """After policies came and went, those with an upper protocol are the list's, in its order."""
    db = Databases()
    everywhere = IPv4Network("0.0.0.0/0")
    for add, direction, upper in drawn:
        selector = Selector(everywhere, everywhere, ul_proto=upper)
        try:
            if add:
                key_spdadd(db, Policy(direction, selector, PolicyType.DISCARD))
            else:
                key_spddelete(db, direction, selector)
        except PfkeyError:
            pass
    for direction, policies in db.sptree.items():
        for upper in (6, 17, 50):
            listed = [sp for sp in policies if sp.selector.ul_proto == upper]
            assert db.by_upper.get((direction, upper), []) == listed


def test_many_associations_are_all_there() -> None:
    """Thousands of SAs, with one destination and with many, are each found by their identity."""
    lines = [
        f'add 10.0.{n >> 8}.{n & 255} {dst} esp {0x1000 + n} -E des-cbc "12345678" ;'
        for n in range(2000)
        for dst in ("10.9.9.9", f"10.1.{n >> 8}.{n & 255}")
    ]
    db = load("\n".join(lines), "many").db
    assert len(db.sahtree) == len(lines)
    assert all(db.by_ident[sav.tdbi][0].savs == [sav] for head in db.sahtree for sav in head.savs)
