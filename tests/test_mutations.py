"""Would a wrong stage be noticed?

Each break below is planted in a copy of the project, one at a time, and the test that is named for it must
fail there.  Those tests hold the stages against the sources and against NetBSD; golden traces do not count
here, since they would notice any change at all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent


class Break(NamedTuple):
    """A fault to plant: in which file, what stands there, what shall stand there."""

    file: str
    right: str
    wrong: str


K = "ipsec_lo_trace/kernel/"
BREAKS = {
    "process_done forgets OUT_DONE": Break(
        K + "netipsec/ipsec_output.py", "        m_tag_prepend(m, OUT_DONE, sav.tdbi)\n", "        pass\n"
    ),
    "input forgets IN_DONE": Break(
        K + "netipsec/ipsec_input.py", "    m_tag_prepend(m, IN_DONE, sav.tdbi)\n", "    pass\n"
    ),
    "IPComp gets IN_DONE": Break(
        K + "netipsec/ipsec_input.py", "    if tags and sav.proto != IPPROTO_IPCOMP:\n", "    if tags:\n"
    ),
    "IPComp is looked for at a gate": Break(
        K + "netipsec/ipsec.py", "if isr.proto == IPPROTO_IPCOMP or ipsec_get", "if ipsec_get"
    ),
    "IPComp is on from the start": Break(
        K + "netipsec/ipsec_output.py", 'k.build.ipcomp_enable == "1"', "True"
    ),
    "what does not shrink is compressed all the same": Break(
        K + "netipsec/xform_ipcomp.py", "    if len(packed) <= len(payload):\n", "    if packed:\n"
    ),
    "what does not shrink goes without IPComp's header": Break(
        K + "netipsec/xform_ipcomp.py",
        "    head = build.ipcomp_header(header.proto, args.sav.spi & 0xFFFF)\n",
        '    head = build.ipcomp_header(header.proto, args.sav.spi) if packed != payload else b""\n',
    ),
    "IPComp input forgets the next header": Break(
        K + "netipsec/xform_ipcomp.py", "+ plain, proto=next_header)", "+ plain)"
    ),
    "ESP input forgets M_DECRYPTED": Break(
        K + "netipsec/xform_esp.py", "    m_set_flag(m, M_DECRYPTED)\n", ""
    ),
    "the tunnel forgets ENCAP": Break(K + "netinet/ip_encap.py", "    m_tag_prepend(m, ENCAP)\n", ""),
    "the fix strips nothing": Break(
        K + "kern/uipc_mbuf2.py", "        m_tag_delete_nonpersistent(k, m)\n", "        pass\n"
    ),
    "unpatched icmp_reflect strips": Break(
        K + "netinet/ip_icmp.py", "strip(k, m, k.build.icmp_reflect)", 'strip(k, m, "tags")'
    ),
    "lo0 strips nothing under any fix": Break(
        K + "net/if_loop.py", "stripped = strip(k, m, k.build.looutput)", 'stripped = ""'
    ),
    "a fix that clears the flags leaves them": Break(
        K + "kern/uipc_mbuf2.py", "        m_clear_flags(m)\n", "        pass\n"
    ),
    "tcp_respond answers in a new mbuf": Break(
        K + "netinet/tcp_subr.py",
        'return True, "reuse"\n',
        'return False, "reuse"\n',
    ),
    "icmp_error answers what came by ESP": Break(
        K + "netinet/ip_icmp.py", "refusal = _encrypted(k, m) or _undeserved", "refusal = _undeserved"
    ),
    "any OUT_DONE makes ip_output skip": Break(
        K + "netinet/ip_output.py", "        if ident == cached.tdbi:\n", "        if True:\n"
    ),
    "loop detection looks at no tag": Break(
        K + "netinet/ip_output.py", "        if ident == cached.tdbi:\n", "        if False:\n"
    ),
    "loop detection compares with the bundle's last SA": Break(
        K + "netinet/ip_output.py", "isr = sp.requests[0]\n", "isr = sp.requests[-1]\n"
    ),
    "lo0 strips the tags": Break(
        K + "net/if_loop.py", '    k.count(f"if_opackets{of}")\n', "    m.changes.clear()\n    m.tags = ()\n"
    ),
    "input does not move the shared number": Break(
        K + "netipsec/ipsec.py", "    replay.count = replay.count + 1 & COUNT_MAX\n", ""
    ),
    "the packet is decrypted but not queued again for the gate": Break(
        K + "netinet/ip_input.py", "    if switch.last_header:\n", "    if not switch.last_header:\n"
    ),
    "gate 1 asks the SPD in spite of IN_DONE": Break(
        K + "netinet/ip_input.py",
        "    if tag is not None:\n        sp =",
        "    if tag is None:\n        sp =",
    ),
    "gate 2 lets everything in": Break(
        K + "netinet/raw_ip.py", '    if ipsec4_in_reject(k, m, gate="gate-2"):', "    if False:"
    ),
    "the oldest SA is preferred": Break(
        K + "netipsec/key.py",
        "return max(alive",
        "return min(alive",
    ),
    "level use without an SA goes out in clear": Break(
        K + "netipsec/ipsec_output.py",
        'return Drop("use-without-sa", "EINVAL"',
        'return Drop("use-without-sa", ""',
    ),
    "the ICV is not compared": Break(
        K + "netipsec/xform_esp.py", "    if not xform.icv_ok(sealed):", "    if False:"
    ),
    "ENOENT is reported to ping": Break(K + "netinet/ip_output.py", 'hides="ENOENT"', 'hides=""'),
    "an AH packet has its own protocol": Break(
        K + "netipsec/ipsec.py",
        " or proto == IPPROTO_AH:\n        proto = ULPROTO_ANY",
        ":\n        proto = ULPROTO_ANY",
    ),
}


NOTICED_BY = {
    "test_netbsd.py::test_tags_are_those_of_netbsd": [
        "process_done forgets OUT_DONE",
        "input forgets IN_DONE",
        "ESP input forgets M_DECRYPTED",
        "the tunnel forgets ENCAP",
        "the fix strips nothing",
        "unpatched icmp_reflect strips",
        "lo0 strips the tags",
    ],
    "kernel/test_ipcomp.py::test_the_first_packet_received_is_a_panic": [
        "IPComp gets IN_DONE",
    ],
    "kernel/test_ipcomp.py::test_a_mended_kernel_leaves_only_out_done_on_the_packet": [
        "IPComp is looked for at a gate",
        "IPComp input forgets the next header",
    ],
    "kernel/test_ipcomp.py::test_it_is_off_from_the_start": [
        "IPComp is on from the start",
    ],
    "kernel/test_ipcomp.py::test_what_does_not_shrink_is_sent_as_it_is_and_refused": [
        "what does not shrink is compressed all the same",
        "what does not shrink goes without IPComp's header",
    ],
    "test_netbsd_fixes.py::test_what_crossed_lo0_is_what_netbsd_sent": [
        "lo0 strips nothing under any fix",
    ],
    "test_netbsd_fixes.py::test_a_fix_that_clears_the_flags_has_the_reply_refused": [
        "a fix that clears the flags leaves them",
    ],
    "kernel/test_tcp_udp.py::test_a_rst_is_made_in_a_long_segment_s_mbuf": [
        "tcp_respond answers in a new mbuf",
    ],
    "kernel/test_tcp_udp.py::test_an_undeserved_error_is_counted_and_not_sent": [
        "icmp_error answers what came by ESP",
    ],
    "kernel/test_output.py::test_any_tag_of_the_chain_may_match_the_last_used_sa": [
        "any OUT_DONE makes ip_output skip",
        "loop detection looks at no tag",
    ],
    "kernel/test_output.py::test_only_the_first_request_of_a_bundle_is_compared": [
        "loop detection compares with the bundle's last SA",
    ],
    "kernel/test_policy.py::test_the_replay_window_is_that_of_the_rfc": [
        "input does not move the shared number",
    ],
    "kernel/test_ip_input.py::test_gate_1_asks_the_default_policy_if_there_is_an_in_done_tag": [
        "the packet is decrypted but not queued again for the gate",
        "gate 1 asks the SPD in spite of IN_DONE",
    ],
    "test_scenarios.py::test_two_echoes_come_out_as_expected": [
        "gate 2 lets everything in",
        "level use without an SA goes out in clear",
        "ENOENT is reported to ping",
    ],
    "kernel/test_policy.py::test_the_newest_sa_is_used_and_the_others_die": [
        "the oldest SA is preferred",
    ],
    "kernel/test_esp_ah_input.py::test_any_flipped_bit_is_refused_as_badauth": [
        "the ICV is not compared",
    ],
    "kernel/test_policy.py::test_a_packets_selector": [
        "an AH packet has its own protocol",
    ],
}
"""For each test the breaks that it must notice."""


@pytest.fixture(scope="module")
def planter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """Copy the project, and start there what plants the breaks and runs the tests."""
    copy = tmp_path_factory.mktemp("copy")
    for part in ("ipsec_lo_trace", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "interop")
        shutil.copytree(ROOT / part, copy / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", copy)
    ours = ("PYTHON", "PYTEST", "COV")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.planter"],
        cwd=copy,
        env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def ask(planter: subprocess.Popen[str], planted: Break, test: str) -> tuple[int, str]:
    """Have a break planted and its test run; return pytest's exit code and output."""
    assert planter.stdin is not None
    assert planter.stdout is not None
    planter.stdin.write(f"{json.dumps([*planted, f'tests/{test}'])}\n")
    planter.stdin.flush()
    code, printed = json.loads(planter.stdout.readline())
    return code, printed


@pytest.mark.parametrize(
    ("name", "test"), [(name, test) for test, names in NOTICED_BY.items() for name in names]
)
def test_a_planted_break_is_noticed(name: str, test: str, planter: subprocess.Popen[str]) -> None:
    """With the break in place the test that is named for it fails."""
    broken = BREAKS[name]
    text = (ROOT / broken.file).read_text(encoding="utf-8")
    assert text.count(broken.right) == 1, f"{broken.file} does not hold {broken.right!r} once"
    code, printed = ask(planter, broken, test)
    assert code == pytest.ExitCode.TESTS_FAILED, printed[-2000:]
    assert "1 failed" in printed


def test_nothing_fails_where_nothing_is_planted(planter: subprocess.Popen[str]) -> None:
    """In the same copy the test that notices most passes: it is the breaks that it notices."""
    broken = BREAKS["process_done forgets OUT_DONE"]
    most = max(NOTICED_BY, key=lambda test: len(NOTICED_BY[test]))
    code, printed = ask(planter, broken._replace(wrong=broken.right), most)
    assert code == pytest.ExitCode.OK, printed[-2000:]


def test_every_break_is_tried() -> None:
    """Each break has one test that must notice it."""
    assert sorted(name for names in NOTICED_BY.values() for name in names) == sorted(BREAKS)
