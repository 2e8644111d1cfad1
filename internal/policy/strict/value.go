package strict

import "strconv"

// Form is the form of a value.
type Form uint8

// The forms.
const (
	Null   Form = 1 << iota // a key without a value
	Scalar                  // text, number, true or false: all are kept as written
	List
	Map
	Other // an anchor, alias, merge key or tag
)

// Value is a node of a document with its place. Text is a scalar as written, without quotes.
type Value struct {
	Form   Form
	Text   string
	File   string
	Line   int
	Column int
	Path   string // a.b[0].c
	Keys   []Pair
	Items  []*Value

	quoted bool
	exact  bool // Text stands in the file letter by letter on one line
	bad    bool // Check found it unusable
}

// Pair is one key of a map and its value.
type Pair struct{ Key, Value *Value }

// Get returns the value of a key, or nil if v is no map, has no such key, or Check refused the value.
func (v *Value) Get(key string) *Value {
	if v == nil || v.bad {
		return nil
	}
	for _, p := range v.Keys {
		if p.Key.Text == key {
			if p.Value.bad || p.Value.Form == Null {
				return nil
			}
			return p.Value
		}
	}
	return nil
}

// List returns the items of a list that passed Check; none if v is no list.
func (v *Value) List() []*Value {
	if !v.Usable() {
		return nil
	}
	return v.Items
}

// Key returns the node of a key itself, for findings about the key; v itself if there is none.
func (v *Value) Key(key string) *Value {
	for _, p := range v.Keys {
		if p.Key.Text == key {
			return p.Key
		}
	}
	return v
}

// Has reports whether the key stands in the map, even with a value that was refused.
func (v *Value) Has(key string) bool { return v != nil && v.Key(key) != v }

// Usable reports whether v exists and passed Check.
func (v *Value) Usable() bool { return v != nil && !v.bad && v.Form != Null }

// Integer returns a scalar that is a whole decimal number.
func (v *Value) Integer() (int, bool) {
	n, err := strconv.Atoi(v.Text)
	return n, err == nil && !v.quoted
}

// Bool returns a scalar that is true or false.
func (v *Value) Bool() (value, ok bool) {
	return v.Text == "true", v.Text == "true" || v.Text == "false"
}

// Quoted reports whether the scalar stands in quotes.
func (v *Value) Quoted() bool { return v.quoted }

// Exact reports whether Text stands in the file letter by letter on one line.
func (v *Value) Exact() bool { return v.exact }

// Names returns the keys of a map as written, in order; none if v is no map.
func (v *Value) Names() []string {
	if v == nil {
		return nil
	}
	out := make([]string, 0, len(v.Keys))
	for _, p := range v.Keys {
		out = append(out, p.Key.Text)
	}
	return out
}
