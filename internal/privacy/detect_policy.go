package privacy

import (
	"net/netip"
	"strings"
)

// findPhone finds international numbers (+1 202 555 0100) and North American ones with separators.
func findPhone(s string, from int, _ shape) (int, int, bool) {
	for i := from; i < len(s); i++ {
		c := s[i]
		if c != '+' && c != '(' && !digit(c) || !begins(s, i-1) || i > 0 && (s[i-1] == '.' || s[i-1] == '-') {
			continue
		}
		var digits [16]byte
		n, seps, hi := 0, 0, i
		for j := i; j < len(s) && j-i < 24; j++ {
			switch d := s[j]; {
			case digit(d):
				if n < len(digits) {
					digits[n] = d
				}
				n++
				hi = j + 1
				continue
			case d == '+' && j == i:
				continue
			case strings.IndexByte(" -.()", d) >= 0 && (j == i || s[j-1] != d):
				seps++
				continue
			}
			break
		}
		if !edge(s, hi) {
			continue
		}
		north := n == 10 || n == 11 && digits[0] == '1'
		if north {
			d := digits[n-10:]
			north = seps > 0 && d[0] >= '2' && d[3] >= '2' && parted(s[i:hi])
		}
		if c == '+' && n >= 8 && n <= 15 || north {
			return i, hi, true
		}
		if digit(c) {
			for i+1 < len(s) && digit(s[i+1]) {
				i++
			}
		}
	}
	return 0, 0, false
}

// parted says that the digits are written as 3-3-4, perhaps behind a 1.
func parted(s string) bool {
	var runs [6]int
	n := -1
	for i := range len(s) {
		if !digit(s[i]) {
			continue
		}
		if i == 0 || !digit(s[i-1]) {
			if n++; n >= len(runs) {
				return false
			}
		}
		runs[n]++
	}
	return n == 2 && runs[0] == 3 && runs[1] == 3 || n == 3 && runs[0] == 1 && runs[1] == 3 && runs[2] == 3
}

// findIP finds addresses of both families.
func findIP(s string, from int, _ shape) (int, int, bool) {
	for i := from; i < len(s); i++ {
		if !hexOrColon(s[i]) || i > 0 && (!begins(s, i-1) || s[i-1] == '.' || s[i-1] == ':') {
			continue
		}
		j, dots, colons := i, 0, 0
		for ; j < len(s) && (hexOrColon(s[j]) || s[j] == '.'); j++ {
			switch s[j] {
			case '.':
				dots++
			case ':':
				colons++
			}
		}
		hi := j
		for hi > i && (s[hi-1] == '.' || s[hi-1] == ':' && !strings.HasSuffix(s[i:hi], "::")) {
			hi--
		}
		if colons == 1 { // an address and its port
			hi = i + strings.IndexByte(s[i:j], ':')
		}
		if (dots == 3 || dots == 4 && hi < j || colons >= 2) && hi-i <= 45 && edge(s, hi) {
			if _, err := netip.ParseAddr(s[i:hi]); err == nil && s[i:hi] != "::" {
				return i, hi, true
			}
		}
		i = max(i, j-1)
	}
	return 0, 0, false
}

func hexOrColon(c byte) bool { return digit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' || c == ':' }
