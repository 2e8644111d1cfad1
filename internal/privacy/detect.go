package privacy

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"unsafe"

	"github.com/signalbox/signalbox/internal/policy"
)

// finder finds the first piece of personal data of one kind in s at or behind from: s[lo:hi], or ok false. The shape is that
// of s.
type finder func(s string, from int, h shape) (lo, hi int, ok bool)

// detectors in the order in which they are run: what holds another (credentials an address, an address digits) comes first.
var detectors = [...]struct {
	kind policy.Detector
	tag  string // what stands for a dropped finding
	find finder
	may  func(h shape) bool // says cheaply that there cannot be any
}{
	{policy.DetectToken, "[token]", findToken, func(h shape) bool { return h.longest >= minToken || h.seen&isKey != 0 }},
	{policy.DetectEmail, "[email]", findEmail, func(h shape) bool { return h.seen&isAt != 0 }},
	{policy.DetectCard, "[card]", findCard, func(h shape) bool { return h.digits >= 13 }},
	{policy.DetectSSN, "[ssn]", findSSN, func(h shape) bool { return h.digits >= 9 }},
	{policy.DetectPhone, "[phone]", findPhone, func(h shape) bool { return h.digits >= 8 }},
	{policy.DetectIP, "[ip]", findIP, func(h shape) bool { return h.seen&(isDot|isKey) != 0 }},
}

// What a byte may be part of.
const (
	isDigit = 1 << iota
	isAt    // @ and %, as in %40
	isKey   // = and :, behind the name of a value
	isDot
	isDash
	_
	_
	isWord // of tokens: letters, digits, - _ . / + = ~
)

var classes = func() (t [256]uint8) {
	for c := range 256 {
		switch b := byte(c); {
		case '0' <= b && b <= '9':
			t[c] = isDigit | isWord
		case letter(b), b == '_', b == '/', b == '+', b == '~':
			t[c] = isWord
		case b == '-':
			t[c] = isWord | isDash
		case b == '.':
			t[c] = isWord | isDot
		case b == '=':
			t[c] = isWord | isKey
		case b == ':':
			t[c] = isKey
		case b == '@', b == '%':
			t[c] = isAt
		}
	}
	return t
}()

// shape is what one look at a text tells about what it can hold.
type shape struct {
	seen    uint8
	digits  int
	longest int // run of word bytes
}

// shapeOf looks at each byte once. Most texts need nothing else.
func shapeOf(s string) (h shape) {
	run := 0
	for i := range len(s) {
		c := classes[s[i]]
		h.seen |= c
		h.digits += int(c & isDigit)
		run = (run + 1) & -int(c>>7)
		h.longest = max(h.longest, run)
	}
	return h
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }
func alnum(c byte) bool  { return letter(c) || digit(c) || c >= 0x80 }

// edge says that no word goes on at s[i]: a finding does not begin or end inside one.
func edge(s string, i int) bool { return i < 0 || i >= len(s) || !alnum(s[i]) && s[i] != '_' }

// begins says that a word begins behind s[i]: at an edge, or behind a letter that is part of an escape such as \n in the JSON
// that texts often are.
func begins(s string, i int) bool {
	return edge(s, i) || i > 0 && s[i-1] == '\\' && strings.IndexByte("ntrbf", s[i]) >= 0
}

// unescaped moves the beginning of a finding behind the escape that it would cut in two.
func unescaped(s string, lo int) int {
	switch {
	case lo == 0 || s[lo-1] != '\\' || lo > 1 && s[lo-2] == '\\':
		return lo
	case s[lo] == 'u':
		return lo + 5
	}
	return lo + 1
}

// Bounds of RFC 5321.
const (
	maxLocal  = 64
	maxDomain = 255
)

// findEmail finds local@domain.tld, the @ also as %40.
func findEmail(s string, from int, _ shape) (int, int, bool) {
	for at := from; at < len(s); at++ {
		width := 1
		switch {
		case s[at] == '@':
		case s[at] == '%' && strings.HasPrefix(s[at:], "%40"):
			width = 3
		default:
			continue
		}
		lo := at
		for lo > from && at-lo < maxLocal && (alnum(s[lo-1]) || strings.IndexByte("._+-'", s[lo-1]) >= 0) {
			lo--
		}
		lo = unescaped(s, lo)
		for lo < at && !alnum(s[lo]) && s[lo] != '_' {
			lo++
		}
		if hi := domainEnd(s, at+width); lo < at && hi > 0 {
			return lo, hi, true
		}
	}
	return 0, 0, false
}

// domainEnd returns where a domain name that begins at i ends, 0 if there is none: it ends behind the last dot that at least
// two letters follow.
func domainEnd(s string, i int) int {
	end, letters, numbers := 0, -1, 0
	begin := i
	for ; i < len(s) && i-begin < maxDomain; i++ {
		c := s[i]
		switch {
		case c == '.' && i > begin && s[i-1] != '.':
			letters = 0
			if numbers >= 0 {
				numbers++
			}
		case letter(c) || c >= 0x80:
			if letters >= 0 {
				if letters++; letters >= 2 {
					end = i + 1
				}
			}
			if numbers < 2 {
				numbers = -1
			}
		case digit(c), c == '-':
			letters = -1
		default:
			return unit(s, begin, end, numbers)
		}
	}
	return unit(s, begin, end, numbers)
}

// unit takes back what is no domain: a version (1.2.3-rc) and a unit of systemd (getty@tty1.service).
func unit(s string, begin, end, numbers int) int {
	if end == 0 || numbers >= 2 {
		return 0
	}
	switch s[strings.LastIndexByte(s[begin:end], '.')+1+begin : end] {
	case "service", "socket", "timer", "mount", "target", "slice":
		return 0
	}
	return end
}

// findSSN finds social security and taxpayer numbers: 123-45-6789 and 123 45 6789, and nine digits behind the word SSN.
func findSSN(s string, from int, _ shape) (int, int, bool) {
	for i := nextDigit(s, from); i+9 <= len(s); i = nextDigit(s, i+1) {
		j := i
		for j < len(s) && digit(s[j]) {
			j++
		}
		switch n := j - i; {
		case n == 3 && j+8 <= len(s) && (s[j] == '-' || s[j] == ' ') && s[j+3] == s[j] && (ssnEdge(s, i-1, s[j]) || begins(s, i-1)) && ssnEdge(s, j+8, s[j]):
			if ssn(s[i:i+3], s[j+1:j+3], s[j+4:j+8]) {
				return i, j + 8, true
			}
		case n == 9 && begins(s, i-1) && edge(s, j) && ssn(s[i:i+3], s[i+3:i+5], s[i+5:j]) && spoken(s[max(0, i-32):i]):
			return i, j, true
		}
		i = j - 1
	}
	return 0, 0, false
}

// nextDigit returns where the first digit at or behind from is, the length of s if there is none.
func nextDigit(s string, from int) int {
	b, i := unsafe.Slice(unsafe.StringData(s), len(s)), from
	for i+8 <= len(b) {
		// Digits are among the bytes of which nothing is left in the upper half without that of '0'. The lowest bit set is the
		// first such byte's.
		x := binary.LittleEndian.Uint64(b[i:])&0xf0f0f0f0f0f0f0f0 ^ 0x3030303030303030
		found := (x - 0x0101010101010101) &^ x & 0x8080808080808080
		if found == 0 {
			i += 8
			continue
		}
		if i += bits.TrailingZeros64(found) / 8; digit(b[i]) {
			return i
		}
		i++
	}
	for i < len(b) && !digit(b[i]) {
		i++
	}
	return i
}

// ssnEdge says that a number does not go on at s[i], also not with its separator.
func ssnEdge(s string, i int, sep byte) bool {
	return edge(s, i) && (i < 0 || i >= len(s) || s[i] != '-' || sep != '-')
}

// spoken says that the text before a number calls it a social security number.
func spoken(s string) bool {
	for i := range len(s) {
		switch s[i] | 0x20 {
		case 's':
			if hasFold(s[i:], "ssn") || hasFold(s[i:], "social") {
				return true
			}
		case 't':
			if hasFold(s[i:], "taxpayer") {
				return true
			}
		}
	}
	return false
}

func hasFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// ssn says that the three parts can be a social security number, or the taxpayer number (ITIN) of who has none.
func ssn(area, group, serial string) bool {
	for _, part := range [...]string{area, group, serial} {
		for i := range len(part) {
			if !digit(part[i]) {
				return false
			}
		}
	}
	if area == "000" || area == "666" || group == "00" || serial == "0000" {
		return false
	}
	if area[0] != '9' {
		return true
	}
	g := int(group[0]-'0')*10 + int(group[1]-'0')
	return 50 <= g && g <= 65 || 70 <= g && g <= 88 || 90 <= g && g <= 92 || 94 <= g && g <= 99
}
