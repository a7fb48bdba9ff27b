"""Load a configuration from what a Linux host printed, or from whichever kind of text there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ipsec_lo_trace.kernel.netipsec.key_pfkey import key_newsah, key_newsav
from ipsec_lo_trace.model.databases import Configuration, Databases, SaHead
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.sa import SaIndex, SecurityAssociation, TdbIdent
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.setkey.load import read_text
from ipsec_lo_trace.xfrm.lines import Entry, entries, is_xfrm
from ipsec_lo_trace.xfrm.policy import Ranked, ranked
from ipsec_lo_trace.xfrm.state import association

_HINT = "ip xfrm state and ip xfrm policy, run by root, print them"


def load(text: str, file: str) -> Configuration:
    """Read the output of ip xfrm state, of ip xfrm policy or of both; UserError for a mistake.

    ``file`` is its name for messages.
    """
    return load_all([(text, file)])


def load_all(texts: Iterable[tuple[str, str]]) -> Configuration:
    """Read several such outputs as one configuration; each is a text with its file's name."""
    configuration = Configuration("")
    savs: dict[TdbIdent, SecurityAssociation] = {}
    policies: list[Ranked] = []
    for text, file in texts:
        configuration.text += text
        for entry in entries(text, file):
            if _is_policy(entry):
                policies += filter(None, [ranked(entry, configuration.notes)])
            elif (sav := association(entry, configuration.notes)) is not None:
                if sav.tdbi in savs:
                    raise entry.head[0].fault(f"SA {sav.tdbi} stands here for the second time")
                savs[sav.tdbi] = sav
        if not savs and not policies:
            raise UserError("there is no SA and no policy for IPv4 in it", file=file, hint=_HINT)
    _fill(configuration.db, list(savs.values()), policies)
    return configuration


def read_files(paths: Sequence[str]) -> Configuration:
    """Load a file of setkey(8) commands, or one or more with what ip xfrm printed; ``-`` is standard input.

    UserError if one cannot be read, holds a mistake, or is of another kind than the first.
    """
    texts = [read_text(path) for path in paths]
    if len(texts) == 1 and not is_xfrm(texts[0][0]):
        return setkey.load(*texts[0])
    for text, file in texts:
        if not is_xfrm(text):
            reason = "of several files, each must hold what ip xfrm prints"
            raise UserError(reason, file=file, hint="a file of setkey(8) commands stands alone")
    return load_all(texts)


def _is_policy(entry: Entry) -> bool:
    firsts = [words[0].text for words in entry.lines]
    if not firsts:
        raise entry.head[0].fault("nothing stands below this line", "the output must be whole")
    # A newer iproute2 has a line for an SA's direction too, but not before its protocol.
    return firsts[0] != "proto" and ("dir" in firsts or "socket" in firsts)


def _fill(db: Databases, savs: list[SecurityAssociation], policies: list[Ranked]) -> None:
    """Put everything into the databases, oldest first: Linux prints the newest first.

    Nothing that the kernel of 2003 would have refused is refused here.  Of policies with the same priority
    the older one goes first.  Source: Linux, net/xfrm/xfrm_policy.c, xfrm_policy_insert_list.
    """
    heads: dict[SaIndex, SaHead] = {}
    for sav in reversed(savs):
        if sav.index not in heads:
            heads[sav.index] = key_newsah(db, sav.index)
        key_newsav(db, heads[sav.index], sav)
    policies.reverse()
    for _priority, policy in sorted(policies, key=lambda one: one.priority):
        # Two with the same selector may differ in what is not modelled, such as dev lo.
        db.add_policy(policy)
