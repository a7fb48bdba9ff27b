"""A sweep for surprises: random legal configurations under every fix, held to laws."""

from __future__ import annotations

from ipsec_lo_trace.model.sweep import Sweep as Sweep
from ipsec_lo_trace.sweep.run import run_sweep as run_sweep

__all__ = ["Sweep", "run_sweep"]
