package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// output says how a list is printed.
type output struct {
	Output string `short:"o" help:"Print a table or json." default:"table" enum:"table,json"`
}

// table is rows of cells, the heading first.
type table [][]string

// print prints a table, or the value it was made from as JSON.
func (o *output) print(w *world, t table, v any) error {
	if o.Output == "json" {
		enc := json.NewEncoder(w.out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	printTable(w.out, t)
	return nil
}

// printTable pads columns by what is seen: colour takes no room.
func printTable(out io.Writer, t table) {
	var width []int
	for _, row := range t {
		for i, cell := range row {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], seen(cell))
		}
	}
	for _, row := range t {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(strings.NewReplacer("\n", " ", "\t", " ").Replace(cell))
			line.WriteString(strings.Repeat(" ", width[i]-seen(cell)+2))
		}
		fmt.Fprintln(out, strings.TrimRight(line.String(), " "))
	}
}

func seen(cell string) int { return utf8.RuneCountInString(colour.ReplaceAllString(cell, "")) }

var colour = regexp.MustCompile("\x1b\\[(?:0|3[1-3]|90)m")

// plain is a writer that lets text and our own colours through and drops other control characters: labels and errors come
// from strangers, and a terminal obeys what it is sent.
type plain struct{ to io.Writer }

// Write implements io.Writer.
func (p plain) Write(b []byte) (int, error) {
	text := string(b)
	var out strings.Builder
	for text != "" {
		at := colour.FindStringIndex(text)
		head, tail, own := text, "", ""
		if at != nil {
			head, own, tail = text[:at[0]], text[at[0]:at[1]], text[at[1]:]
		}
		out.WriteString(strings.Map(func(r rune) rune {
			if r != '\n' && r != '\t' && unicode.IsControl(r) {
				return -1
			}
			return r
		}, head))
		out.WriteString(own)
		text = tail
	}
	if _, err := io.WriteString(p.to, out.String()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// light prints a light as shape and word, in colour where a terminal shows it: never colour alone.
func light(w *world, name, word string) string {
	shape := map[string]string{"green": "✓", "yellow": "!", "red": "✗", "grey": "○"}[name]
	text := strings.TrimSpace(shape + " " + word)
	code := map[string]string{"green": "32", "yellow": "33", "red": "31", "grey": "90"}[name]
	if code == "" || !w.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// colourful reports whether colours may be used: a terminal, and NO_COLOR (no-color.org) not set.
func colourful(out io.Writer, env []string) bool {
	if slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "NO_COLOR=") && e != "NO_COLOR=" || e == "TERM=dumb" }) {
		return false
	}
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// when prints an instant with its zone.
func when(ms int64) string {
	if ms == 0 {
		return "never"
	}
	t := time.UnixMilli(ms).UTC()
	return t.Format("2006-01-02 15:04:05 UTC")
}

// labelText prints labels in Prometheus' notation.
func labelText(l map[string]string) string {
	keys := make([]string, 0, len(l))
	for k := range l {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		parts = append(parts, fmt.Sprintf("%s=%q", k, l[k]))
	}
	return strings.Join(parts, ",")
}
