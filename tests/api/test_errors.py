"""What the Python interface refuses: bad names, bad values, and what contradicts itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipsec_lo_trace import Setup, ping, probe, run_matrix
from ipsec_lo_trace.model.errors import UserError

Run = Callable[[], object]

BAD: dict[str, tuple[Run, str]] = {
    "an unknown fix": (lambda: ping(Setup(fix="netbsd-2003")), "netbsd-2003: no such fix"),
    "an unknown case": (lambda: ping(Setup(case="no-case")), "no-case: no such case"),
    "an unknown probe": (lambda: probe("tcp"), "tcp: no such probe"),
    "an unknown switch": (lambda: ping(Setup(settings={"lo0": "tags"})), "no knob lo0"),
    "a value that a switch has not": (lambda: ping(Setup(settings={"looutput": "no"})), "cannot be 'no'"),
    "no address": (lambda: ping(Setup(host="localhost.")), "host localhost.: not an IPv4 address"),
    "an IPv6 address": (lambda: ping(Setup(source="::1")), "source ::1: an IPv6 address"),
    "a local address that is none": (lambda: ping(Setup(local=("lo0",))), "local lo0: not an IPv4 address"),
    "text that setkey would refuse": (lambda: ping(Setup(config="add 1 2 ;")), "configuration:1:"),
    "an empty text": (lambda: ping(Setup(config="")), "no command"),
    "a text and a case": (
        lambda: ping(Setup(config="spdflush ;", case="lo-esp")),
        "gives a configuration, as case does",
    ),
    "a fix that no column can have": (lambda: run_matrix(fixes=["all"]), "all: no such fix"),
    "a group as this host's address": (lambda: ping(Setup(host="224.0.0.1")), "224.0.0.1"),
    "no host at all": (lambda: ping(Setup(host="0.0.0.0")), "0.0.0.0"),  # noqa: S104 -- no socket binds here
    "a source that the built-in text is not for": (lambda: ping(Setup(source="10.0.0.1")), "10.0.0.1"),
    "an address in a setup's place": (lambda: ping("10.0.0.1"), "setup 10.0.0.1: not a Setup"),  # type: ignore[arg-type]
    "nothing in a setup's place": (lambda: ping(None), "setup NoneType: not a Setup"),  # type: ignore[arg-type]
    "a dictionary in a setup's place": (
        lambda: probe("udp-echo", {"count": 2}),  # type: ignore[arg-type]
        "setup dict: not a Setup",
    ),
    "a setup in a kind's place": (lambda: probe(Setup()), "kind Setup: not the name of a probe"),  # type: ignore[arg-type]
    "no request": (lambda: ping(Setup(count=0)), "count"),
    "fewer than none": (lambda: probe("udp-echo", Setup(count=-1)), "count"),
    "data of negative length": (lambda: ping(Setup(size=-1)), "size"),
    "data that no datagram holds": (lambda: ping(Setup(size=65508)), "size"),
    "a seed that is too large": (lambda: ping(Setup(seed=1 << 32)), "seed"),
    "a reflector that there is not": (lambda: ping(Setup(reflector="nobody")), "nobody"),  # type: ignore[arg-type]
}
"""What is refused, what does it, and what the message must name."""


@pytest.mark.parametrize("what", BAD)
def test_it_is_refused(what: str) -> None:
    """Bad input is a UserError in one line that names the culprit, before anything runs."""
    run, words = BAD[what]
    with pytest.raises(UserError) as refused:
        run()
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_place_in_the_text_is_told() -> None:
    """An error in the configuration says line and column, also for a program to read."""
    with pytest.raises(UserError) as refused:
        ping(Setup(config="spdflush ;\nspdadd nonsense ;\n"))
    assert (refused.value.line, refused.value.column) == (2, 8)


def test_messages_speak_python_not_command_line() -> None:
    """No message of the interface names an option of the command line."""
    for run, _words in BAD.values():
        with pytest.raises(UserError) as refused:
            run()
        assert "--" not in str(refused.value)


def test_what_the_kernel_does_is_no_error() -> None:
    """A drop, an error for the process, a panic: all are traces with their verdicts."""
    assert ping(Setup(case="require-no-sa")).verdict.outcome == "lost"
    assert ping(Setup(case="use-no-sa")).verdict.errno == "EINVAL"
    assert probe("ipcomp").verdict.outcome == "panic"
