"""What crossed a real loopback, packet by packet, held against the keys and policies of its host.

A capture is read once and in bounded memory: what is kept of packets gone by is in tables that forget their
oldest entries, and say so.
"""
