package privacy

import "strings"

// minToken is the shortest run of word bytes in which a token without a name in front is looked for.
const minToken = 16

type tokenForm struct {
	prefix string
	min    int
}

// tokenForms are tokens that are known by how they begin: at least min bytes of the alphabet follow.
var tokenForms = [...]tokenForm{
	{"AKIA", 16}, {"ASIA", 16}, {"ABIA", 16}, {"ACCA", 16}, // AWS
	{"ghp_", 30}, {"gho_", 30}, {"ghu_", 30}, {"ghs_", 30}, {"ghr_", 30}, {"github_pat_", 30}, {"glpat-", 16},
	{"xoxb-", 10}, {"xoxa-", 10}, {"xoxp-", 10}, {"xoxr-", 10}, {"xoxs-", 10}, {"xapp-", 10}, // Slack
	{"sk_live_", 10}, {"sk_test_", 10}, {"rk_live_", 10}, {"rk_test_", 10}, {"whsec_", 16}, // Stripe
	{"sk-", 20}, {"AIza", 30}, {"ya29.", 20}, {"npm_", 30}, {"pypi-", 30}, {"SG.", 30}, {"hf_", 30}, {"dop_v1_", 30}, {"shpat_", 20},
	{"AGE-SECRET-KEY-", 20}, {"eyJ", 0},
}

// formsBy are the forms by their first byte.
var formsBy = func() (t [256][]tokenForm) {
	for _, f := range tokenForms {
		t[f.prefix[0]] = append(t[f.prefix[0]], f)
	}
	return t
}()

// shortForm is the length of the shortest token that is known by how it begins.
const shortForm = 15

// A byte at which a token, its name or a key may begin.
const (
	beginsForm = 1 << iota
	separates  // a name from its value
	beginsKey
)

var tokenStarts = func() (t [256]uint8) {
	for c, forms := range formsBy {
		if len(forms) > 0 {
			t[c] = beginsForm
		}
	}
	t['b'], t['B'] = beginsForm, beginsForm // bearer, basic
	t['='], t[':'] = separates, separates
	t['-'] = beginsKey
	return t
}()

// findToken finds what opens doors: private keys, bearer and basic credentials, JSON web tokens, keys of known services, user
// and password in a URL, and values that are named password, secret, token, API key and their like.
func findToken(s string, from int, h shape) (int, int, bool) {
	// Without a dash and a long run of word bytes there are named values only.
	named := h.longest < shortForm && h.seen&isDash == 0
	for i := from; i < len(s); i++ {
		if named {
			if i = separator(s, i); i < 0 {
				break
			}
		}
		switch c := s[i]; tokenStarts[c] {
		case separates:
			if lo, hi := namedSecret(s, from, i); hi > 0 {
				return lo, hi, true
			}
			if c == ':' && strings.HasPrefix(s[i:], "://") {
				if hi := userInfo(s, i+3); hi > 0 {
					return i + 3, hi, true
				}
			}
		case beginsKey:
			if strings.HasPrefix(s[i:], "-----BEGIN ") {
				if hi := privateKey(s, i); hi > 0 {
					return i, hi, true
				}
			}
		case beginsForm:
			if i == 0 || begins(s, i-1) {
				if lo, hi := formed(s, i); hi > 0 {
					return lo, hi, true
				}
			}
		}
	}
	return 0, 0, false
}

// separator returns where the next = or : is, -1 if there is none.
func separator(s string, from int) int {
	i := strings.IndexByte(s[from:], ':')
	rest := s[from:]
	if i >= 0 {
		rest = rest[:i]
	}
	if k := strings.IndexByte(rest, '='); k >= 0 {
		i = k
	}
	if i < 0 {
		return -1
	}
	return from + i
}

// tokenByte is the alphabet of tokens.
func tokenByte(c byte) bool {
	return letter(c) || digit(c) || c == '-' || c == '_'
}

// formed looks for a token that begins at a word.
func formed(s string, i int) (lo, hi int) {
	if s[i]|0x20 == 'b' {
		for _, scheme := range [...]string{"bearer", "basic"} {
			if hasFold(s[i:], scheme) {
				return credentials(s, i+len(scheme))
			}
		}
		return 0, 0
	}
	for _, f := range formsBy[s[i]] {
		if !strings.HasPrefix(s[i:], f.prefix) {
			continue
		}
		if f.min == 0 {
			return i, webToken(s, i)
		}
		j := i + len(f.prefix)
		for j < len(s) && (tokenByte(s[j]) || s[j] == '.') {
			j++
		}
		for s[j-1] == '.' {
			j--
		}
		if j-i-len(f.prefix) >= f.min && !prose(s[i+len(f.prefix):j]) {
			return i, j
		}
	}
	return 0, 0
}

// prose says that the text is small letters and hyphens only, as in sk-learn-style-names, and not longer than names are.
func prose(s string) bool {
	if len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if !('a' <= s[i] && s[i] <= 'z') && s[i] != '-' {
			return false
		}
	}
	return true
}

// credentials looks for what follows the name of a scheme: at least one space and a long run of bytes.
func credentials(s string, i int) (lo, hi int) {
	lo = i
	for lo < len(s) && s[lo] == ' ' {
		lo++
	}
	if lo == i {
		return 0, 0
	}
	hi = lo
	word := true
	for hi < len(s) && (tokenByte(s[hi]) || strings.IndexByte(".~+/=", s[hi]) >= 0) {
		word = word && (letter(s[hi]) || s[hi] == '-')
		hi++
	}
	if hi-lo < minToken || word && hi-lo < 24 || pseudonymShape(s[lo:hi]) {
		return 0, 0
	}
	return lo, hi
}

// webToken returns where a JSON web token ends, 0 if none begins at i: three parts in base64 with dots between, the last of
// which may be empty.
func webToken(s string, i int) int {
	dots, part := 0, 0
	j := i
	for ; j < len(s); j++ {
		switch {
		case tokenByte(s[j]) || s[j] == '=':
			part++
			continue
		case s[j] == '.' && dots < 4 && part >= 8:
			dots++
			part = 0
			continue
		}
		break
	}
	if dots < 2 && (dots < 1 || part < 8) || j-i < 20 {
		return 0
	}
	return j
}

// privateKey returns where a private key in PEM ends: behind its END line, or with the text.
func privateKey(s string, i int) int {
	head := s[i+len("-----BEGIN "):]
	end := strings.Index(head[:min(len(head), 64)], "-----")
	if end < 0 || !strings.Contains(head[:end], "PRIVATE KEY") {
		return 0
	}
	at := i + len("-----BEGIN ") + end + 5
	tail := strings.Index(s[at:], "-----END ")
	if tail < 0 {
		return len(s)
	}
	at += tail + len("-----END ")
	if close := strings.Index(s[at:], "-----"); close >= 0 {
		return at + close + 5
	}
	return len(s)
}

// userInfo returns where the user and password of a URL end, 0 if it has none; i is behind the slashes.
func userInfo(s string, i int) int {
	for j := i; j < len(s) && j-i < 256; j++ {
		switch c := s[j]; {
		case c == '@':
			if s[i:j] == "[token]" || j == i || strings.Trim(s[i:j], "*") == "" || pseudonymShape(s[i:j]) {
				return 0
			}
			return j
		case c == '/' || c <= ' ' || c == '"' || c == '?' || c == '#':
			return 0
		}
	}
	return 0
}

// secretNames are what a name ends with whose value is a secret, without separators.
var secretNames = [...]string{"password", "passwd", "pwd", "secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "authorization", "passphrase", "credential", "credentials", "sessionkey"}

// secretName says that a name is that of a secret: _ and - in it do not count, nor does case.
func secretName(name string) bool {
	var buf [24]byte
	n := len(buf)
	for i := len(name) - 1; i >= 0 && n > 0; i-- {
		if c := name[i]; letter(c) || digit(c) {
			n--
			buf[n] = lower(c)
		} else if c != '_' && c != '-' {
			break
		}
	}
	tail := buf[n:]
	for _, w := range secretNames {
		if len(tail) >= len(w) && string(tail[len(tail)-len(w):]) == w {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// namedSecret looks for the name of a secret before the separator at i and for its value behind it: name=value,
// name: value, "name":"value". In prose after a colon only what is no plain word counts.
func namedSecret(s string, from, i int) (lo, hi int) {
	end := i
	if end > from && s[end-1] == ' ' {
		end--
	}
	quoted := end > from && (s[end-1] == '"' || s[end-1] == '\'')
	if quoted {
		if end--; end > from && s[end-1] == '\\' {
			end--
		}
	}
	begin := end
	for begin > from && end-begin < 40 && (tokenByte(s[begin-1]) || s[begin-1] == '.') {
		begin--
	}
	if end-begin < 3 || strings.IndexByte("dtnyesDTNYES", s[end-1]) < 0 || !secretName(s[begin:end]) {
		return 0, 0
	}
	lo = i + 1
	for lo < len(s) && s[lo] == ' ' && lo-i < 4 {
		lo++
	}
	spaced := lo > i+1
	for lo < len(s) && (s[lo] == '\\' || s[lo] == '"' || s[lo] == '\'') {
		quoted = true
		lo++
	}
	if k := strings.IndexByte(s[lo:min(len(s), lo+8)], ' '); k > 0 && (hasFold(s[lo:], "bearer ") || hasFold(s[lo:], "basic ") || hasFold(s[lo:], "token ")) {
		lo, spaced = lo+k+1, false
	}
	hi = lo
	for hi < len(s) && s[hi] > ' ' && strings.IndexByte("\"',;&)}\\<>", s[hi]) < 0 {
		hi++
	}
	v := s[lo:hi]
	switch {
	case len(v) < 4, v == "true", v == "false", v == "null", v == "none", v == "[token]", v == "undefined":
		return 0, 0
	case len(v) < 16 && v[0] == '[' && v[len(v)-1] == ']', strings.Trim(v, "*") == "", pseudonymShape(v): // redacted already
		return 0, 0
	case len(v) < 16 && strings.Trim(v, "0123456789.") == "" && !strings.HasSuffix(strings.ToLower(s[begin:end]), "word"): // a count of tokens
		return 0, 0
	case spaced && !quoted && s[i] == ':' && strings.IndexFunc(v, func(r rune) bool { return r < 'A' || r > 'z' }) < 0: // prose
		return 0, 0
	}
	return lo, hi
}
