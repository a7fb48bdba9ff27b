"""The arguments of ``ping`` and ``probe``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec

from ipsec_lo_trace.cli.runargs import RunArguments, given, one_fix, refuse


class PingArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    run: RunArguments
    unpatched: bool
    patched: bool
    fix: str | None
    show_config: bool
    drop_mark: tuple[str, ...]
    bisect: bool
    format_: str
    detail: str | None
    show_bytes: str | None
    color: str | None
    quiet: bool
    verbose: bool
    output: str
    expect: str | None

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.run.check()
        one_fix(patched=self.patched, unpatched=self.unpatched, fix=self.fix)
        if self.quiet and self.verbose:
            raise click.UsageError("-q and -v exclude each other")
        flags = [option for given_, option in ((self.quiet, "-q"), (self.verbose, "-v")) if given_]
        text_only = given(self, detail="--detail", show_bytes="--bytes", color="--color") + flags
        self._refuse_beside_show_config(text_only)
        self._refuse_beside_bisect(flags)
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        whole = given(self, detail="--detail", show_bytes="--bytes")
        refuse(whole, "has nothing to act on: -q prints one line", if_=self.quiet)
        layout = given(self, show_bytes="--bytes") + flags
        refuse(layout, "is not part of the minimal form", if_=self.detail == "minimal")

    def _refuse_beside_bisect(self, flags: list[str]) -> None:
        """Refuse what is about one run: a bisection makes many."""
        options = given(self, detail="--detail", show_bytes="--bytes", expect="--expect") + flags
        options += ["--drop-mark"] if self.drop_mark else []
        options += ["--show-config"] if self.show_config else []
        options += ["--format jsonl"] if self.format_ == "jsonl" else []
        refuse(options, "is about one run, and --bisect makes one for each row", if_=self.bisect)

    def _refuse_beside_show_config(self, text_only: list[str]) -> None:
        """Refuse what is about a run: there is none."""
        options = text_only + given(self, expect="--expect") + (["--drop-mark"] if self.drop_mark else [])
        options += ["--format"] if self.format_ != "text" else []
        refuse(options, "has nothing to act on: --show-config prints and stops", if_=self.show_config)
