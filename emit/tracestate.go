package emit

import "strings"

const (
	maxStateMembers = 32
	maxStateLength  = 256 // of a key, and of a value
)

// tracestate is what is sent on of the tracestate headers that came: all of it, but at most 32 members from the left;
// nothing if any member is malformed. Members are not changed, as we add none of our own.
//
// Source: W3C Trace Context, section 3.3 (tracestate header).
func tracestate(headers []string) string {
	if len(headers) == 0 {
		return ""
	}
	var kept []string
	for member := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		member = trimSpace(member)
		if member == "" {
			continue // allowed, and of no meaning
		}
		key, value, _ := strings.Cut(member, "=")
		if !stateKey(key) || !stateValue(value) {
			return ""
		}
		if len(kept) < maxStateMembers {
			kept = append(kept, member)
		}
	}
	return strings.Join(kept, ",")
}

// stateKey reports whether s is [a-z0-9][a-z0-9_*/@-]* of at most 256 characters.
func stateKey(s string) bool {
	if s == "" || len(s) > maxStateLength {
		return false
	}
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case i > 0 && strings.IndexByte("_*/@-", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// stateValue reports whether s is 1 to 256 printable characters without comma and equals sign. Space at the end was
// trimmed as belonging to the list.
func stateValue(s string) bool {
	if s == "" || len(s) > maxStateLength {
		return false
	}
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	return true
}

// trimSpace trims the optional white space of HTTP lists: spaces and tabs.
func trimSpace(s string) string { return strings.Trim(s, " \t") }
