"""Bytes: IPv4, ICMP, ESP and AH as they stand on the wire; the only room that knows scapy and ciphers.

Bytes are what flows between kernel stages.  What the kernel builds, scapy builds (``build``), once for an
SA, a flow or a kind; what the kernel patches in place is patched in the bytes, some eighty times as fast.
"""
