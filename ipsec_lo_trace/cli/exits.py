"""Exit codes, and who answers for an error."""

from __future__ import annotations

import click

from ipsec_lo_trace.cli.files import complain
from ipsec_lo_trace.model.errors import UserError

EXIT_NOT_MET = 1
EXIT_TROUBLE = 2
EXIT_BROKEN = 3
EXIT_INTERRUPT = 130
EXIT_PIPE = 141
EXIT_SIGNAL = 128


def answer(error: Exception) -> int:
    """Say what went wrong in one message on stderr; return the code that says whose fault it is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return EXIT_TROUBLE
    if isinstance(error, click.UsageError):
        from ipsec_lo_trace.cli.mistakes import told  # noqa: PLC0415 -- for a mistake alone

        return _tell(told(error), EXIT_TROUBLE)
    if isinstance(error, UserError):
        return _tell(str(error), EXIT_TROUBLE)
    if isinstance(error, OSError):
        return _tell(f"cannot read or write: {error.strerror or error}", EXIT_TROUBLE)
    return _tell(
        f"this is a fault of ipsec-lo-trace, please report it: {type(error).__name__}: {error}"
        " ('ipsec-lo-trace help faults' says what to send)",
        EXIT_BROKEN,
    )


def _tell(message: str, code: int) -> int:
    complain(message)
    return code
