"""The forms that a trace can be exported in, and who writes each."""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

_ROOM = "ipsec_lo_trace.render.export"


class Format(NamedTuple):
    """A form; ``writer`` and ``wire`` (for --wire, "" if there is none) are MODULE:FUNCTION.

    A writer takes the trace and a binary stream; of a form for a ``pair``, the trace, another or None, and
    the stream.  A ``capture`` is binary, and keys go with it; ``tcpdump`` if that can read it.
    """

    writer: str
    wire: str = ""
    pair: bool = False
    capture: bool = False
    tcpdump: bool = False


FORMATS = {
    "pcapng": Format(
        f"{_ROOM}.pcapng:write_pcapng", wire=f"{_ROOM}.pcapng:write_wire", capture=True, tcpdump=True
    ),
    "vpp-pcap": Format(f"{_ROOM}.vpp:write_vpp", capture=True),
    "html": Format("ipsec_lo_trace.render.html.page:write_html", pair=True),
    "svg": Format(f"{_ROOM}.svg:write_svg", pair=True),
    "mermaid": Format(f"{_ROOM}.mermaid:write_mermaid"),
    "dot": Format(f"{_ROOM}.dot:write_dot"),
    "md": Format(f"{_ROOM}.md:write_md"),
    "csv": Format(f"{_ROOM}.csv:write_csv"),
}

SUFFIXES = {
    ".jsonl": "jsonl",
    ".json": "json",
    ".html": "html",
    ".svg": "svg",
    ".md": "md",
    ".csv": "csv",
    ".dot": "dot",
    ".mmd": "mermaid",
    ".pcapng": "pcapng",
    ".xml": "junit",
}
"""The form that a file's name asks for; any other name asks for none."""


def suffix_form(path: str) -> str:
    """Return the form that the name of an output asks for; "" if none."""
    return SUFFIXES.get(PurePath(path).suffix.lower(), "")
