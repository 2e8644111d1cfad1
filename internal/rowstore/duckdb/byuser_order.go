package duckdb

import "slices"

// personOrder sorts the rows of one person after the other by time. Its memory is used again.
type personOrder struct {
	keys  []uint64
	order []uint32
	small []uint32
	wide  []uint64
	time  []int64
}

// sort sorts the rows of one person, which lie side by side.
func (p *personOrder) sort(o *byUser, from, to int) {
	times := o.time[from:to]
	if slices.IsSorted(times) {
		return
	}
	p.order = p.order[:0]
	for i := from; i < to; i++ {
		p.order = append(p.order, uint32(i))
	}
	p.keys = o.byTime(p.order, p.keys)
	p.time = permuted(times, p.time, p.order, from)
	for c := range o.columns {
		if h := &o.columns[c]; h.isWide {
			p.wide = permuted(h.wide[from:to], p.wide, p.order, from)
		} else {
			p.small = permuted(h.small[from:to], p.small, p.order, from)
		}
	}
}

// permuted puts values, of which the first has a number, into an order. room is memory that it uses and returns.
func permuted[T any](values, room []T, order []uint32, first int) []T {
	room = append(room[:0], values...)
	for k, i := range order {
		values[k] = room[int(i)-first]
	}
	return room
}
