package emit

import (
	"context"
	"net/url"
	"strings"
)

const (
	maxBaggageMembers = 64
	maxBaggageBytes   = 8192
)

// Member is one entry of the caller's baggage.
type Member struct {
	Key        string
	Value      string // percent-decoded; bytes that are not UTF-8 are U+FFFD
	Properties string // as sent, without the leading semicolon
}

// Baggage is the baggage of the request that ctx belongs to, in the order it came, duplicates included. Malformed
// members are left out.
//
// The caller chose it: treat it as input. None of it becomes a label or a log attribute by itself.
//
// Source: W3C Baggage, section 3.3.
func Baggage(ctx context.Context) []Member {
	x := exchangeFrom(ctx)
	if x == nil || x.extra == nil {
		return nil
	}
	var members []Member
	for raw := range listMembers(x.extra.baggage) {
		if m, ok := parseMember(raw); ok {
			members = append(members, m)
		}
	}
	return members
}

// baggage is what is sent on of the baggage headers that came: well-formed members as they are, from the left, up to
// the 64 members and 8192 bytes that the specification asks for. What does not fit is dropped as whole members.
func baggage(headers []string) string {
	var kept []string
	size := -1 // no comma before the first
	for raw := range listMembers(headers) {
		if _, ok := parseMember(raw); !ok {
			continue
		}
		if len(kept) == maxBaggageMembers || size+1+len(raw) > maxBaggageBytes {
			break
		}
		kept, size = append(kept, raw), size+1+len(raw)
	}
	return strings.Join(kept, ",")
}

// listMembers are the members of headers that are one list, trimmed. Commas separate always: in a value they are
// percent-encoded.
func listMembers(headers []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, header := range headers {
			for raw := range strings.SplitSeq(header, ",") {
				if raw = trimSpace(raw); raw != "" && !yield(raw) {
					return
				}
			}
		}
	}
}

// parseMember reads key "=" value *( ";" property ), with optional white space around each part.
func parseMember(raw string) (Member, bool) {
	pair, properties, _ := strings.Cut(raw, ";")
	key, value, found := strings.Cut(pair, "=")
	m := Member{Key: trimSpace(key), Properties: trimSpace(properties)}
	if !found || !token(m.Key) || !printable(raw) {
		return Member{}, false
	}
	m.Value = percentDecode(trimSpace(value))
	return m, true
}

// percentDecode decodes %XX and leaves a percent sign that starts no such triple as it is.
func percentDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if decoded, err := url.PathUnescape(s[i : i+3]); err == nil {
				b.WriteString(decoded)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

// token reports whether s is an RFC 9110 token.
func token(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}

// printable reports whether s can be sent as a header value: visible ASCII, spaces and tabs.
func printable(s string) bool {
	for _, c := range []byte(s) {
		if c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}
