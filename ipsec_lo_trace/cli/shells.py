"""What shells need besides what click gives them.

bash cuts a word at @, = and :, and zsh and fish replace the whole of --option=value.
"""

from __future__ import annotations

import os

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

LINE = "COMP_LINE"
"""The command line up to the cursor, as the script below passes it on; an older one does not."""

_SCRIPT = """\
%(complete_func)s() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT} type value
    local word=${line##*[[:space:]]} breaks=${COMP_WORDBREAKS//[^@=:]/} cut=

    # Readline replaces what stands after the last of these; what stands before it, it keeps.
    [[ -n $breaks ]] && cut=${word%%%%"${word##*[$breaks]}"}

    while IFS=, read -r type value; do
        if [[ $type == dir ]]; then
            COMPREPLY=()
            compopt -o dirnames
        elif [[ $type == file ]]; then
            COMPREPLY=()
            compopt -o default
        elif [[ $type == plain ]]; then
            COMPREPLY+=("${value#"$cut"}")
        fi
    done < <(env COMP_LINE="$line" %(complete_var)s=bash_complete "$1")

    return 0
}

%(complete_func)s_setup() {
    complete -o nosort -F %(complete_func)s %(prog_name)s
}

%(complete_func)s_setup;
"""


class WholeWords(ShellComplete):
    """Offers --option=value where that was begun, for click offers the value alone."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return what click offers, with the option before it."""
        option, equals, _begun = incomplete.partition("=")
        found = super().get_completions(args, incomplete)
        for item in found if equals and option.startswith("--") else ():
            item.value = f"{option}={item.value.removeprefix(f'{option}=')}"
        return found


class Zsh(WholeWords, ZshComplete):
    """click's, with whole words."""


class Fish(WholeWords, FishComplete):
    """click's, with whole words."""


class Bash(WholeWords, BashComplete):
    """click's, with whole words, which are cut at blanks alone."""

    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is completed, and that one."""
        line = os.environ.get(LINE)
        if line is None:
            return super().get_completion_args()
        words = split_arg_string(line)[1:]
        return (words, "") if line[-1:].isspace() or not words else (words[:-1], words[-1])


SHELLS = (Bash, Zsh, Fish)
