"""Protocol control blocks: which socket wants which packets."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Literal

import msgspec

from ipsec_lo_trace.model.codes import Errno

INADDR_ANY = IPv4Address(0)

TcpState = Literal["TCPS_CLOSED", "TCPS_LISTEN", "TCPS_SYN_SENT", "TCPS_ESTABLISHED"]


class Inpcb(msgspec.Struct, kw_only=True):
    """struct inpcb, and of its tcpcb the little that opening a connection needs.

    ``socket`` names the socket for the trace.  ``faddr`` is 0.0.0.0 and ``fport`` 0 if it is not connected.
    ``so_error`` is the errno that waits for the process, "" for none.  ``iss`` and ``rcv_nxt`` are TCP's
    sequence numbers, 32 bits.
    """

    proto: int
    socket: str
    laddr: IPv4Address
    lport: int
    faddr: IPv4Address = INADDR_ANY
    fport: int = 0
    so_error: Errno = ""
    t_state: TcpState = "TCPS_CLOSED"
    iss: int = 0
    rcv_nxt: int = 0
