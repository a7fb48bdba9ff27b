"""Which of the 2003 analysis's eight steps a row belongs to.

The label follows from what happened (stage, packet, where the packet went), never from a row's position.
"""

from __future__ import annotations

from ipsec_lo_trace.model.packet_name import FLUSH, REPLY, REQUEST, packet_name
from ipsec_lo_trace.model.trace import Step

REQUEST_STEPS = {
    "rip_output": 1,
    "ip_output": 2,
    "ipsec4_process_packet": 2,
    "ipip_output": 2,
    "esp_output": 2,
    "esp_output_cb": 2,
    "ah_output": 2,
    "ah_output_cb": 2,
    "ipcomp_output": 2,
    "ipcomp_output_cb": 2,
    "ipsec_process_done": 2,
    "looutput": 3,
    "ip_input": 4,
    "ip_reass": 4,
    "ipsec4_common_input": 4,
    "esp_input": 4,
    "esp_input_cb": 4,
    "ah_input": 4,
    "ah_input_cb": 4,
    "ipcomp_input": 4,
    "ipcomp_input_cb": 4,
    "ipsec4_common_input_cb": 5,
    "encap4_input": 5,
    "ip4_input": 5,
    "icmp_input": 6,
}
"""Where a stage that handles the request belongs, unless where it sends the packet says more."""
IP_OUTPUT_STEP = 2
LAST_STEP = 8
REPLY_STEPS = {"icmp_reflect": 7, "icmp_send": 7}


class Labeller:
    """Labels the rows of a run; an echo's labels never go back."""

    def __init__(self) -> None:
        """Start with no echo begun."""
        self._reached: dict[int, int] = {}

    def label(self, steps: list[Step]) -> None:
        """Label rows, in their order: 1 to 8, or 0 after step 8."""
        reached = self._reached
        for step in steps:
            echo, packet, to = step.echo, step.packet, step.to
            if packet != REQUEST and (packet == REPLY or not packet_name(packet).is_request):
                if packet == FLUSH:
                    continue
                reached.pop(echo, None)
                first = step.stage == "ip_output" and step.visit == 1
                step.analysis = LAST_STEP if first else REPLY_STEPS.get(step.stage, 0)
                continue
            label = REQUEST_STEPS.get(step.stage, 4)
            if to == "icmp_input":
                label = 6
            elif label == IP_OUTPUT_STEP and to == "looutput" and step.visit > 1:
                label = 3
            furthest = reached.get(echo, 0)
            if label > furthest:
                furthest = reached[echo] = label
            step.analysis = furthest
