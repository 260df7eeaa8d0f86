"""`steward completion`: what makes a shell complete `steward`.

The scripts ask `steward complete` at each press of the key, which reads the parser itself: they
are never out of date, and know the runs, agents, models and people that there are.
"""

import argparse

from steward.cli.output import say

_BASH = """\
# In ~/.bashrc: eval "$(steward completion bash)"
_steward() {
    local IFS=$'\\n' line word
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    # Readline takes `=` and `:` for words of their own; here they belong to what stands round them.
    if [[ ${COMP_LINE:0:COMP_POINT} =~ [[:space:]]([^[:space:]]*)$ ]]; then
        local begun=${BASH_REMATCH[1]}
        IFS=$' \\t\\n' read -r -a words <<< "${COMP_LINE:0:COMP_POINT}"
        words=("${words[@]:1}")
        if [[ -z $begun ]]; then words+=(""); fi
    fi
    local last=$(( ${#words[@]} - 1 )) cut=""
    local whole=${words[last]-}
    case $whole in
        *[=:]*) cut=${whole%"${whole##*[=:]}"} ;;
    esac
    COMPREPLY=()
    while IFS= read -r line; do
        word=${line%%$'\\t'*}
        if [[ $word == "@file" ]]; then
            compopt -o filenames 2>/dev/null
            COMPREPLY+=($(compgen -f -- "${whole#"$cut"}"))
        else
            COMPREPLY+=("${word#"$cut"}")
        fi
    done < <(steward complete "${words[@]}" 2>/dev/null)
}
complete -F _steward steward
"""
_ZSH = """\
#compdef steward
# In ~/.zshrc, behind `compinit`: eval "$(steward completion zsh)"
_steward() {
    local line word what
    local -a found shown
    local wants_files=0
    for line in "${(@f)$(steward complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        word=${line%%$'\\t'*}
        what=${line#*$'\\t'}
        if [[ -z $word ]]; then continue; fi
        if [[ $word == "@file" ]]; then wants_files=1; continue; fi
        found+=("$word")
        shown+=("${word}${what:+  -- $what}")
    done
    if (( $#found )); then compadd -l -d shown -a found; fi
    if (( wants_files )); then _files; fi
}
compdef _steward steward
"""
_FISH = """\
# In ~/.config/fish/config.fish: steward completion fish | source
function __steward_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (steward complete $words[2..-1] 2>/dev/null)
        if string match -q -- '@file*' $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c steward -f -a '(__steward_complete)'
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def print_script(arguments: argparse.Namespace) -> int:
    """Write the script of a shell."""
    say(_SCRIPTS[arguments.shell])
    return 0
