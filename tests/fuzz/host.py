"""What holds of every host's configuration, whatever was read."""

from __future__ import annotations

from ipsec_lo_trace.model.algorithms import authenticator_row, cipher_row
from ipsec_lo_trace.model.host import HostConfiguration, HostSa

COMPRESSION = "deflate"


def assert_sound(host: HostConfiguration) -> None:
    """Check that each SA says how it seals or why that is not known, and that the ends are of one family."""
    for sa in host.sas:
        assert sa.src.version == sa.dst.version
        assert_sealed(sa)
    for policy in host.policies:
        assert policy.direction in ("in", "out")
        assert len({net.version for net in (policy.src, policy.dst) if net is not None}) < 2
        assert (policy.kind == "ipsec") == bool(policy.rules)
    "".join(host.notes).encode("ascii")


def assert_sealed(sa: HostSa) -> None:
    """Check that a table has rows for the algorithms of an SA that can be opened."""
    if sa.opaque:
        assert not sa.cuts
        return
    if sa.cipher not in ("", COMPRESSION):
        assert cipher_row(sa.cipher).name == sa.cipher
    assert all(cut.icv_len > 0 and (not cut.auth or authenticator_row(cut.auth)) for cut in sa.cuts)
