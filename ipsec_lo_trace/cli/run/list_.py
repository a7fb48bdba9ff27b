"""List names: alone for programs, with what they mean for people."""

from __future__ import annotations

import json

from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.terminal import is_terminal, write_page
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import hint, same
from ipsec_lo_trace.pages.index import KINDS


def run(kind: str | None, *, format_: str, color: str | None, path: str) -> int:
    """Write the names of a kind, or the kinds; give the exit code."""
    if kind is not None and not (known := same(kind, KINDS)):
        where = "'ipsec-lo-trace list' names them"
        raise UserError(f"list {kind}: no such kind", hint=hint(kind, list(KINDS), where))
    kind = known if kind is not None else None
    meanings = {name: meaning for name, (meaning, _pages) in KINDS.items()}
    named = {page.name: page.text for page in KINDS[kind][1]} if kind else meanings
    if format_ == "text" and is_terminal(path):
        from ipsec_lo_trace.render.explain import glossed_lines  # noqa: PLC0415 -- loads rich, for terminals alone

        write_page(path, color, lambda width: glossed_lines(named.items(), width))
        return 0
    text = json.dumps(list(named), indent=2) if format_ == "json" else "\n".join(named)
    with output(path) as out:
        out.write(text.encode("ascii") + b"\n")
    return 0
