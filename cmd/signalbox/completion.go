package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCmd prints a script that completes commands, flags and their values.
type completionCmd struct {
	Shell string `arg:"" help:"bash, zsh or fish." enum:"bash,zsh,fish"`
}

// Help says where the script goes.
func (*completionCmd) Help() string {
	return "For bash: source <(signalbox completion bash)\n\nFor zsh: signalbox completion zsh > \"${fpath[1]}/_signalbox\"\n\nFor fish: signalbox completion fish > ~/.config/fish/completions/signalbox.fish"
}

// Run prints the script.
func (c *completionCmd) Run(w *world) error {
	commands := walk(w.parser.Model.Node, "", nil)
	switch c.Shell {
	case "fish":
		fish(w.out, commands)
	case "zsh":
		fmt.Fprint(w.out, "#compdef signalbox\nautoload -U +X bashcompinit && bashcompinit\n")
		bash(w.out, commands)
	default:
		bash(w.out, commands)
	}
	return nil
}

// command is one command with what may follow it.
type command struct {
	path  string // "kpi show"; empty for the program itself
	words []choice
	flags []*kong.Flag
}

type choice struct{ name, help string }

// walk lists all commands, outermost first. A default subcommand's flags belong to its parent too.
func walk(n *kong.Node, path string, into []command) []command {
	c := command{path: path}
	for _, f := range n.Flags {
		if !f.Hidden {
			c.flags = append(c.flags, f)
		}
	}
	for _, p := range n.Positional {
		for _, v := range p.EnumSlice() {
			if v != "" {
				c.words = append(c.words, choice{v, p.Help})
			}
		}
	}
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		c.words = append(c.words, choice{child.Name, child.Help})
		if child == n.DefaultCmd {
			for _, f := range child.Flags {
				if !f.Hidden {
					c.flags = append(c.flags, f)
				}
			}
		}
	}
	into = append(into, c)
	for _, child := range n.Children {
		if !child.Hidden {
			into = walk(child, strings.TrimSpace(path+" "+child.Name), into)
		}
	}
	return into
}

func (c command) all() string {
	var out []string
	for _, w := range c.words {
		out = append(out, w.name)
	}
	for _, f := range c.flags {
		out = append(out, "--"+f.Name)
	}
	return strings.Join(out, " ")
}

// bash prints a function that follows the words typed so far to the command they name; words that name none (values,
// arguments) leave it where it is. Where nothing of ours fits, files are completed.
func bash(out io.Writer, commands []command) {
	fmt.Fprint(out, "_signalbox() {\n\tlocal at=\"\" word next known\n\tCOMPREPLY=()\n\tknown=\"")
	for _, c := range commands {
		fmt.Fprintf(out, "|%s", c.path)
	}
	fmt.Fprint(out, "|\"\n\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase \"$known\" in *\"|${at:+$at }$word|\"*) at=\"${at:+$at }$word\" ;; esac\n\tdone\n\tcase \"${COMP_WORDS[COMP_CWORD-1]}\" in\n")
	for _, v := range enums(commands) {
		fmt.Fprintf(out, "\t--%s) COMPREPLY=($(compgen -W \"%s\" -- \"${COMP_WORDS[COMP_CWORD]}\")); return ;;\n", v.name, v.help)
	}
	fmt.Fprint(out, "\tesac\n\tcase \"$at\" in\n")
	for _, c := range commands {
		fmt.Fprintf(out, "\t\"%s\") next=\"%s\" ;;\n", c.path, c.all())
	}
	fmt.Fprint(out, "\tesac\n\tCOMPREPLY=($(compgen -W \"$next\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -o default -F _signalbox signalbox\n")
}

// enums lists flags with a fixed set of values, each once: its name and the values.
func enums(commands []command) []choice {
	var out []choice
	seen := map[string]bool{}
	for _, c := range commands {
		for _, f := range c.flags {
			if f.Enum != "" && !seen[f.Name] {
				seen[f.Name] = true
				out = append(out, choice{f.Name, strings.Join(f.EnumSlice(), " ")})
			}
		}
	}
	return out
}
