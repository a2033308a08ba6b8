"""The scripts by which each shell asks for completions, and where they belong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compose_lite.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

SHELLS = ("bash", "fish", "zsh")
PROGRAM = "compose-lite"

_BASH = """\
# Completion of compose-lite in bash; made by `compose-lite completion bash`.
_compose_lite() {
    local IFS=$'\\n' answer directive
    answer=($(compose-lite __completeLine "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    COMPREPLY=()
    [ ${#answer[@]} -gt 0 ] || return 0
    directive=${answer[${#answer[@]}-1]#:}
    unset "answer[${#answer[@]}-1]"
    if (( directive & 16 )); then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -d -- "${COMP_WORDS[COMP_CWORD]#=}"))
    elif (( ! (directive & 4) )); then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}"))
    else
        (( directive & 2 )) && compopt -o nospace 2>/dev/null
        COMPREPLY=("${answer[@]}")
    fi
}
complete -F _compose_lite compose-lite
"""

_ZSH = """\
#compdef compose-lite
# Completion of compose-lite in zsh; made by `compose-lite completion zsh`.
_compose_lite() {
    local -a answer described extra
    local directive line
    answer=("${(@f)$(compose-lite __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    directive=${answer[-1]#:}
    answer=("${(@)answer[1,-2]}")
    [[ $directive == <-> ]] || return 1
    if (( directive & 16 )); then
        compset -P '*='
        _files -/
    elif (( ! (directive & 4) )); then
        compset -P '*='
        _files
    else
        for line in "${answer[@]}"; do
            described+=("${${line%%$'\\t'*}//:/\\\\:}:${${line#*$'\\t'}//:/\\\\:}")
        done
        (( directive & 2 )) && extra=(-S '')
        (( ${#described} )) && _describe 'compose-lite' described "${extra[@]}"
    fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
if [ "$funcstack[1]" = _compose_lite ]; then
    _compose_lite "$@"
else
    compdef _compose_lite compose-lite
fi
"""

_FISH = """\
# Completion of compose-lite in fish; made by `compose-lite completion fish`.
function __compose_lite_answer
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (compose-lite __complete $words[2..-1] "$current" 2>/dev/null)
    set -l directive (string replace -r '^:' '' -- $answer[-1])
    string match -qr '^[0-9]+$' -- "$directive"; or return
    if test (math "bitand($directive, 16)") -ne 0
        __fish_complete_directories (string replace -r '^--[^=]*=' '' -- $current)
    else if test (math "bitand($directive, 4)") -eq 0
        __fish_complete_path (string replace -r '^--[^=]*=' '' -- $current)
    else if test (count $answer) -gt 1
        printf '%s\\n' $answer[1..-2]
    end
end
complete -c compose-lite -e
complete -c compose-lite -f -a '(__compose_lite_answer)'
"""

_SCRIPTS = {"bash": _BASH, "fish": _FISH, "zsh": _ZSH}


def script(shell: str) -> str:
    """The script for a shell of `SHELLS`."""
    return _SCRIPTS[shell]


@dataclass(frozen=True, kw_only=True, slots=True)
class Installation:
    """What sets completion up: a file with the script, and a line in a start-up file where the shell needs one."""

    script: Path
    startup: Path | None = None
    line: str = ""


def installation(shell: str, environ: Mapping[str, str]) -> Installation:
    """Where the script for a shell goes.

    Only fish is sure to look for it by itself: bash does with the package bash-completion if its start-up
    file says so, zsh in folders that differ from machine to machine.
    """
    home = Path(environ.get("HOME") or Path.home())
    if shell == "fish":
        config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        return Installation(script=config / "fish" / "completions" / f"{PROGRAM}.fish")
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    path = data / PROGRAM / f"completion.{shell}"
    folder = Path(environ.get("ZDOTDIR") or home) if shell == "zsh" else home
    return Installation(script=path, startup=folder / f".{shell}rc", line=_sourced(path))


def _sourced(path: Path) -> str:
    import shlex

    name = shlex.quote(str(path))
    return f"[ -r {name} ] && . {name}  # completion of {PROGRAM}"
