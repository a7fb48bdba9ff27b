"""PF_KEY messages, as far as their answers go: an errno, and the extension that it is about."""

from __future__ import annotations

import enum

from ipsec_lo_trace.model.codes import Errno


class Extension(enum.Enum):
    """SADB_EXT_* and SADB_X_EXT_*: the parts of a message that the kernel finds fault with.

    Source: net/pfkeyv2.h.  The two algorithms are fields of SADB_EXT_SA, told apart from its SPI here.
    """

    MESSAGE = enum.auto()
    SA = enum.auto()
    SA_AUTH = enum.auto()
    SA_ENCRYPT = enum.auto()
    LIFETIME = enum.auto()
    KEY_AUTH = enum.auto()
    KEY_ENCRYPT = enum.auto()
    POLICY = enum.auto()


class PfkeyError(Exception):
    """The kernel answers a PF_KEY message with an errno; nothing has changed."""

    def __init__(
        self, errno: Errno, reason: str, hint: str = "", extension: Extension = Extension.MESSAGE
    ) -> None:
        """Take the errno's name, what is wrong, what would be right, and where in the message."""
        super().__init__(f"{errno}: {reason}")
        self.errno = errno
        self.reason = reason
        self.hint = hint
        self.extension = extension


def refused(reason: str, extension: Extension, hint: str = "") -> PfkeyError:
    """Return the EINVAL of an SA that a transform does not take."""
    return PfkeyError("EINVAL", reason, hint, extension)


def wrong_key_len(name: str, key_len: int, key_lens: str, extension: Extension) -> PfkeyError:
    """Return the EINVAL of a key of ``key_len`` bytes, where the algorithm ``name`` takes ``key_lens``."""
    return refused(f"this key has {key_len} bytes", extension, f"a {name} key has {key_lens}")
