package duckdb

import (
	"cmp"
	"context"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const pathBatch = 256 // rows handed over at once

// pathRef is a row of a source, and whose it is.
type pathRef struct{ source, row, who uint32 }

// pathWalk hands over rows person by person.
type pathWalk struct {
	cols  []int
	held  []heldColumn
	texts map[int][]string // words of columns of texts
	who   []string         // people by number
	rows  [pathBatch]rowstore.Row
	same  [pathBatch]uint32 // 0, 1, 2 and so on
}

// scanPaths hands over one part of the people's rows from columns in memory. The error is errBig, and nothing was handed over,
// for columns that are not held and for more rows than there is room for.
func (s *Store) scanPaths(ctx context.Context, q rowstore.Scan, sources []*seeker, f func([]rowstore.Row) error) error {
	if q.Fields == nil {
		return errBig
	}
	cols, ok := pathColumns(q.Where, q.Fields)
	if !ok {
		return errBig
	}
	total := int64(0)
	for _, src := range sources {
		total += src.Rows
	}
	wide := 0
	for _, col := range cols {
		if h, _ := pathHeld(col); h.isWide && col != colReceived {
			wide++
		}
	}
	if total*int64(14+2*len(cols)+6*wide) > pathBytes {
		return errBig
	}
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b *seeker) int { return cmp.Compare(a.From, b.From) })
	p, files := s.paths.shelf(), make([]*pathRows, len(sources))
	for i := range sources { // each part begins elsewhere, so that files are read side by side
		k := (i + q.Part*len(sources)/max(1, q.Parts)) % len(sources)
		var err error
		if files[k], err = s.pathsOf(ctx, p, sources[k], cols, q); err != nil {
			return err
		}
	}
	w := &pathWalk{cols: cols, texts: map[int][]string{}}
	people := p.wordsOf(colUser)
	w.who = people.texts
	for i := range w.same {
		w.same[i] = uint32(i)
	}
	var anonymous pathWords
	for _, col := range cols {
		h, _ := pathHeld(col)
		switch {
		case h.isWide:
			h.wide = make([]uint64, pathBatch)
		case isText(col):
			words := p.wordsOf(col)
			if w.texts[col] = words.texts; col == pathAnonymous {
				anonymous = words
			}
			h.words.texts = words.texts
			fallthrough
		default:
			h.small = make([]uint32, pathBatch)
		}
		w.held = append(w.held, h)
	}
	masks := make([][]bool, len(files))
	for i, r := range files {
		var err error
		if masks[i], err = w.where(r, q.Where); err != nil {
			return err
		}
	}
	return w.walk(ctx, q, files, masks, people.part, anonymous.part, f)
}

// walk goes through the people of all files in order of their numbers.
func (w *pathWalk) walk(ctx context.Context, q rowstore.Scan, files []*pathRows, masks [][]bool, part, anonymous []uint32, f func([]rowstore.Row) error) error {
	parts, mine := uint32(max(1, q.Parts)), uint32(q.Part)
	at := make([]int, len(files))
	var refs []pathRef
	give := func(all bool) error {
		for len(refs) >= pathBatch || all && len(refs) > 0 {
			n := min(len(refs), pathBatch)
			if err := f(w.fill(files, refs[:n], func(int) bool { return true })); err != nil {
				return err
			}
			refs = refs[:copy(refs, refs[n:])]
			if err := ctx.Err(); err != nil {
				return asked(ctx, err)
			}
		}
		return nil
	}
	for {
		next, found := ^uint32(0), false
		for k, r := range files {
			if at[k] < len(r.people) && r.people[at[k]] <= next {
				next, found = r.people[at[k]], true
			}
		}
		if !found {
			return give(true)
		}
		skip := next != 0 && part[next]%parts != mine
		begin, last, sorted := len(refs), int64(-1<<63), true
		for k, r := range files {
			if at[k] == len(r.people) || r.people[at[k]] != next {
				continue
			}
			from, to := uint32(0), r.ends[at[k]]
			if at[k] > 0 {
				from = r.ends[at[k]-1]
			}
			at[k]++
			if skip {
				continue
			}
			for i := from; i < to; i++ {
				t := r.time[i]
				if t < q.From || q.To != 0 && t >= q.To || masks[k] != nil && !masks[k][i] {
					continue
				}
				if next == 0 && anonymous[r.columns[pathAnonymous].at(i)]%parts != mine {
					continue
				}
				sorted = sorted && t >= last
				last = t
				refs = append(refs, pathRef{uint32(k), i, next})
			}
		}
		if !sorted {
			slices.SortStableFunc(refs[begin:], func(a, b pathRef) int {
				return cmp.Compare(files[a.source].time[a.row], files[b.source].time[b.row])
			})
		}
		if err := give(false); err != nil {
			return err
		}
	}
}

// fill makes rows of what refs refer to, as far as columns are wanted. The rows are used again.
func (w *pathWalk) fill(files []*pathRows, refs []pathRef, want func(col int) bool) []rowstore.Row {
	rows := w.rows[:len(refs)]
	for k, x := range refs {
		rows[k].Time, rows[k].User = files[x.source].time[x.row], w.who[x.who]
	}
	for i, col := range w.cols {
		if !want(col) {
			continue
		}
		h := &w.held[i]
		for k := 0; k < len(refs); { // rows of one source in one go
			c, end := files[refs[k].source].columns[col], k+1
			for end < len(refs) && refs[end].source == refs[k].source {
				end++
			}
			switch {
			case h.isWide && c.wide == nil: // as distances
				for ; k < end; k++ {
					h.wide[k] = uint64(files[refs[k].source].time[refs[k].row] + int64(int32(c.small[refs[k].row])))
				}
			case h.isWide:
				for ; k < end; k++ {
					h.wide[k] = c.wide[refs[k].row]
				}
			case c.tiny != nil:
				for ; k < end; k++ {
					h.small[k] = uint32(c.tiny[refs[k].row])
				}
			default:
				for ; k < end; k++ {
					h.small[k] = c.at(refs[k].row)
				}
			}
		}
		h.give(h, w.same[:len(refs)], rows)
	}
	return rows
}

// isText reports whether a held column that is not wide has texts.
func isText(col int) bool {
	return col != colKind && col != colSeverity && col != colStatus && col != colWeight
}
