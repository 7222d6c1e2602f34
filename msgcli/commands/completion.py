"""Write the completion script of a shell.

The script asks click, through `_MSGCLI_COMPLETE`; where click has nothing to say, the shell
completes file names. Click's own scripts know no file names, are silent at a second tab in zsh when
they are loaded from `fpath`, and do not complete the value in `--name=value`.
"""

from __future__ import annotations

import click

from msgcli import stdio
from msgcli.command import Command

_BASH = r"""_msgcli() {
    local IFS=$'\n' type word words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
        [[ $word == = ]] || words+=("$word")
    done
    words+=("${COMP_WORDS[COMP_CWORD]}")
    COMPREPLY=()
    while IFS=, read -r type word; do
        [[ $type != plain ]] || COMPREPLY+=("$word")
    done <<<"$(env COMP_WORDS="${words[*]}" COMP_CWORD=$((${#words[@]} - 1)) \
        _MSGCLI_COMPLETE=bash_complete "$1" 2>/dev/null)"
}

complete -o bashdefault -o default -F _msgcli msgcli
"""

_ZSH = r"""#compdef msgcli

_msgcli() {
    local type word help
    local -a lines plain described
    lines=("${(@f)$(env COMP_WORDS="${(F)words[1,CURRENT]}" COMP_CWORD=$((CURRENT - 1)) \
        _MSGCLI_COMPLETE=zsh_complete "${words[1]}" 2>/dev/null)}")
    for type word help in "${(@)lines}"; do
        [[ $type == plain ]] || continue
        if [[ $help == _ ]]; then plain+=("$word"); else described+=("$word:$help"); fi
    done
    [[ $PREFIX != --*=* ]] || compset -P '*='
    if (( $#plain )); then
        compadd -a plain
    elif (( $#described )); then
        _describe msgcli described
    else
        _files
    fi
}

if [[ $funcstack[1] == _msgcli ]]; then
    _msgcli "$@"
else
    compdef _msgcli msgcli
fi
"""

_FISH = r"""function __msgcli
    set -l token (commandline -ct)
    set -l name (string match -r -- '^--[^=]*=' $token)
    set -l found (env COMP_WORDS=(commandline -cp | string collect) COMP_CWORD=$token \
        _MSGCLI_COMPLETE=fish_complete msgcli 2>/dev/null | string replace -rf '^plain,' '')
    set -q found[1]
    or set found (__fish_complete_path (string replace -r -- '^--[^=]*=' '' $token))
    printf "$name%s\n" $found
end

complete -c msgcli -f -a '(__msgcli)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@click.command("completion", cls=Command)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_SCRIPTS)))
def command(shell: str) -> None:
    """Write the completion script of a shell."""
    stdio.write_stdout(_SCRIPTS[shell].encode())
