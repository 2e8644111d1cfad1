package carry

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Doc is a policy document in the making. Values are YAML in flow form, as Text, Bare, List, Map and Emit write it.
type Doc struct {
	Kind, Name string
	From       []string // comments above the document: where it came from

	keys map[string]string
}

// NewDoc begins a document.
func NewDoc(kind, name string, from ...string) *Doc {
	return &Doc{Kind: kind, Name: name, From: from, keys: map[string]string{}}
}

// keyOrder is the order in which people read a document; keys that are not in it follow in alphabetical order.
var keyOrder = []string{
	"title", "description", "outcome", "owner", "regulated", "review_every", "labels", "unit", "indicator", "by", "expect", "max_groups",
	"period", "window", "delay", "interval", "zone", "thresholds", "min_coverage", "restate_for", "objective", "page",
	"roles", "teams", "variables", "panels",
}

// Set states a key; an empty value states nothing.
func (d *Doc) Set(key, value string) {
	if value != "" {
		d.keys[key] = value
	}
}

// Has reports whether a key was stated.
func (d *Doc) Has(key string) bool { return d.keys[key] != "" }

// Get returns what was stated for a key.
func (d *Doc) Get(key string) string { return d.keys[key] }

// Drop takes a key back.
func (d *Doc) Drop(key string) { delete(d.keys, key) }

// String returns the document.
func (d *Doc) String() string {
	var b strings.Builder
	for _, line := range d.From {
		b.WriteString("# " + oneLine(line) + "\n")
	}
	b.WriteString("kind: " + d.Kind + "\nname: " + Text(d.Name) + "\n")
	rank := func(key string) int {
		if i := slices.Index(keyOrder, key); i >= 0 {
			return i
		}
		return len(keyOrder)
	}
	keys := make([]string, 0, len(d.keys))
	for k := range d.keys {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y string) int {
		if rank(x) != rank(y) {
			return rank(x) - rank(y)
		}
		return strings.Compare(x, y)
	})
	for _, k := range keys {
		v := d.keys[k]
		if strings.HasPrefix(v, "\n") {
			b.WriteString(k + ":" + v + "\n")
			continue
		}
		if k == "indicator" && strings.HasPrefix(v, "{") && !strings.HasPrefix(v, "{expr") {
			v = "\n  " + strings.TrimSuffix(strings.TrimPrefix(v, "{"), "}")
			b.WriteString(k + ":" + v + "\n")
			continue
		}
		b.WriteString(k + ": " + v + "\n")
	}
	return b.String()
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 || r == 0xfeff {
			return ' '
		}
		return r
	}, s)
}

var (
	plainForm   = regexp.MustCompile(`^[\p{L}\p{N}_/][\p{L}\p{N}_ ./+@();=-]*$`)
	numberLike  = regexp.MustCompile(`^[-+.]?[0-9][0-9a-fA-FxoeE_.:+-]*$`)
	addressForm = regexp.MustCompile(`^https?://[A-Za-z0-9._~/?&=%+@()-]+(:[0-9]+)?[A-Za-z0-9._~/?&=%+@()-]*$`)
	wordLike    = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|null|nan|y|n)$`)
)

// Text writes a text as a YAML scalar: as it is where YAML reads it back as that text, else in quotes.
func Text(s string) string {
	switch {
	case addressForm.MatchString(s):
		return s
	case plainForm.MatchString(s) && !numberLike.MatchString(s) && !wordLike.MatchString(s) && strings.TrimSpace(s) == s && !strings.HasSuffix(s, ":") && len(s) < 200:
		return s
	case !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffd
	}) && !strings.Contains(s, "'"):
		return "'" + s + "'"
	default:
		return doubleQuoted(s)
	}
}

// doubleQuoted writes the escapes that YAML has.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffd:
			b.WriteString(`\u` + strings.Repeat("0", 4-len(strconv.FormatInt(int64(r), 16))) + strconv.FormatInt(int64(r), 16))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Field is one entry of a map in flow form.
type Field struct{ Key, Value string }

// Map writes a map in flow form; fields without a value are left out.
func Map(fields ...Field) string {
	var parts []string
	for _, f := range fields {
		if f.Value != "" {
			parts = append(parts, f.Key+": "+f.Value)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// List writes a list in flow form; empty for no items.
func List(items ...string) string {
	if len(items) == 0 {
		return ""
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// Texts writes a list of texts.
func Texts(items []string) string {
	out := make([]string, 0, len(items))
	for _, s := range items {
		out = append(out, Flow(s))
	}
	return List(out...)
}

// Flow writes a text inside brackets, where a few more characters need quotes.
func Flow(s string) string {
	if t := Text(s); strings.HasPrefix(t, "'") || strings.HasPrefix(t, `"`) || !strings.ContainsAny(t, ",[]{}") {
		return t
	}
	return doubleQuoted(s)
}

// Labels writes a map of texts in order of its keys.
func Labels(m map[string]string) string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	fields := make([]Field, 0, len(m))
	for _, k := range keys {
		fields = append(fields, Field{Flow(k), Flow(m[k])})
	}
	return Map(fields...)
}

// Emit writes a tree in flow form; its scalars keep their text.
func Emit(v *strict.Value) string {
	switch v.Form {
	case strict.Map:
		fields := make([]Field, 0, len(v.Keys))
		for _, p := range v.Keys {
			fields = append(fields, Field{Flow(p.Key.Text), Emit(p.Value)})
		}
		return Map(fields...)
	case strict.List:
		items := make([]string, 0, len(v.Items))
		for _, item := range v.Items {
			items = append(items, Emit(item))
		}
		return List(items...)
	case strict.Scalar:
		if !v.Quoted() && (numberLike.MatchString(v.Text) || v.Text == "true" || v.Text == "false") {
			return v.Text
		}
		return Flow(v.Text)
	default:
		return ""
	}
}
