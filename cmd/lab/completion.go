package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print what makes a shell complete lab's words", ArgsUsage: "bash|zsh",
		Description: `Completes commands, flags, and the names of containers and images.

EXAMPLE:
   source <(lab completion bash)
   lab completion zsh > "${fpath[1]}/_lab"`,
		Action: func(ctx *cli.Context) error {
			switch ctx.Args().First() {
			case "bash":
				fmt.Fprint(std.out, bashCompletion)
			case "zsh":
				fmt.Fprint(std.out, zshCompletion)
			default:
				return &exit{code: 1, err: errors.New("completion wants the name of a shell: bash or zsh")}
			}
			return nil
		},
	}
}

// The shells ask `lab __complete WORD…`, with the word that is being typed last, and get one candidate a line: the word, a tab, and what it is. A last
// line ":files" says that the shell's own completion of files is wanted.
const bashCompletion = `# bash completion of lab: source <(lab completion bash)
_lab() {
    local cur line files= words=("${COMP_WORDS[@]:1:COMP_CWORD}") word
    # bash takes words apart at : and =; lab gets them whole.
    local whole=() i
    for ((i = 0; i < ${#words[@]}; i++)); do
        word=${words[i]}
        while ((i + 1 < ${#words[@]})) && { [[ ${words[i+1]} == [:=]* ]] || [[ $word == *[:=] ]]; }; do
            [[ $word == *[:=] && ${words[i+1]} == "" ]] && { ((++i)); break; }
            word+=${words[++i]}
        done
        whole+=("$word")
    done
    ((${#whole[@]})) || whole=("")
    cur=${whole[${#whole[@]}-1]}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) files=1 ;;
            *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete -- "${whole[@]}" 2>/dev/null)
    if [[ $files ]]; then
        # With that option bash would write web\: for web: too.
        ((${#COMPREPLY[@]})) || compopt -o filenames 2>/dev/null
        while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$cur")
    fi
    # What stands before the last : or = in the line is not part of the word for bash.
    if [[ $cur == *[:=]* && $COMP_WORDBREAKS == *:* ]]; then
        local before=${cur%"${cur##*[:=]}"}
        COMPREPLY=("${COMPREPLY[@]#"$before"}")
    fi
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _lab lab
`

const zshCompletion = `#compdef lab
# zsh completion of lab: lab completion zsh > "${fpath[1]}/_lab", or source <(lab completion zsh)
_lab() {
    local line files= word what
    local -a list open
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
            continue
        fi
        word=${line%%$'\t'*} what=${line#*$'\t'}
        # no blank after what goes on: web: and status=
        if [[ $word == *[:=] ]]; then
            open+=("${word//:/\\:}:$what")
        else
            list+=("${word//:/\\:}:$what")
        fi
    done < <("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#list} )) && _describe -t words lab list
    (( ${#open} )) && _describe -t words lab open -S ''
    [[ -n $files ]] && _files
}
if [[ ${funcstack[1]} == _lab ]]; then
    _lab "$@"
else
    compdef _lab lab
fi
`

// completeCommand answers the shells.
func completeCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "__complete", Hidden: true, SkipFlagParsing: true,
		Action: func(ctx *cli.Context) error {
			words := ctx.Args().Slice()
			if len(words) > 0 && words[0] == "--" {
				words = words[1:]
			}
			if len(words) == 0 {
				words = []string{""}
			}
			c := &completing{app: ctx.App, root: ctx.String("root"), word: words[len(words)-1]}
			c.complete(std, words[:len(words)-1])
			_, err := fmt.Fprint(std.out, strings.Join(c.lines, ""))
			return err
		},
	}
}
