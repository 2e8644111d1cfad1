package privacy

import "strings"

// maxPasses bounds how often a text is looked at again after something was taken out of it, since what is left may read
// differently. A text in which something is found even then is replaced as a whole.
const maxPasses = 8

// text returns a text without the personal data that the detectors find in it; the text itself if there is none.
func (w *worker) text(s string) string {
	if len(s) < 4 {
		return s
	}
	h := shapeOf(s)
	if h.longest < minToken && h.seen&w.pl.seek == 0 && h.digits < w.pl.fewest {
		return s
	}
	if !w.found(s, h) {
		return s
	}
	for range maxPasses {
		if s = w.pass(s); !w.found(s, shapeOf(s)) {
			return s
		}
	}
	return "[redacted]"
}

// found says whether any detector that is on finds anything.
func (w *worker) found(s string, h shape) bool {
	for i := range detectors {
		d := &detectors[i]
		if w.pl.detect[i].act == 0 || !d.may(h) {
			continue
		}
		if _, _, ok := d.find(s, 0, h); ok {
			return true
		}
	}
	return false
}

// pass runs each detector over the text once.
func (w *worker) pass(s string) string {
	for i := range detectors {
		d, what := &detectors[i], &w.pl.detect[i]
		if what.act == 0 {
			continue
		}
		h := shapeOf(s)
		if !d.may(h) {
			continue
		}
		lo, hi, ok := d.find(s, 0, h)
		if !ok {
			continue
		}
		out, from := w.out[:0], 0
		for ; ok; lo, hi, ok = d.find(s, from, h) {
			out = append(out, s[from:lo]...)
			switch what.act {
			case pseudonym:
				out = w.pens[what.purpose].write(out, s[lo:hi])
			case mask:
				out = stars(out, s[lo:hi], 0)
			default:
				out = append(out, d.tag...)
			}
			from = hi
			what.found.Inc()
		}
		out = append(out, s[from:]...)
		w.out = out[:0]
		s = w.keep(out)
	}
	return s
}

// stars appends a star for each character but the last few.
func stars(dst []byte, s string, last int) []byte {
	n := 0
	for range s {
		n++
	}
	for _, r := range s {
		if n--; n >= last {
			dst = append(dst, '*')
		} else {
			dst = append(dst, string(r)...)
		}
	}
	return dst
}

// cut returns at most n characters of a text.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// plainLink returns a URL without query, fragment, user and password.
func plainLink(s string) (head, tail string) {
	if i := strings.IndexAny(s, "?#"); i >= 0 {
		s = s[:i]
	}
	i := strings.Index(s, "://")
	if i < 0 {
		if strings.HasPrefix(s, "//") {
			i = -1
		} else {
			return s, ""
		}
	}
	i += 3
	end := len(s)
	if j := strings.IndexByte(s[i:], '/'); j >= 0 {
		end = i + j
	}
	at := strings.LastIndexByte(s[i:end], '@')
	if at < 0 {
		return s, ""
	}
	return s[:i], s[i+at+1:]
}
