"""What a setkey(8) file of today makes of a host: the same grammar, with the words that came after 2003.

Sources: FreeBSD's setkey(8) of 14 and 15; ipsec-tools', which NetBSD has; of the kernels' key.c, which are
KAME's: key_add, key_getsah, key_delete, key_spdadd.
"""

from __future__ import annotations

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration, HostPolicy, HostRule
from ipsec_lo_trace.model.policy import PORT_ANY, Level, PolicyType
from ipsec_lo_trace.model.sa import IPSEC_MANUAL_REQID_MAX
from ipsec_lo_trace.setkey.commands import (
    Add,
    Command,
    Delete,
    DeleteAll,
    Flush,
    PolicySpec,
    Rule,
    SpdAdd,
    SpdChange,
    SpdDelete,
    SpdFlush,
    Traffic,
    Unread,
)
from ipsec_lo_trace.setkey.host_sad import HostSad
from ipsec_lo_trace.setkey.load import left_out_note, no_command, nothing_left, parse
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.values import unresolved
from ipsec_lo_trace.setkey.words import OF_TODAY

_WITHOUT_RULES = (
    "an ipsec policy without a rule, which BSDs refuse and Linux lets everything pass by:"
    " what this policy asks for is not known"
)
_KINDS = {PolicyType.DISCARD: "discard", PolicyType.NONE: "none", PolicyType.IPSEC: "ipsec"}


def load(text: str, file: str) -> HostConfiguration:
    """Read a setkey(8) text of today; UserError, with ``file`` in its place, at what no setkey(8) takes.

    What a kernel would refuse, and what cannot be followed, is left out, and the notes say so; UserError if
    nothing else is there.
    """
    host = _Host()
    left_out: list[UserError] = []
    empty = True
    for command in parse(text, file, OF_TODAY):
        empty = False
        host.notes += command.notes
        try:
            host.apply(command)
        except UserError as error:
            left_out.append(error)
            host.leave_out(command, error)
    if empty:
        raise no_command(file)
    if left_out and not host.sad.sas() and not host.policies:
        raise nothing_left(left_out, file)
    return host.configuration()


class _Host:
    """The two databases of a kernel of today, as far as setkey(8) fills them."""

    def __init__(self) -> None:
        self.sad = HostSad()
        self.policies: dict[tuple[object, ...], tuple[int, HostPolicy]] = {}
        self.notes: list[str] = []
        self._policies_left_out = 0
        self._lost_sas = False
        self._reqid = IPSEC_MANUAL_REQID_MAX + 1

    def configuration(self) -> HostConfiguration:
        """Return what there is; policies in the order in which they are asked: by priority, then by age."""
        ranked = sorted(self.policies.values(), key=lambda pair: pair[0])
        return HostConfiguration(
            sas=self.sad.sas(),
            policies=[policy for _rank, policy in ranked],
            policies_left_out=self._policies_left_out,
            lost_sas=self._lost_sas,
            notes=self.notes,
        )

    def leave_out(self, command: Command, error: UserError) -> None:
        """Note why a command is left out.

        A kernel refuses most of them; but a policy for forwarding or for a tag is there all the same, and so
        is an SA between names.
        """
        self.notes.append(left_out_note(error))
        is_elsewhere = isinstance(command, SpdAdd) and command.policy.direction is None
        self._policies_left_out += is_elsewhere or isinstance(command, Unread)
        self._lost_sas |= isinstance(command, Add) and None in (command.sa.ends.src, command.sa.ends.dst)

    def apply(self, command: Command) -> None:
        """Apply one command; UserError, and nothing has changed, where it is left out."""
        if isinstance(command, Add):
            self.notes += self.sad.add(command)
        elif isinstance(command, Delete):
            self.sad.delete(command)
        elif isinstance(command, DeleteAll):
            self.sad.delete_all(command)
        elif isinstance(command, Flush):
            self.sad.flush(command.proto)
        elif isinstance(command, SpdAdd):
            self._spdadd(command)
        elif isinstance(command, SpdDelete):
            if self.policies.pop(_key(command), None) is None:
                raise command.at.fault("ENOENT: there is no policy with this selector and direction")
        elif isinstance(command, SpdFlush):
            self.policies.clear()
        elif isinstance(command, Unread):
            raise command.fault

    def _spdadd(self, command: SpdAdd) -> None:
        spec, key = command.policy, _key(command)
        if spec.kind in (PolicyType.BYPASS, PolicyType.ENTRUST):
            raise spec.at.fault(f"EINVAL: {spec.at} is for sockets, not for the SPD")
        if spec.kind is PolicyType.IPSEC and not spec.rules and spec.fault is None:
            self.notes.append(spec.at.note(_WITHOUT_RULES))
        if command.update:
            self.policies.pop(key, None)
        elif key in self.policies:
            reason = "EEXIST: a policy with the same selector and direction exists already"
            raise command.at.fault(reason)
        if spec.fault is not None:
            self.notes.append(f"{spec.fault}: what this policy asks for is not known")
        for at in _names(command.traffic):
            self.notes.append(f"{unresolved(at)}: this policy may be about any packet")
        self.policies[key] = spec.priority, self._policy(command)

    def _policy(self, command: SpdAdd) -> HostPolicy:
        traffic, spec = command.traffic, command.policy
        return HostPolicy(
            direction=command.towards().name.lower(),
            src=traffic.src,
            dst=traffic.dst,
            src_port=_port(traffic.src_port),
            dst_port=_port(traffic.dst_port),
            upper=traffic.upper,
            kind=_KINDS[spec.kind] if _is_known(spec) else UNKNOWN,
            rules=tuple(map(self._rule, spec.rules)),
            condition=_condition(traffic),
        )

    def _rule(self, rule: Rule) -> HostRule:
        reqid = rule.reqid
        if rule.level is Level.UNIQUE and not 1 <= reqid <= IPSEC_MANUAL_REQID_MAX:
            self._reqid += 1
            reqid = self._reqid
        return HostRule(
            proto=rule.proto,
            mode=rule.mode.name.lower(),
            level=rule.level.name.lower(),
            reqid=reqid,
            src=rule.src,
            dst=rule.dst,
        )


def _is_known(spec: PolicySpec) -> bool:
    """Tell whether it is known what a policy asks for.

    KERNEL: key_msg2sp refuses an ipsec policy without rules (EINVAL); Linux, net/key/af_key.c,
    parse_ipsecrequests, takes it for one that lets everything pass.
    """
    return spec.fault is None and (spec.kind is not PolicyType.IPSEC or bool(spec.rules))


def _key(command: SpdChange) -> tuple[object, ...]:
    """Return what tells policies apart; UserError for a policy that no packet on lo is asked about."""
    traffic = command.traffic
    ports = (traffic.src_port, traffic.dst_port)
    named = (at.text for at in _names(traffic))
    return command.towards(), traffic.src, traffic.dst, *ports, traffic.upper, bool(traffic.context), *named


def _names(traffic: Traffic) -> list[Token]:
    """Return the names in a policy that are not resolved."""
    ends = ((traffic.src, traffic.src_at), (traffic.dst, traffic.dst_at))
    return [at for network, at in ends if network is None]


def _condition(traffic: Traffic) -> str:
    if _names(traffic):
        return "a name"
    return "a security context" if traffic.context else ""


def _port(number: int) -> int | None:
    return None if number == PORT_ANY else number
