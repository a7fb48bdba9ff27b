"""Real captures of Linux, opened by stock tshark with the same keys: an audit opens at least as much."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from ipsec_lo_trace.model.algorithms import authenticator_row, cipher_row
from ipsec_lo_trace.model.host import HostConfiguration, HostSa
from ipsec_lo_trace.model.proto import IPPROTO_ESP
from tests.audit.linux2 import CAPTURES, audit_of, host_of, rows
from tests.export.support import shown

pytestmark = pytest.mark.interop

SWITCHES = ("esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE")
ANY_CUT = "ANY {} bit authentication [no checking]"


def entry(sa: HostSa) -> str:
    """Give tshark's table entry for an SA; "" if it does not know the algorithms."""
    row = cipher_row(sa.cipher)
    cut = sa.cuts[0] if sa.cuts else None
    if not row.tshark or sa.seq_hi is not None:
        return ""
    if row.icv_lens:
        name, auth, auth_key = row.tshark.format(cut.icv_len if cut else 0), "NULL", b""
    else:
        name, auth, auth_key = row.tshark, "NULL", b""
        if cut is not None:
            known = authenticator_row(cut.auth)
            same = known.icv_len == cut.icv_len
            auth = known.tshark if same else ANY_CUT.format(8 * cut.icv_len)
            auth_key = sa.auth_key
    family = "IPv4" if isinstance(sa.src, IPv4Address) else "IPv6"
    keys = [f"0x{key.hex()}" if key else "" for key in (sa.enc_key, auth_key)]
    fields = (family, str(sa.src), str(sa.dst), f"0x{sa.spi:08x}", name, keys[0], auth, keys[1])
    return "uat:esp_sa:" + ",".join(f'"{field}"' for field in fields)


def opened_by_tshark(capture: str, host: HostConfiguration) -> dict[int, tuple[str, str]]:
    """Give each packet that tshark decrypted, with what it says of its ICV: good, and bad."""
    entries = [found for sa in host.sas if sa.proto == IPPROTO_ESP and not sa.opaque and (found := entry(sa))]
    options = [part for switch in (*SWITCHES, *entries) for part in ("-o", switch)]
    fields = ("frame.number", "esp.decrypted_data", "esp.icv_good", "esp.icv_bad")
    columns = [part for field in fields for part in ("-e", field)]
    command = ["tshark", "-n", "-r", str(CAPTURES / capture), *options, "-T", "fields", *columns]
    table = [line.split("\t") for line in shown(*command).splitlines()]
    return {int(row[0]): (row[2], row[3]) for row in table if row[1]}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["name"])
def test_an_audit_opens_what_tshark_opens(row: dict[str, str]) -> None:
    """What tshark decrypts with the host's keys is open to an audit, and both say the same of each ICV."""
    done, host = audit_of(row), host_of(row)
    for number, (good, bad) in opened_by_tshark(row["capture"], host).items():
        packet = done.packets[number - 1]
        assert packet.got in ("esp", "esp+ah", "")
        assert bad != "1"
        assert packet.got or good != "1" or "fragment" in packet.codes


def test_tshark_opened_many() -> None:
    """The comparison is not with nothing: tshark decrypts packets of half the captures."""
    opened = [opened_by_tshark(row["capture"], host_of(row)) for row in rows()]
    assert sum(bool(one) for one in opened) >= len(opened) // 2
    assert sum(good == "1" for one in opened for good, _bad in one.values()) >= len(opened)
