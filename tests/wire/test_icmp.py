from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import build, icmp

numbers = st.integers(0, 0xFFFF)


@given(numbers, numbers, st.binary(max_size=100))
def test_scapy_and_struct_agree_on_echo_requests(ident: int, seq: int, data: bytes) -> None:
    """A request built by scapy equals another one renumbered, and carries the right checksum."""
    message = build.echo_request(ident=ident, seq=seq, data=data)
    assert icmp.with_sequence(build.echo_request(ident=ident, seq=0, data=data), seq) == message
    assert icmp.checksum_ok(message)
    assert message[:2] == bytes((icmp.ICMP_ECHO, 0))
    assert icmp.ident_seq(message) == (ident, seq)
    assert message[icmp.HEADER_LEN :] == data


@given(numbers, st.binary(min_size=8, max_size=100), st.binary(max_size=8))
def test_the_first_data_bytes_can_be_overwritten(seq: int, data: bytes, head: bytes) -> None:
    """The new head replaces as many data bytes as it has; the rest and the identifier stay."""
    message = icmp.with_sequence(build.echo_request(ident=7, seq=0, data=data), seq, head)
    assert message[icmp.HEADER_LEN :] == head + data[len(head) :]
    assert icmp.ident_seq(message) == (7, seq)
    assert icmp.checksum_ok(message)


@given(numbers, numbers, st.binary(max_size=100))
def test_a_reply_is_the_request_with_another_type(ident: int, seq: int, data: bytes) -> None:
    """Changing the type changes type and checksum only, and back again gives the same bytes."""
    request = build.echo_request(ident=ident, seq=seq, data=data)
    reply = icmp.with_type(request, icmp.ICMP_ECHOREPLY)
    assert (reply[0], reply[1], reply[4:]) == (icmp.ICMP_ECHOREPLY, request[1], request[4:])
    assert icmp.checksum_ok(reply)
    assert icmp.with_type(reply, icmp.ICMP_ECHO) == request


def test_record_route_is_what_ping_sends() -> None:
    """The option is 39 bytes of record route with nine empty slots, and an EOL byte: all 40 bytes."""
    assert build.record_route_option() == bytes((7, 39, 4)) + bytes(36) + b"\0"
