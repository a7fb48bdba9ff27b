from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.kernel.netipsec import key_pfkey
from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_algorithm_lookup
from ipsec_lo_trace.kernel.netipsec.xform_esp import esp_algorithm_lookup
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Mode, SaIndex, SaState, SecurityAssociation

A = IPv4Address("10.9.9.1")
B = IPv4Address("10.9.9.2")
DES_KEY = bytes(8)


def _index(proto: int = IPPROTO_ESP) -> SaIndex:
    return SaIndex(proto, Mode.ANY, 0, A, B)


def _esp(spi: int = 0x1000) -> SecurityAssociation:
    return SecurityAssociation(_index(), spi, cipher="des-cbc", enc_key=DES_KEY)


def test_a_null_cipher_with_a_key_would_be_taken() -> None:
    """The kernel has the null cipher; only setkey(8) has no way to send it the key that it insists on."""
    db = Databases()
    key_pfkey.key_add(db, SecurityAssociation(_index(), 0x1000, cipher="null", enc_key=b"key"))
    assert [sav.cipher for sav in db.sahtree[0].savs] == ["null"]


@pytest.mark.parametrize(
    ("sa", "errno", "extension"),
    [
        (SecurityAssociation(_index(), 0x1000), "EINVAL", Extension.KEY_ENCRYPT),
        (SecurityAssociation(_index(IPPROTO_AH), 0x1000), "EINVAL", Extension.KEY_AUTH),
        (
            SecurityAssociation(_index(), 0x1000, cipher="des-cbc", enc_key=DES_KEY, auth="hmac-md5"),
            "EINVAL",
            Extension.KEY_AUTH,
        ),
        (_esp(255), "EINVAL", Extension.SA),
        (_esp(0), "EINVAL", Extension.SA),
    ],
)
def test_a_refused_add_changes_nothing(sa: SecurityAssociation, errno: str, extension: Extension) -> None:
    """An errno comes with the extension that it is about, and the SAD stays as it was."""
    db = Databases()
    with pytest.raises(PfkeyError) as raised:
        key_pfkey.key_add(db, sa)
    assert (raised.value.errno, raised.value.extension) == (errno, extension)
    assert str(raised.value).startswith(f"{errno}: ")
    assert (db.sahtree, db.adds) == ([], 0)


def test_the_first_free_spi_is_taken() -> None:
    """256 is the first SPI that is not reserved."""
    db = Databases()
    assert key_pfkey.key_add(db, _esp(256)) is db.sahtree[0]


def test_deleted_and_flushed_sas_are_dead() -> None:
    """Whoever still holds an SA that is gone from the SAD can see that it is dead."""
    db = Databases()
    sas = [_esp(0x1000 + number) for number in range(4)]
    for sa in sas:
        key_pfkey.key_add(db, sa)
    key_pfkey.key_delete(db, IPPROTO_ESP, A, B, 0x1000)
    assert [sa.state for sa in sas] == [SaState.DEAD, *[SaState.MATURE] * 3]
    key_pfkey.key_delete_all(db, IPPROTO_ESP, A, B)
    assert {sa.state for sa in sas} == {SaState.DEAD}
    last = _esp()
    key_pfkey.key_add(db, last)
    key_pfkey.key_flush(db, None)
    assert (last.state, db.sahtree) == (SaState.DEAD, [])


def test_a_dead_sa_does_not_hold_its_spi() -> None:
    """An SA that died in its head is neither a duplicate nor there to delete."""
    db = Databases()
    old = _esp()
    key_pfkey.key_add(db, old)
    old.state = SaState.DEAD
    with pytest.raises(PfkeyError):
        key_pfkey.key_delete(db, IPPROTO_ESP, A, B, 0x1000)
    key_pfkey.key_add(db, _esp())
    assert [sav.state for sav in db.sahtree[0].savs] == [SaState.MATURE, SaState.DEAD]


def test_the_kernel_keeps_a_policy_of_its_own() -> None:
    """The policy in the message stays as it is; the one in the SPD has the reqid that the kernel gave."""
    db = Databases()
    selector = Selector(IPv4Network("10.0.0.0/8"), IPv4Network("10.0.0.0/8"))
    sent = Policy(
        Direction.OUT,
        selector,
        PolicyType.IPSEC,
        [Request(IPPROTO_ESP, Mode.TRANSPORT, Level.UNIQUE), Request(IPPROTO_AH, Mode.TRANSPORT, Level.USE)],
    )
    kept = key_pfkey.key_spdadd(db, sent)
    assert db.sptree[Direction.OUT] == [kept]
    assert [isr.reqid for isr in sent.requests] == [0, 0]
    assert [isr.reqid for isr in kept.requests] == [0x4001, 0]
    assert kept.requests[0].next is kept.requests[1]
    assert str(kept) == "ipsec esp/transport//unique:16385 ah/transport//use"


def test_the_kernel_s_own_reqids_count_on() -> None:
    """A reqid that the kernel gave does not come again, whatever became of its policy."""
    db = Databases()
    given = []
    for prefix in range(8, 11):
        net = IPv4Network(f"10.0.0.0/{prefix}")
        unique = Request(IPPROTO_ESP, Mode.TRANSPORT, Level.UNIQUE)
        kept = key_pfkey.key_spdadd(db, Policy(Direction.OUT, Selector(net, net), PolicyType.IPSEC, [unique]))
        given += [isr.reqid for isr in kept.requests]
        if prefix == 8:
            key_pfkey.key_spddelete(db, Direction.OUT, kept.selector)
        else:
            key_pfkey.key_spdflush(db)
    assert given == [0x4001, 0x4002, 0x4003]


def test_the_private_numbers_are_out_of_ah_algorithm_lookups_reach() -> None:
    """AH_ALG_MAX keeps the keyed hashes and null from being found, while ESP's limit is wide enough."""
    assert [ah_algorithm_lookup(name) for name in ("keyed-md5", "keyed-sha1", "null")] == [None] * 3
    assert esp_algorithm_lookup("null") is not None
    assert esp_algorithm_lookup("aes-ctr") is None
