"""``python -m ipsec_lo_trace``: the command line without its console script."""

from __future__ import annotations

from ipsec_lo_trace.cli.main import main

if __name__ == "__main__":
    main()
