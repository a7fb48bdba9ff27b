"""Would a wrong stage be noticed?

Each break below is planted in a copy of the project, one at a time, and the tests of that copy must fail.
The tests that run are those which hold the stages against the sources and against NetBSD; golden traces do
not count here, since they would notice any change at all.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TESTS = [
    "tests/test_netbsd.py",
    "tests/test_netbsd_fixes.py",
    "tests/test_retest.py",
    "tests/test_scenarios.py",
    "tests/kernel",
]


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
        K + "netipsec/ipsec_input.py", "    if sav.proto != IPPROTO_IPCOMP:\n", "    if True:\n"
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
        K + "kern/uipc_mbuf2.py", "        m_tag_delete_chain(m)\n        return\n", "        return\n"
    ),
    "unpatched icmp_reflect strips": Break(
        K + "netinet/ip_icmp.py", "strip(k, m, k.build.icmp_reflect)", 'strip(k, m, "tags")'
    ),
    "lo0 strips nothing under any fix": Break(
        K + "net/if_loop.py", 'if k.build.looutput != "keep" and m.marks:', "if False:"
    ),
    "a fix that clears the flags leaves them": Break(K + "kern/uipc_mbuf2.py", "    m_clear_flags(m)\n", ""),
    "tcp_respond answers in a new mbuf": Break(
        K + "netinet/tcp_subr.py", "reused = longer and header.header_len == ip.HEADER_LEN", "reused = False"
    ),
    "icmp_error answers what came by ESP": Break(
        K + "netinet/ip_icmp_error.py", "refusal = _encrypted(k, m) or _undeserved", "refusal = _undeserved"
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
        K + "net/if_loop.py", '    k.count("if_opackets")\n', "    m.changes.clear()\n    m.tags = ()\n"
    ),
    "input does not move the shared number": Break(
        K + "netipsec/replay.py", "    replay.count = replay.count + 1 & COUNT_MAX\n", ""
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
        'pick = min if k.build.prefered_oldsa == "1" else max',
        'pick = max if k.build.prefered_oldsa == "1" else min',
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


@pytest.mark.parametrize("name", BREAKS)
def test_a_planted_break_is_noticed(name: str, tmp_path: Path) -> None:
    """With the break in place at least one test of the stages fails."""
    broken = BREAKS[name]
    for part in ("ipsec_lo_trace", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "interop")
        shutil.copytree(ROOT / part, tmp_path / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    place = tmp_path / broken.file
    text = place.read_text(encoding="utf-8")
    assert text.count(broken.right) == 1, f"{broken.file} does not hold {broken.right!r} once"
    place.write_text(text.replace(broken.right, broken.wrong), encoding="utf-8")
    tests = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "--no-cov", "-p", "no:cacheprovider", *TESTS]
    done = subprocess.run(tests, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout[-2000:]
    assert " failed" in done.stdout
