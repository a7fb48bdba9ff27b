"""What a Linux host prints with ``ip xfrm state`` and ``ip xfrm policy``, read as a configuration.

The layout is that of iproute2's ip/ipxfrm.c, with and without -s, -d and -o, as seen with Linux 6.1.
"""
