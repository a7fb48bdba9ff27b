"""Every case under every fix, in one table."""

from __future__ import annotations

from ipsec_lo_trace.matrix.run import all_rows as all_rows
from ipsec_lo_trace.matrix.run import run_matrix as run_matrix
from ipsec_lo_trace.model.matrix import Matrix as Matrix

__all__ = ["Matrix", "all_rows", "run_matrix"]
