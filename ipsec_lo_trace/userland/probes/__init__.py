"""The probes: each file here defines ``PROBE`` and is named after it: ``udp-closed`` is ``udp_closed.py``."""
