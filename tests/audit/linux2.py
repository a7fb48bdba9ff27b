"""The captures of Linux 6.1 and 6.12 with what is known of them, and the texts of their hosts."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from ipsec_lo_trace.model.host import HostConfiguration
from ipsec_lo_trace.xfrm.load import load_all
from tests.audit.support import Audited, audited_under

CAPTURES = Path(__file__).parents[1] / "data" / "linux2"


def rows() -> list[dict[str, str]]:
    """Return a row for each capture."""
    with (CAPTURES / "MANIFEST.tsv").open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened, delimiter="\t"))


def texts(row: dict[str, str]) -> list[tuple[str, str]]:
    """Return what the host printed, with the files' names."""
    return [((CAPTURES / name).read_text(encoding="utf-8"), name) for name in row["config"].split()]


def host_of(row: dict[str, str]) -> HostConfiguration:
    """Read the host of a capture."""
    return load_all(texts(row))


def audit_of(row: dict[str, str]) -> Audited:
    """Audit a capture under its host."""
    return _audited(row["capture"], tuple(texts(row)))


@lru_cache(maxsize=128)
def _audited(capture: str, host: tuple[tuple[str, str], ...]) -> Audited:
    return audited_under((CAPTURES / capture).read_bytes(), load_all(host))
