package carry

import (
	"strings"
	"unicode"
)

// maxName is the length of the longest name that a policy can have.
const maxName = 100

// Slug turns a foreign name into one that a policy can have: HighErrorRate and "High error rate" become high-error-rate.
func Slug(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case r >= 'A' && r <= 'Z':
			// A word begins at a capital after a small letter or a digit, and at the last capital of a run: HTTPErrors.
			if i > 0 && (isLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) || (i+1 < len(runes) && isLower(runes[i+1]) && isUpper(runes[i-1]))) {
				dash(&b)
			}
			b.WriteRune(unicode.ToLower(r))
		case isLower(r) || (r >= '0' && r <= '9') || r == '_' || r == '.':
			b.WriteRune(r)
		default:
			dash(&b)
		}
		if b.Len() >= maxName {
			break
		}
	}
	out := strings.Trim(b.String(), "-_.")
	if len(out) > maxName {
		out = strings.TrimRight(out[:maxName], "-_.")
	}
	if out == "" {
		return "imported"
	}
	return out
}

func isLower(r rune) bool { return r >= 'a' && r <= 'z' }
func isUpper(r rune) bool { return r >= 'A' && r <= 'Z' }

func dash(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
		b.WriteByte('-')
	}
}
