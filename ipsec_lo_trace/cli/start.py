"""Start what the arguments say: read the configuration, boot the kernel."""

from __future__ import annotations

import os
from pathlib import PurePath

from ipsec_lo_trace.cli.output import complain
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.runargs import RunArguments
from ipsec_lo_trace.cli.whyargs import WhyArguments
from ipsec_lo_trace.model.cut import Cut
from ipsec_lo_trace.profiles.fixes import NETBSD_2003_08, NONE, Fix
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.configuration import Configuration
from ipsec_lo_trace.setkey.load import load, read_file
from ipsec_lo_trace.tracer import PingTrace, Tracing
from ipsec_lo_trace.userland.ping import PingOptions


def configuration(arguments: RunArguments) -> Configuration:
    """Read the configuration, a fresh one each time; its notes go to stderr."""
    if arguments.config is not None:
        read = read_file(arguments.config)
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


def _named(arguments: RunArguments) -> str:
    """Say where the configuration comes from."""
    if arguments.config is None:
        return "built in (--show-config prints it)"
    return f"-f {_printable(PurePath(arguments.config).name)}"


def _printable(name: str) -> str:
    """Escape what a trace cannot hold (bytes that are not UTF-8) or a terminal would obey."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")  # whatever the locale made of it
    return text.encode("unicode_escape").decode("ascii")


def chosen_fix(arguments: PingArguments | WhyArguments) -> tuple[Fix, str]:
    """Give the fix that --patched and --unpatched ask for, and how it was chosen."""
    if arguments.patched:
        return NETBSD_2003_08, "--patched"
    return NONE, "--unpatched" if arguments.unpatched else "the default: unpatched"


def start(
    arguments: RunArguments, fix: Fix, *, chosen: str, read: Configuration, cuts: tuple[Cut, ...] = ()
) -> Tracing:
    """Boot the kernel under a fix; ``chosen`` says how the fix was chosen.  Nothing is sent yet."""
    options = PingOptions(
        dst=arguments.host,
        src=arguments.source,
        count=arguments.count,
        size=arguments.size,
        pattern=arguments.pattern,
        record_route=arguments.record_route,
        ttl=arguments.ttl or 0,
        preload=arguments.preload,
    )
    trace = PingTrace(
        options=options,
        fix=fix,
        chosen=chosen,
        config=_named(arguments),
        local=arguments.addresses,
        seed=arguments.seed,
        cuts=cuts,
    )
    return Tracing(trace, read)
