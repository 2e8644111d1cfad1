package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
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
	tw := tabwriter.NewWriter(w.out, 0, 4, 2, ' ', 0)
	for _, row := range t {
		fmt.Fprintln(tw, strings.TrimRight(strings.Join(row, "\t"), "\t "))
	}
	return tw.Flush()
}

// light prints a light as shape and word, in colour where a terminal shows it: never colour alone.
func light(w *world, name, word string) string {
	shape := map[string]string{"green": "✓", "yellow": "!", "red": "✗", "grey": "○"}[name]
	text := strings.TrimSpace(shape + " " + word)
	colour := map[string]string{"green": "32", "yellow": "33", "red": "31", "grey": "90"}[name]
	if colour == "" || !colourful(w) {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// colourful reports whether colours may be used: a terminal, and NO_COLOR (no-color.org) not set.
func colourful(w *world) bool {
	if slices.ContainsFunc(w.env, func(e string) bool { return strings.HasPrefix(e, "NO_COLOR=") && e != "NO_COLOR=" }) {
		return false
	}
	f, ok := w.out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// when prints an instant with its zone, and how long ago it was.
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
