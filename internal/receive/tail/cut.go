package tail

import (
	"bytes"
)

// span is a record in a buffer; cut says that it was longer.
type span struct {
	from, to int
	cut      bool
}

// cutter cuts a buffer into records.
type cutter struct {
	most int  // bytes of a record that are kept
	join bool // continuation lines belong to the record before them
	skip bool // in: the buffer begins within a line that is not kept; out: it ends so
}

// recordLines bounds the lines of one record.
const recordLines = 1000

// cut returns complete records, at most so many, and how many bytes they took. The last record of the buffer may go on: it is
// complete when the file is quiet, and its last line without a newline only when the file is left.
func (c *cutter) cut(b []byte, quiet, leave bool, most int) (spans []span, used int) {
	for used < len(b) && len(spans) < most {
		if c.skip {
			i := bytes.IndexByte(b[used:], '\n')
			if i < 0 {
				return spans, len(b)
			}
			used += i + 1
			c.skip = false
			continue
		}
		end, next, whole := c.record(b, used)
		if next < 0 { // not even one line
			switch {
			case len(b)-used > c.most:
				spans = append(spans, span{used, used + c.most, true})
				c.skip = true
				used += c.most
			case leave:
				spans = keep(spans, b, used, len(b), c.most)
				used = len(b)
			default:
				return spans, used
			}
			continue
		}
		if !whole && !quiet && !leave && next-used <= c.most {
			return spans, used
		}
		spans = keep(spans, b, used, end, c.most)
		used = next
	}
	return spans, used
}

// keep adds a record unless it is empty.
func keep(spans []span, b []byte, from, to, most int) []span {
	for to > from && (b[to-1] == '\r' || b[to-1] == '\n') {
		to--
	}
	if len(bytes.TrimSpace(b[from:to])) == 0 {
		return spans
	}
	if to-from > most {
		return append(spans, span{from, from + most, true})
	}
	return append(spans, span{from, to, false})
}

// record finds the end of the record at p and where the next one begins, -1 if there is no line yet. It is whole if the line
// behind it was seen and belongs to another record.
func (c *cutter) record(b []byte, p int) (end, next int, whole bool) {
	end, next = p, -1
	trace := bytes.HasPrefix(b[p:], []byte("Traceback (most recent call last)"))
	for n := 0; ; n++ {
		at := p
		if next >= 0 {
			at = next
		}
		if n > 0 {
			if !c.join || n >= recordLines || next-p > c.most {
				return end, next, true
			}
			rest := b[at:]
			switch {
			case len(rest) == 0 || len(rest) < len("Caused by") && bytes.HasPrefix([]byte("Caused by"), rest):
				return end, next, false
			case continues(rest):
			case trace && n > 1:
				trace = false // Python's last line says what it was
			default:
				return end, next, true
			}
		}
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return end, next, false
		}
		end, next = at+i, at+i+1
	}
}

func continues(l []byte) bool {
	return l[0] == ' ' || l[0] == '\t' || bytes.HasPrefix(l, []byte("Caused by"))
}
