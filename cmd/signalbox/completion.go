package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints a script that completes commands and flags.
type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// words returns every command path with what may follow it: subcommands and flags.
func words(n *kong.Node, path string, into map[string][]string) {
	var next []string
	for _, c := range n.Children {
		if c.Hidden || c.Name == "" {
			continue
		}
		next = append(next, c.Name)
		words(c, strings.TrimSpace(path+" "+c.Name), into)
	}
	for _, f := range n.Flags {
		if !f.Hidden {
			next = append(next, "--"+f.Name)
		}
	}
	sort.Strings(next)
	into[path] = append(into[path], next...)
}

// Run prints the script.
func (c *completionCmd) Run(w *world) error {
	tree := map[string][]string{}
	words(w.parser.Model.Node, "", tree)
	paths := make([]string, 0, len(tree))
	for p := range tree {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	switch c.Shell {
	case "fish":
		for _, p := range paths {
			for _, next := range tree[p] {
				cond := "__fish_use_subcommand"
				if p != "" {
					cond = "__fish_seen_subcommand_from " + p[strings.LastIndex(p, " ")+1:]
				}
				if flag, ok := strings.CutPrefix(next, "--"); ok {
					fmt.Fprintf(w.out, "complete -c signalbox -n '%s' -l %s\n", cond, flag)
				} else {
					fmt.Fprintf(w.out, "complete -c signalbox -f -n '%s' -a %s\n", cond, next)
				}
			}
		}
		return nil
	case "zsh":
		fmt.Fprintln(w.out, "#compdef signalbox\nautoload -U +X bashcompinit && bashcompinit")
	}
	fmt.Fprintln(w.out, "_signalbox() {\n\tlocal path=\"\" word next=\"\"\n\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase \"$word\" in -*) ;; *) path=\"${path:+$path }$word\" ;; esac\n\tdone\n\tcase \"$path\" in")
	for _, p := range paths {
		fmt.Fprintf(w.out, "\t%q) next=%q ;;\n", p, strings.Join(tree[p], " "))
	}
	fmt.Fprintln(w.out, "\tesac\n\tCOMPREPLY=($(compgen -W \"$next\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -F _signalbox signalbox")
	return nil
}
