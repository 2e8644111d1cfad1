package line

import (
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/receive/otlp"
)

// layouts are how programs write an instant, the most frequent first. Fractions of a second are read without being named.
var layouts = []struct {
	layout string
	zoned  bool
}{
	{time.RFC3339, true}, {"2006-01-02 15:04:05Z07:00", true}, {"2006-01-02 15:04:05 -0700", true}, {"2006-01-02T15:04:05-0700", true}, {"2006-01-02 15:04:05-07", true},
	{"2006-01-02 15:04:05 MST", true}, {"2006-01-02 15:04:05", false}, {"2006-01-02T15:04:05", false}, {"2006/01/02 15:04:05", false},
	{"02/Jan/2006:15:04:05 -0700", true}, {time.RFC1123Z, true}, {time.RFC1123, true}, {time.ANSIC, false}, {"Jan _2 15:04:05", false},
}

// Time reads an instant: one of the usual ways to write it, or a number of seconds, milliseconds, microseconds or nanoseconds
// since 1970, told apart by its size.
func Time(s string, zone *time.Location) (time.Time, bool) {
	if s == "" || len(s) > 40 {
		return time.Time{}, false
	}
	if strings.IndexByte(s, ':') < 0 {
		return number(s)
	}
	comma := strings.Replace(s, ",", ".", 1) // of Python and Java: 12:00:00,123
	for _, l := range layouts {
		if l.layout == "Jan _2 15:04:05" {
			continue // without a year
		}
		text := s
		if !l.zoned {
			text = comma
		}
		if t, err := time.ParseInLocation(l.layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func number(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n < 1e8: // before 1973: no instant
			return time.Time{}, false
		case n < 1e11:
			return time.Unix(n, 0), true
		case n < 1e14:
			return time.UnixMilli(n), true
		case n < 1e17:
			return time.UnixMicro(n), true
		}
		return time.Unix(0, n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 1e8 && f < 1e14) {
		return time.Time{}, false
	}
	if f >= 1e11 {
		f /= 1000
	}
	return time.UnixMicro(int64(f * 1e6)), true
}

// leadingTime finds the instant at the beginning of a line and returns what follows it.
func leadingTime(s string, zone *time.Location, now time.Time) (at time.Time, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 3 && (s[i] == '[' || s[i] == ' ' || s[i] == '<' || s[i] == '(') {
		i++
	}
	in := s[i:]
	if len(in) < 15 || !(digit(in[0]) || in[0] >= 'A' && in[0] <= 'W') {
		at, ok = clf(s, zone)
		return at, s, ok
	}
	if digit(in[0]) {
		// An instant is one to three words long; the longest that reads as one counts.
		ends := words(in, 3)
		for j := len(ends) - 1; j >= 0; j-- {
			text := strings.TrimRight(in[:ends[j]], "])>,:|;")
			if strings.IndexByte(text, ':') < 0 {
				continue
			}
			if t, good := Time(text, zone); good {
				return t, in[ends[j]:], true
			}
		}
		if t, good := clf(s, zone); good {
			return t, "", true // a request has no level
		}
		return time.Time{}, s, false
	}
	if t, err := time.ParseInLocation("Jan _2 15:04:05", in[:15], zone); err == nil {
		return Year(t, now), in[15:], true
	}
	return time.Time{}, s, false
}

// Year gives an instant without a year the one that brings it closest before a day from now.
func Year(t, now time.Time) time.Time {
	t = time.Date(now.In(t.Location()).Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	if t.After(now.Add(24 * time.Hour)) {
		t = t.AddDate(-1, 0, 0)
	}
	return t
}

// clf finds the instant of the common log format: address - user [02/Jan/2006:15:04:05 -0700] "GET / …".
func clf(s string, zone *time.Location) (time.Time, bool) {
	i := strings.IndexByte(s, '[')
	if i < 0 || i > 200 || len(s) < i+28 || s[i+27] != ']' {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("02/Jan/2006:15:04:05 -0700", s[i+1:i+27], zone)
	return t, err == nil
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// words returns where the first words of a text end.
func words(s string, most int) (ends []int) {
	for i := 0; i <= len(s) && len(ends) < most; i++ {
		if i == len(s) || s[i] == ' ' || s[i] == '\t' {
			ends = append(ends, i)
		}
	}
	return ends
}

// leadingLevel finds a level among the first words: in capitals, in brackets, or before a colon.
func leadingLevel(s string) uint8 {
	s = s[:min(len(s), 160)]
	for n, p := 0, 0; p < len(s) && n < 8; n++ {
		for p < len(s) && !letter(s[p]) {
			p++
		}
		start := p
		for p < len(s) && letter(s[p]) {
			p++
		}
		if p-start < 3 || p < len(s) && (digit(s[p]) || s[p] == '_' || s[p] == '.') {
			continue
		}
		word := s[start:p]
		framed := start > 0 && p < len(s) && strings.IndexByte("[<(|=\"", s[start-1]) >= 0 && strings.IndexByte("]>)|:\" ", s[p]) >= 0
		colon := p < len(s) && s[p] == ':' && n == 0
		if word != strings.ToUpper(word) && !framed && !colon {
			continue
		}
		if l := otlp.Severity(word); l > 0 {
			return l
		}
	}
	return 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// errorType finds the exception at the head of a stack trace, such as java.lang.IllegalStateException: no return.
func errorType(s string) string {
	for i, l := 0, ""; i < 40 && s != ""; i++ {
		l, s, _ = strings.Cut(s, "\n")
		if strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t") {
			continue
		}
		for _, w := range strings.Fields(l[:min(len(l), 400)]) {
			name := strings.TrimSuffix(w, ":")
			if (strings.HasSuffix(name, "Exception") || strings.HasSuffix(name, "Error")) && len(name) > 5 && len(name) < 200 && letter(name[0]) {
				return name
			}
		}
	}
	return ""
}
