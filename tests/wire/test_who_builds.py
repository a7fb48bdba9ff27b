"""Who built each header of every built-in run?

scapy's one door is watched, and what leaves by it is stamped: in a field that nothing here reads (an IP
header's TOS, TCP's urgent pointer, ICMP's code or unused bytes, AH's reserved bytes, IPComp's flags) every
minted header has bytes that no other header has.  UDP, ESP and IP options have no such field, so what does
not change in them must be among what was minted.  A header assembled by hand shows in either way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import ipsec_lo_trace
from ipsec_lo_trace import Setup, Trace, ping, probe
from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.kernel.netinet.ip_input_options import walk
from ipsec_lo_trace.userland.probe_kind import all_probes
from ipsec_lo_trace.wire import build, ip
from tests.support import PATCHED, UNPATCHED

# scapy's layers after wire.build, which keeps them from asking the host for its routes.
from scapy.layers.inet import ICMP, IP, TCP  # isort: skip
from scapy.layers.ipsec import AH  # isort: skip
from scapy.packet import Packet  # isort: skip

PACKAGE = Path(ipsec_lo_trace.__file__).parent
NO_KEYS = "flush ;"
STAMP = 0xA4
REDIRECT = 5
DES = '-E des-cbc "12345678"'
MORE = {
    "ah in esp tunnels": (
        'add 127.0.0.1 127.0.0.1 ah 0x1001 -m tunnel -A hmac-sha1 "12345678901234567890" ;'
        f" add 127.0.0.1 127.0.0.1 esp 0x1002 -m tunnel {DES} ;"
        " spdadd 127.0.0.1 127.0.0.1 any -P out ipsec"
        " esp/tunnel/127.0.0.1-127.0.0.1/require ah/tunnel/127.0.0.1-127.0.0.1/require ;"
    ),
    "old forms": (
        'add 127.0.0.1 127.0.0.1 ah-old 0x1001 -A hmac-md5 "0123456789abcdef" ;'
        f" add 127.0.0.1 127.0.0.1 esp-old 0x1002 {DES} ;"
        " spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ah/transport//require ;"
    ),
    "random padding": (
        f"add 127.0.0.1 127.0.0.1 esp 0x1001 -f random-pad {DES} ;"
        " spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;"
    ),
    "ipcomp in esp": (
        f"add 127.0.0.1 127.0.0.1 ipcomp 0x1001 -C deflate ; add 127.0.0.1 127.0.0.1 esp 0x1002 {DES} ;"
        " spdadd 127.0.0.1 127.0.0.1 any -P out ipsec ipcomp/transport//require esp/transport//require ;"
    ),
}
TEMPLATES = [name for name, made in vars(build).items() if hasattr(made, "cache_clear")]
Key = tuple[str, bytes]


class Door:
    """What came out of scapy in a run."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.minted: set[Key] = set()

    def mint(self, layer: Packet) -> bytes:
        """Stamp a layer, turn it into bytes, and note what does not change in it."""
        if isinstance(layer, IP):
            layer.tos = STAMP
        elif isinstance(layer, TCP):
            layer.urgptr = STAMP
        elif isinstance(layer, AH):
            layer.reserved = STAMP
        elif isinstance(layer, build.IPComp):
            layer.flags = STAMP
        elif isinstance(layer, ICMP) and layer.type == 3:
            layer.nexthopmtu = STAMP
        elif isinstance(layer, ICMP) and layer.type != REDIRECT:
            layer.code = STAMP
        made = bytes(layer)
        name = type(layer).__name__
        self.minted.add((name, made[: {"UDP": 4, "ESP": 4, "ICMP": 2}.get(name, 2)]))
        return made


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Watch scapy's door, with no template left from before, and leave none behind."""
    forget()
    watched = Door()
    monkeypatch.setattr(build, "mint", watched.mint)
    yield watched
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Drop every template that is kept."""
    for name in TEMPLATES:
        getattr(build, name).cache_clear()


def strangers(trace: Trace, minted: set[Key]) -> list[str]:
    """Tell of each header in a trace's packets that did not come out of scapy: row, stage and layer."""
    found, turned = [], set()
    for step in trace.steps:
        if step.stage == "tcp_respond":
            # KERNEL: the RST's headers are the segment's, changed where they stand; some of it is zeroed.
            turned.add((step.echo, step.packet))
        if step.bytes:
            exempt = (step.echo, step.packet) in turned
            layers = unbuilt_ip(bytes.fromhex(step.bytes), minted, exempt=exempt)
            found += [f"row {step.row}, {step.stage}: {layer}" for layer in layers]
    return found


def unbuilt_ip(data: bytes, minted: set[Key], *, exempt: bool) -> Iterator[str]:
    """Yield the layers of a packet that are not scapy's, from the outside in, as far as can be seen."""
    header = ip.read(data)
    inner = data[header.header_len :]
    if header.tos != STAMP and not (exempt and header.proto == 6):
        yield "IP"
    for kind, at, _length in walk(header.options):
        option = header.options[at : at + 2]
        if not any(name.startswith("IPOption") and key == option for name, key in minted):
            yield f"IP option {kind}"
    if not header.off & ip.IP_OFFMASK:
        yield from unbuilt_upper(header.proto, inner, minted, exempt=exempt)


def unbuilt_upper(proto: int, data: bytes, minted: set[Key], *, exempt: bool) -> Iterator[str]:
    """Yield what is wrong from the header of ``proto`` on."""
    if proto == 1:
        yield from unbuilt_icmp(data, minted)
    elif proto == 4:
        yield from unbuilt_ip(data, minted, exempt=exempt)
    elif proto == 6 and not exempt:
        yield from () if data[18:20] == bytes((0, STAMP)) else ("TCP",)
    elif proto == 17:
        yield from () if ("UDP", data[:4]) in minted else ("UDP",)
    elif proto == 50:
        yield from () if ("ESP", data[:4]) in minted else ("ESP",)
    elif proto == 51:
        yield from () if data[2:4] == bytes((0, STAMP)) else ("AH",)
        yield from unbuilt_upper(data[0], data[(data[1] + 2) * 4 :], minted, exempt=exempt)
    elif proto == 108:
        yield from () if data[1] == STAMP else ("IPComp",)


def unbuilt_icmp(data: bytes, minted: set[Key]) -> Iterator[str]:
    """Yield "ICMP" unless the message is one of scapy's, its reply, or an error of scapy's with its quote."""
    if data[0] == 3:
        yield from () if data[6:8] == bytes((0, STAMP)) and ("ICMP", data[:2]) in minted else ("ICMP",)
    elif data[0] == REDIRECT:
        yield from () if ("ICMP", data[:2]) in minted else ("ICMP",)
    elif data[1] != STAMP:
        yield "ICMP"


def runs() -> dict[str, Callable[[str], Trace]]:
    """Name every built-in run, each a function of the fix."""
    ipcomp = {"ipcomp_enable": "1", "ipcomp_null_tag": "ok"}
    made: dict[str, Callable[[str], Trace]] = {}
    for case in all_cases():
        made[f"case {case.name}"] = lambda fix, case=case: ping(Setup(case=case.name, fix=fix))  # type: ignore[misc]
    for kind in all_probes():
        made[f"probe {kind.name}"] = lambda fix, kind=kind: probe(kind.name, Setup(fix=fix))  # type: ignore[misc]
    for name, config in MORE.items():
        made[name] = lambda fix, config=config: ping(  # type: ignore[misc]
            Setup(config=config, fix=fix, settings=ipcomp)
        )
    made["udp in clear"] = lambda fix: probe("udp-closed", Setup(config=NO_KEYS, fix=fix))
    made["userspace"] = lambda fix: ping(Setup(fix=fix, reflector="userspace"))
    return made


RUNS = runs()


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", RUNS)
def test_scapy_built_every_header(name: str, fix: str, door: Door) -> None:
    """Every header in every packet of the run came out of a scapy layer, or is one patched in place."""
    trace = RUNS[name](fix)
    assert any(step.bytes for step in trace.steps)
    assert strangers(trace, door.minted) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_the_stamp_changes_nothing_else(name: str, door: Door) -> None:
    """The stamped run takes the same stages to the same verdict as a plain one, so it tells of that one."""
    stamped = RUNS[name](UNPATCHED)
    assert door.minted
    forget()
    with pytest.MonkeyPatch.context() as plainly:
        plainly.setattr(build, "mint", bytes)
        plain = RUNS[name](UNPATCHED)
    assert [step.stage for step in stamped.steps] == [step.stage for step in plain.steps]
    assert stamped.verdict.code == plain.verdict.code


FORGED = {
    "ip_header": ("case lo-esp", "IP"),
    "udp_header": ("probe udp-closed", "UDP"),
    "tcp_header": ("probe tcp-open", "TCP"),
    "echo_request": ("case lo-esp", "ICMP"),
    "timestamp_request": ("probe timestamp", "ICMP"),
    "mask_request": ("probe mask", "ICMP"),
    "icmp_error": ("udp in clear", "ICMP"),
    "esp_header": ("case lo-esp", "ESP"),
    "ah_header": ("case lo-ah", "AH"),
    "ipcomp_header": ("probe ipcomp", "IPComp"),
    "record_route_option": ("probe record-route", "IP option 7"),
    "timestamp_option": ("probe timestamp-option", "IP option 68"),
    "source_route_option": ("probe source-route", "IP option 131"),
}


@pytest.mark.parametrize("template", FORGED)
def test_a_header_made_by_hand_is_found(template: str, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes from elsewhere than scapy's door are told of, whatever header it is."""
    name, layer = FORGED[template]
    built = getattr(build, template).__wrapped__

    def by_hand(*args: Any, **kwargs: Any) -> bytes:  # noqa: ANN401 -- whatever a template takes
        with pytest.MonkeyPatch.context() as unseen:
            unseen.setattr(build, "mint", bytes)
            made: bytes = built(*args, **kwargs)
            return made

    monkeypatch.setattr(build, template, by_hand)
    found = strangers(RUNS[name](UNPATCHED), door.minted)
    assert {text.rpartition(": ")[2] for text in found} == {layer}


def test_every_template_is_forged_above() -> None:
    """No template is forgotten; an ESP trailer cannot be told from the padding that is part of it."""
    assert {*FORGED} == {*TEMPLATES} - {"esp_trailer"}


def test_the_trailer_is_scapy_s(door: Door) -> None:
    """An ESP packet's padding ends in a trailer that was minted for it."""
    ping(Setup(config=MORE["random padding"]))
    assert any(name == "_ESPPlain" for name, _key in door.minted)


@pytest.mark.parametrize("room", ["kernel", "userland", "wire"])
def test_no_module_packs_a_header(room: str) -> None:
    """No struct is packed but into bytes that are there: headers are patched, never assembled."""
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert files
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            packs = isinstance(node, ast.Attribute) and node.attr == "pack"
            assert not packs, f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
