package foreign_test

import (
	"encoding/json"
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/foreign"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var every = flag.Bool("every", false, "put every shape in the place of every part, not two of eight")

// TestNothingIsSilentlyLost walks every leaf of every input: changing it must change a document or the report, or a line of
// the report must say of it, or of something it is part of, that it was changed or not carried over.
func TestNothingIsSilentlyLost(t *testing.T) {
	for _, format := range foreign.Formats() {
		for name, files := range cases(t, format) {
			t.Run(format+"/"+name, func(t *testing.T) {
				trees := map[string][]*strict.Value{}
				for file, src := range files {
					trees[file] = read(t, format, file, src)
				}
				base := run(t, format, trees)
				leaves := 0
				for _, file := range keys(files) {
					for i, root := range trees[file] {
						for _, leaf := range carry.Leaves(root) {
							leaves++
							if covered(base, file, i+1, leaf.Path) {
								continue
							}
							before := *leaf
							*leaf = other(leaf)
							if show(run(t, format, trees)) == show(base) {
								t.Errorf("%s: document %d: %s: %q is in no document and in no line of the report", file, i+1, leaf.Path, before.Text)
							}
							*leaf = before
						}
					}
				}
				t.Logf("%d leaves", leaves)
			})
		}
	}
}

// TestAnyShape puts every other shape in the place of every part of every input, ours with annotations among them: what comes
// out is read or reported, and nothing panics.
func TestAnyShape(t *testing.T) {
	r, err := foreign.Export("openslo", exported(t))
	require.NoError(t, err)
	for _, format := range foreign.Formats() {
		inputs := cases(t, format)
		if format == "openslo" {
			for _, d := range r.Documents {
				inputs["own "+d.Name] = map[string][]byte{d.Name + ".yaml": []byte(d.Text)}
			}
		}
		runs := 0
		for _, files := range inputs {
			trees := map[string][]*strict.Value{}
			for file, src := range files {
				trees[file] = read(t, format, file, src)
			}
			for _, roots := range trees {
				for _, root := range roots {
					for n, v := range nodes(root) {
						before := *v
						for i, shape := range []strict.Value{
							{Form: strict.Null}, {Form: strict.Scalar, Text: "x"}, {Form: strict.Scalar, Text: ""}, {Form: strict.Scalar, Text: "-1"}, {Form: strict.List}, {Form: strict.Map},
							{Form: strict.List, Items: []*strict.Value{{Form: strict.Null}, {Form: strict.Scalar, Text: "y"}, {Form: strict.Map}}},
							{Form: strict.Map, Keys: []strict.Pair{{Key: &strict.Value{Form: strict.Scalar, Text: "z"}, Value: &strict.Value{Form: strict.Scalar, Text: "1"}}}},
						} {
							// Every part meets two shapes here, and its neighbours the others; -every tries them all.
							if !*every && (n+i)%4 != 0 {
								continue
							}
							shape.File, shape.Path = before.File, before.Path
							*v = shape
							run(t, format, trees)
							runs++
						}
						*v = before
					}
				}
			}
		}
		t.Logf("%s: %d imports", format, runs)
	}
}

func nodes(v *strict.Value) []*strict.Value {
	out := []*strict.Value{v}
	for _, p := range v.Keys {
		out = append(out, nodes(p.Value)...)
	}
	for _, item := range v.Items {
		out = append(out, nodes(item)...)
	}
	return out
}

// covered reports whether a line speaks for the leaf. In the inputs that run makes, the n-th document stands on line n.
func covered(r *foreign.Result, file string, line int, path string) bool {
	for _, l := range r.Report {
		if l.File != file || l.Line != line || l.Outcome == carry.Imported {
			continue
		}
		for _, whole := range l.Covers {
			rest, below := strings.CutPrefix(path, whole)
			if whole == "" || path == whole || below && strings.ContainsAny(rest[:1], ".[") {
				return true
			}
		}
		if l.Path == path {
			return true
		}
	}
	return false
}

func read(t *testing.T, format, file string, src []byte) []*strict.Value {
	t.Helper()
	if filepath.Ext(file) == ".json" {
		root := carry.NewAccount(foreign.Options{}).JSON(file, src)
		if root == nil {
			return nil
		}
		return []*strict.Value{root}
	}
	roots, _ := strict.Parse(file, src)
	return roots
}

// run imports the trees, each document written on one line.
func run(t *testing.T, format string, trees map[string][]*strict.Value) *foreign.Result {
	t.Helper()
	files := map[string][]byte{}
	for file, roots := range trees {
		var b strings.Builder
		for i, root := range roots {
			if filepath.Ext(file) == ".json" {
				b.WriteString(asJSON(root))
				continue
			}
			if i > 0 {
				b.WriteString("--- ")
			}
			b.WriteString(flow(root) + "\n")
		}
		files[file] = []byte(b.String())
	}
	r, err := foreign.Import(format, files, foreign.Options{})
	require.NoError(t, err)
	return r
}

// flow is carry.Emit, with empty lists and maps written out.
func flow(v *strict.Value) string {
	var parts []string
	switch v.Form {
	case strict.Map:
		for _, p := range v.Keys {
			if p.Value.Form != strict.Null {
				parts = append(parts, carry.Flow(p.Key.Text)+": "+flow(p.Value))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case strict.List:
		for _, item := range v.Items {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case strict.Null:
		return "null"
	}
	return carry.Emit(v)
}

func asJSON(v *strict.Value) string {
	var parts []string
	switch v.Form {
	case strict.Map:
		for _, p := range v.Keys {
			parts = append(parts, text(p.Key.Text)+":"+asJSON(p.Value))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case strict.List:
		for _, item := range v.Items {
			parts = append(parts, asJSON(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case strict.Scalar:
		if json.Valid([]byte(v.Text)) && !strings.HasPrefix(v.Text, `"`) && !strings.HasPrefix(v.Text, "{") && !strings.HasPrefix(v.Text, "[") {
			return v.Text
		}
		return text(v.Text)
	}
	return "null"
}

func text(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// other is the leaf with another value of the same sort.
func other(v *strict.Value) strict.Value {
	c := *v
	switch {
	case v.Text == "true":
		c.Text = "false"
	case v.Text == "false":
		c.Text = "true"
	case json.Valid([]byte(v.Text)) && v.Text != "":
		c.Text = "1" + strings.TrimPrefix(v.Text, "-")
	case strings.HasSuffix(v.Text, "0s"):
		c.Text = "1" + v.Text
	case len(v.Text) > 1 && v.Text[0] >= '0' && v.Text[0] <= '9' && strings.ContainsAny(v.Text[len(v.Text)-1:], "smhdw"):
		c.Text = "1" + v.Text
	default:
		c.Text = v.Text + "x"
	}
	return c
}
