"""Fuzz the reader of what Linux prints."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.engine import fuzz, instrumented

with instrumented():
    from ipsec_lo_trace.model.algorithms import authenticator_row, cipher_row
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.model.host import HostSa
    from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
    from ipsec_lo_trace.xfrm.kernel import kernel_configuration
    from ipsec_lo_trace.xfrm.load import load
    from ipsec_lo_trace.xfrm.shapes import is_blank, is_xfrm
    from tests.xfrm.support import DATA, LINUX2, PUBLIC, entries_of


def check(data: bytes) -> None:
    """Read a text: it is refused with our error, or each SA has what its algorithms need, or is opaque."""
    text = data.decode("utf-8", "surrogateescape")
    is_xfrm(text)
    is_blank(text)
    try:
        read = load(text, "f")
    except UserError as error:
        str(error)
        return
    for sa in read.sas:
        assert sa.opaque or _has_what_it_needs(sa)
    assert all(note.startswith("f:") for note in read.notes)
    kernel_configuration(read, text)


def _has_what_it_needs(sa: HostSa) -> bool:
    if sa.proto == IPPROTO_IPCOMP:
        return sa.cipher == "deflate"
    row = cipher_row(sa.cipher) if sa.cipher else None
    lengths = row and (row.key_lens or range(row.min_key_len, row.max_key_len + 1))
    combined = {cut.auth for cut in sa.cuts} == {""}
    macs = [authenticator_row(cut.auth) for cut in sa.cuts if cut.auth]
    return (
        (not row or row.keyless or len(sa.enc_key) in (lengths or ()))
        and combined == bool(row and row.icv_lens)
        and bool(sa.auth_key) == bool(macs)
        and (sa.mode == "beet") == (sa.inner is not None)
        and sa.mode in ("transport", "tunnel", "beet")
    )


def seeds() -> Iterator[bytes]:
    """Yield each real output, and each SA and policy of some for itself."""
    for path in sorted([*DATA.glob("*.txt"), *LINUX2.glob("**/*.txt"), *PUBLIC.glob("*.txt")]):
        text = path.read_text(encoding="utf-8")
        if text:
            yield text.encode()
        for entry in entries_of(text) if path.parent == DATA else ():
            yield entry.encode()


if __name__ == "__main__":
    fuzz(check, seeds())
