package duckdb

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const pathBatch = 256 // rows handed over at once

// pathRef is a row of a source: when it was, and whose it is by their place among the people of the batch.
type pathRef struct {
	time             int64
	source, row, who uint32
}

// pathSource is what a walk has of one source.
type pathSource struct {
	*pathRows
	views []pathView // of the walk's columns
	tells []pathTell
	mask  []bool   // rows that are wanted; nil: all are
	at    int      // the person who comes next
	jump  int      // those before are of another part, but for nobody
	end   int      // those from here on are of another part
	parts []uint32 // the parts of the sessions of rows of nobody, by their words
}

// pathWalk hands over rows person by person.
type pathWalk struct {
	cols    []int
	held    []heldColumn
	give    []bool // of each column, whether rows are to have it
	sources []pathSource
	heads   []uint64 // of each source, the hash of who comes next; pathEnd: nobody comes
	having  []int    // the sources that have who comes next of all
	refs    []pathRef
	people  []string // of refs
	rows    [pathBatch]rowstore.Row
	same    [pathBatch]uint32 // 0, 1, 2 and so on
}

// scanPaths hands over one part of the people's rows from columns in memory. The error is errBig, and nothing was handed over,
// for columns that are not held and for more rows than there is room for.
func (s *Store) scanPaths(ctx context.Context, q rowstore.Scan, sources []*seeker, f func([]rowstore.Row) error) error {
	if q.All() == nil {
		return errBig
	}
	cols, ok := pathColumns(q.Where, q.All())
	if !ok || !tellable(q.Tell) {
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
	w.hands(q.Fields)
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
		for _, t := range q.Tell {
			w.sources[i].tells = append(w.sources[i].tells, w.tell(&w.sources[i], t))
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
	w := &pathWalk{cols: cols, give: make([]bool, len(cols)), sources: make([]pathSource, sources), heads: make([]uint64, sources)}
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

// hands says which fields rows are to have besides time and user.
func (w *pathWalk) hands(fields []string) {
	need := columnsFor(fields)
	for i, col := range w.cols {
		w.give[i] = col < columns && need[col]
	}
}

// add sets a source.
func (w *pathWalk) add(k int, r *pathRows) {
	src := pathSource{pathRows: r, views: make([]pathView, len(w.cols))}
	for i, col := range w.cols {
		src.views[i].pathColumn = r.columns[col]
		if w.held[i].isWide || !isText(col) {
			continue
		}
		texts := r.columns[col].list()
		src.views[i].texts = texts
		if col == pathAnonymous {
			src.parts = make([]uint32, len(texts))
			for n, session := range texts {
				src.parts[n] = pathPart(session)
				w.give[i] = w.give[i] || session != ""
			}
		}
	}
	src.end = len(src.hash)
	w.sources[k] = src
	w.look(k)
}

// part leaves to each source the people of one of two parts, who stand together. Rows of nobody may be in both.
func (w *pathWalk) part(part int) {
	for k := range w.sources {
		src := &w.sources[k]
		half, _ := slices.BinarySearch(src.hash, pathHalf)
		if part == 0 {
			src.end = half
		} else if src.jump = half; len(src.hash) > 0 && src.hash[0] != 0 {
			src.at = half
		}
		w.look(k)
	}
}

// look sees who comes next in a source.
func (w *pathWalk) look(k int) {
	src := &w.sources[k]
	if w.heads[k] = pathEnd; src.at < src.end {
		w.heads[k] = src.hash[src.at]
	}
}

// next finds the sources that have the person who comes next in all of them, and who that is.
func (w *pathWalk) next() (who string, any bool) {
	w.having = w.having[:0]
	least := pathEnd
	for k, head := range w.heads {
		switch {
		case head < least:
			least, w.having = head, append(w.having[:0], k)
		case head == least && head != pathEnd:
			w.having = append(w.having, k)
		}
	}
	if len(w.having) == 0 {
		return "", false
	}
	who = w.comes(w.having[0])
	same := true
	for _, k := range w.having[1:] {
		if id := w.comes(k); id != who {
			who, same = min(who, id), false
		}
	}
	if !same { // different people of one hash
		w.having = slices.DeleteFunc(w.having, func(k int) bool { return w.comes(k) != who })
	}
	return who, true
}

// comes is who comes next in a source.
func (w *pathWalk) comes(k int) string { return w.sources[k].ids.at(w.sources[k].at) }

// walk goes through the people of all sources in their order.
func (w *pathWalk) walk(ctx context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	parts := uint32(max(1, q.Parts))
	if parts == 2 {
		w.part(q.Part)
	}
	for {
		who, any := w.next()
		if !any {
			return w.flush(ctx, f)
		}
		begin := len(w.refs)
		mine := who == "" || pathPart(who)%parts == uint32(q.Part)
		for _, k := range w.having {
			if mine {
				w.take(k, q, who == "")
			}
			src := &w.sources[k]
			src.at = max(src.at+1, src.jump)
			w.look(k)
		}
		if len(w.refs) > begin {
			w.people = append(w.people, who)
			inOrder(w.refs[begin:])
		}
		if len(w.refs) >= pathBatch {
			if err := w.flush(ctx, f); err != nil {
				return err
			}
		}
	}
}

// take notes the rows of a source's next person that are wanted.
func (w *pathWalk) take(k int, q rowstore.Scan, nobody bool) {
	src := &w.sources[k]
	from, to := uint32(0), src.ends[src.at]
	if src.at > 0 {
		from = src.ends[src.at-1]
	}
	until := q.To
	if until == 0 {
		until = math.MaxInt64
	}
	who := uint32(len(w.people))
	for i := from; i < to; i++ {
		t := src.time[i]
		if t < q.From || t >= until || src.mask != nil && !src.mask[i] {
			continue
		}
		if nobody && src.parts[src.columns[pathAnonymous].at(i)]%uint32(max(1, q.Parts)) != uint32(q.Part) {
			continue
		}
		w.refs = append(w.refs, pathRef{t, uint32(k), i, who})
	}
}

// inOrder puts one person's rows in order of time; few are out of it.
func inOrder(refs []pathRef) {
	if len(refs) > 64 {
		slices.SortStableFunc(refs, func(a, b pathRef) int { return cmp.Compare(a.time, b.time) })
		return
	}
	for i := 1; i < len(refs); i++ {
		x, k := refs[i], i
		for ; k > 0 && refs[k-1].time > x.time; k-- {
			refs[k] = refs[k-1]
		}
		refs[k] = x
	}
}
