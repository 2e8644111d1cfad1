package duckdb

import "slices"

// pathColumn is one column: numbers of words or small values in as few bytes as they need, or wide values. Where it has none of
// them all rows have one value.
type pathColumn struct {
	tiny  []uint8
	mid   []uint16
	small []uint32
	wide  []uint64
	one   uint32

	texts []string   // the words of a column of texts
	words *pathTexts // the same where they are not listed yet
}

// width is the bytes of a value.
func (c *pathColumn) width() int {
	switch {
	case c.tiny != nil:
		return 1
	case c.mid != nil:
		return 2
	case c.small != nil:
		return 4
	case c.wide != nil:
		return 8
	}
	return 0
}

// bytes is about what it takes in memory.
func (c *pathColumn) bytes() int {
	n := len(c.tiny) + 2*len(c.mid) + 4*len(c.small) + 8*len(c.wide)
	for _, s := range c.texts {
		n += 16 + len(s)
	}
	return n
}

// list returns the words.
func (c *pathColumn) list() []string {
	if c.words != nil {
		return c.words.list()
	}
	return c.texts
}

// highest is the greatest value of a column that is not wide.
func (c *pathColumn) highest() uint32 {
	switch {
	case c.tiny != nil:
		return uint32(slices.Max(c.tiny))
	case c.mid != nil:
		return uint32(slices.Max(c.mid))
	case c.small != nil:
		return slices.Max(c.small)
	}
	return c.one
}

// at is a value that is not wide.
func (c *pathColumn) at(i uint32) uint32 {
	switch {
	case c.tiny != nil:
		return uint32(c.tiny[i])
	case c.mid != nil:
		return uint32(c.mid[i])
	case c.small != nil:
		return c.small[i]
	}
	return c.one
}

// pathHeld is how a column is held.
func pathHeld(col int) (heldColumn, bool) {
	if col == pathAnonymous {
		return held(colSession)
	}
	return held(col)
}

func pathExpression(col int) string {
	if col == pathAnonymous {
		return "CASE WHEN user_id = '' THEN session_id ELSE '' END"
	}
	return columnNames[col]
}

// isFew reports whether a column has small numbers.
func isFew(col int) bool { return col == colStatus || col == colKind || col == colSeverity }

// isText reports whether a held column that is not wide has texts.
func isText(col int) bool {
	return !isFew(col) && col != colWeight
}

// placeColumn puts a column in order, in as few bytes as it needs.
func placeColumn(h *heldColumn, col int, to []uint32, times []int64) *pathColumn {
	c := &pathColumn{texts: h.words.texts}
	switch {
	case h.isWide && col == colReceived && nearTimes(h.wide, to, times):
		c.small = make([]uint32, len(to))
		for i, at := range to {
			c.small[at] = uint32(int32(int64(h.wide[i]) - times[at]))
		}
		if len(to) > 0 && slices.Min(c.small) == slices.Max(c.small) {
			c.one, c.small = c.small[0], nil
		}
		return c
	case h.isWide:
		c.wide = make([]uint64, len(to))
		for i, at := range to {
			c.wide[at] = h.wide[i]
		}
		return c
	case len(to) == 0:
		return c
	}
	switch low, high := slices.Min(h.small), slices.Max(h.small); {
	case low == high:
		c.one = low
	case high < 1<<8:
		c.tiny = placed[uint8](h.small, to)
	case high < 1<<16:
		c.mid = placed[uint16](h.small, to)
	default:
		c.small = placed[uint32](h.small, to)
	}
	return c
}

func placed[T uint8 | uint16 | uint32](values, to []uint32) []T {
	out := make([]T, len(to))
	for i, at := range to {
		out[at] = T(values[i])
	}
	return out
}

// nearTimes reports whether all instants are within half an hour of their rows' times: then the distance is kept.
func nearTimes(instants []uint64, to []uint32, times []int64) bool {
	for i, at := range to {
		if d := int64(instants[i]) - times[at]; d != int64(int32(d)) {
			return false
		}
	}
	return true
}

// pathView is a column of a source with its words at hand.
type pathView struct {
	*pathColumn
	texts []string
}

// values is how many values a column can have in the source: the words of texts, or those up to the highest. 0: too many to be gone
// through.
func (v *pathView) values(col int) int {
	switch {
	case v.texts != nil:
		return len(v.texts)
	case isFew(col):
		return int(v.highest()) + 1
	}
	return 0
}
