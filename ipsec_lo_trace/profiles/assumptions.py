"""Every default that a run rests on, in words: a simulated trace is only as true as these."""

from __future__ import annotations

from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, LOMTU

ASSUMPTIONS = (
    "lo0 is the only interface; a packet to an address that is not local has no route",
    "only the probes of multicast and forwarding add a route, or the interface ex0; all input is by lo0",
    f"lo0's MTU is {LOMTU} bytes (32768+MHLEN+MLEN; the sizes of that week were not seen)",
    f"the IP input queue holds {IFQ_MAXLEN} packets (the limit of that week was not seen)",
    "crypto callbacks and soft interrupts run first in, first out; a system call runs to its end before them",
    "ping is set-uid root and its socket entrusts the SPD",
    "net.inet.ipsec.def_policy is none; the four default levels are use; dfbit is 0 (clear)",
    "net.key.prefered_oldsa is 0: the newest SA is used, the others of its kind are marked dead",
    "no key daemon listens for SADB_ACQUIRE",
    "no packet filter is loaded; the trace says where its hooks would run or be skipped",
    "PACKET_TAG_IPSEC_PENDING_TDB is never set: no code of that time was found to set it",
    "SAs do not expire: no time passes during a run",
    "IP identifications count up, and IVs derive from the seed, the SPI and the sequence number",
    "the kernel is built without options DIAGNOSTIC",
    "ping's identifier is 0x4c4f, its clock starts at 0 and ticks once a request",
)
