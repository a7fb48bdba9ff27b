"""Find pages and write them."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.terminal import write_page
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import did_you_mean
from ipsec_lo_trace.pages.index import KINDS, PAGES, find, near
from ipsec_lo_trace.render.explain import index_lines, page_lines


def run(name: str, *, format_: str, color: str | None, path: str) -> int:
    """Write the pages called ``name``, all of them for ""; give the exit code."""
    found = find(name) if name else list(PAGES)
    if not found:
        hint = did_you_mean(near(name)) or "'ipsec-lo-trace explain' lists what there is"
        raise UserError(f"explain {name}: no such name", hint=hint)
    if format_ == "json":
        with output(path) as out:
            out.write(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
    elif name:
        write_page(path, color, lambda width: page_lines(found, width))
    else:
        write_page(path, color, lambda width: index_lines(KINDS, width))
    return 0
