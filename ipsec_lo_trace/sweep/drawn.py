"""What a case is: a configuration in parts that can be left out, and what runs over it."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.userland.probe_kind import known_probe
from ipsec_lo_trace.userland.program import ProbeOptions

PING = "ping"
USUAL_SIZE = 56
"""ping's bytes of data unless told otherwise."""
LOCAL = tuple(IPv4Address(text) for text in ("127.0.0.1", "10.9.9.1", "10.9.9.2"))
"""The addresses of every case's host."""


class DrawnPolicy(msgspec.Struct, frozen=True):
    """A policy in parts: ``ends`` and ``upper`` as spdadd takes them, ``rules`` those of an ipsec policy."""

    direction: str
    ends: str
    upper: str
    kind: str
    rules: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command that adds it."""
        rules = "".join(f" {rule}" for rule in self.rules)
        return f"spdadd {self.ends} {self.upper} -P {self.direction} {self.kind}{rules} ;"


class DrawnCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case: a configuration, the ends that it is about, and what runs between them.

    ``sas`` are add commands; ``program`` is "ping" or a probe's name, ``size`` its bytes of data, ``preload``
    is for ping alone.
    """

    sas: tuple[str, ...]
    policies: tuple[DrawnPolicy, ...]
    src: IPv4Address
    dst: IPv4Address
    program: str = PING
    count: int = 1
    size: int = USUAL_SIZE
    preload: int = 0

    @property
    def text(self) -> str:
        """The configuration; with nothing in it, what leaves nothing in it."""
        lines = [*self.sas, *(policy.text for policy in self.policies)] or ["spdflush ;"]
        return "".join(f"{line}\n" for line in lines)

    @property
    def options(self) -> PingOptions | ProbeOptions:
        """What to run."""
        src = None if self.src == self.dst else self.src
        if self.program == PING:
            return PingOptions(dst=self.dst, src=src, count=self.count, size=self.size, preload=self.preload)
        return ProbeOptions(self.program, self.dst, src, self.count, self.size)

    def command(self, fix: str) -> str:
        """Return a shell command that runs the case under a fix; the configuration is on standard input."""
        program = PING if self.program == PING else f"probe {self.program}"
        usual = USUAL_SIZE if self.program == PING else known_probe(self.program).size
        words = ["ipsec-lo-trace", program, "-f -", *(f"--local {address}" for address in LOCAL[1:])]
        words += [f"-c {self.count}"] if self.count != 1 else []
        words += [f"-s {self.size}"] if self.size != usual else []
        words += [f"-l {self.preload}"] if self.preload else []
        words += [f"-I {self.src}"] if self.src != self.dst else []
        return f"echo '{self.text.strip()}' | {' '.join([*words, str(self.dst)])} --fix {fix}"
