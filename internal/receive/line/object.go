package line

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// deepest is to which depth objects in objects are taken apart; what is deeper stays JSON.
const deepest = 4

// Object reads one JSON object into the newest row and settles it. Objects in it become attributes with dots in their names,
// lists stay JSON. It reports false, and leaves the row alone, where the text is no JSON object.
func (r *Reader) Object(b *rowstore.Batch, text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) < 2 || text[0] != '{' || !json.Valid(text) {
		return false
	}
	r.path = r.path[:0]
	r.object(b, text, 1)
	r.Settle(b)
	return true
}

// object walks an object that is known to be valid.
func (r *Reader) object(b *rowstore.Batch, s []byte, depth int) {
	for p := space(s, 1); s[p] != '}'; {
		end := value(s, p)
		n := len(r.path)
		if n > 0 {
			r.path = append(r.path, '.')
		}
		r.path = append(r.path, unquote(s[p:end])...)
		p = space(s, space(s, end)+1)
		end = value(s, p)
		v := s[p:end]
		switch {
		case v[0] == '{' && depth < deepest && len(v) > 2:
			r.object(b, v, depth+1)
		case v[0] != 'n':
			r.Put(b, b.Text(r.path), text(b, v))
		}
		r.path = r.path[:n]
		if p = space(s, end); s[p] == ',' {
			p = space(s, p+1)
		}
	}
}

func space(s []byte, p int) int {
	for s[p] == ' ' || s[p] == '\t' || s[p] == '\n' || s[p] == '\r' {
		p++
	}
	return p
}

// value returns where the value at p ends.
func value(s []byte, p int) int {
	switch s[p] {
	case '"':
		for p++; s[p] != '"'; p++ {
			if s[p] == '\\' {
				p++
			}
		}
		return p + 1
	case '{', '[':
		depth := 0
		for {
			switch s[p] {
			case '"':
				p = value(s, p)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return p + 1
				}
			}
			p++
		}
	}
	for p < len(s) && !strings.ContainsRune(",]} \t\r\n", rune(s[p])) {
		p++
	}
	return p
}

// text returns a value as an attribute's text: strings as they are, numbers in their shortest form, lists and objects as JSON.
func text(b *rowstore.Batch, v []byte) string {
	switch v[0] {
	case '"':
		if bytes.IndexByte(v, '\\') < 0 {
			return wire.View(v[1 : len(v)-1])
		}
		return b.Text(unquote(v))
	case '{', '[', 't', 'f':
		return wire.View(v)
	}
	if bytes.ContainsAny(v, ".eE") {
		if f, err := strconv.ParseFloat(wire.View(v), 64); err == nil {
			return b.Text(strconv.AppendFloat(nil, f, 'g', -1, 64))
		}
	}
	return wire.View(v)
}

// unquote returns the text of a JSON string.
func unquote(v []byte) []byte {
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1]
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return v[1 : len(v)-1]
	}
	return []byte(s)
}
