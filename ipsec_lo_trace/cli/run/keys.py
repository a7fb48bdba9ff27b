"""The keys of a trace's SAs, in the commands of tshark and tcpdump that decrypt its capture.

A trace holds no keys: they are those of the configuration that it was run under.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from ipaddress import IPv4Address

from ipsec_lo_trace.cases.case import known_case
from ipsec_lo_trace.model.databases import Configuration, Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.trace import Run, SaRecord
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.facts import origin_words
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.userland.probe_kind import known_probe
from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS

ESP = "esp"


def key_lines(trace: StoredTrace, read: Configuration | None, file: str, *, tcpdump: bool) -> list[str]:
    """Give the lines of a script that decrypts ``file``; [] for a trace without ESP.

    ``read`` is the configuration that was given, None if none was.  UserError if it lacks one of the trace's
    SAs, or if none was given and the trace's own was not built in.
    """
    wanted = [sa for sa in trace.run.sas if sa.proto == ESP]
    if not wanted:
        return []
    sas = _built_in(trace.run, wanted) if read is None else _found(read.db, wanted, trace.name)
    if not sas:
        origin = origin_words(trace.run)
        raise UserError(
            f"a trace holds no keys, and this one's configuration ({origin}) is not built in",
            file=trace.name,
            hint="-f FILE gives them, --no-keys exports without",
        )
    return list(_script(sas, file, tcpdump=tcpdump))


def keys_of(trace: StoredTrace, read: Configuration | None) -> list[SecurityAssociation]:
    """Find the keys of a trace's ESP; [] if none are known.

    ``read`` is the configuration that was given, if one was: UserError if it lacks one of the trace's SAs.
    """
    wanted = [sa for sa in trace.run.sas if sa.proto == ESP]
    if read is not None:
        return _found(read.db, wanted, trace.name, "without -f its ESP is shown closed")
    return _built_in(trace.run, wanted) if wanted else []


def _found(
    db: Databases, wanted: list[SaRecord], name: str, hint: str = "--no-keys exports without keys"
) -> list[SecurityAssociation]:
    """Find each SA of the trace in a configuration; UserError names one that is not there."""
    there = {_identity(sav): sav for head in db.sahtree for sav in head.savs}
    for sa in wanted:
        if _described(sa) not in there:
            algorithms = " ".join(filter(None, (sa.cipher, sa.auth)))
            raise UserError(
                f"the configuration has no SA {sa.proto} 0x{sa.spi:x} {sa.src} -> {sa.dst} with {algorithms},"
                f" and {name or 'the trace'} has",
                hint=f"it was run under another; {hint}",
            )
    return [there[_described(sa)] for sa in wanted]


def _identity(sav: SecurityAssociation) -> tuple[str, int, str, str, str, str]:
    index = sav.index
    return PROTO_NAMES[index.proto], sav.spi, str(index.src), str(index.dst), sav.cipher, sav.auth


def _described(sa: SaRecord) -> tuple[str, int, str, str, str, str]:
    return sa.proto, sa.spi, sa.src, sa.dst, sa.cipher, sa.auth


def _built_in(run: Run, wanted: list[SaRecord]) -> list[SecurityAssociation]:
    """Make the program's own configuration again that the trace says it ran under; [] if it was another."""
    try:
        return _found(load(_text(run), "built-in configuration").db, wanted, "")
    except UserError:
        return []


def _text(run: Run) -> str:
    """Make the configuration's text again; UserError if it was not one of the program's own."""
    if run.source == "case":
        return known_case(run.case).text
    if run.source == "probe":
        return known_probe(run.probe).config
    if run.source != "built-in":
        raise UserError("a configuration that is not built in")
    try:
        return builtin_text(**run.shape, local=IPv4Address(run.dst))
    except (TypeError, ValueError):  # a trace that somebody wrote by hand
        raise UserError("a configuration that is not built in") from None


def _script(sas: list[SecurityAssociation], file: str, *, tcpdump: bool) -> Iterator[str]:
    yield f"# The keys of {plain(file)}: whoever has this can read that.\n"
    known = [sav for sav in sas if _tshark_takes(sav)]
    if known:
        yield "# tshark decrypts ESP and checks its ICV:\n"
        yield shlex.join(tshark(known, file)) + "\n"
    readable = [sav for sav in sas if _tcpdump_name(sav)]
    if readable and tcpdump:
        yield "# tcpdump decrypts ESP, and checks no ICV:\n"
        yield shlex.join(_tcpdump(readable, file)) + "\n"
    for sav in sas:
        without = [] if sav in known else ["tshark"]
        without += [] if sav in readable or not tcpdump else ["tcpdump"]
        if without:
            what = f"{'esp-old' if sav.old else ESP} 0x{sav.spi:x}, {sav.cipher}, {len(sav.enc_key)} bytes"
            yield f"# Not for {' and '.join(without)}: the SA {what} of key.\n"


def _tshark_takes(sav: SecurityAssociation) -> bool:
    lens = CIPHERS[sav.cipher].tshark_key_lens
    return not sav.old and (lens is None or len(sav.enc_key) in lens)


def tshark(sas: list[SecurityAssociation], file: str) -> list[str]:
    """Give the command that shows ``file`` ("-" is standard input) with these SAs' ESP decrypted."""
    switches = ["esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE"]
    command = ["tshark", "-n", "-r", file]
    for switch in [*switches, *map(_uat, sas)]:
        command += ["-o", switch]
    return command


def _uat(sav: SecurityAssociation) -> str:
    cipher = CIPHERS[sav.cipher].tshark
    auth = AUTHS[sav.auth].tshark if sav.auth else "NULL"
    ends = (str(sav.index.src), str(sav.index.dst))
    enc_key, auth_key = (f"0x{key.hex()}" if key else "" for key in (sav.enc_key, sav.auth_key))
    fields = ("IPv4", *ends, f"0x{sav.spi:08x}", cipher, enc_key, auth, auth_key)
    return "uat:esp_sa:" + ",".join(f'"{field}"' for field in fields)


def _tcpdump_name(sav: SecurityAssociation) -> str:
    return "" if sav.old else dict(CIPHERS[sav.cipher].tcpdump).get(len(sav.enc_key), "")


def _tcpdump(sas: list[SecurityAssociation], file: str) -> list[str]:
    return ["tcpdump", "-n", "-r", file, "-E", ",".join(map(_secret, sas))]


def _secret(sav: SecurityAssociation) -> str:
    icv = "-hmac96" if sav.auth else ""
    return f"0x{sav.spi:x}@{sav.index.dst} {_tcpdump_name(sav)}{icv}:0x{sav.enc_key.hex()}"
