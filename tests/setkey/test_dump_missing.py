"""Lines of setkey -D and -DP that were taken out, commented out or garbled."""

from __future__ import annotations

import pytest

from ipsec_lo_trace.model.host import UNKNOWN
from tests.setkey.test_dump import AES_KEY, HEAD, MATURE, NULL_SA, POLICY, A, read


@pytest.mark.parametrize(
    ("old", "new", "ends", "ways"),
    [
        ("10.9.9.1[any]", "::/0[any]", None, "out"),
        ("10.9.9.1[any]", "x10.9.9.1[any]", None, "out"),
        ("10.9.9.1[any]", "::zz[any]", None, "out"),
        ("10.9.9.2[any]", "10.9.9.2/33[any]", None, "out"),
        ("10.9.9.1[any] 10.9.9.2[any] any\n", "zork\n", None, "out"),
        ("10.9.9.1[any] 10.9.9.2[any] any\n", "", None, "out"),
        ("] any", "]", None, "out"),
        ("] any", "] any@", None, "out"),
        ("] any", "] nosuch", A, "out"),
        ("10.9.9.2[any]", "10.9.9.2[65536]", A, "out"),
        ("10.9.9.2[any]", "10.9.9.2[http-x]", A, "out"),
        ("out none", "out nonex", A, "out"),
        ("out none", "out none zork", A, "out"),
        ("out none", "# out none", A, "in out"),
        ("out none", "outward none", A, "in out"),
        ("out none", "zork", A, "in out"),
        ("\tout none\n", "\t...\n", A, "in out"),
        ("\tout none\n", "", A, "in out"),
        ("\tspid", "\tzork\n\tspid", A, "out"),
        ("spid=1 seq=0 pid=1", "zork", A, "out"),
        ("out none", "out ipsec\n\tesp/transport//require\n#\tah/transport//require", A, "out"),
        ("out none", "out ipsec\n\tesp/transport//require\n\t...", A, "out"),
        ("out none", "out ipsec\n\t<removed>", A, "out"),
        ("out none", "out ipsec", A, "out"),
    ],
)
def test_a_policy_of_which_a_line_cannot_be_read_is_kept(old: str, new: str, ends: object, ways: str) -> None:
    """It may ask for anything, of any packets and in both directions as far as those cannot be read."""
    assert old in POLICY
    found = read(NULL_SA + POLICY.replace(old, new))
    assert {one.kind for one in found.policies} == {UNKNOWN}
    assert sorted(one.direction for one in found.policies) == ways.split()
    assert {one.src and one.src.network_address for one in found.policies} == {ends}
    assert len(found.notes) == 1
    assert len(found.sas) == 1
    assert not found.lost_sas
    apart = read(NULL_SA, POLICY.replace(old, new))
    assert apart.policies == found.policies


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("10.9.9.1 10.9.9.2", "x10.9.9.1 10.9.9.2"),
        ("10.9.9.1 10.9.9.2", "zork"),
        ("10.9.9.1 10.9.9.2\n", ""),
        ("esp mode", "esp@ mode"),
        ("spi=4097", "spi=x"),
        ("\tesp mode=transport spi=4097(0x00001001) reqid=0(0x00000000)", "\t..."),
    ],
)
def test_an_sa_that_cannot_be_named_is_lost(old: str, new: str) -> None:
    """That there is one is told, wherever it stands; the other entries are as they were."""
    assert old in NULL_SA
    other = NULL_SA.replace("4097(0x00001001)", "4098(0x00001002)")
    for text in (NULL_SA.replace(old, new) + other, other + NULL_SA.replace(old, new) + POLICY):
        found = read(text)
        assert [sa.spi for sa in found.sas] == [4098]
        assert found.lost_sas
        assert len(found.notes) == 1


@pytest.mark.parametrize("line", ["E: ", "A: ", "seq="])
@pytest.mark.parametrize("new", ["zork", "...", "<removed>", "x"])
def test_an_sa_of_which_a_line_cannot_be_read_is_opaque(line: str, new: str) -> None:
    """Whatever may have stood there, its packets are not opened."""
    keys = f"\tE: aes-cbc  {AES_KEY.hex(' ', -4)}\n\tA: hmac-md5  {AES_KEY.hex(' ', -4)}\n"
    lines = (HEAD + keys + MATURE).split("\n")
    text = "\n".join(f"\t{new}" if one.startswith(f"\t{line}") else one for one in lines)
    [sa] = read(text).sas
    assert "cannot be read" in sa.opaque


def test_a_sockets_own_policy_that_asks_for_something_may_be_asked() -> None:
    """With a rule it is kept, ahead of all others, on the condition that the packet is its socket's."""
    own = POLICY.replace("out none", "out(socket) ipsec\n\tesp/transport//require")
    first, second = read(POLICY + own).policies
    assert (first.kind, first.condition, len(first.rules)) == ("ipsec", "a socket", 1)
    assert (second.kind, second.condition) == ("none", "")
