"""Start what the arguments say: read the configuration, boot the kernel."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING

from ipsec_lo_trace.cli.files import complain
from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.cut import Cut
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.configuration import Configuration
from ipsec_lo_trace.setkey.load import load, read_file
from ipsec_lo_trace.tracer.plan import Plan
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions

if TYPE_CHECKING:
    from ipsec_lo_trace.cli.options import RunArguments
    from ipsec_lo_trace.userland.probe_kind import ProbeKind


def configuration(arguments: RunArguments) -> Configuration:
    """Read the configuration, a fresh one each time; its notes go to stderr."""
    if arguments.config is not None:
        read = read_file(arguments.config)
    elif arguments.case is not None:
        from ipsec_lo_trace.cases.case import known_case  # noqa: PLC0415 -- few runs are of a case

        read = load(known_case(arguments.case).text, f"case {arguments.case}")
    elif arguments.probe is not None and _probe(arguments.probe).config and not _shaped(arguments):
        read = load(_probe(arguments.probe).config, f"probe {arguments.probe}'s configuration")
    else:
        text = builtin_text(
            proto=arguments.proto or "esp",
            mode=arguments.mode or "transport",
            level=arguments.level or "require",
            enc=arguments.enc,
            auth=arguments.auth,
            local=arguments.host,
        )
        read = load(text, "built-in configuration")
    for note in read.notes:
        complain(note)
    return read


def _probe(kind: str) -> ProbeKind:
    from ipsec_lo_trace.userland.probe_kind import known_probe  # noqa: PLC0415 -- a ping does without

    return known_probe(kind)


def _shaped(arguments: RunArguments) -> bool:
    """Tell whether an option shapes the built-in configuration."""
    return any((arguments.proto, arguments.mode, arguments.level, arguments.enc, arguments.auth))


def _named(arguments: RunArguments) -> str:
    """Say where the configuration comes from."""
    if arguments.case is not None:
        return f"--case {arguments.case}"
    if arguments.config is None:
        return "built in (--show-config prints it)"
    return f"-f {_printable(PurePath(arguments.config).name)}"


def _printable(name: str) -> str:
    """Escape what a trace cannot hold (bytes that are not UTF-8) or a terminal would obey."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")  # whatever the locale made of it
    return text.encode("unicode_escape").decode("ascii")


def start(
    arguments: RunArguments, fix: Fix, *, chosen: str, read: Configuration, cuts: tuple[Cut, ...] = ()
) -> Tracing:
    """Boot the kernel under a fix; ``chosen`` says how the fix was chosen.  Nothing is sent yet."""
    trace = Plan(
        options=_options(arguments),
        fix=fix,
        chosen=chosen,
        config=_named(arguments),
        local=arguments.addresses,
        seed=arguments.seed,
        cuts=cuts,
        settings=arguments.turned,
        reflector=arguments.reflector,
    )
    return Tracing(trace, read)


def _options(arguments: RunArguments) -> PingOptions | ProbeOptions:
    if arguments.probe is not None:
        usual = _probe(arguments.probe).size
        if arguments.size and not usual:
            raise UserError(f"-s {arguments.size}: the probe {arguments.probe} sends no data of its own")
        size = usual if arguments.size is None else arguments.size
        return ProbeOptions(arguments.probe, arguments.host, arguments.source, arguments.count, size)
    return PingOptions(
        dst=arguments.host,
        src=arguments.source,
        count=arguments.count,
        size=56 if arguments.size is None else arguments.size,
        pattern=arguments.pattern,
        record_route=arguments.record_route,
        ttl=arguments.ttl or 0,
        preload=arguments.preload,
    )
