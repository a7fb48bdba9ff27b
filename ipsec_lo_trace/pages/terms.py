"""The terms of the outputs and of the documentation: the glossary."""

from __future__ import annotations

from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.pages.page import PROGRAM, Page

# Names that one entry explains together are separated by commas.
_TEXTS = {
    "AH": (
        "Authentication Header, IP protocol 51 (RFC 2402): proves where a packet comes from; encrypts"
        " nothing."
    ),
    "any": "of a policy, every upper-layer protocol; of an SA's mode, transport as well as tunnel.",
    "assumption": (
        "something that a run rests on and that a real kernel may differ in; every trace lists all of them."
    ),
    "audit": "a real loopback's capture, packet by packet, held against its host's keys and policies.",
    "bundle": "a policy with more than one rule: the packet gets several transforms, such as ESP inside AH.",
    "bypass": "said of a policy: the packet goes without IPsec. From the SPD it has the effect of none.",
    "callback, crypto callback": (
        "what the crypto framework calls when it is done, as esp_output_cb. It runs later: the system call"
        " has returned by then, and learns of no error."
    ),
    "cached SA": (
        "the SA that a policy's rule used last, for whatever packet (sav of the request). The loop"
        " detection compares tags with it."
    ),
    "certificate": (
        "the proof as JSON Lines: a head that says what was run, every class, and a digest. prove --check"
        " reads it, counts, and runs some of its cases again."
    ),
    "cause": "the row of a verdict where the mark became stale that later decided wrongly.",
    "claim": (
        "what a proof holds every case of its scope to, such as: no stale mark decides anything. list claims"
        " has them."
    ),
    "class": (
        "of a proof, hosts that no claim tells apart: under each kernel the same claims are broken, each in"
        " the same way."
    ),
    "clear text": "a packet without the protection that a policy asks for.",
    "cutoff": (
        "the argument that small cases stand for all: a host outside of a proof's scope runs as one inside,"
        " since stages ask only what is equal, what is there, and what fits first."
    ),
    "default policy": (
        'what applies where no policy of the SPD matches, or where a tag leads to none: "none" unless'
        " net.inet.ipsec.def_policy says discard."
    ),
    "discard": "said of a policy: the packet is dropped.",
    "effect": "the row of a verdict where the wrong decision was made, or where the packet was dropped.",
    "entrust": "said of a socket's policy: the SPD decides. ping's socket has it in both directions.",
    "ESP": (
        "Encapsulating Security Payload, IP protocol 50 (RFC 2406): encrypts, and authenticates if the SA"
        " says so."
    ),
    "FAST_IPSEC": (
        "the IPsec code that NetBSD took from FreeBSD in August 2003. It hands its cryptography to a"
        " framework that calls back when it is done."
    ),
    "finding": "something that a run showed: a stable code, the first row with it, and in how many echoes.",
    "fix": "a treatment of stale marks that can be chosen for a run: a set of switches.",
    "knob": "a switch of the kernel that --set turns; a fix is a set of them.",
    "probe": "a program that sends other traffic than ping; list probes names the kinds.",
    "reflector": "who answers an ICMP request: the kernel, or a process in user space.",
    "case": "a configuration that comes with this program, with the ends that it is about.",
    "flag": (
        "an mbuf flag: M_DECRYPTED (ESP was undone), M_AUTHIPHDR and M_AUTHIPDGM (AH was verified). The"
        " inbound policy check goes by flags."
    ),
    "gate 1, gate 2": (
        "the two places where an inbound policy is asked about an echo reply: ip_input, and the socket in"
        " rip_input."
    ),
    "ICMP": (
        "Internet Control Message Protocol, IP protocol 1: echo request and echo reply are two of its"
        " messages."
    ),
    "ICV": "integrity check value: the 12 bytes by which AH and ESP notice that a packet was altered.",
    "IP": "Internet Protocol; in the model version 4 alone (RFC 791).",
    "IPComp": (
        "IP Payload Compression, IP protocol 108 (RFC 3173): makes packets shorter and protects nothing. Only"
        " OUT_DONE tells of it: no flag and no IN_DONE."
    ),
    "CPI": "compression parameter index: the number in an IPComp header, of 16 bits; it is the SA's SPI.",
    "IPIP": "IP in IP, IP protocol 4: a packet inside another, for tunnel mode.",
    "ipsec": "said of a policy: its rules say which transforms the packet gets.",
    "IV": (
        "initialisation vector: bytes in front of ESP's ciphertext by which equal packets come out different."
        " Here they derive from the seed, the SPI and the sequence number."
    ),
    "leaf": (
        "of a proof, hosts that no question of a stage tells apart, with what came of every kernel over them:"
        " where one run stands for many."
    ),
    "leaks": "how many echoes crossed lo0 in clear, or were accepted so, where a policy asks for protection.",
    "level": "how much a rule insists: default, use, require, unique.",
    "lo0": "the loopback interface: what goes out comes straight back in. Here it is the only interface.",
    "loop detection": (
        "the question in ip_output whether IPsec has been applied already: does a tag name the policy's"
        " cached SA?"
    ),
    "mark": "a tag or a flag: a piece of a packet's history that rides on its mbuf.",
    "mbuf": "the kernel's buffer for a packet. icmp_reflect makes the reply in the request's mbuf.",
    "MLEN, MHLEN": "how many bytes an mbuf itself has room for; the first of a packet for MHLEN.",
    "MTU": "maximum transmission unit: the most bytes that an interface takes as one packet; lo0's is large.",
    "netisr": "a soft interrupt; here, the one that takes packets from the IP input queue.",
    "ok, loss": (
        "what a verdict says of ping: ok, every request was answered; loss, one was not; error, sendto"
        " failed."
    ),
    "P1, P2, F1": (
        "the echo request and the echo reply; P1/2 is the request's second fragment, P1/loop1 a copy that"
        " comes back of a packet to a group, P1/copy what an ICMP redirect quotes."
        " What is forwarded is a new packet. F1 is what NetBSD's ping sends itself to clear its route."
    ),
    "ping": "the program that sends echo requests from a raw socket.",
    "policy": "which packets need what. Policies are in the SPD, and the first match wins.",
    "PR_LASTHDR": (
        "a flag of the protocol switch that says: nothing of IPsec's comes behind this header, so ip_input"
        " asks the inbound policy (gate 1). ICMP, IPIP and raw IP have it; ESP, AH, IPComp, UDP and TCP lack"
        " it."
    ),
    "replay": "a capture's packets, fed to the modelled kernel at lo0 in fresh mbufs, and traced.",
    "row": (
        "one stage's run over one packet: a line of the timeline, a step record of a trace; numbered from 1."
    ),
    "rule": (
        "one transform that a policy asks for, such as esp/transport//require; in the kernel a request"
        " (ipsecrequest)."
    ),
    "SA": "security association: protocol, SPI, ends, algorithms, keys, sequence number. SAs are in the SAD.",
    "SAD": "security association database: the SAs of a host.",
    "seen, unseen": (
        "rows of a verdict: where the kernel noticed (a drop, an error); where its last check let the"
        " packet pass."
    ),
    "setkey, setkey(8)": (
        "the program that puts SAs and policies into the kernel; -f reads its files, and --show-config"
        " writes one."
    ),
    "SPD": "security policy database: the policies of a host, in order, inbound and outbound.",
    "SPI": "security parameters index: the number in an AH or ESP header that says which SA it is for.",
    "stage": "a modelled kernel function that consumes the packet.",
    "stale": "said of a mark that was made for another packet than the one that bears it.",
    "strip": (
        "to take marks off a packet at one place, tags or flags or both; the place's switch says which. keep"
        " is to strip nothing."
    ),
    "tag": (
        "a packet tag (m_tag): a record chained to the packet header. IPsec's name an SA by protocol, SPI"
        " and destination."
    ),
    "TCP": (
        "Transmission Control Protocol, IP protocol 6: a connection opens with SYN, SYN-ACK and ACK, or a RST"
        " refuses it."
    ),
    "tdb_ident": "what an IPsec tag says of an SA: protocol, SPI and destination.",
    "trace": "what a run leaves: a run record, a step record for each row, a verdict record.",
    "transfer": (
        "how one stage hands the packet to the next: call, protocol switch, transform switch, crypto"
        " callback, netisr, interface output."
    ),
    "transport, tunnel, transport mode, tunnel mode": (
        "the packet's own payload is protected; or the whole packet is, inside another."
    ),
    "UDP": "User Datagram Protocol, IP protocol 17: datagrams between ports.",
    "use, require, unique, default": (
        "the levels of a rule. With use an SA is wanted, with require and unique it is insisted on; default"
        " is what the sysctls say."
    ),
    "verdict": (
        "two things: the result of a run (the last record of a trace), and in the code what a stage returns."
    ),
}

_RUNS: dict[str, tuple[RunName, ...]] = {
    "cached SA": ("verdicts", "further"),
    "flag": ("further", "random"),
    "loop detection": ("verdicts", "random"),
}
# Source, and how sure; what is not here is a word of this program.
_SOURCES = {
    "any": ("netipsec/key.c, key_cmpspidx_withmask and key_cmpsaidx", "read"),
    "AH": ("RFC 2402", "cited"),
    "bundle": ("RFC 2401, section 4.3; netipsec/ipsec_output.c, ipsec_process_done", "read"),
    "bypass": ("netipsec/ipsec.c, ipsec4_checkpolicy", "read"),
    "callback, crypto callback": ("opencrypto/crypto.c, crypto_done; netipsec/xform_esp.c", "read"),
    "cached SA": ("netipsec/key.c, key_checkrequest", "measured"),
    "default policy": ("netipsec/ipsec.c, ipsec_getpolicybyaddr", "read"),
    "discard": ("netipsec/ipsec.c, ipsec4_checkpolicy", "read"),
    "entrust": ("netipsec/ipsec.c, ipsec_getpolicybysock and ipsec_init_policy", "read"),
    "ESP": ("RFC 2406", "cited"),
    "FAST_IPSEC": ("mails to tech-net of 2003-08-04 and 2003-08-18", "cited"),
    "flag": ("sys/mbuf.h; netipsec/ipsec.c, ipsec_in_reject", "measured"),
    "gate 1, gate 2": ("netinet/ip_input.c; netinet/raw_ip.c", "read"),
    "ICMP": ("RFC 792", "cited"),
    "ICV": ("RFC 2402, section 2.6; RFC 2406, section 2.7", "cited"),
    "IP": ("RFC 791", "cited"),
    "IPComp": ("RFC 3173", "cited"),
    "CPI": ("RFC 3173, section 3.3; netipsec/xform_ipcomp.c, ipcomp_output", "read"),
    "IPIP": ("RFC 2003", "cited"),
    "ipsec": ("netipsec/ipsec.c, ipsec4_checkpolicy", "read"),
    "IV": ("RFC 2406, section 2.3", "cited"),
    "level": ("netipsec/ipsec.c, ipsec_get_reqlevel; setkey(8)", "read"),
    "lo0": ("net/if_loop.c, looutput", "read"),
    "loop detection": ("netinet/ip_output.c, ip_output", "measured"),
    "mbuf": ("sys/mbuf.h; netinet/ip_icmp.c, icmp_reflect", "read"),
    "MLEN, MHLEN": ("sys/mbuf.h", "read"),
    "MTU": ("net/if_loop.c, LOMTU", "read"),
    "netisr": ("netinet/ip_input.c, ipintr", "read"),
    "P1, P2, F1": ("the mail of 2003-08-18, whose two packets they are", "ours"),
    "policy": ("RFC 2401, section 4.4.1; netipsec/key.c, key_allocsp", "read"),
    "PR_LASTHDR": ("sys/protosw.h; netinet/in_proto.c, inetsw; netinet/ip_input.c, ip_input", "read"),
    "rule": ("netipsec/ipsec.h, struct ipsecrequest; setkey(8)", "read"),
    "SA": ("RFC 2401, section 4.1", "cited"),
    "SAD": ("RFC 2401, section 4.4.3", "cited"),
    "setkey, setkey(8)": ("setkey(8)", "cited"),
    "SPD": ("RFC 2401, section 4.4.1", "cited"),
    "SPI": ("RFC 2401, section 4.1", "cited"),
    "stage": ("the modelled kernel's link table", "ours"),
    "stale": ("the mail of 2003-08-18, which tells of the reply that bears the request's tags", "cited"),
    "tag": ("sys/mbuf.h; kern/uipc_mbuf2.c, m_tag_prepend", "read"),
    "TCP": ("RFC 793", "cited"),
    "tdb_ident": ("netipsec/xform.h, struct tdb_ident", "read"),
    "transfer": ("the modelled kernel's link table", "read"),
    "transport, tunnel, transport mode, tunnel mode": ("RFC 2401, section 4.1", "cited"),
    "UDP": ("RFC 768", "cited"),
    "use, require, unique, default": ("netipsec/ipsec.c, ipsec_get_reqlevel; setkey(8)", "read"),
}

_EXAMPLES = {
    "AH": "ping --proto ah",
    "assumption": "ping -v",
    "audit": "audit --help",
    "bundle": "ping --proto esp+ah",
    "bypass": "explain out-policy",
    "cached SA": "explain loop-detection",
    "cause": "ping --unpatched",
    "certificate": "prove --scope first --json -q",
    "claim": "list claims",
    "class": "prove --scope first -q",
    "clear text": "ping --unpatched",
    "cutoff": "prove --help",
    "default policy": "explain gate-1-tag",
    "discard": "explain out-policy",
    "effect": "ping --unpatched",
    "entrust": "explain gate-2-policy",
    "fix": "list fixes",
    "flag": "list marks",
    "gate 1, gate 2": "explain gate-2-flag",
    "callback, crypto callback": "explain esp_output_cb",
    "ICV": "ping --auth hmac-sha1",
    "IPComp": "ping --proto ipcomp",
    "CPI": "ping --proto ipcomp --show-config",
    "IV": "ping --bytes layers --stage esp_output",
    "IPIP": "ping --mode tunnel",
    "ipsec": "ping --show-config",
    "leaf": "prove --scope first -q",
    "leaks": "ping -c 3",
    "any": "ping --show-config",
    "level": "ping --level use",
    "loop detection": "explain loop-detection",
    "mark": "list marks",
    "policy": "ping --show-config",
    "PR_LASTHDR": "probe udp-echo --detail full",
    "replay": "replay --help",
    "row": "why 1",
    "rule": "ping --show-config",
    "SA": "ping --show-config",
    "seen, unseen": "ping --unpatched",
    "SAD": "ping --show-config",
    "setkey, setkey(8)": "ping --show-config",
    "SPD": "ping --show-config",
    "SPI": "ping --show-config",
    "stage": "list stages",
    "stale": "ping --unpatched",
    "strip": "ping --set looutput=tags",
    "tag": "list marks",
    "TCP": "probe tcp-open",
    "tdb_ident": "why 6",
    "trace": "schema",
    "transfer": "list transfers",
    "transport, tunnel, transport mode, tunnel mode": "ping --mode tunnel",
    "UDP": "probe udp-echo",
    "use, require, unique, default": "ping --level unique",
    "verdict": "ping -q",
}


def _page(names: str, text: str) -> Page:
    name, *others = names.split(", ")
    source, sure = _SOURCES.get(names, ("the word as this program uses it", "ours"))
    return Page(
        kind="terms",
        name=name,
        aliases=tuple(others),
        text=text[0].upper() + text[1:],
        source=source,
        sure=sure,
        runs=_RUNS.get(names, ()),
        example=f"{PROGRAM} {_EXAMPLES.get(names, 'ping')}",
    )


TERMS = tuple(_page(names, text) for names, text in _TEXTS.items())
