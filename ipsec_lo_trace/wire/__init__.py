"""Bytes: IPv4, ICMP, ESP and AH as they stand on the wire; the only room that knows scapy and ciphers.

Bytes are what flows between kernel stages.  scapy builds the packets that start a run (``build``); per
packet, ``struct`` and ``cryptography`` work on bytes, which is some eighty times as fast.
"""
