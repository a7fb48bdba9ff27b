"""The replay functions of ipsec.c: may this sequence number still come, and note that it came.

Source: netipsec/ipsec.c, ipsec_chkreplay and ipsec_updatereplay.  The window spans eight packets for each
byte of the bitmap; with no bytes nothing is checked.
"""

from __future__ import annotations

from ipsec_lo_trace.model.sa import Replay

COUNT_MAX = 0xFFFFFFFF


def ipsec_chkreplay(seq: int, replay: Replay) -> bool:
    """Tell whether sequence number ``seq`` is new enough and not seen yet."""
    if replay.window_bytes == 0:
        return True
    if seq == 0:
        return False
    if replay.count == 0 or seq > replay.lastseq:
        return True
    behind = replay.lastseq - seq
    return behind < replay.window_bytes * 8 and not replay.bitmap >> behind & 1


def ipsec_updatereplay(seq: int, replay: Replay, *, cyclic: bool) -> bool:
    """Note that ``seq`` came; False if it must be refused after all.

    KERNEL: ``count``, the number that output gives out, goes up here too.  On lo0, where one SA may serve
    both ways, that is why the numbers on the wire go 1, 3, 5.
    """
    if replay.window_bytes and not _mark_seen(seq, replay):
        return False
    if replay.count == COUNT_MAX and not cyclic:
        return False
    replay.count = replay.count + 1 & COUNT_MAX
    return True


def _mark_seen(seq: int, replay: Replay) -> bool:
    if not ipsec_chkreplay(seq, replay):
        return False
    ahead = seq - replay.lastseq
    if replay.count == 0:
        replay.lastseq, replay.bitmap = seq, 1
    elif ahead > 0:
        window_mask = (1 << replay.window_bytes * 8) - 1
        replay.lastseq = seq
        # A jump past the whole window shifts every bit out; the shift is bounded first.
        replay.bitmap = (replay.bitmap << min(ahead, replay.window_bytes * 8) | 1) & window_mask
    else:
        replay.bitmap |= 1 << -ahead
    return True
