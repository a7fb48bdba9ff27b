"""From a setup to a run: its configuration is read, its names are looked up, its ends are worked out.

    from ipsec_lo_trace import Setup, ping

    trace = ping(Setup(config=text, fix="netbsd-2003-08", count=3))
    assert trace.verdict.outcome == "clean"

Every run reads its configuration afresh, so one run leaves nothing behind for the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import msgspec

from ipsec_lo_trace.fixes.fix import UNPATCHED, known_fix
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import Setup, shown_name
from ipsec_lo_trace.model.whatif import Cut
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load, read_file
from ipsec_lo_trace.tracer.ends import case_of, ends_of, given_ends
from ipsec_lo_trace.tracer.packets import all_sas
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Trace, Tracing, taken_apart
from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions

if TYPE_CHECKING:
    from ipsec_lo_trace.userland.probe_kind import ProbeKind

PING_SIZE = 56
"""The bytes of data that ping(8) sends unless told otherwise."""
_PROBED = 'probe("udp-echo", Setup(count=2))'
_HOW_CHOSEN = {None: "the default: unpatched", "unpatched": "--unpatched", "patched": "--patched"}


def ping(setup: Setup = Setup()) -> Trace:  # noqa: B008 -- frozen
    """Trace echo requests and their replies; UserError, about the field at fault, for what cannot be run."""
    _check_setup(setup)
    if setup.probe is not None:
        raise UserError("a ping is no probe", field="probe", token=str(setup.probe), hint="call probe()")
    return _traced(setup)


def probe(kind: str, setup: Setup = Setup()) -> Trace:  # noqa: B008 -- frozen
    """Trace a probe (``ipsec-lo-trace list probes`` names them); otherwise as ``ping``."""
    if not isinstance(kind, str):
        raise UserError("not the name of a probe", field="kind", token=type(kind).__name__, hint=_PROBED)
    _check_setup(setup)
    if setup.probe not in (None, kind):
        raise UserError(f"the setup of another probe than {kind}", field="probe", token=str(setup.probe))
    return _traced(msgspec.structs.replace(setup, probe=kind))


def _check_setup(setup: object) -> None:
    """Refuse an address or a dictionary in a setup's place."""
    if not isinstance(setup, Setup):
        token = setup if isinstance(setup, str) else type(setup).__name__
        raise UserError("not a Setup", field="setup", token=token, hint='such as Setup(host="127.0.0.1")')


def _traced(setup: Setup) -> Trace:
    setup.check()
    read = configuration(setup)
    sas = all_sas(read.db)
    return taken_apart(Tracing(planned(setup, read), read).whole(), sas)


def configuration(setup: Setup) -> Configuration:
    """Read the configuration, a fresh one each time; UserError at a mistake."""
    if setup.file is not None:
        return read_file(setup.file, strict=setup.strict)
    if setup.config is not None:
        return load(str(setup.config), "configuration", strict=setup.strict)
    if (case := case_of(setup)) is not None:
        return load(case.text, f"case {case.name}")
    kind = _kind(setup)
    if kind is not None and kind.config and not setup.shapes:
        return load(kind.config, f"probe {kind.name}'s configuration")
    shapes = {"proto": "esp", "mode": "transport", "level": "require", **setup.shapes}
    return load(builtin_text(**shapes, local=given_ends(setup)[0]), "built-in configuration")


def planned(setup: Setup, read: Configuration, chosen: str = "") -> Plan:
    """Work out what to trace under the configuration that was read for it.

    ``chosen`` says how the fix was chosen, where the setup does not.

    UserError, about the field at fault, for what cannot be run.
    """
    setup.check()
    ends = ends_of(setup, read.db)
    return Plan(
        options=_options(setup, ends.dst, ends.src),
        fix=known_fix(UNPATCHED if setup.fix is None else setup.fix),
        chosen=chosen or how_chosen(setup.fix),
        config=_origin(setup),
        local=ends.local,
        ends="auto" if ends.of_policy else "",
        seed=setup.seed,
        cuts=tuple(_cuts(setup)),
        settings=tuple(setup.settings.items()),
        reflector=setup.reflector,
        schedule=setup.schedule,
    )


def how_chosen(fix: str | None) -> str:
    """Say how a setup's fix was chosen, in the words of the command line."""
    name = None if fix is None else fix.lower()
    return _HOW_CHOSEN.get(name) or f"--fix {name}"


def _kind(setup: Setup) -> ProbeKind | None:
    if setup.probe is None:
        return None
    from ipsec_lo_trace.userland.probe_kind import known_probe  # noqa: PLC0415 -- a ping does without

    return known_probe(setup.probe)


def _cuts(setup: Setup) -> Iterator[Cut]:
    if setup.drop_mark:
        from ipsec_lo_trace.tracer.whatif import parse_cut  # noqa: PLC0415 -- few runs experiment

        yield from map(parse_cut, setup.drop_mark)


def _options(setup: Setup, host: IPv4Address, source: IPv4Address | None) -> PingOptions | ProbeOptions:
    """Say what the program sends."""
    kind = _kind(setup)
    if kind is not None:
        if setup.size and not kind.size:
            reason = f"the probe {kind.name} sends no data of its own"
            raise UserError(reason, field="size", token=str(setup.size))
        size = kind.size if setup.size is None else setup.size
        return ProbeOptions(kind.name, host, source, setup.count, size)
    return PingOptions(
        dst=host,
        src=source,
        count=setup.count,
        size=PING_SIZE if setup.size is None else setup.size,
        pattern=setup.data,
        record_route=setup.record_route,
        ttl=setup.ttl or 0,
        preload=setup.preload,
        pinger=setup.pinger,
        flush_probe=setup.flush_probe,
        both_ways=setup.both_ways,
    )


def _origin(setup: Setup) -> Origin:
    """Say where the configuration comes from."""
    case = case_of(setup)
    if case is not None:
        return Origin("case", case=case.name)
    if setup.file is not None:
        return Origin("file", files=(shown_name(setup.file),))
    if setup.config is not None:
        return Origin("given")
    kind = _kind(setup)
    if kind is not None and kind.config and not setup.shapes:
        return Origin("probe")
    return Origin("built-in", shape=setup.shapes)
