package syslog

import (
	"bytes"
)

// messages are raw messages one behind the other, cut at a bound.
type messages struct {
	bytes []byte
	ends  []int
	cut   []bool // the message was longer
}

func (m *messages) add(b []byte, most int) {
	cut := len(b) > most
	if cut {
		b = b[:most]
	}
	m.bytes = append(m.bytes, b...)
	m.ends = append(m.ends, len(m.bytes))
	m.cut = append(m.cut, cut)
}

func (m *messages) reset() {
	if cap(m.bytes) > 4*batchBytes {
		m.bytes = nil
	}
	m.bytes, m.ends, m.cut = m.bytes[:0], m.ends[:0], m.cut[:0]
}

func (m *messages) full() bool { return len(m.ends) >= batchMessages || len(m.bytes) >= batchBytes }

// framer cuts a stream into messages: "LEN MESSAGE" by octet counting, else up to a newline or NUL. It keeps no more than a
// bound of bytes, whatever is sent.
type framer struct {
	most    int // bytes of a message
	buf     []byte
	skip    int  // bytes of a counted message that are still to come and are not kept
	skipEnd bool // the rest of a line is not kept
}

// longestCount is how many digits a length may have.
const longestCount = 8

// feed takes bytes in and adds the messages that are complete.
func (f *framer) feed(b []byte, to *messages) {
	f.buf = append(f.buf, b...)
	rest := f.buf
	for len(rest) > 0 {
		n := f.next(rest, to)
		if n == 0 {
			break
		}
		rest = rest[n:]
	}
	f.buf = f.buf[:copy(f.buf, rest)]
}

// next takes one message, or a part that is not kept, off the front and returns its length; 0 if more bytes are needed.
func (f *framer) next(b []byte, to *messages) int {
	if f.skip > 0 {
		n := min(f.skip, len(b))
		f.skip -= n
		return n
	}
	if !f.skipEnd {
		if digits, n := count(b); n > 0 {
			start := digits + 1
			if len(b)-start >= n {
				to.add(trim(b[start:start+n]), f.most)
				return start + n
			}
			if n <= f.most || len(b)-start <= f.most {
				return 0
			}
			to.add(b[start:], f.most) // cut
			f.skip = n - (len(b) - start)
			return len(b)
		} else if digits < 0 {
			return 0 // a length whose end has not come yet
		}
	}
	end := bytes.IndexAny(b, "\n\x00")
	if f.skipEnd {
		if end < 0 {
			return len(b)
		}
		f.skipEnd = false
		return end + 1
	}
	if end < 0 {
		if len(b) <= f.most {
			return 0
		}
		to.add(b, f.most)
		f.skipEnd = true
		return len(b)
	}
	if m := trim(b[:end]); len(m) > 0 {
		to.add(m, f.most)
	}
	return end + 1
}

// end adds what came without an end before the connection was closed.
func (f *framer) end(to *messages) {
	b := f.buf
	if digits, n := count(b); n > 0 {
		b = b[digits+1:]
	}
	if m := trim(b); len(m) > 0 && f.skip == 0 && !f.skipEnd {
		to.add(m, f.most)
	}
	f.buf = f.buf[:0]
}

// count reads the length of a counted message: digits is how many it has, -1 if more may follow, n is 0 if it is none. A
// length is followed by a space and "<", so that a line that begins with a number is not mistaken for one.
func count(b []byte) (digits, n int) {
	for i, c := range b[:min(len(b), longestCount+2)] {
		if c == ' ' && i > 0 && i <= longestCount && b[0] != '0' {
			switch {
			case len(b) == i+1:
				return -1, 0
			case b[i+1] == '<':
				return i, n
			}
			return 0, 0
		}
		if c < '0' || c > '9' || i >= longestCount {
			return 0, 0
		}
		n = n*10 + int(c-'0')
	}
	if len(b) == 0 || b[0] == '0' {
		return 0, 0
	}
	return -1, 0
}

func trim(b []byte) []byte { return bytes.TrimRight(b, "\r\n\x00") }
