package rowstore

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
)

func (m *Match) compile() (func(*Row) bool, error) {
	field, value := m.Field, m.Value
	numeric := FieldOf(field).Type == TypeNumber
	switch m.Op {
	case Equal, NotEqual:
		want := m.Op == Equal
		if numeric {
			n, err := m.Number()
			return func(r *Row) bool { v, _ := r.Number(field); return (v == n) == want }, err
		}
		return func(r *Row) bool { return (r.Get(field) == value) == want }, nil
	case Matches, NoMatch:
		if numeric {
			return nil, m.wrong("want = != > >= < <= or exists, because it is a number")
		}
		want := m.Op == Matches
		re, err := labels.NewFastRegexMatcher(value)
		if err != nil {
			return nil, fmt.Errorf("%s %s %q: %w", field, m.Op, value, err)
		}
		return func(r *Row) bool { return re.MatchString(r.Get(field)) == want }, nil
	case Greater, AtLeast, Less, AtMost:
		if field == "level" {
			return m.compileLevel()
		}
		n, err := m.Number()
		op := m.Op
		return func(r *Row) bool { v, ok := r.Number(field); return ok && op.holds(v, n) }, err
	case Contains:
		if numeric {
			return nil, m.wrong("want = != > >= < <= or exists, because it is a number")
		}
		part := strings.Map(unicode.ToLower, value)
		if field == "*" {
			return func(r *Row) bool { return anywhere(r, part) }, nil
		}
		return func(r *Row) bool { return containsFold(r.Get(field), part) }, nil
	case Exists:
		return func(r *Row) bool { return r.Get(field) != "" }, nil
	}
	return nil, fmt.Errorf("%q is no comparison; want = != =~ !~ > >= < <= contains or exists", m.Op)
}

// Number returns the value as the number that the field is compared with; with nothing it is 0. The error says that it is none.
func (m *Match) Number() (float64, error) {
	n, ok := ParseNumber(m.Value)
	if !ok && (m.Value != "" || m.Op != Equal && m.Op != NotEqual) {
		return 0, m.wrong("want a number")
	}
	return n, nil
}

func (m *Match) wrong(want string) error {
	return fmt.Errorf("%s %s %q: %s", m.Field, m.Op, m.Value, want)
}

// compileLevel compares levels by their order; a row without a level has no place in it.
func (m *Match) compileLevel() (func(*Row) bool, error) {
	n := slices.Index(Levels(), m.Value)
	if n < 0 {
		return nil, m.wrong("want one of " + strings.Join(Levels(), ", "))
	}
	op := m.Op
	return func(r *Row) bool {
		return r.Severity > 0 && op.holds(float64(min((r.Severity-1)/4, 5)), float64(n))
	}, nil
}

func (op Op) holds(v, n float64) bool {
	switch op {
	case Greater:
		return v > n
	case AtLeast:
		return v >= n
	case Less:
		return v < n
	default:
		return v <= n
	}
}

func anywhere(r *Row, part string) bool {
	if containsFold(r.Body, part) || containsFold(r.Name, part) || containsFold(r.Route, part) || containsFold(r.ErrorType, part) || containsFold(r.Detail, part) {
		return true
	}
	for i := range r.Attrs {
		if containsFold(r.Attrs[i].Value, part) {
			return true
		}
	}
	return false
}

// containsFold reports whether s contains part, which is in lower case, when s is put in lower case rune by rune.
func containsFold(s, part string) bool {
	if part == "" {
		return true
	}
	for i := 0; i < len(s); {
		if hasPrefixFold(s[i:], part) {
			return true
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	return false
}

func hasPrefixFold(s, part string) bool {
	for i := 0; i < len(part); {
		if s == "" {
			return false
		}
		if c := s[0]; c < utf8.RuneSelf { // the common case, quickly
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != part[i] {
				return false
			}
			s, i = s[1:], i+1
			continue
		}
		a, n := utf8.DecodeRuneInString(s)
		b, k := utf8.DecodeRuneInString(part[i:])
		if unicode.ToLower(a) != b {
			return false
		}
		s, i = s[n:], i+k
	}
	return true
}

// String returns `field:value` and its like, quoted where need be.
func (m *Match) String() string {
	field, value := m.Field, m.Value
	if !plainField(field) && field != "*" {
		field = strconv.Quote(field)
	}
	if !plainValue(value) {
		value = strconv.Quote(value)
	}
	switch {
	case m.Op == Contains && m.Field == "*":
		if _, trace := TraceOf(m.Value); trace || value == "AND" || value == "OR" || value == "NOT" {
			return strconv.Quote(m.Value) // bare, these mean something else
		}
		return value
	case m.Op == Contains:
		return field + ":*" + value + "*"
	case m.Op == Exists:
		return field + ":*"
	case m.Op == Equal:
		return field + ":" + value
	case m.Op == NotEqual:
		return "-" + field + ":" + value
	case m.Op == Matches:
		return field + ":~" + strconv.Quote(m.Value)
	case m.Op == NoMatch:
		return "-" + field + ":~" + strconv.Quote(m.Value)
	default:
		return field + ":" + string(m.Op) + value
	}
}

// plainField reports whether the search language reads a field's name without quotes: a letter, then letters, digits and
// any of _ . / @ -
func plainField(s string) bool { return plain(s, "_./@-") && !(s[0] >= '0' && s[0] <= '9') }

// plainValue reports whether the search language reads a text as it stands.
func plainValue(s string) bool { return plain(s, "_./@%+#,=-") }

func plain(s, also string) bool {
	for i, r := range s {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !(r >= '0' && r <= '9') && r != '_' && (i == 0 || !strings.ContainsRune(also, r)) {
			return false
		}
	}
	return s != ""
}

// TraceOf reads the trace id of a text that is one, in 32 hexadecimal digits of either case, or that is a traceparent header.
func TraceOf(s string) (t TraceID, ok bool) {
	if len(s) == 55 && s[2] == '-' && s[35] == '-' && s[52] == '-' {
		if _, err := hex.DecodeString(s[:2] + s[36:52] + s[53:]); err != nil {
			return TraceID{}, false
		}
		s = s[3:35]
	}
	if len(s) != 32 {
		return TraceID{}, false
	}
	_, err := hex.Decode(t[:], []byte(s))
	return t, err == nil && t != TraceID{}
}
