"""Which of the eight steps is a row labelled with?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.findings.analysis import Labeller
from tests.findings.test_judge import step


@pytest.mark.parametrize(
    ("stage", "packet", "to", "visit", "label"),
    [
        ("ip_output", "P1", "looutput", 1, 2),
        ("ip_output", "P1", "looutput", 2, 3),
        ("ip_output", "P1", "ipsec4_process_packet", 2, 2),
        ("ip_input", "P1", "icmp_input", 1, 6),
        ("ip_input", "P1", "ipsec4_common_input", 1, 4),
        ("encap4_input", "P1", "ip4_input", 1, 5),
        ("rip_input", "P1", "", 1, 4),
        ("ip_output", "P1/2", "looutput", 1, 2),
        ("icmp_reflect", "P2", "icmp_send", 1, 7),
        ("icmp_send", "P2", "ip_output", 1, 7),
        ("ip_output", "P2", "looutput", 1, 8),
        ("ip_output", "P2", "looutput", 2, 0),
        ("looutput", "P2", "ip_input", 1, 0),
        ("ip_output", "P3", "looutput", 1, 8),
    ],
)
def test_which_step_a_row_belongs_to(stage: str, packet: str, to: str, visit: int, label: int) -> None:
    """Stage, packet, where the packet goes and which visit it is decide; a part of the request is one too."""
    row = step(stage, packet, to=to, visit=visit)
    Labeller().label([row])
    assert row.analysis == label


STAGES = {
    1: "rip_output",
    2: "ip_output ipsec4_process_packet ipip_output esp_output esp_output_cb ah_output ah_output_cb"
    " ipcomp_output ipcomp_output_cb ipsec_process_done",
    3: "looutput",
    4: "ip_input ip_reass ipsec4_common_input esp_input esp_input_cb ah_input ah_input_cb ipcomp_input"
    " ipcomp_input_cb udp_input",
    5: "ipsec4_common_input_cb encap4_input ip4_input",
    6: "icmp_input",
}


@pytest.mark.parametrize(
    ("stage", "label"), [(stage, label) for label, stages in STAGES.items() for stage in stages.split()]
)
def test_each_stage_that_handles_a_request_has_its_step(stage: str, label: int) -> None:
    """Output is steps 1 to 3, input 4 and 5, the answer 6, wherever the packet goes."""
    row = step(stage)
    Labeller().label([row])
    assert row.analysis == label


def test_each_echo_has_labels_of_its_own() -> None:
    """A row of another echo, or of the same after its reply, begins anew."""
    labeller = Labeller()
    rows = [
        step("ip_input"),
        step("ip_output", echo=2),
        step("ip_output"),
        step("icmp_send", "P2"),
        step("ip_output"),
    ]
    labeller.label(rows)
    assert [row.analysis for row in rows] == [4, 2, 4, 7, 2]
