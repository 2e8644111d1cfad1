package usage

import "strings"

const longestMessage = 300

// normal is what is the same in all messages of one error: the first line, in which quoted parts stand as …, and numbers,
// ids, addresses and times as #.
func normal(message string) string {
	if at := strings.IndexByte(message, '\n'); at >= 0 {
		message = message[:at]
	}
	message = strings.TrimSpace(message[:min(len(message), 4*longestMessage)])
	out := make([]byte, 0, min(len(message), longestMessage))
	for i := 0; i < len(message) && len(out) < longestMessage; {
		c := message[i]
		switch {
		case (c == '"' || c == '\'' || c == '`') && (i == 0 || !wordy(message[i-1])):
			if end := strings.IndexByte(message[i+1:], c); end >= 0 {
				out = append(append(append(out, c), "…"...), c)
				i += end + 2
				continue
			}
		case wordy(c):
			end := i
			for end < len(message) && wordy(message[end]) {
				end++
			}
			out = piece(out, message[i:end])
			i = end
			continue
		}
		out = append(out, c)
		i++
	}
	return string(out)
}

func wordy(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

// piece writes one word. Numbers that are joined by . : - / or , and their units are one #.
func piece(out []byte, word string) []byte {
	digits, runs, hex := 0, 0, true
	for i := range len(word) {
		c := word[i]
		if c >= '0' && c <= '9' {
			digits++
			if i == 0 || word[i-1] < '0' || word[i-1] > '9' {
				runs++
			}
		} else if c|0x20 < 'a' || c|0x20 > 'f' {
			hex = false
		}
	}
	switch {
	case digits == 0:
		if n := len(out); hex && n > 1 && out[n-1] == '-' && out[n-2] == '#' && len(word) >= 4 {
			return out[:n-1] // a part of a UUID without a digit
		}
		return append(out, word...)
	case hex && len(word) >= 4 || word[0] >= '0' && word[0] <= '9' || runs > 1 && len(word) >= 8:
		n := len(out)
		if n > 1 && out[n-2] == '#' && strings.IndexByte(".:-/,", out[n-1]) >= 0 {
			return out[:n-1]
		}
		return append(out, '#')
	}
	for i := range len(word) {
		switch c := word[i]; {
		case c < '0' || c > '9':
			out = append(out, c)
		case len(out) == 0 || out[len(out)-1] != '#':
			out = append(out, '#')
		}
	}
	return out
}

// plain is the longest part of a normalised message that its messages share letter by letter.
func plain(message string) (longest string) {
	for _, part := range strings.FieldsFunc(message, func(c rune) bool { return c == '#' || c == '…' }) {
		if part = strings.Trim(part, " \"'`"); len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}
