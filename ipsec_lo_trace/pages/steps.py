"""The eight steps of the 2003 analysis, and where the modelled kernel does otherwise."""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page

MAIL = "mail-index.netbsd.org/tech-net/2003/08/18/0002.html"
DIFFERS = {
    2: "The mail has a first tag say that IPsec is needed. That is the design: no source of that time sets"
    " such a tag, so there is none here; OUT_DONE is the only one.",
    4: "The mail has a policy match before the packet goes through AH or ESP. What bears either is taken in"
    " by its SA, and a policy is asked only once it is off.",
}
"""What the mail says of a step and the sources of that time do not, with what they do."""
_STEPS = {
    1: ("ping sends an ICMP echo request.", "rip_output"),
    2: ("Outbound IPsec is applied to the request, which in the end bears OUT_DONE.", "ipsec_process_done"),
    3: ("ip_output queues the packet on lo0, which hands it straight back up, tags and all.", "looutput"),
    4: ("ip_input finds no tag that says input is done, and the packet goes through AH or ESP.", "esp_input"),
    5: (
        "Input processing marks the packet IN_DONE, and queues it for ip_input again.",
        "ipsec4_common_input_cb",
    ),
    6: ("icmp_input turns the request into an echo reply and calls icmp_reflect.", "icmp_input"),
    7: ("icmp_reflect swaps the addresses, updates the options and calls ip_output.", "icmp_reflect"),
    8: ("The reply enters ip_output, still bearing the tags of the request.", "stale-out-done"),
}
ROWS = {
    1: (1, ("rip_output",)),
    2: (2, ("ip_output", "ipsec4_process_packet", "esp_output", "esp_output_cb", "ipsec_process_done")),
    3: (7, ("ip_output", "looutput")),
    4: (9, ("ip_input", "ipsec4_common_input", "esp_input", "esp_input_cb")),
    5: (13, ("ipsec4_common_input_cb",)),
    6: (14, ("ip_input", "icmp_input")),
    7: (16, ("icmp_reflect", "icmp_send")),
    8: (18, ("ip_output",)),
}
"""The first row of each step of a ping, and the stages of its rows."""


def _rows(number: int) -> str:
    first, stages = ROWS[number]
    last = first + len(stages) - 1
    return f"{f'row {first}' if first == last else f'rows {first} to {last}'} of ping: {', '.join(stages)}"


def _page(number: int, text: str, see: str) -> Page:
    differs = DIFFERS.get(number)
    return Page(
        kind="steps",
        name=f"step {number}",
        text=text,
        source=MAIL,
        sure="cited",
        example=f"{PROGRAM} ping --step {number}",
        details=(("rows", _rows(number)), *([("model", differs)] if differs else [])),
        see=(see,),
    )


STEP_PAGES = tuple(_page(number, *step) for number, step in _STEPS.items())
