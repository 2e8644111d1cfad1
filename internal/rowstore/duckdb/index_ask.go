package duckdb

import (
	"math/bits"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// find returns the rows that can match an expression within a span of time; the others do not.
func (x *index) find(e rowstore.Expr, b rowstore.Between) []span {
	all := []span{{0, x.rows - 1}}
	found, known := x.match(e)
	if !known {
		found = all
	}
	if len(found) == 0 || x.covered(b) {
		return found
	}
	return both(found, x.within(b))
}

// covered reports whether all rows are within a span of time.
func (x *index) covered(b rowstore.Between) bool {
	for _, z := range x.zones {
		if z.from < b.From || b.To != 0 && z.to >= b.To {
			return false
		}
	}
	return true
}

// within returns the rows of the blocks that overlap a span of time.
func (x *index) within(b rowstore.Between) (out []span) {
	for i, z := range x.zones {
		if overlaps(z.from, z.to, b) {
			out = x.append(out, i)
		}
	}
	return out
}

// append adds a block's rows.
func (x *index) append(out []span, block int) []span {
	from := int64(block) << indexBits
	to := min(from+indexBlock, x.rows) - 1
	if n := len(out); n > 0 && out[n-1].to+1 == from {
		out[n-1].to = to
		return out
	}
	return append(out, span{from, to})
}

// match returns the rows that can match an expression; known is false where any row can.
func (x *index) match(e rowstore.Expr) (rows []span, known bool) {
	switch {
	case e.Match != nil:
		return x.matchOne(e.Match)
	case e.Not != nil:
		return nil, false
	case len(e.Or) > 0:
		for _, part := range e.Or {
			r, ok := x.match(part)
			if !ok {
				return nil, false
			}
			rows = either(rows, r)
		}
		return rows, true
	}
	for _, part := range e.And {
		r, ok := x.match(part)
		if !ok {
			continue
		}
		if !known {
			rows, known = r, true
			continue
		}
		rows = both(rows, r)
	}
	return rows, known
}

func (x *index) matchOne(m *rowstore.Match) (rows []span, known bool) {
	all := []span{{0, x.rows - 1}}
	switch m.Op {
	case rowstore.Contains:
		switch m.Field {
		case "*", "body", "name", "route", "error_type":
			return x.matchText(lower(m.Value))
		}
	case rowstore.Equal:
		if m.Value == "" {
			return nil, false
		}
		col := 0
		switch m.Field {
		case "service":
			if x.services == nil {
				return nil, false
			}
			r, ok := x.services[m.Value]
			if !ok {
				return nil, true
			}
			return []span{r}, true
		case "trace_id":
			id, ok := rowstore.TraceOf(m.Value)
			if ok && id.String() == m.Value && !x.hasID(traceHash(id.Halves())) {
				return nil, true
			}
			return all, ok
		case "user":
			col = colUser
		case "session":
			col = colSession
		case "business_id":
			col = colBusiness
		default:
			return nil, false
		}
		if !x.hasID(idHash(col, m.Value)) {
			return nil, true
		}
		return all, true
	}
	return nil, false
}

// hasID reports whether an id can be in a row.
func (x *index) hasID(hash uint64) bool {
	line := make([]uint64, idLine)
	return x.lines == 0 || !x.file.read(line, x.ids+8*idLine*int64(lineOf(hash, x.lines))) || lineHas(line, hash)
}

// matchText returns the rows that can have a text, which is in lower case.
func (x *index) matchText(part string) (rows []span, known bool) {
	blocks, ok := findWords(part, len(x.zones), func(row []uint64, place int) bool { return x.file.read(row, x.words+8*int64(place*len(row))) })
	if !ok {
		return nil, false
	}
	for i, word := range blocks {
		for ; word != 0; word &= word - 1 {
			rows = x.append(rows, 64*i+bits.TrailingZeros64(word))
		}
	}
	return rows, true
}

// both returns what is in both lists of rows, which are in order.
func both(a, b []span) (out []span) {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		if x := (span{max(a[i].from, b[k].from), min(a[i].to, b[k].to)}); x.from <= x.to {
			out = append(out, x)
		}
		if a[i].to < b[k].to {
			i++
		} else {
			k++
		}
	}
	return out
}

// either returns what is in one of two lists of rows.
func either(a, b []span) (out []span) {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b span) int { return int(min(1, max(-1, a.from-b.from))) })
	for _, x := range all {
		if n := len(out); n > 0 && x.from <= out[n-1].to+1 {
			out[n-1].to = max(out[n-1].to, x.to)
			continue
		}
		out = append(out, x)
	}
	return out
}

// rowsOf counts the rows in spans.
func rowsOf(spans []span) (n int64) {
	for _, x := range spans {
		n += x.to - x.from + 1
	}
	return n
}

// ofService reports whether all rows that from renders are of a service.
func (s *seeker) ofService(name string) bool {
	if !s.narrow || len(s.spans) == 0 || len(s.spans) > maxParts || s.index == nil {
		return false
	}
	x, ok := s.index.services[name]
	return ok && x.from <= s.spans[0].from && s.spans[len(s.spans)-1].to <= x.to
}

// looked counts the rows of the source that a question looks at.
func (s *seeker) looked() int64 {
	if s.narrow {
		return min(s.Rows, rowsOf(s.spans))
	}
	return s.Rows
}
