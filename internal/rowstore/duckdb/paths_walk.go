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

// pathSource is what a walk has of one source.
type pathSource struct {
	*pathRows
	texts [][]string // words of the walk's columns
	mask  []bool     // rows that are wanted; nil: all are
	at    int        // the person who comes next
	head  uint64     // their hash; pathEnd: nobody comes
	parts []uint32   // the parts of the sessions of rows of nobody, by their words
}

// pathWalk hands over rows person by person.
type pathWalk struct {
	cols    []int
	held    []heldColumn
	sources []pathSource
	rows    [pathBatch]rowstore.Row
	same    [pathBatch]uint32 // 0, 1, 2 and so on
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
	sources = slices.Clone(sources)
	slices.SortStableFunc(sources, func(a, b *seeker) int { return cmp.Compare(a.From, b.From) })
	for _, src := range sources {
		if src.paths == nil {
			continue
		}
		if err := src.paths.take(); err != nil {
			s.opt.Logger.Warn("The paths of a file of rows are not used, the file itself is", "file", src.ID, "err", err)
			src.paths = nil
			continue
		}
		defer src.paths.give()
	}
	if pathRoom(sources, cols) > pathBytes {
		return errBig
	}
	w := newPathWalk(cols, len(sources))
	for i := range sources { // each part begins elsewhere, so that files are read side by side
		k := (i + q.Part*len(sources)/max(1, q.Parts)) % len(sources)
		r, err := s.pathsOf(ctx, sources[k], cols, q)
		if err != nil {
			return err
		}
		w.add(k, r)
	}
	for i := range w.sources {
		var err error
		if w.sources[i].mask, err = w.where(&w.sources[i], q.Where); err != nil {
			return err
		}
	}
	return w.walk(ctx, q, f)
}

// pathRoom is about how many bytes of memory the columns of sources take that have to be read.
func pathRoom(sources []*seeker, cols []int) (bytes int64) {
	for _, src := range sources {
		var known *pathRows
		row := int64(0)
		if src.paths != nil {
			known = &src.paths.rows
		} else {
			row = 14
		}
		for _, col := range known.missing(cols) {
			if h, _ := pathHeld(col); h.isWide && col != colReceived {
				row += 8
			} else {
				row += 2
			}
		}
		bytes += src.Rows * row
	}
	return bytes
}

func newPathWalk(cols []int, sources int) *pathWalk {
	w := &pathWalk{cols: cols, sources: make([]pathSource, sources)}
	for i := range w.same {
		w.same[i] = uint32(i)
	}
	for _, col := range cols {
		h, _ := pathHeld(col)
		if h.isWide {
			h.wide = make([]uint64, pathBatch)
		} else {
			h.small = make([]uint32, pathBatch)
		}
		w.held = append(w.held, h)
	}
	return w
}

// add sets a source.
func (w *pathWalk) add(k int, r *pathRows) {
	src := pathSource{pathRows: r, texts: make([][]string, len(w.cols))}
	for i, col := range w.cols {
		if w.held[i].isWide || !isText(col) {
			continue
		}
		src.texts[i] = r.columns[col].list()
		if col == pathAnonymous {
			src.parts = make([]uint32, len(src.texts[i]))
			for n, session := range src.texts[i] {
				src.parts[n] = pathPart(session)
			}
		}
	}
	src.look()
	w.sources[k] = src
}

// look sees who comes next.
func (s *pathSource) look() {
	if s.head = pathEnd; s.at < len(s.hash) {
		s.head = s.hash[s.at]
	}
}

// next returns the source that has the person who comes next in all of them; -1: nobody comes.
func (w *pathWalk) next() (found int) {
	found, best := -1, pathEnd
	for k := range w.sources {
		switch src := &w.sources[k]; {
		case src.head < best:
			found, best = k, src.head
		case src.head == best && best != pathEnd && src.ids.at(src.at) < w.sources[found].ids.at(w.sources[found].at):
			found = k
		}
	}
	return found
}

// walk goes through the people of all sources in their order.
func (w *pathWalk) walk(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	parts, mine := uint32(max(1, q.Parts)), uint32(q.Part)
	var refs []pathRef
	give := func(all bool) error {
		for len(refs) >= pathBatch || all && len(refs) > 0 {
			n := min(len(refs), pathBatch)
			if err := f(w.fill(refs[:n], func(int) bool { return true })); err != nil {
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
		first := w.next()
		if first < 0 {
			return give(true)
		}
		head, who := w.sources[first].head, w.sources[first].ids.at(w.sources[first].at)
		skip := who != "" && pathPart(who)%parts != mine
		begin, last, sorted := len(refs), int64(-1<<63), true
		for k := range w.sources {
			src := &w.sources[k]
			if src.head != head || k != first && src.ids.at(src.at) != who {
				continue
			}
			person := uint32(src.at)
			from, to := uint32(0), src.ends[person]
			if person > 0 {
				from = src.ends[person-1]
			}
			src.at++
			src.look()
			if skip {
				continue
			}
			for i := from; i < to; i++ {
				t := src.time[i]
				if t < q.From || q.To != 0 && t >= q.To || src.mask != nil && !src.mask[i] {
					continue
				}
				if who == "" && src.parts[src.columns[pathAnonymous].at(i)]%parts != mine {
					continue
				}
				sorted = sorted && t >= last
				last = t
				refs = append(refs, pathRef{uint32(k), i, person})
			}
		}
		if !sorted {
			slices.SortStableFunc(refs[begin:], func(a, b pathRef) int {
				return cmp.Compare(w.sources[a.source].time[a.row], w.sources[b.source].time[b.row])
			})
		}
		if err := give(false); err != nil {
			return err
		}
	}
}

// fill makes rows of what refs refer to, as far as columns are wanted. The rows are used again.
func (w *pathWalk) fill(refs []pathRef, want func(col int) bool) []rowstore.Row {
	rows := w.rows[:len(refs)]
	for from := 0; from < len(refs); { // rows of one source in one go
		src, end := &w.sources[refs[from].source], from+1
		for end < len(refs) && refs[end].source == refs[from].source {
			end++
		}
		run, to := refs[from:end], rows[from:end]
		person := ^uint32(0)
		id := ""
		for k, x := range run {
			if x.who != person {
				person, id = x.who, src.ids.at(int(x.who))
			}
			to[k].Time, to[k].User = src.time[x.row], id
		}
		for i, col := range w.cols {
			if want(col) {
				w.fillColumn(i, src, run, to)
			}
		}
		from = end
	}
	return rows
}

func (w *pathWalk) fillColumn(i int, src *pathSource, refs []pathRef, rows []rowstore.Row) {
	h, c := &w.held[i], src.columns[w.cols[i]]
	h.words.texts = src.texts[i]
	switch {
	case h.isWide && c.wide == nil: // as distances
		for k, x := range refs {
			h.wide[k] = uint64(src.time[x.row] + int64(int32(c.at(x.row))))
		}
	case h.isWide:
		for k, x := range refs {
			h.wide[k] = c.wide[x.row]
		}
	case c.tiny != nil:
		for k, x := range refs {
			h.small[k] = uint32(c.tiny[x.row])
		}
	default:
		for k, x := range refs {
			h.small[k] = c.at(x.row)
		}
	}
	h.give(h, w.same[:len(refs)], rows)
}
