"""What tshark, tcpdump, SQLite and Graphviz make of exports; skipped, aloud, where one is not installed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.support import invoke
from tests.export.support import export, shown, stored

pytestmark = pytest.mark.interop

FIELDS = ("esp.spi", "esp.sequence", "icmp.type", "icmp.checksum.status", "esp.icv_good", "esp.icv_bad")
GOOD, BAD = ("1", "0"), ("0", "1")
CIPHERS = ("des-cbc", "3des-cbc", "blowfish-cbc", "cast128-cbc", "rijndael-cbc")
AUTHS = ("hmac-md5", "hmac-sha1", "hmac-sha2-256")
TCPDUMP_KEYS = (("3des-cbc", 24), ("rijndael-cbc", 16), ("rijndael-cbc", 24), ("rijndael-cbc", 32))


def exported(folder: Path, *arguments: str) -> tuple[list[str], list[str]]:
    """Export a wire capture with its keys; give the commands for tshark and for tcpdump."""
    path = str(folder / "a capture.pcapng")
    done = invoke("export", *arguments, "--to", "pcapng", "--wire", "-o", path)
    assert done.code == 0, done.err
    lines = Path(f"{path}.keys").read_text(encoding="utf-8").splitlines()
    commands = [shlex.split(line) for line in lines if not line.startswith("#")]
    [tshark] = [command for command in commands if command[0] == "tshark"]
    tcpdump = [command for command in commands if command[0] == "tcpdump"]
    return tshark, tcpdump[0] if tcpdump else []


def esp(tshark: list[str]) -> list[tuple[str, ...]]:
    """Let tshark decrypt; give type, checksum's state, ICV good and ICV bad of each ESP packet."""
    fields = [part for name in FIELDS for part in ("-e", name)]
    rows = [line.split("\t") for line in shown(*tshark, "-T", "fields", *fields).splitlines()]
    return [tuple(row[2:]) for row in rows if row[0]]


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("auth", AUTHS)
def test_tshark_decrypts(cipher: str, auth: str, tmp_path: Path) -> None:
    """Every ESP packet is decrypted to its ICMP message with a good checksum, and its ICV is good."""
    tshark, _tcpdump = exported(tmp_path, "@patched", "-c", "2", "--enc", cipher, "--auth", auth)
    assert esp(tshark) == [("8", "1", *GOOD), ("0", "1", *GOOD)] * 2


@pytest.mark.parametrize("shape", [("--mode", "tunnel"), ("--proto", "esp+ah"), ("--level", "unique")])
def test_tshark_decrypts_every_shape(shape: tuple[str, ...], tmp_path: Path) -> None:
    """Tunnels, bundles and unique SAs decrypt too, from a stored trace as from a run on the spot."""
    path = stored(tmp_path, "--patched", *shape)
    assert esp(exported(tmp_path, path)[0]) == [("8", "1", *GOOD), ("0", "1", *GOOD)]
    assert esp(exported(tmp_path, "@patched", *shape)[0]) == [("8", "1", *GOOD), ("0", "1", *GOOD)]


def test_tshark_decrypts_two_sas(tmp_path: Path) -> None:
    """Each direction's own SA is found by its SPI and ends."""
    tshark, tcpdump = exported(tmp_path, "@patched", "--case", "lo-two-sas")
    assert {row[2:] for row in esp(tshark)} == {GOOD}
    assert shown(*tcpdump).count("ICMP echo") == len(esp(tshark))


def flipped(command: list[str], key: str) -> list[str]:
    """Change one byte of a key."""
    at = key.index("0x") + 2
    other = key[:at] + f"{int(key[at : at + 2], 16) ^ 0x10:02x}" + key[at + 2 :]
    assert other != key
    return [part.replace(key, other) for part in command]


def test_flipped_authentication_key(tmp_path: Path) -> None:
    """With one byte of the authentication key changed, every ICV is bad."""
    tshark, _tcpdump = exported(tmp_path, "@patched")
    key = tshark[-1].split(",")[-1]
    assert {row[2:] for row in esp(flipped(tshark, key))} == {BAD}


@pytest.mark.parametrize(("cipher", "key_len"), TCPDUMP_KEYS)
def test_tcpdump_decrypts(cipher: str, key_len: int, tmp_path: Path) -> None:
    """With tcpdump -E the ICMP message in every ESP packet is shown, unless a byte of the key is changed."""
    config = tmp_path / "keys.conf"
    config.write_text(
        f'add 127.0.0.1 127.0.0.1 esp 0x1000 -E {cipher} "{"0123456789abcdef" * 2:.{key_len}}"'
        ' -A hmac-sha1 "01234567890123456789" ;\n'
        "spdadd 127.0.0.1/32 127.0.0.1/32 any -P out ipsec esp/transport//require ;\n",
        encoding="ascii",
    )
    _tshark, tcpdump = exported(tmp_path, "@patched", "-f", str(config))
    lines = shown(*tcpdump).splitlines()
    assert [line.partition(": ESP(")[2].partition("): ")[0] != "" for line in lines] == [True, True]
    assert ["ICMP echo request" in line or "ICMP echo reply" in line for line in lines] == [True, True]
    wrong = flipped(tcpdump, tcpdump[-1].rpartition(":")[2])
    assert "ICMP echo" not in shown(*wrong)


def test_tshark_shows_the_stages(tmp_path: Path) -> None:
    """In the capture of all rows, a stage is chosen by its interface, a stale mark by its comment."""
    path = tmp_path / "all.pcapng"
    path.write_bytes(export("@unpatched", "--to", "pcapng"))
    wanted = 'frame.interface_name == "icmp_reflect"'
    fields = ("-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.packet_id")
    chosen = shown("tshark", "-n", "-r", str(path), "-Y", wanted, "-T", "fields", *fields)
    assert chosen.split() == ["16", "16.000000000", str(1 << 32 | 2 << 16)]
    stale = shown("tshark", "-n", "-r", str(path), "-Y", 'frame.comment contains "STALE"')
    assert len(stale.splitlines()) == 7
    assert "Malformed" not in shown("tshark", "-n", "-r", str(path), "-V")


def test_tcpdump_reads_all_stages(tmp_path: Path) -> None:
    """tcpdump, which reads no file of several link types, reads every row's frame."""
    path = tmp_path / "all.pcapng"
    path.write_bytes(export("@unpatched", "--to", "pcapng"))
    assert len(shown("tcpdump", "-n", "-r", str(path)).splitlines()) == 22


def test_vpp_in_tshark(tmp_path: Path) -> None:
    """A stage's row is chosen by vpp.NodeName, and stage, marks and text are shown."""
    path = tmp_path / "trace.pcap"
    path.write_bytes(export("@unpatched", "--to", "vpp-pcap"))
    chosen = ("-Y", 'vpp.NodeName contains "icmp_reflect"')
    numbers = shown("tshark", "-n", "-r", str(path), *chosen, "-T", "fields", "-e", "frame.number")
    assert numbers.split() == ["16"]
    text = shown("tshark", "-n", "-r", str(path), *chosen, "-V")
    assert "NodeName: icmp_reflect" in text
    assert "Opaque: mark: IN_DONE esp 0x00001000 to 127.0.0.1 made for P1 in row 13, STALE" in text
    assert "Trace: the reply inherits the request's marks" in text
    assert "Type: 0 (Echo (ping) reply)" in text


def test_keys_fit_the_vpp_capture_too(tmp_path: Path) -> None:
    """The keys file of a VPP capture decrypts it in tshark; tcpdump cannot read it, and is not named."""
    path = tmp_path / "trace.pcap"
    assert invoke("export", "@patched", "--to", "vpp-pcap", "-o", str(path)).code == 0
    lines = Path(f"{path}.keys").read_text(encoding="utf-8").splitlines()
    [command] = [shlex.split(line) for line in lines if not line.startswith("#")]
    crossed = shown(*command, "-Y", 'vpp.NodeName == "looutput"', "-T", "fields", "-e", "esp.icv_good")
    assert crossed.split() == ["1", "1"]


def test_sqlite_queries_the_table(tmp_path: Path) -> None:
    """SQLite imports the table as it is, and finds where a stale mark settled something."""
    path = tmp_path / "rows.csv"
    path.write_bytes(export("@unpatched", "--to", "csv"))
    query = "select row, stage from rows where checks like '%!%' order by cast(row as integer)"
    told = shown("sqlite3", ":memory:", "-cmd", f".import --csv '{path}' rows", query)
    assert told.split() == ["18|ip_output", "20|ip_input", "22|rip_input"]


@pytest.mark.parametrize("run", [(), ("--patched",), ("-s", "40000", "-c", "2")], ids=" ".join)
def test_graphviz_draws(run: tuple[str, ...], tmp_path: Path) -> None:
    """Graphviz reads the graph without a word, and draws every node and edge."""
    path = tmp_path / "graph.dot"
    path.write_bytes(export(stored(tmp_path, *run), "--to", "dot"))
    made = path.read_text(encoding="ascii")
    drawn = shown("dot", "-Tsvg", str(path))
    assert drawn.count('class="edge"') == len(re.findall(r"^  n\d+ -> n\d+ ", made, re.MULTILINE))
    assert drawn.count('class="node"') == len(re.findall(r"^  n\d+ \[", made, re.MULTILINE))
