"""Fuzz the reader of what Linux prints."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzz.engine import fuzz, instrumented

with instrumented():
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
    from ipsec_lo_trace.wire.ah import AhTransform
    from ipsec_lo_trace.wire.esp import EspTransform
    from ipsec_lo_trace.xfrm.lines import is_xfrm
    from ipsec_lo_trace.xfrm.load import load
    from tests.xfrm.support import DATA, entries_of


def check(data: bytes) -> None:
    """Read a text: it is refused with our error, or a transform can be made of each of its SAs."""
    text = data.decode("utf-8", "replace")
    is_xfrm(text)
    try:
        db = load(text, "f").db
    except UserError as error:
        str(error)
        return
    for sav in (sav for head in db.sahtree for sav in head.savs):
        if sav.proto == IPPROTO_ESP:
            EspTransform(sav.cipher, sav.enc_key, sav.auth, sav.auth_key)
        elif sav.proto == IPPROTO_AH:
            AhTransform(sav.auth, sav.auth_key)


def seeds() -> Iterator[bytes]:
    """Yield each real output, and each SA and policy in them for itself."""
    for path in sorted(DATA.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        yield text.encode()
        for entry in entries_of(text):
            yield entry.encode()


if __name__ == "__main__":
    fuzz(check, seeds())
