"""`nnkit completion`: what makes shells complete the command line."""

from __future__ import annotations

import os
import re
from typing import Any, ClassVar

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from nnkit.cli import suggestions
from nnkit.cli.console import write
from nnkit.cli.main import COMPLETION, cli

# Of each shell: a function that hands on what was typed up to the cursor, and takes a line for each completion.
_BASH = """\
%(complete_func)s() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <(%(complete_var)s=bash_complete COMP_TYPED="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \\
        "$1" 2>/dev/null)
}
complete -o nospace -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -o nospace -F %(complete_func)s %(prog_name)s
"""
_ZSH = """\
#compdef %(prog_name)s
%(complete_func)s() {
    local line
    local -a whole begun
    for line in "${(@f)$(%(complete_var)s=zsh_complete COMP_TYPED="${(j: :)words[1,CURRENT-1]} $PREFIX" \\
        "${words[1]}" 2>/dev/null)}"; do
        case $line in
            "") ;;
            *[/=](|:*)) begun+=("$line") ;;
            *) whole+=("$line") ;;
        esac
    done
    _describe -V %(prog_name)s whole -- begun -S ''
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    %(complete_func)s "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef %(complete_func)s %(prog_name)s
fi
"""
_FISH = """\
function %(complete_func)s
    set -lx %(complete_var)s fish_complete
    set -lx COMP_TYPED (commandline -cp | string collect)
    %(prog_name)s 2>/dev/null
end
complete --command %(prog_name)s --no-files --arguments "(%(complete_func)s)"
"""


class Completer(ShellComplete):
    """Completes what was typed up to the cursor, `COMP_TYPED`; files and folders are found here, too."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words behind the name of the program, and the one that has been begun."""
        typed = os.environ.get("COMP_TYPED", "")
        words = split_arg_string(typed)[1:]
        return (words[:-1], words[-1]) if words and not typed[-1].isspace() else (words, "")

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """Return whole words that complete the one that has been begun."""
        # What click completes behind the = of `--option=`, shells put in place of all of that word.
        option = re.match(r"--[\w-]+=", incomplete)
        if args and args[-1].startswith("--") and not option:
            # click reads no further than to an option without a value, and would not know of the config on the line.
            *args, last = args
            incomplete = f"{last}={incomplete}"
        found: list[CompletionItem[Any]] = []
        for item in super().get_completions(list(args), incomplete):
            found += self._files(item) if item.type in ("file", "dir") else [item]
        return [CompletionItem(f"{option[0]}{item.value}", help=item.help) for item in found] if option else found

    def _files(self, item: CompletionItem[Any]) -> suggestions.Items:
        # Every name ends with nothing.
        return suggestions.files(item.value, ("",) if item.type == "file" else ())


class BashCompleter(Completer):
    """Completions for bash, which takes them for words of its own: it breaks them at = and :."""

    name: ClassVar[str] = "bash"
    source_template: ClassVar[str] = _BASH

    def complete(self) -> str:
        """Return a line for each completion, with the blank that follows it."""
        args, incomplete = self.get_completion_args()
        breaks = [mark for mark in "=:" if mark in os.environ.get("COMP_BREAKS", "=:")]
        done = max((incomplete.rfind(mark) + 1 for mark in breaks), default=0)
        values = [str(item.value)[done:] for item in self.get_completions(args, incomplete)]
        return "\n".join(_escaped(value) + ("" if value.endswith(("/", "=")) else " ") for value in values)


class ZshCompleter(Completer):
    """Completions for zsh's `_describe`."""

    name: ClassVar[str] = "zsh"
    source_template: ClassVar[str] = _ZSH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the line of a completion: the value, and behind a colon what it means."""
        value = str(item.value).replace("\\", "\\\\").replace(":", "\\:")
        return f"{value}:{item.help}" if item.help else value


class FishCompleter(Completer):
    """Completions for fish."""

    name: ClassVar[str] = "fish"
    source_template: ClassVar[str] = _FISH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the line of a completion: the value, and behind a tab what it means."""
        return f"{item.value}\t{item.help}" if item.help else str(item.value)


def _escaped(value: str) -> str:
    """Return a word as a shell reads it."""
    return re.sub(r"([^\w@%+=:,./~-])", r"\\\1", value)


_SHELLS = {kind.name: kind for kind in (BashCompleter, ZshCompleter, FishCompleter)}


def _completer(shell: str) -> Completer:
    return _SHELLS[shell](cli, {}, "nnkit", COMPLETION)


def answer(instruction: str) -> int:
    """Print what a shell asks for in the environment; return the exit code."""
    shell, _, what = instruction.partition("_")
    if shell not in _SHELLS or what != "complete":
        return 1
    click.echo(_completer(shell).complete())
    return 0


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_SHELLS)))
def command(shell: str) -> None:
    """Print the script that makes a shell complete nnkit.

    It completes commands, options, names of configs and data sets, checkpoints, and behind --set the keys of the config
    on the line and their values.

    \b
    For bash add this line to ~/.bashrc:
      eval "$(nnkit completion bash)"

    \b
    For zsh add this line to ~/.zshrc:
      eval "$(nnkit completion zsh)"

    \b
    For fish run this once:
      nnkit completion fish > ~/.config/fish/completions/nnkit.fish

    \b
    Examples:
      nnkit completion bash
      nnkit completion fish > ~/.config/fish/completions/nnkit.fish
    """  # noqa: D301 (click wants the character, not a backslash)
    write(_completer(shell).source().rstrip("\n"))
