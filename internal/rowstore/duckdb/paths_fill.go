package duckdb

import (
	"context"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// flush hands over the rows that were noted.
func (w *pathWalk) flush(ctx context.Context, f func([]rowstore.Row) error) error {
	for refs := w.refs; len(refs) > 0; {
		n := min(len(refs), pathBatch)
		if err := f(w.fill(refs[:n])); err != nil {
			return err
		}
		refs = refs[n:]
	}
	w.refs, w.people = w.refs[:0], w.people[:0]
	if err := ctx.Err(); err != nil {
		return asked(ctx, err)
	}
	return nil
}

// fill makes rows of what refs refer to. The rows are used again.
func (w *pathWalk) fill(refs []pathRef) []rowstore.Row {
	rows := w.rows[:len(refs)]
	for k, x := range refs {
		rows[k].Time, rows[k].User = x.time, w.people[x.who]
		for n := range w.sources[x.source].tells {
			rows[k].Told[n] = w.sources[x.source].tells[n].of(x.row)
		}
	}
	for i, give := range w.give {
		if give {
			w.fillColumn(i, refs, rows)
		}
	}
	return rows
}

func (w *pathWalk) fillColumn(i int, refs []pathRef, rows []rowstore.Row) {
	switch h := &w.held[i]; {
	case h.isWide:
		for k, x := range refs {
			h.wide[k] = w.sources[x.source].wideAt(i, x.row)
		}
		h.give(h, w.same[:len(refs)], rows)
	case h.text == nil:
		for k, x := range refs {
			h.small[k] = w.sources[x.source].views[i].at(x.row)
		}
		h.give(h, w.same[:len(refs)], rows)
	default:
		for k, x := range refs {
			v := &w.sources[x.source].views[i]
			*h.text(&rows[k]) = v.texts[v.at(x.row)]
		}
	}
}

// wideAt is a value of a wide column.
func (s *pathSource) wideAt(i int, row uint32) uint64 {
	v := &s.views[i]
	if v.wide == nil { // as distances
		return uint64(s.time[row] + int64(int32(v.at(row))))
	}
	return v.wide[row]
}
