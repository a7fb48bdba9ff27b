"""Captures of real machines, read as they come: pcap and pcapng, packet by packet, whole or told why not.

Only as much as one packet and one read is held at a time.
"""
