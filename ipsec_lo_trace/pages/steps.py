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


def _page(number: int, text: str, see: str) -> Page:
    differs = DIFFERS.get(number)
    return Page(
        kind="steps",
        name=f"step {number}",
        text=text,
        source=MAIL,
        sure="cited",
        example=f"{PROGRAM} ping --step {number}",
        details=(("model", differs),) if differs else (),
        see=(see,),
    )


STEP_PAGES = tuple(_page(number, *step) for number, step in _STEPS.items())
