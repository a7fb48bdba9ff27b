"""A capture that several processes audited, each its share, comes to what one would have said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.audit.audit import Audit
from ipsec_lo_trace.audit.conclude import conclude, merged
from ipsec_lo_trace.capture.read import open_capture
from ipsec_lo_trace.model.audit import AuditVerdict
from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.model.pieces import WHOLE, Shard
from tests.audit import independent as by_rfc
from tests.audit.support import LO_ESP, capture, echo, reply, sealed
from tests.audit.test_doubts import KEYS, both_ways, clear, policy, sa
from tests.audit.test_doubts import sealed as sealed_between
from tests.audit.test_exempt import IKEV2, fragments4, fragments6, udp, waking
from tests.cli.support import Done, invoke


def audit(data: bytes, host: HostConfiguration, shard: Shard = WHOLE) -> Audit:
    """Begin an audit of a share."""
    return Audit(open_capture(io.BytesIO(data), "c"), host, capture_name="c", config=[], shard=shard)


def in_shares(data: bytes, host: HostConfiguration, count: int) -> AuditVerdict:
    """Audit each share by itself, and sum up."""
    audits = [audit(data, host, Shard(number, count)) for number in range(1, count + 1)]
    return conclude(audits[0].run, merged([each.part() for each in audits]))


def between(src: str, dst: str, seq: int, *, answer: bool) -> bytes:
    """Make an echo message between two ends."""
    return by_rfc.header(4, 1, by_rfc.echo(4, seq, reply=answer), (src, dst))


def error_about(packet: bytes, src: str, dst: str) -> bytes:
    """Make an ICMP error that quotes a packet."""
    return by_rfc.header(4, 1, b"\x03\x03" + bytes(6) + packet[:28], (src, dst))


HOSTS = [f"10.9.9.{number}" for number in range(1, 7)]
CUTS = st.sampled_from([None, None, 60, 90])
PACKETS = st.one_of(
    st.sampled_from(
        [
            clear(),
            clear(reply=True),
            clear(6),
            sealed_between(),
            sealed_between(reply=True),
            sealed_between(6),
            by_rfc.esp_packet(KEYS, 4, outer=4),
            by_rfc.esp_packet(KEYS, 4, outer=4, spi=0x7777),
            by_rfc.esp_packet(KEYS, 4, outer=4, reply=True),
            *fragments4(by_rfc.esp(KEYS, 0x2001, 1, 1, by_rfc.echo(4)), 50),
            *fragments6(by_rfc.esp(KEYS, 0x2001, 1, 58, by_rfc.echo(6)), 50),
            *fragments4(bytes(100), 17),
            waking(),
            udp(500, 500, IKEV2),
            error_about(clear(), HOSTS[1], HOSTS[0]),
            error_about(clear(), HOSTS[4], HOSTS[0]),
            b"",
            b"\x45",
        ]
    ),
    st.builds(
        between, st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.integers(1, 3), answer=st.booleans()
    ),
)


@given(packets=st.lists(PACKETS, max_size=16), count=st.integers(1, 5), tunnels=st.booleans(), cut=CUTS)
def test_shares_come_to_the_same_as_the_whole(
    packets: list[bytes], count: int, cut: int | None, *, tunnels: bool
) -> None:
    """Whatever crossed between whomever, tunnels and strangers' errors among it: the verdict is the same."""
    host = both_ways()
    if tunnels:
        host.sas.append(sa(outer=4))
    host.policies.append(policy("in", 6))
    data = capture(packets, cut=cut)
    assert in_shares(data, host, count) == audit(data, host).verdict()


@pytest.fixture(name="folder")
def made_folder(tmp_path: Path) -> Path:
    """Make a capture and a configuration, and audit both halves."""
    (tmp_path / "lo.pcap").write_bytes(capture([sealed(echo()), reply(), sealed(echo(2), 3)]))
    (tmp_path / "host.conf").write_text(LO_ESP, encoding="ascii")
    for number in (1, 2):
        assert part(tmp_path, f"{number}/2", f"{number}.jsonl").code == 0
    return tmp_path


def part(folder: Path, share: str, name: str, config: str = "host.conf") -> Done:
    """Audit a share into a file."""
    files = ["audit", str(folder / "lo.pcap"), "-f", str(folder / config)]
    return invoke(*files, "--shard", share, "-o", str(folder / name))


def merge(folder: Path, *names: str, options: tuple[str, ...] = ()) -> Done:
    """Sum up some parts."""
    return invoke("audit", "--merge", *(str(folder / name) for name in names), *options)


@pytest.mark.parametrize("options", [(), ("-q",), ("--format", "junit")])
@pytest.mark.parametrize("names", [("1.jsonl", "2.jsonl"), ("2.jsonl", "1.jsonl")])
def test_merged_parts_print_what_one_audit_prints(
    folder: Path, options: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """The same text, line and XML, and the same exit code, in whichever order the parts are named."""
    whole = invoke("audit", str(folder / "lo.pcap"), "-f", str(folder / "host.conf"), *options)
    both = merge(folder, *names, options=options)
    assert (both.code, both.out) == (whole.code, whole.out) == (1, whole.out)


def test_a_merged_verdict_is_the_same_record(folder: Path) -> None:
    """As JSON Lines there are a head and a verdict, those of the whole."""
    whole = invoke("audit", str(folder / "lo.pcap"), "-f", str(folder / "host.conf"), "--format", "jsonl")
    both = merge(folder, "1.jsonl", "2.jsonl", options=("--format", "jsonl"))
    assert [json.loads(line) for line in both.lines] == [
        json.loads(whole.lines[0]),
        json.loads(whole.lines[-1]),
    ]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("1.jsonl",), "part 2/2 is missing"),
        (("1.jsonl", "2.jsonl", "2.jsonl"), "part 2/2 stands there twice"),
        (("1.jsonl", "other.jsonl"), "not of the same audit"),
        (("1.jsonl", "host.conf"), "no part of an audit"),
        (("1.jsonl", "nowhere.jsonl"), "no such file"),
        (("1.jsonl", "lying.jsonl"), "there is no such one"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    folder: Path, names: tuple[str, ...], reason: str
) -> None:
    """A missing part, one twice, one of another audit, and what is none: exit 2 and the reason."""
    (folder / "other.conf").write_text(LO_ESP.replace("0x1001", "0x1002"), encoding="ascii")
    part(folder, "2/2", "other.jsonl", "other.conf")
    lying = (folder / "2.jsonl").read_text(encoding="utf-8").replace('"shard":2', '"shard":3')
    (folder / "lying.jsonl").write_text(lying, encoding="utf-8")
    done = merge(folder, *names)
    assert (done.code, done.out) == (2, b"")
    assert reason in done.err


@pytest.mark.parametrize("share", ["0/2", "3/2", "1", "1/0", "x/y", "1/99999"])
def test_a_share_that_is_none_is_refused(folder: Path, share: str) -> None:
    """Shares count from 1 to N."""
    done = part(folder, share, "x.jsonl")
    assert done.code == 2
    assert "is no share of a capture" in done.err
    assert not (folder / "x.jsonl").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--merge", "-f", "x"),
        ("--merge", "--shard", "1/2"),
        ("--merge", "-i", "lo"),
        ("--merge", "--all"),
        ("-f", "x", "--shard", "1/2", "-q"),
        ("-f", "x", "--shard", "1/2", "--all"),
        ("-f", "x", "--shard", "1/2", "--format", "junit"),
        ("-f", "x", "-q", "--all"),
        (),
    ],
)
def test_options_that_contradict_are_refused(folder: Path, options: tuple[str, ...]) -> None:
    """What has no say together is told, and nothing is written."""
    assert invoke("audit", str(folder / "lo.pcap"), *options).code == 2
