"""Finding the PCB that a packet is for."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.model.inpcb import Inpcb


def in_pcblookup_connect(
    pcbs: list[Inpcb], proto: int, remote: tuple[IPv4Address, int], local: tuple[IPv4Address, int]
) -> Inpcb | None:
    """Find the connected PCB of a packet by both ends (address, port); None if there is none.

    Source: netinet/in_pcb.c, in_pcblookup_connect.
    """
    for inp in pcbs:
        if inp.proto == proto and (inp.faddr, inp.fport) == remote and (inp.laddr, inp.lport) == local:
            return inp
    return None


def in_pcblookup_bind(pcbs: list[Inpcb], proto: int, local: tuple[IPv4Address, int]) -> Inpcb | None:
    """Find the PCB that is bound to a packet's destination and not connected; None if there is none.

    Source: netinet/in_pcb.c, in_pcblookup_bind.  SIMPLER: none here is bound to the wildcard address.
    """
    for inp in pcbs:
        if inp.proto == proto and not inp.fport and (inp.laddr, inp.lport) == local:
            return inp
    return None
