"""A configuration: the databases that a setkey(8) text leaves behind."""

from __future__ import annotations

from dataclasses import dataclass, field

from ipsec_lo_trace.model.databases import Databases


@dataclass(slots=True)
class Configuration:
    """SAD and SPD, the text that made them, and what its reader should know ("FILE:LINE: ...")."""

    text: str
    db: Databases = field(default_factory=Databases)
    notes: list[str] = field(default_factory=list)
