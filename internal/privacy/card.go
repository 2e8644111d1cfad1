package privacy

// findCard finds payment card numbers: 13 to 19 digits of a known issuer whose check digit is right, in one piece or in
// groups with one kind of separator.
func findCard(s string, from int, _ shape) (int, int, bool) {
	for i := nextDigit(s, from); i+13 <= len(s); i = nextDigit(s, i+1) {
		lo, hi, next := cardAt(s, i)
		if hi > 0 {
			return lo, hi, true
		}
		i = next - 1
	}
	return 0, 0, false
}

// cardAt looks for a card number in the digits that begin at i and returns where they end.
func cardAt(s string, i int) (lo, hi, next int) {
	next = i
	for next < len(s) && digit(s[next]) {
		next++
	}
	if !begins(s, i-1) || i > 0 && (s[i-1] == '.' || s[i-1] == '-') {
		return 0, 0, next
	}
	var digits [19]byte
	n := 0
	for ; n < len(digits) && i+n < next; n++ {
		digits[n] = s[i+n]
	}
	if next-i == n && cardEdge(s, next) && card(digits[:n]) {
		return i, next, next
	}
	if next-i != 4 || next >= len(s) || s[next] != ' ' && s[next] != '-' { // groups begin with one of four
		return 0, 0, next
	}
	sep := s[next]
	for j := next; j < len(s) && s[j] == sep; {
		k := j + 1
		for k < len(s) && digit(s[k]) && n < len(digits) {
			digits[n] = s[k]
			n++
			k++
		}
		if k-j < 3 || k-j > 7 {
			break
		}
		if cardEdge(s, k) && card(digits[:n]) {
			hi = k // the longest counts
		}
		j = k
	}
	return i, hi, next
}

// cardEdge says that a number ends before s[i].
func cardEdge(s string, i int) bool {
	return edge(s, i) && (i+1 >= len(s) || s[i] != '.' || !digit(s[i+1]))
}

// card says that the digits are a number of an issuer, by its range and length, and pass the Luhn check.
func card(d []byte) bool {
	n := len(d)
	if n < 13 || n > 19 {
		return false
	}
	p := 0
	for _, c := range d[:6] {
		p = 10*p + int(c-'0')
	}
	switch {
	case d[0] == '4': // Visa
		if n != 13 && n != 16 && n != 19 {
			return false
		}
	case p/10000 >= 51 && p/10000 <= 55, p/100 >= 2221 && p/100 <= 2720: // Mastercard
		if n != 16 {
			return false
		}
	case p/10000 == 34, p/10000 == 37: // American Express
		if n != 15 {
			return false
		}
	case p/1000 >= 300 && p/1000 <= 305, p/10000 == 36, p/10000 == 38, p/10000 == 39: // Diners
		if n < 14 {
			return false
		}
	case p/100 == 6011, p/1000 >= 644 && p/1000 <= 659, p/10000 == 62, p/100 >= 3528 && p/100 <= 3589: // Discover, UnionPay, JCB
		if n < 16 {
			return false
		}
	case p/10000 == 50, p/10000 >= 56 && p/10000 <= 58, p/10000 == 63, p/10000 == 67: // Maestro
		if n < 16 {
			return false
		}
	default:
		return false
	}
	sum := 0
	for i := range n {
		v := int(d[n-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
