"""A configuration: the databases that a setkey(8) text leaves behind."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.databases import Databases


class Configuration(msgspec.Struct):
    """SAD and SPD, the text that made them, and what its reader should know ("FILE:LINE: ...")."""

    text: str
    db: Databases = msgspec.field(default_factory=Databases)
    notes: list[str] = msgspec.field(default_factory=list)
