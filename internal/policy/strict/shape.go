package strict

import (
	"fmt"
	"slices"
	"strings"
)

// Shape says what a value may look like. It is the one table from which files are checked and the editor's schema is made.
type Shape struct {
	Doc      string   // one sentence for people, shown by editors
	Forms    Form     // accepted forms; Map and List may be left out where Keys or Each say so
	Types    []string // JSON types of an accepted scalar: string, number, integer, boolean
	Enum     []string // accepted words; empty = any
	Pattern  string   // regular expression for the editor's schema only; the reader gives the better message
	Example  string   // shown where something else stands
	Keys     []Key    // of a map; empty = any key with the shape Each
	Each     *Shape   // of a list's items, or of a map's values
	Opaque   bool     // not looked into: another reader's own format
	Secret   bool     // a scalar that stands here instead is not repeated in messages
	NonEmpty bool     // a list or map without entries is refused
	Const    string   // the one accepted text, for the editor's schema only: the reader has read it before
	Open     bool     // a map may have other keys besides Keys, which are not looked at

	required bool // of the key that holds it: leaving it out is no way out
}

// Key is one key of a map.
type Key struct {
	Name     string
	Required bool
	Hidden   bool // known only to be refused by the reader with a better sentence; not in the schema
	Shape
}

func (s Shape) forms() Form {
	f := s.Forms
	if len(s.Types) > 0 || len(s.Enum) > 0 {
		f |= Scalar
	}
	if len(s.Keys) > 0 {
		f |= Map
	}
	if f == 0 {
		f = Scalar
	}
	return f
}

// Check compares v with its shape and reports what does not fit; what was refused is no longer returned by Get.
func Check(v *Value, s Shape, r *Report) {
	if s.Opaque {
		return
	}
	if v.Form == Other {
		v.bad = true
		r.Errorf(v, "%s is not accepted here; write the value out", v.Text)
		return
	}
	if v.Form == Null {
		v.bad = true
		r.Errorf(v, "has no value; want %s%s", s.want(), s.orLeaveOut())
		return
	}
	if v.Form&s.forms() == 0 {
		v.bad = true
		what := v.describe()
		if s.Secret {
			what = "a value"
		}
		r.Errorf(v, "%s stands here; want %s", what, s.want())
		return
	}
	switch v.Form {
	case Scalar:
		s.checkScalar(v, r)
	case List:
		if s.NonEmpty && len(v.Items) == 0 {
			v.bad = true
			r.Errorf(v, "the list is empty; want %s", s.want())
		}
		for _, item := range v.Items {
			if s.Each != nil {
				Check(item, *s.Each, r)
			}
		}
	case Map:
		if s.NonEmpty && len(v.Keys) == 0 {
			v.bad = true
			r.Errorf(v, "the map is empty; want %s", s.want())
		}
		s.checkMap(v, r)
	}
}

func (s Shape) checkScalar(v *Value, r *Report) {
	if len(s.Types) == 1 && s.Types[0] == "boolean" {
		if _, ok := v.Bool(); !ok {
			v.bad = true
			r.Errorf(v, "%q: want true or false", v.Text)
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v.Text) {
		v.bad = true
		r.Errorf(v, "%q: want %s%s", v.Text, s.words(), hint(v.Text, s.Enum))
	}
	if strings.TrimSpace(v.Text) == "" {
		v.bad = true
		r.Errorf(v, "is empty; want %s%s", s.want(), s.orLeaveOut())
	}
}

func (s Shape) checkMap(v *Value, r *Report) {
	seen := map[string]*Value{}
	for _, p := range v.Keys {
		if p.Key.Form == Other {
			p.Value.bad = true
			r.Errorf(p.Key, "%s is not accepted here; write the keys out", p.Key.Text)
			continue
		}
		if before, ok := seen[p.Key.Text]; ok {
			p.Value.bad = true
			r.Errorf(p.Key, "the key stands twice, first on line %d; keep one", before.Line)
			continue
		}
		seen[p.Key.Text] = p.Key
		if len(s.Keys) == 0 {
			if s.Each != nil {
				Check(p.Value, *s.Each, r)
			}
			continue
		}
		i := slices.IndexFunc(s.Keys, func(k Key) bool { return k.Name == p.Key.Text })
		if i < 0 && s.Open {
			continue
		}
		if i < 0 {
			p.Value.bad = true
			names := s.names()
			near := Nearest(p.Key.Text, names)
			if near != "" {
				r.Errorf(p.Key, "unknown key; did you mean %q? Accepted are %s", near, strings.Join(names, ", "))
			} else {
				r.Errorf(p.Key, "unknown key; accepted are %s", strings.Join(names, ", "))
			}
			continue
		}
		shape := s.Keys[i].Shape
		shape.required = s.Keys[i].Required
		Check(p.Value, shape, r)
	}
	for _, k := range s.Keys {
		if _, ok := seen[k.Name]; k.Required && !ok {
			missing := *v
			missing.Path = join(v.Path, k.Name)
			r.Errorf(&missing, "the key is missing; want %s", k.want())
		}
	}
}

// words are the accepted words, and the keys of the map that may stand instead.
func (s Shape) words() string {
	if s.forms()&Map == 0 {
		return orList(s.Enum)
	}
	return orList(s.Enum) + ", or a map with " + orList(s.names())
}

func (s Shape) names() []string {
	var out []string
	for _, k := range s.Keys {
		if !k.Hidden {
			out = append(out, k.Name)
		}
	}
	return out
}

func (s Shape) orLeaveOut() string {
	if s.required {
		return ""
	}
	return ", or leave the key out"
}

// want says in words what a shape accepts.
func (s Shape) want() string {
	var what string
	f := s.forms()
	switch {
	case len(s.Enum) > 0:
		return s.words()
	case len(s.Types) == 1 && s.Types[0] == "boolean":
		return "true or false"
	case f == List:
		what = "a list"
	case f == Map:
		what = "a map"
	case f == Scalar && len(s.Types) == 1 && s.Types[0] == "integer":
		what = "a whole number"
	case f == Scalar && len(s.Types) == 1 && s.Types[0] == "number":
		what = "a number"
	case f == Scalar:
		what = "a value"
	default:
		what = "one of its forms"
	}
	if s.Example != "" {
		return what + " such as " + s.Example
	}
	if f == Map && len(s.Keys) > 0 {
		return what + " with " + strings.Join(s.names(), ", ")
	}
	return what
}

func (v *Value) describe() string {
	switch v.Form {
	case List:
		return "a list"
	case Map:
		return "a map"
	default:
		return fmt.Sprintf("the value %q", v.Text)
	}
}

func orList(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func hint(word string, words []string) string {
	if n := Nearest(word, words); n != "" && len(words) > 1 {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}
