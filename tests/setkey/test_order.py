from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.proto import IPPROTO_AH
from ipsec_lo_trace.model.sa import Mode, SaState
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write
from tests.setkey.support import DES_KEY, SPDADD

A, B = "10.9.9.1", "10.9.9.2"
AUTH_KEY = '-A hmac-md5 "0123456789abcdef"'


def _esp(src: str, dst: str, spi: int, options: str = "") -> str:
    return f"add {src} {dst} esp {spi} {options} {DES_KEY};\n"


def _ah(src: str, dst: str, spi: int) -> str:
    return f"add {src} {dst} ah {spi} {AUTH_KEY};\n"


def _spis(db: Databases) -> list[list[int]]:
    return [[sav.spi for sav in head.savs] for head in db.sahtree]


def test_new_heads_and_new_sas_come_first() -> None:
    """The SAD lists heads and the SAs in them newest first, and numbers the SAs as they came."""
    db = load(_esp(A, B, 1001) + _esp(B, A, 1002) + _esp(A, B, 1003) + _ah(A, B, 1001), "f").db
    assert _spis(db) == [[1001], [1002], [1003, 1001]]
    assert [[sav.added for sav in head.savs] for head in db.sahtree] == [[4], [2], [3, 1]]
    assert db.adds == 4


def test_policies_stay_in_the_order_of_the_text() -> None:
    """Each direction of the SPD keeps its policies in the order in which they were added."""
    text = "".join(
        f"spdadd {A} {B}[{port}] any -P {direction} none;"
        for port, direction in [(3, "in"), (1, "out"), (2, "in"), (4, "out")]
    )
    sptree = load(text, "f").db.sptree
    assert {
        direction: [policy.selector.dst_port for policy in policies] for direction, policies in sptree.items()
    } == {Direction.IN: [3, 2], Direction.OUT: [1, 4]}


def test_an_sa_joins_a_head_of_another_mode() -> None:
    """key_getsah does not compare modes: a tunnel SA behind a transport SA becomes a transport SA."""
    configuration = load(_esp(A, B, 1001, "-m transport") + _esp(A, B, 1002, "-m tunnel"), "f")
    (head,) = configuration.db.sahtree
    assert [(sav.spi, sav.index.mode) for sav in head.savs] == [
        (1002, Mode.TRANSPORT),
        (1001, Mode.TRANSPORT),
    ]
    mode_and_reqid = "mode (transport) and reqid (0)"
    assert configuration.notes == [
        f"f:2: SA esp 0x000003ea to 10.9.9.2 joins the SAs that are there, with their {mode_and_reqid}"
    ]


def test_an_sa_without_a_reqid_joins_the_newest_head_whatever_its_reqid() -> None:
    """A reqid of 0 is no reqid to key_getsah, while 10, 20 and 0 make heads of their own."""
    text = _esp(A, B, 1000) + _esp(A, B, 1001, "-u 10") + _esp(A, B, 1002, "-u 20") + _esp(A, B, 1003)
    configuration = load(text, "f")
    assert _spis(configuration.db) == [[1003, 1002], [1001], [1000]]
    assert [head.index.reqid for head in configuration.db.sahtree] == [20, 10, 0]
    assert [sav.index.reqid for sav in configuration.db.sahtree[0].savs] == [20, 20]
    assert len(configuration.notes) == 1


def test_one_spi_can_be_in_two_heads() -> None:
    """An SPI is only refused where the same head has it: other ends or another protocol do not matter."""
    db = load(_esp(A, B, 1001) + _esp(B, A, 1001) + _ah(A, B, 1001), "f").db
    assert _spis(db) == [[1001], [1001], [1001]]


def test_delete_takes_one_sa_and_leaves_the_head() -> None:
    """The SA that has the SPI goes with delete; its head stays, even empty."""
    db = load(_esp(A, B, 1001) + f"delete {A} {B} esp 1001 -u 5;", "f").db
    assert _spis(db) == [[]]
    db = load(_esp(A, B, 1000) + _esp(A, B, 1001, "-u 10") + f"delete {A} {B} esp 1001;", "f").db
    assert _spis(db) == [[], [1000]]
    assert [head.index.reqid for head in db.sahtree] == [10, 0]


def test_an_spi_can_be_used_again_after_delete() -> None:
    """delete, then add of the same SPI is no duplicate."""
    db = load(_esp(A, B, 1001) + f"delete {A} {B} esp 1001;" + _esp(A, B, 1001), "f").db
    assert _spis(db) == [[1001]]


def test_deleteall_takes_all_sas_of_one_protocol_between_two_ends() -> None:
    """Other protocols and the other direction outlive deleteall, which does not mind finding nothing."""
    text = _esp(A, B, 1001) + _esp(A, B, 1002) + _esp(B, A, 1003) + _ah(A, B, 1004)
    db = load(text + f"deleteall {A} {B} esp; deleteall {A} {B} ipcomp;", "f").db
    assert _spis(db) == [[1004], [1003], []]


def test_flush_takes_what_came_before_it() -> None:
    """With flush go the SAs and heads so far, of one protocol or of all, and nothing that comes later."""
    both = _esp(A, B, 1001) + _ah(A, B, 1002)
    assert _spis(load(both + "flush;", "f").db) == []
    assert _spis(load(both + "flush esp;", "f").db) == [[1002]]
    assert _spis(load("flush;" + both, "f").db) == [[1002], [1001]]
    assert [head.index.proto for head in load(both + "flush esp;", "f").db.sahtree] == [IPPROTO_AH]


def test_spdflush_and_spddelete_take_policies_alone() -> None:
    """After spdflush both directions are empty, after spddelete one policy is gone; SAs stay."""
    both = _esp(A, B, 1001) + f"{SPDADD} -P out none; {SPDADD} -P in none;"
    db = load(both + "spdflush;", "f").db
    assert (db.sptree, _spis(db)) == ({Direction.IN: [], Direction.OUT: []}, [[1001]])
    db = load(both + "spddelete 127.0.0.1 127.0.0.1 any -P in discard;", "f").db
    assert {direction: len(policies) for direction, policies in db.sptree.items()} == {
        Direction.IN: 0,
        Direction.OUT: 1,
    }


def test_a_policy_can_be_added_again_after_spddelete() -> None:
    """After spddelete there is room for another policy with the same selector."""
    db = load(
        f"{SPDADD} -P out none; spddelete 127.0.0.1 127.0.0.1 any -P out; {SPDADD} -P out discard;", "f"
    ).db
    assert [str(policy) for policy in db.sptree[Direction.OUT]] == ["discard"]


def test_policies_that_differ_in_one_part_of_the_selector_live_together() -> None:
    """Prefix length, port, protocol and direction all tell selectors apart."""
    ranges = ["10.0.0.0/8 10.0.0.0/8 any", "10.0.0.0/9 10.0.0.0/8 any", "10.0.0.0/8[7] 10.0.0.0/8 any"]
    ranges += ["10.0.0.0/8 10.0.0.0/8[7] any", "10.0.0.0/8 10.0.0.0/8 icmp"]
    db = load("".join(f"spdadd {r} -P {d} none;" for r in ranges for d in ("in", "out")), "f").db
    assert {len(policies) for policies in db.sptree.values()} == {len(ranges)}


def test_sas_without_policies_and_policies_without_sas_are_fine() -> None:
    """The two databases know nothing of each other."""
    assert _spis(load(_esp(A, B, 1001), "f").db) == [[1001]]
    assert len(load(f"{SPDADD} -P out ipsec esp/transport//require;", "f").db.sptree[Direction.OUT]) == 1


def test_the_kernel_numbers_unique_rules_through_both_directions() -> None:
    """Reqids of the kernel's own go up with every unique rule, whatever the direction."""
    text = "".join(
        f"spdadd {A} {B}[{port}] any -P {direction} ipsec esp/transport//unique;"
        for port, direction in [(1, "out"), (2, "in"), (3, "out")]
    )
    db = load(text, "f").db
    reqids = [[policy.requests[0].reqid for policy in policies] for policies in db.sptree.values()]
    assert reqids == [[0x4002], [0x4001, 0x4003]]


def test_a_joined_sa_is_found_by_its_address_as_before() -> None:
    """What an SA is called in tags does not change when it takes on its head's index."""
    db = load(_esp(A, B, 1001, "-u 7") + _esp(A, B, 1002, "-m tunnel"), "f").db
    sav = db.sahtree[0].savs[0]
    assert (sav.tdbi.proto, sav.tdbi.spi, sav.tdbi.dst) == (50, 1002, B)
    assert (sav.index.dst, sav.index.reqid) == (IPv4Address(B), 7)


def test_an_sa_that_a_run_has_killed_is_written_like_a_live_one() -> None:
    """An SA that is DEAD for a newer one comes back as it was before the run, in its place."""
    text = _esp(A, B, 1001) + _esp(A, B, 1002)
    db = load(text, "f").db
    before = write(db)
    db.sahtree[0].savs[1].state = SaState.DEAD
    assert write(db) == before
    assert _spis(load(before, "again").db) == [[1002, 1001]]
