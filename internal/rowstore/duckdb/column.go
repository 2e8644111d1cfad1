package duckdb

import (
	"encoding/binary"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// column16 is a column of ids of 16 bytes.
type column16 struct {
	form byte
	b    []byte
}

func (c *column16) at(i int) (id rowstore.TraceID) {
	switch c.form {
	case formOne:
		copy(id[:], c.b)
	case formEach:
		copy(id[:], c.b[16*i:])
	}
	return id
}

// numberColumn is a column of numbers.
type numberColumn struct {
	form  byte
	width int
	one   uint64
	b     []byte   // of numbers of a fixed width
	each  []uint64 // the others
}

// at returns a number's bits.
func (c *numberColumn) at(i int) uint64 {
	if c.form != formEach {
		return c.one
	}
	switch c.width {
	case 8:
		return binary.LittleEndian.Uint64(c.b[8*i:])
	case 4:
		return uint64(binary.LittleEndian.Uint32(c.b[4*i:]))
	case 1:
		return uint64(c.b[i])
	}
	return c.each[i]
}

// textColumn is a column of texts.
type textColumn struct {
	form  byte
	words []string // of formWords; of formOne the one
	index []byte
	all   []byte // of formEach: the texts one behind the other
	ends  []uint32

	laid []text // the words as DuckDB has them; of a loadedLog
}

func (c *textColumn) at(i int) string {
	switch c.form {
	case formOne:
		return c.words[0]
	case formWords:
		return c.words[c.index[i]]
	case formEach:
		from := uint32(0)
		if i > 0 {
			from = c.ends[i-1]
		}
		return view(c.all[from:c.ends[i]])
	}
	return ""
}

func (c *numberColumn) read(d *cursor, n, width int) {
	*c = numberColumn{form: d.byte(), width: width, each: c.each[:0]}
	switch {
	case c.form == formZero:
	case c.form == formOne && width == 0:
		c.one = uint64(d.varint())
	case c.form == formOne:
		var b [8]byte
		copy(b[:], d.bytes(width))
		c.one = binary.LittleEndian.Uint64(b[:])
	case c.form == formEach && width == 0:
		for range n {
			c.each = append(c.each, uint64(d.varint()))
		}
	case c.form == formEach:
		c.b = d.bytes(width * n)
	default:
		d.err = errShort
	}
	if d.err != nil {
		*c = numberColumn{}
	}
}

func (c *textColumn) read(d *cursor, n int, take func(n int) []byte) {
	*c = textColumn{form: d.byte(), words: c.words[:0], ends: c.ends[:0]}
	switch c.form {
	case formZero:
	case formOne:
		c.words = append(c.words, d.text())
	case formWords:
		words := d.count(maxWords)
		for range words {
			c.words = append(c.words, d.text())
		}
		c.index = d.bytes(n)
		for _, w := range c.index {
			if int(w) >= words {
				d.err = errShort
			}
		}
	case formHex:
		c.form = formEach
		width := d.count(len(d.b)) / 2
		packed := d.bytes(width * n)
		if take == nil {
			take = func(n int) []byte { return make([]byte, n) }
		}
		c.all = take(2 * len(packed))
		for i, b := range packed {
			c.all[2*i], c.all[2*i+1] = hexText[b>>4], hexText[b&15]
		}
		for i := range n {
			c.ends = append(c.ends, uint32((i+1)*2*width))
		}
	case formEach:
		end := 0
		for range n {
			if end += d.count(len(d.b)); end > len(d.b) {
				d.err = errShort
			}
			c.ends = append(c.ends, uint32(end))
		}
		c.all = d.bytes(end)
	default:
		d.err = errShort
	}
	if d.err != nil {
		*c = textColumn{}
	}
}
