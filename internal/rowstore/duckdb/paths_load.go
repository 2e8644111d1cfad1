package duckdb

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// pathRows is the rows of one source in order of people and time.
type pathRows struct {
	hash    []uint64  // of people, ascending
	ids     pathTexts // of people
	ends    []uint32  // where each one's rows end
	place   []uint32  // of each row of a sealed file
	time    []int64
	columns [columns + 1]*pathColumn
}

// pathsOf returns the columns of a source, of a sealed file from what is beside it and from memory as far as they are there.
func (s *Store) pathsOf(ctx context.Context, src *seeker, cols []int, q rowstore.Scan) (*pathRows, error) {
	if !src.pathed() {
		return s.loadPaths(ctx, src, nil, cols, &q)
	}
	f := s.paths.file(src.ID, s.opt.Now())
	f.loading.Lock()
	defer f.loading.Unlock()
	if f.rows == nil && src.paths != nil {
		f.rows = &src.paths.rows
	}
	missing := f.rows.missing(cols)
	if f.rows != nil && len(missing) == 0 {
		return f.rows, nil
	}
	rows, err := s.loadPaths(ctx, src, f.rows, missing, nil)
	if err != nil {
		return nil, err
	}
	more := 0
	if f.rows == nil {
		more = 12*len(rows.time) + 24*len(rows.hash) + len(rows.ids.all)
	}
	for _, col := range missing {
		more += rows.columns[col].bytes()
	}
	f.rows = rows
	s.paths.grown(src.ID, f, more)
	return rows, nil
}

// missing returns the columns that are not there.
func (r *pathRows) missing(cols []int) (out []int) {
	for _, col := range cols {
		if r == nil || r.columns[col] == nil {
			out = append(out, col)
		}
	}
	return out
}

// pathed reports whether a source is a sealed file whose rows have numbers.
func (s *seeker) pathed() bool { return s.Sealed() && !strings.ContainsAny(s.Name, " (") }

// loadPaths reads columns of a source; old is what is known of it, or nil. Of rows that are not kept only those are read that the
// scan wants. What it returns is never changed.
func (s *Store) loadPaths(ctx context.Context, src *seeker, old *pathRows, cols []int, only *rowstore.Scan) (*pathRows, error) {
	l := newPathLoader(src.pathed(), old, cols)
	if only == nil {
		l.room(int(src.Rows))
	}
	src.question = l.question(src.Name)
	if only != nil {
		where, err := src.where(only.Where, true)
		if err != nil {
			return nil, err
		}
		src.WriteString(" WHERE " + where + src.within(only.Between) + partWhere(src, *only))
	}
	if err := s.ask(ctx, src.question, l.taking(ctx)); err != nil {
		return nil, err
	}
	return l.rows()
}

// pathLoader reads columns of a source and puts them in order.
type pathLoader struct {
	old      *pathRows // nil: people and times are read, too
	cols     []int
	into     []heldColumn
	numbered bool // rows have numbers; those of others are in the order in which they come

	rowid, times []int64
	who          []uint32
	people       interner
}

func newPathLoader(numbered bool, old *pathRows, cols []int) *pathLoader {
	l := &pathLoader{old: old, cols: cols, into: make([]heldColumn, len(cols)), numbered: numbered}
	for i, col := range cols {
		l.into[i], _ = pathHeld(col)
	}
	return l
}

// room makes room for so many rows.
func (l *pathLoader) room(rows int) {
	if l.numbered {
		l.rowid = make([]int64, 0, rows)
	}
	if l.old == nil {
		l.times, l.who = make([]int64, 0, rows), make([]uint32, 0, rows)
	}
	for i := range l.into {
		l.into[i].room(rows)
	}
}

// question begins the question for the rows of a source that taking takes.
func (l *pathLoader) question(from string) *question {
	var list []string
	if l.numbered {
		list = append(list, "rowid")
	}
	if l.old == nil {
		list = append(list, "user_id", "time")
	}
	for _, col := range l.cols {
		list = append(list, pathExpression(col))
	}
	q := &question{}
	q.WriteString("SELECT " + strings.Join(list, ", ") + " FROM " + from)
	return q
}

// taking returns what takes the answer, until ctx ends.
func (l *pathLoader) taking(ctx context.Context) func(chunk) error {
	return func(c chunk) error {
		l.take(c)
		return ctx.Err()
	}
}

func (l *pathLoader) take(c chunk) {
	next := 0
	if l.numbered {
		l.rowid = append(l.rowid, column[int64](c, next)...)
		next++
	}
	if l.old == nil {
		users := column[text](c, next)
		for i := range users {
			l.who = append(l.who, l.people.number(&users[i]))
		}
		l.times = append(l.times, column[int64](c, next+1)...)
		next += 2
	}
	for i := range l.into {
		l.into[i].take(&l.into[i], c, next+i)
	}
}

// rows returns what was read together with what was known. The error is errBig where rows are not as their numbers say.
func (l *pathLoader) rows() (*pathRows, error) {
	rows := &pathRows{}
	if l.old != nil {
		*rows = *l.old
		if len(l.rowid) != len(l.old.place) {
			return nil, errBig
		}
	} else if err := l.order(rows); err != nil {
		return nil, err
	}
	// to is where each row that was read stands.
	to := rows.place
	if l.numbered {
		to = make([]uint32, len(l.rowid))
		for i, id := range l.rowid {
			if id < 0 || id >= int64(len(rows.place)) {
				return nil, errBig
			}
			to[i] = rows.place[id]
		}
	}
	for i, col := range l.cols {
		rows.columns[col] = placeColumn(&l.into[i], col, to, rows.time)
		l.into[i] = heldColumn{}
	}
	if !l.numbered {
		rows.place = nil // nothing is ever added to hot rows
	}
	return rows, nil
}

// order puts rows in order of people and time.
func (l *pathLoader) order(rows *pathRows) error {
	if len(l.times) > math.MaxUint32 {
		return errBig
	}
	ids := l.people.texts
	hash, sorted := make([]uint64, len(ids)), make([]uint32, len(ids))
	for i := range sorted {
		hash[i], sorted[i] = pathHash(ids[i]), uint32(i)
	}
	slices.SortFunc(sorted, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(hash[a], hash[b]), cmp.Compare(ids[a], ids[b]))
	})
	next := make([]uint32, len(ids))
	for _, u := range l.who {
		next[u]++
	}
	sum := uint32(0)
	for _, u := range sorted {
		sum, next[u] = sum+next[u], sum
	}
	order := make([]uint32, len(l.who))
	for i, u := range l.who {
		order[next[u]] = uint32(i)
		next[u]++
	}
	by, from := &byUser{time: l.times}, uint32(0)
	var keys []uint64
	rows.hash, rows.ends = make([]uint64, len(sorted)), make([]uint32, len(sorted))
	for k, u := range sorted {
		keys = by.byTime(order[from:next[u]], keys)
		from = next[u]
		rows.hash[k], rows.ends[k] = hash[u], from
		rows.ids.add(ids[u])
	}
	rows.place, rows.time = make([]uint32, len(l.who)), make([]int64, len(l.who))
	for at, i := range order {
		row := int64(i)
		if l.numbered {
			if row = l.rowid[i]; row < 0 || row >= int64(len(l.who)) {
				return errBig
			}
		}
		rows.place[row], rows.time[at] = uint32(at), l.times[i]
	}
	return nil
}
