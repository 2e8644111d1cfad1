package carry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Account keeps, for one import, what became of every part of the sources.
type Account struct {
	Options
	lines []Line
	docs  []Document
	roots []*strict.Value
	names map[string]bool // Kind/name of the documents so far
	done  map[*strict.Value]bool
}

// NewAccount opens an account without sources.
func NewAccount(o Options) *Account {
	return &Account{Options: o, names: map[string]bool{}, done: map[*strict.Value]bool{}}
}

// Open adds a document of a source. Close will see to it that no leaf of it goes unmentioned.
func (a *Account) Open(root *strict.Value) { a.roots = append(a.roots, root) }

// Take notes that v, with all that is below it, is in a document or in what a line of the report says. A nil v is nothing.
func (a *Account) Take(vs ...*strict.Value) {
	for _, v := range vs {
		if v != nil {
			a.done[v] = true
		}
	}
}

// Text returns the scalar at a key and takes it; empty if there is none, or no scalar.
func (a *Account) Text(v *strict.Value, key string) string {
	s := v.Get(key)
	if s == nil || s.Form != strict.Scalar {
		return ""
	}
	a.Take(s)
	return strings.TrimSpace(s.Text)
}

// Note writes a line about v without taking it.
func (a *Account) Note(v *strict.Value, o Outcome, what, why string) {
	a.lines = append(a.lines, Line{File: v.File, Line: v.Line, Path: v.Path, What: Clip(what), Outcome: o, Why: why})
}

func (a *Account) whole(v *strict.Value, o Outcome, what, why string) {
	a.Take(v)
	a.Note(v, o, what, why)
	a.lines[len(a.lines)-1].Covers = []string{v.Path}
}

// Imported writes that v means the same here. It takes nothing: an object is more than its headline.
func (a *Account) Imported(v *strict.Value, what, format string, args ...any) {
	a.Note(v, Imported, what, fmt.Sprintf(format, args...))
}

// Changed writes that v was carried over with a difference, and takes it.
func (a *Account) Changed(v *strict.Value, what, format string, args ...any) {
	a.whole(v, Changed, what, fmt.Sprintf(format, args...))
}

// Lost writes that v was not carried over, and takes it.
func (a *Account) Lost(v *strict.Value, what, format string, args ...any) {
	a.whole(v, Lost, what, fmt.Sprintf(format, args...))
}

// LostKey is Lost for the value at a key, if there is one; what is the key with its value.
func (a *Account) LostKey(v *strict.Value, key, format string, args ...any) {
	if at := v.Get(key); at != nil {
		a.Lost(at, key+": "+Brief(at), format, args...)
	}
}

// LostFile writes a line about a file as a whole.
func (a *Account) LostFile(file string, line int, what, why string) {
	a.lines = append(a.lines, Line{File: file, Line: line, What: what, Outcome: Lost, Why: why})
}

// Name returns a name that no other document of the kind has, near to the wanted one.
func (a *Account) Name(kind, want string) string {
	base := Slug(want)
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			suffix := fmt.Sprintf("-%d", n)
			name = strings.TrimRight(base[:min(len(base), maxName-len(suffix))], "-_.") + suffix
		}
		if !a.names[kind+"/"+name] {
			a.names[kind+"/"+name] = true
			return name
		}
	}
}

// Has reports whether a document of the kind has the name.
func (a *Account) Has(kind, name string) bool { return a.names[kind+"/"+name] }

// Add adds a document that was made from v.
func (a *Account) Add(v *strict.Value, d *Doc) {
	a.docs = append(a.docs, Document{Kind: d.Kind, Name: d.Name, Text: d.String(), at: v})
}

// Close writes a line for everything that nobody took and returns the result. check, if not nil, is asked about every
// document; one that it finds fault with is not carried over.
func (a *Account) Close(check func(Document) error) *Result {
	for _, root := range a.roots {
		a.rest(root)
	}
	r := &Result{Documents: []Document{}, Report: []Line{}}
	for _, d := range a.docs {
		if check != nil {
			if err := check(d); err != nil {
				a.Note(d.at, Lost, d.Kind+" "+d.Name, "the document that was made is not accepted: "+err.Error())
				continue
			}
		}
		r.Documents = append(r.Documents, d)
	}
	r.Report = sorted(append(r.Report, a.lines...))
	return r
}

// rest reports the topmost parts of which nothing was taken.
func (a *Account) rest(v *strict.Value) {
	a.untouched(v, func(at *strict.Value) {
		why := "Signalbox has nothing that it would stand for"
		if at.Form == strict.Other {
			why = at.Text + " is not followed; write the value out"
		}
		a.Lost(at, lastKey(at.Path)+": "+Brief(at), "%s", why)
	})
}

// LostRest writes one line about everything below v that nobody took, and takes it. The line names each part.
func (a *Account) LostRest(v *strict.Value, what, why string) {
	var parts, paths []string
	a.untouched(v, func(at *strict.Value) {
		part := strings.TrimPrefix(strings.TrimPrefix(at.Path, v.Path), ".")
		if at.Form == strict.Scalar {
			part += " " + Clip(at.Text)
		}
		parts, paths = append(parts, part), append(paths, at.Path)
		a.Take(at)
	})
	if len(parts) > 0 {
		a.Note(v, Lost, what, why+": "+strings.Join(parts, ", "))
		a.lines[len(a.lines)-1].Covers = paths
	}
}

// untouched calls f for the topmost parts of which nothing was taken.
func (a *Account) untouched(v *strict.Value, f func(*strict.Value)) {
	if a.done[v] || v.Form == strict.Null || len(Leaves(v)) == 0 {
		return
	}
	if !a.touched(v) {
		f(v)
		return
	}
	for _, p := range v.Keys {
		a.untouched(p.Value, f)
	}
	for _, item := range v.Items {
		a.untouched(item, f)
	}
}

func (a *Account) touched(v *strict.Value) bool {
	if a.done[v] {
		return true
	}
	return slices.ContainsFunc(v.Keys, func(p strict.Pair) bool { return a.touched(p.Value) }) || slices.ContainsFunc(v.Items, a.touched)
}

// Leaves lists the scalars of a tree, and whatever else cannot be looked into. Keys without a value say nothing.
func Leaves(v *strict.Value) []*strict.Value {
	var out []*strict.Value
	var walk func(*strict.Value)
	walk = func(v *strict.Value) {
		switch v.Form {
		case strict.Scalar, strict.Other:
			out = append(out, v)
		}
		for _, p := range v.Keys {
			walk(p.Value)
		}
		for _, item := range v.Items {
			walk(item)
		}
	}
	walk(v)
	return out
}

// Brief says what stands at v in a few words.
func Brief(v *strict.Value) string {
	switch v.Form {
	case strict.Map:
		return "{" + strings.Join(v.Names(), ", ") + "}"
	case strict.List:
		words := make([]string, 0, len(v.Items))
		for _, item := range v.Items {
			if len(words) == 8 {
				words = append(words, "…")
				break
			}
			words = append(words, Brief(item))
		}
		return "[" + strings.Join(words, ", ") + "]"
	case strict.Null:
		return "nothing"
	}
	return v.Text
}

// Clip shortens a text to what fits a line of a report and takes its line ends out.
func Clip(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 160 {
		return string(r[:159]) + "…"
	}
	return text
}

func lastKey(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[i+1:]
	}
	if path == "" {
		return "the document"
	}
	return path
}

// Taken reports whether v itself was taken.
func (a *Account) Taken(v *strict.Value) bool { return a.done[v] }
