"""Big configurations: what grows with the number of SAs and policies shows with them."""

from __future__ import annotations

KEYS = '-E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef"'
TREATMENT = "ipsec esp/transport//require"
OWN = f"""\
add 127.0.0.1 127.0.0.1 esp 0x1000 {KEYS} ;
spdadd 127.0.0.1 127.0.0.1 any -P out {TREATMENT} ;
spdadd 127.0.0.1 127.0.0.1 any -P in {TREATMENT} ;
"""


def with_associations(count: int) -> str:
    """Return a configuration of so many SAs, each between ends of its own; the last one is used."""
    others = (f"add {_address(at)} 127.0.0.1 esp {0x10000 + at:#x} {KEYS} ;\n" for at in range(count - 1))
    return "".join(others) + OWN


def with_policies(count: int) -> str:
    """Return a configuration of so many policies of each direction; the last ones cover the exchange."""
    others = (
        f"spdadd {_address(at)} 127.0.0.1 any -P {direction} none ;\n"
        for at in range(count - 1)
        for direction in ("out", "in")
    )
    return "".join(others) + OWN


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
