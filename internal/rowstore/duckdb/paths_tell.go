package duckdb

import "github.com/signalbox/signalbox/internal/rowstore"

// tellRoom is for how many values that come together answers of a teller are kept, of each source.
const tellRoom = 1 << 16

// pathTell answers for a teller. Where the columns that it looks at have few values in a source, it is asked once for those that
// come together.
type pathTell struct {
	teller rowstore.Teller
	src    *pathSource
	row    *pathRow
	views  []pathView
	sizes  []uint32 // how many values each column has
	values []uint32
	known  []uint64 // an answer and 1, by values; 0 where it was not asked for. nil: it is asked row by row
}

// tellable reports whether tellers look at nothing that columns in order of people do not have.
func tellable(tellers []rowstore.Teller) bool {
	for _, t := range tellers {
		if need := columnsFor(t.Fields); need[colUser] || need[colSession] {
			return false
		}
	}
	return true
}

// tell makes a teller's answers of a source.
func (w *pathWalk) tell(src *pathSource, t rowstore.Teller) pathTell {
	need := columnsFor(t.Fields)
	places := w.placesOf(need)
	out := pathTell{teller: t, src: src, row: newPathRow(w, places...), values: make([]uint32, len(places))}
	if need[colTime] {
		return out
	}
	room := 1
	for _, i := range places {
		size := src.views[i].values(w.cols[i])
		if room *= size; room == 0 || room > tellRoom {
			return out
		}
		out.views, out.sizes = append(out.views, src.views[i]), append(out.sizes, uint32(size))
	}
	out.known = make([]uint64, room)
	return out
}

// of is the answer for a row.
func (t *pathTell) of(row uint32) uint32 {
	if t.known == nil {
		return t.teller.Of(t.row.of(t.src, row))
	}
	at := uint32(0)
	for i := range t.views {
		at = at*t.sizes[i] + t.views[i].at(row)
	}
	if known := t.known[at]; known != 0 {
		return uint32(known - 1)
	}
	for i := range t.views {
		t.values[i] = t.views[i].at(row)
	}
	answer := t.teller.Of(t.row.ofValues(t.src, t.values))
	t.known[at] = uint64(answer) + 1
	return answer
}

// pathRow is one row with some of a walk's columns.
type pathRow struct {
	places []int
	held   []heldColumn // with one value each
	row    [1]rowstore.Row
}

func newPathRow(w *pathWalk, places ...int) *pathRow {
	p := &pathRow{places: places}
	for _, i := range places {
		h := w.held[i]
		h.small, h.wide = make([]uint32, 1), make([]uint64, 1)
		p.held = append(p.held, h)
	}
	return p
}

// of sets the row's columns to those of a row of a source.
func (p *pathRow) of(src *pathSource, row uint32) *rowstore.Row {
	p.row[0].Time = src.time[row]
	for n, i := range p.places {
		if p.held[n].isWide {
			p.held[n].wide[0] = src.wideAt(i, row)
			p.held[n].give(&p.held[n], []uint32{0}, p.row[:])
		} else {
			p.set(n, src, src.views[i].at(row))
		}
	}
	return &p.row[0]
}

// ofValues sets the columns, none of which is wide, to values.
func (p *pathRow) ofValues(src *pathSource, values []uint32) *rowstore.Row {
	for n, v := range values {
		p.set(n, src, v)
	}
	return &p.row[0]
}

func (p *pathRow) set(n int, src *pathSource, value uint32) {
	h := &p.held[n]
	if h.text != nil {
		*h.text(&p.row[0]) = src.views[p.places[n]].texts[value]
		return
	}
	h.small[0] = value
	h.give(h, []uint32{0}, p.row[:])
}

// placesOf returns where among the walk's columns those are that are needed.
func (w *pathWalk) placesOf(need wanted) (places []int) {
	for i, col := range w.cols {
		if col < columns && need[col] {
			places = append(places, i)
		}
	}
	return places
}
