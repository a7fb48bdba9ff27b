from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import MAX_FILE_LEN
from ipsec_lo_trace.xfrm.kernel import read_kernel
from ipsec_lo_trace.xfrm.load import load_all, read_host
from tests.support import SCENARIOS
from tests.xfrm.support import DATA, LINUX2, printed, said

STATE, POLICY = str(DATA / "ab-esp.state.txt"), str(DATA / "ab-esp.policy.txt")
CONF = str(SCENARIOS / "ab-esp.conf")
BOTH = said(load_all([(printed("ab-esp.state"), "f"), (printed("ab-esp.policy"), "g")]))
WHY = "a host without any prints nothing, and so does ip xfrm for a user who is not root"
File = Callable[[str, str], str]


@pytest.fixture
def file(tmp_path: Path) -> File:
    """Give a function that makes a file and returns its path."""

    def make(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return make


def test_several_files_are_one_host(file: File) -> None:
    """Several files of Linux's output are one configuration, in any order, with empty ones among them."""
    empty, blank = file("empty.txt", ""), file("blank.txt", " \n\n# nothing\nroot@h:~# ip xfrm policy\n")
    for paths in itertools.permutations([STATE, POLICY, empty, blank]):
        read = read_host(paths)
        assert (said(read), read.notes) == (BOTH, [])


def test_setkey_commands_stand_alone(file: File) -> None:
    """But for empty files, nothing may stand beside a file of setkey(8) commands."""
    empty = file("empty.txt", "")
    alone = said(read_host([CONF]))
    assert said(read_host([CONF, empty])) == said(read_host([empty, CONF])) == alone
    for paths in itertools.permutations([STATE, CONF]):
        with pytest.raises(
            UserError, match=r"ab-esp.conf: of several files, each must hold what ip xfrm prints"
        ):
            read_host(paths)
        with pytest.raises(UserError, match=r"a file of setkey.8. commands stands alone"):
            read_kernel(paths)


DUMPED = (
    "127.0.0.1 127.0.0.1\n\tesp mode=transport spi=4099(0x00001003) reqid=0(0x00000000)\n"
    "\tE: rijndael-cbc  00112233 44556677 8899aabb ccddeeff\n"
    "\tA: hmac-sha1  00010203 04050607 08090a0b 0c0d0e0f 10111213\n"
    "\tseq=0x00000000 replay=0 flags=0x00000000 state=mature\n"
)


def test_what_setkey_dumps_goes_with_what_ip_prints(file: File) -> None:
    """A Linux host with ipsec-tools has both; a dump that says there is nothing is fine beside others."""
    sad, none = file("sad.txt", f"# setkey -D\n{DUMPED}"), file("spd.txt", "No SPD entries.\n")
    larval = file("larval.txt", DUMPED.replace("mature", "larval"))
    for paths in itertools.permutations([POLICY, sad, none]):
        read = read_host(paths)
        assert [sa.spi for sa in read.sas] == [0x1003]
        assert read.policies == BOTH[1]
        assert [sav.spi for head in read_kernel(paths).db.sahtree for sav in head.savs] == [0x1003]
    read = read_host([larval, STATE, POLICY])
    assert said(read) == BOTH
    assert len(read.notes) == 1
    with pytest.raises(UserError, match="nothing in it can be used"):
        read_host([larval])
    with pytest.raises(UserError, match="there is no SA and no policy in it"):
        read_host([none])


@pytest.mark.parametrize("read", [read_host, read_kernel])
@pytest.mark.parametrize(
    "text", ["", "\n", " \t\r\n", "# nothing\n", "$ ip xfrm state\n$ ip xfrm policy\n$\n"]
)
def test_nothing_at_all(file: File, read: Callable[[list[str]], object], text: str) -> None:
    """If all files are empty, the message says who gets that."""
    path = file("empty.txt", text)
    with pytest.raises(UserError) as raised:
        read([path, path])
    assert str(raised.value) == f"{path}, {path}: there is no SA and no policy in it ({WHY})"


def test_nothing_that_can_be_used(file: File) -> None:
    """If all of it is left out, the message says what and why; of many notes it says some."""
    left_out = "src 10.0.0.1/32 dst 10.0.0.2/32 dev eth0 \n\tdir in priority 0 \n"
    path = file("one.txt", left_out)
    with pytest.raises(UserError) as raised:
        read_host([path])
    assert str(raised.value) == f"{path}: nothing in it can be used: {path}:1:1: a policy for eth0: left out"
    path = file("many.txt", left_out * 7)
    with pytest.raises(UserError, match=r":1:1: .*:3:1: .*:5:1: a policy for eth0: left out; and 4 more$"):
        read_host([path])


def test_who_may_not_ask_is_told(file: File) -> None:
    """An answer of the kernel that stands in place of the output is told, with its line."""
    path = file("denied.txt", "$ ip xfrm state\nRTNETLINK answers: Operation not permitted\n")
    with pytest.raises(UserError, match=r":2:1: a line that belongs to no SA and no policy: left out"):
        read_host([path])


def test_defaults_alone_count_where_they_discard(file: File) -> None:
    """A host that blocks what no policy is for can be judged; one that accepts it has nothing to judge."""
    text = (LINUX2 / "texts" / "swan.getdefault.txt").read_text(encoding="utf-8")
    read = read_host([file("block.txt", text.replace("in:  accept", "in:  block"))])
    assert read.defaults == {"in": "discard", "out": "none"}
    with pytest.raises(UserError, match="there is no SA and no policy in it"):
        read_host([file("accept.txt", text)])


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there or too long is refused by its name."""
    (tmp_path / "big").write_bytes(b"#" * (MAX_FILE_LEN + 1))
    with pytest.raises(UserError, match="larger than"):
        read_host([STATE, str(tmp_path / "big")])
    with pytest.raises(UserError, match="no such file"):
        read_host([STATE, str(tmp_path / "none")])
