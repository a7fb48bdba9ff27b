"""The Python interface: run a ping or a probe under a fix, and look at what it did.

    from ipsec_lo_trace import Setup, ping

    trace = ping(Setup(config=text, fix="netbsd-2003-08"))
    assert trace.verdict.outcome == "clean"

Every run reads its configuration afresh, so one run leaves nothing behind for the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Literal, get_args

import msgspec

from ipsec_lo_trace.cases.case import known_case
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.address import can_be_local
from ipsec_lo_trace.model.build import read_setting
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.packets import all_sas
from ipsec_lo_trace.tracer.plan import LOCALHOST, Plan
from ipsec_lo_trace.tracer.tracing import Trace, taken_apart, trace
from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.userland.probe_kind import known_probe
from ipsec_lo_trace.userland.program import ProbeOptions

Reflector = Literal["kernel", "userspace"]
MAX_COUNT = 1_000_000
MAX_SIZE = 65507
"""The data that fits into the longest IPv4 packet behind an ICMP header, in bytes."""
MAX_SEED = 0xFFFFFFFF


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """On what host to run, and how its kernel is built; every field has the command line's default.

    ``config`` is setkey(8) text, ``case`` the name of a configuration that comes with the program; without
    either there is one ESP SA for ``host``.  ``fix`` names a fix, ``settings`` turns switches by hand.
    """

    config: str | None = None
    case: str | None = None
    fix: str = "none"
    settings: Mapping[str, str] = msgspec.field(default_factory=dict)
    host: str | None = None
    source: str | None = None
    local: tuple[str, ...] = ()
    seed: int = 0
    reflector: Reflector = "kernel"

    def run(self, options: PingOptions | ProbeOptions, default: str = "") -> Trace:
        """Run it; ``default`` is the configuration where none is given."""
        ends = (options.dst, options.src or options.dst)
        self._check(options, ends)
        plan = Plan(
            options=options,
            fix=known_fix(self.fix),
            chosen=self.fix,
            config=f"case {self.case}" if self.case else "given" if self.config else "built in",
            local=frozenset((LOCALHOST, *ends, *map(_address, self.local))),
            seed=self.seed,
            settings=tuple(
                read_setting(f"{name}={value}", "setting") for name, value in self.settings.items()
            ),
            reflector=self.reflector,
        )
        read = load(self._text(options.dst, default), "configuration")
        return taken_apart(trace(plan, read), all_sas(read.db))

    def _text(self, host: IPv4Address, default: str) -> str:
        if self.config is not None and self.case is not None:
            raise UserError("config and case exclude each other")
        if self.case is not None:
            return known_case(self.case).text
        if self.config is not None:
            return self.config
        return default or builtin_text(
            proto="esp", mode="transport", level="require", enc=None, auth=None, local=host
        )

    def _check(self, options: PingOptions | ProbeOptions, ends: tuple[IPv4Address, ...]) -> None:
        """Refuse numbers out of range, and addresses that no interface can have."""
        _within("count", options.count, 1, MAX_COUNT)
        _within("size", options.size, 0, MAX_SIZE)
        _within("seed", self.seed, 0, MAX_SEED)
        if self.reflector not in get_args(Reflector):
            raise UserError(f"reflector {self.reflector!r}", hint=f"one of {', '.join(get_args(Reflector))}")
        for address in (*ends, *map(_address, self.local)):
            if not can_be_local(address):
                raise UserError(f"{address}: not an address that an interface can have")
        if len(set(ends)) > 1 and self.config is None and self.case is None:
            raise UserError(f"the built-in configuration is for {ends[0]} to itself, not from {ends[1]}")

    def ends(self) -> tuple[IPv4Address, IPv4Address | None]:
        """Give destination and source: those given, else the case's, else 127.0.0.1 to itself."""
        case = known_case(self.case) if self.case else None
        dst = _address(self.host) if self.host else case.dst if case else LOCALHOST
        if self.source:
            return dst, _address(self.source)
        return dst, case.src if case and case.src != case.dst else None


def ping(setup: Setup = Setup(), *, count: int = 1, size: int = 56) -> Trace:  # noqa: B008 -- frozen
    """Trace a ping of ``count`` requests with ``size`` bytes of data; UserError for what cannot be run."""
    dst, src = setup.ends()
    return setup.run(PingOptions(dst=dst, src=src, count=count, size=size))


def probe(
    kind: str,
    setup: Setup = Setup(),  # noqa: B008 -- frozen
    *,
    count: int = 1,
    size: int | None = None,
) -> Trace:
    """Trace a probe (``ipsec-lo-trace list probes`` names them); otherwise as ``ping``."""
    known = known_probe(kind)
    if size and not known.size:
        raise UserError(f"size {size}: the probe {kind} sends no data of its own")
    dst, src = setup.ends()
    options = ProbeOptions(kind, dst, src, count, known.size if size is None else size)
    return setup.run(options, known.config)


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise UserError(f"{name} {value}: not from {least} to {most}")


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise UserError(f"{text!r} is not an IPv4 address") from None
