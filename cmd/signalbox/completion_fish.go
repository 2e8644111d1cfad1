package main

import (
	"fmt"
	"io"
	"strings"
)

// fish prints one line for each word and flag with the condition under which it fits.
func fish(out io.Writer, commands []command) {
	for _, c := range commands {
		names := make([]string, 0, len(c.words))
		for _, w := range c.words {
			names = append(names, w.name)
		}
		when := "__fish_use_subcommand"
		if c.path != "" {
			var parts []string
			for word := range strings.SplitSeq(c.path, " ") {
				parts = append(parts, "__fish_seen_subcommand_from "+word)
			}
			when = strings.Join(parts, "; and ")
		}
		words := when
		if c.path != "" && len(names) > 0 {
			words += "; and not __fish_seen_subcommand_from " + strings.Join(names, " ")
		}
		for _, w := range c.words {
			fmt.Fprintf(out, "complete -c signalbox -f -n '%s' -a %s -d '%s'\n", words, w.name, quoted(w.help))
		}
		for _, f := range c.flags {
			values := ""
			if f.Enum != "" {
				values = " -x -a '" + strings.Join(f.EnumSlice(), " ") + "'"
			} else if !f.IsBool() {
				values = " -r"
			}
			fmt.Fprintf(out, "complete -c signalbox -n '%s' -l %s%s -d '%s'\n", when, f.Name, values, quoted(f.Help))
		}
	}
}

func quoted(s string) string { return strings.ReplaceAll(s, "'", "\\'") }
