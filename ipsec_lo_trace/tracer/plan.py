"""What to trace, as the tracer takes it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Literal

import msgspec

from ipsec_lo_trace import __version__
from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.kernel.netbsd_2003_08 import ASSUMPTIONS
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.model.trace import PING, PROBE, REPLAY, SCHEMA, Run
from ipsec_lo_trace.model.whatif import Cut
from ipsec_lo_trace.userland.ping import IDENT, PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions

if TYPE_CHECKING:
    from ipsec_lo_trace.userland.probe_kind import ProbeKind
    from ipsec_lo_trace.userland.replay import ReplayOptions

LOCALHOST = IPv4Address("127.0.0.1")


class Origin(msgspec.Struct, frozen=True):
    """Where a configuration comes from, as the run record says it; ``files`` are its ``config``."""

    source: Literal["built-in", "probe", "case", "file", "given"]
    case: str = ""
    files: tuple[str, ...] = ()
    shape: Mapping[str, str] = {}


class Plan(msgspec.Struct, frozen=True):
    """What to trace: a ping, a probe or a replay, under which fix, on which host.

    ``chosen`` says how the fix was chosen ("--unpatched", "by default"), ``config`` where the configuration
    comes from.  ``ends`` is "auto" where a policy gave them.  ``settings`` are switches turned by hand
    (model.build.KNOBS), ``cuts`` are experiments on the marks; ``reflector`` says who answers: the kernel, or
    a process in user space; ``schedule`` who runs next in a burst.
    """

    options: PingOptions | ProbeOptions | ReplayOptions
    fix: Fix
    chosen: str
    config: Origin
    local: frozenset[IPv4Address] = frozenset({LOCALHOST})
    ends: str = ""
    seed: int = 0
    cuts: tuple[Cut, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    reflector: Literal["kernel", "userspace"] = "kernel"
    schedule: str = "fifo"

    @property
    def turned(self) -> dict[str, str]:
        """The switches that are turned: those that the probe needs, then those turned by hand."""
        options = self.options
        needed = _known_probe(options).knobs if isinstance(options, ProbeOptions) else {}
        return {**needed, **dict(self.settings)}

    def run_record(self, configuration: Configuration) -> Run:
        """Describe the run before it starts."""
        options, config = self.options, self.config
        ping = options if isinstance(options, PingOptions) else None
        program, probe, capture = _program(options)
        return Run(
            schema=SCHEMA,
            tool=f"ipsec-lo-trace {__version__}",
            kernel=netbsd_2003_08.NAME,
            fix=self.fix.name,
            knobs=[f"{name}={value}" for name, value in self.turned.items()],
            seed=self.seed,
            chosen=self.chosen,
            program=program,
            probe=probe,
            capture=capture,
            reflector=self.reflector,
            src=str(options.src or options.dst),
            dst=str(options.dst),
            bound=options.src is not None,
            ends=self.ends,
            count=options.count,
            size=options.size,
            preload=ping.preload if ping else 0,
            pinger=ping.pinger if ping else "",
            schedule=self.schedule,
            flush_probe=ping is not None and ping.flush_probe,
            both_ways=ping is not None and ping.both_ways,
            pattern=ping.pattern.hex() if ping else "",
            record_route=ping is not None and ping.record_route,
            ttl=ping.ttl if ping else 0,
            local=[str(address) for address in sorted(self.local)],
            ident=IDENT,
            interface="lo0",
            source=config.source,
            case=config.case,
            config=list(config.files),
            shape=dict(config.shape),
            what_if=[str(cut) for cut in self.cuts],
            sas=sa_records(configuration.db),
            policies=policy_records(configuration.db),
            assumptions=[*ASSUMPTIONS, *(ping.assumptions if ping else ())],
        )


def _known_probe(options: ProbeOptions) -> ProbeKind:
    from ipsec_lo_trace.userland.probe_kind import known_probe  # noqa: PLC0415 -- a ping does without

    return known_probe(options.kind)


def _program(options: PingOptions | ProbeOptions | ReplayOptions) -> tuple[str, str, str]:
    """Name the program, and the kind of a probe or the capture of a replay."""
    if isinstance(options, PingOptions):
        return PING, "", ""
    return (PROBE, options.kind, "") if isinstance(options, ProbeOptions) else (REPLAY, "", options.name)
