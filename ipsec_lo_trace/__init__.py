"""ipsec-lo-trace: static-keyed IPsec over lo0 in NetBSD's FAST_IPSEC of August 2003, step by step.

The names in ``__all__`` are the Python interface; they load when they are used, so that the command line's
--help need not wait for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipsec_lo_trace.matrix import Matrix as Matrix
    from ipsec_lo_trace.matrix import all_rows as all_rows
    from ipsec_lo_trace.matrix import run_matrix as run_matrix
    from ipsec_lo_trace.model.errors import UserError as UserError
    from ipsec_lo_trace.model.proof import Proof as Proof
    from ipsec_lo_trace.model.setup import Setup as Setup
    from ipsec_lo_trace.prove.proof import run_proof as run_proof
    from ipsec_lo_trace.sweep import Sweep as Sweep
    from ipsec_lo_trace.sweep import run_sweep as run_sweep
    from ipsec_lo_trace.tracer.setup import ping as ping
    from ipsec_lo_trace.tracer.setup import probe as probe
    from ipsec_lo_trace.tracer.stored import load as load
    from ipsec_lo_trace.tracer.tracing import Trace as Trace

__version__ = "0.7.1"

_HOMES = {
    "Setup": "model.setup",
    "Trace": "tracer.tracing",
    "ping": "tracer.setup",
    "probe": "tracer.setup",
    "load": "tracer.stored",
    "Matrix": "matrix",
    "run_matrix": "matrix",
    "all_rows": "matrix",
    "Proof": "model.proof",
    "run_proof": "prove.proof",
    "Sweep": "sweep",
    "run_sweep": "sweep",
    "UserError": "model.errors",
}
__all__ = [
    "Matrix",
    "Proof",
    "Setup",
    "Sweep",
    "Trace",
    "UserError",
    "__version__",
    "all_rows",
    "load",
    "ping",
    "probe",
    "run_matrix",
    "run_proof",
    "run_sweep",
]


def __dir__() -> list[str]:
    """Name what the package offers, loaded or not."""
    return list(__all__)


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever the interface has by that name
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    import importlib  # noqa: PLC0415 -- as above

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
