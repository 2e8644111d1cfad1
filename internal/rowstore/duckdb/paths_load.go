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
	people  []uint32 // their numbers, ascending
	ends    []uint32 // where each one's rows end
	place   []uint32 // of each row of a sealed file
	time    []int64
	columns [columns + 1]*pathColumn
}

// pathColumn is one column: numbers of words or small values in as few bytes as they need, or wide values.
type pathColumn struct {
	tiny  []uint8
	mid   []uint16
	small []uint32
	wide  []uint64
}

func (c *pathColumn) bytes() int { return len(c.tiny) + 2*len(c.mid) + 4*len(c.small) + 8*len(c.wide) }

// at is a value that is not wide.
func (c *pathColumn) at(i uint32) uint32 {
	switch {
	case c.tiny != nil:
		return uint32(c.tiny[i])
	case c.mid != nil:
		return uint32(c.mid[i])
	}
	return c.small[i]
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

// pathsOf returns the columns of a source, of a sealed file from memory as far as they are there.
func (s *Store) pathsOf(ctx context.Context, p *paths, src *seeker, cols []int, q rowstore.Scan) (*pathRows, error) {
	if !src.pathed() {
		return s.loadPaths(ctx, p, src, nil, cols, &q)
	}
	f := p.file(src.ID, s.opt.Now())
	f.loading.Lock()
	defer f.loading.Unlock()
	var missing []int
	for _, col := range cols {
		if f.rows == nil || f.rows.columns[col] == nil {
			missing = append(missing, col)
		}
	}
	if f.rows != nil && len(missing) == 0 {
		return f.rows, nil
	}
	rows, err := s.loadPaths(ctx, p, src, f.rows, missing, nil)
	if err != nil {
		return nil, err
	}
	more := 0
	if f.rows == nil {
		more = 12*len(rows.time) + 8*len(rows.people)
	}
	for _, col := range missing {
		more += rows.columns[col].bytes()
	}
	f.rows = rows
	p.grown(src.ID, f, more)
	return rows, nil
}

// pathed reports whether a source is a sealed file whose rows have numbers.
func (s *seeker) pathed() bool { return s.Sealed() && !strings.ContainsAny(s.Name, " (") }

// loadPaths reads columns of a source; old is what is known of it, or nil. Of rows that are not kept only those are read that the
// scan wants. What it returns is never changed.
func (s *Store) loadPaths(ctx context.Context, p *paths, src *seeker, old *pathRows, cols []int, only *rowstore.Scan) (*pathRows, error) {
	var list []string
	if src.pathed() {
		list = append(list, "rowid")
	}
	if old == nil {
		list = append(list, "user_id", "time")
	}
	into := make([]heldColumn, len(cols))
	for i, col := range cols {
		into[i], _ = pathHeld(col)
		list = append(list, pathExpression(col))
	}
	src.question = new(question)
	src.WriteString("SELECT " + strings.Join(list, ", ") + " FROM " + src.Name)
	if only != nil {
		where, err := src.where(only.Where, true)
		if err != nil {
			return nil, err
		}
		src.WriteString(" WHERE " + where + src.within(only.Between) + partWhere(src, *only))
	}
	var rowid, times []int64
	var who []uint32
	var people interner
	err := s.ask(ctx, src.question, func(c chunk) error {
		next := 0
		if src.pathed() {
			rowid = append(rowid, column[int64](c, next)...)
			next++
		}
		if old == nil {
			users := column[text](c, next)
			for i := range users {
				who = append(who, people.number(&users[i]))
			}
			times = append(times, column[int64](c, next+1)...)
			next += 2
		}
		for i := range into {
			into[i].take(&into[i], c, next+i)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	rows := &pathRows{}
	if old != nil {
		*rows = *old
		if len(rowid) != len(old.place) {
			return nil, errBig
		}
	} else if err := p.orderPaths(rows, rowid, who, times, people.texts); err != nil {
		return nil, err
	}
	// to is where each row that was read stands.
	to := rows.place
	if rowid != nil {
		to = make([]uint32, len(rowid))
		for i, id := range rowid {
			if id < 0 || id >= int64(len(rows.place)) {
				return nil, errBig
			}
			to[i] = rows.place[id]
		}
	}
	for i, col := range cols {
		rows.columns[col] = p.placeColumn(&into[i], col, to, rows.time)
	}
	if rowid == nil {
		rows.place = nil // nothing is ever added to hot rows
	}
	return rows, nil
}

// orderPaths puts rows in order of people and time. rowid is nil where rows have no numbers but the order in which they came.
func (p *paths) orderPaths(rows *pathRows, rowid []int64, who []uint32, times []int64, people []string) error {
	if len(times) > math.MaxUint32 {
		return errBig
	}
	number := p.numbers(colUser, people)
	sorted := make([]uint32, len(people))
	for i := range sorted {
		sorted[i] = uint32(i)
	}
	slices.SortFunc(sorted, func(a, b uint32) int { return cmp.Compare(number[a], number[b]) })
	next := make([]uint32, len(people))
	for _, u := range who {
		next[u]++
	}
	sum := uint32(0)
	for _, u := range sorted {
		sum, next[u] = sum+next[u], sum
	}
	order := make([]uint32, len(who))
	for i, u := range who {
		order[next[u]] = uint32(i)
		next[u]++
	}
	by, from := &byUser{time: times}, uint32(0)
	var keys []uint64
	rows.people, rows.ends = make([]uint32, len(sorted)), make([]uint32, len(sorted))
	for k, u := range sorted {
		keys = by.byTime(order[from:next[u]], keys)
		from = next[u]
		rows.people[k], rows.ends[k] = number[u], from
	}
	rows.place, rows.time = make([]uint32, len(who)), make([]int64, len(who))
	for at, i := range order {
		row := int64(i)
		if rowid != nil {
			if row = rowid[i]; row < 0 || row >= int64(len(who)) {
				return errBig
			}
		}
		rows.place[row], rows.time[at] = uint32(at), times[i]
	}
	return nil
}

// placeColumn puts a column in order, in as few bytes as it needs.
func (p *paths) placeColumn(h *heldColumn, col int, to []uint32, times []int64) *pathColumn {
	c := &pathColumn{}
	if h.isWide && col == colReceived && nearTimes(h.wide, to, times) {
		c.small = make([]uint32, len(to))
		for i, at := range to {
			c.small[at] = uint32(int32(int64(h.wide[i]) - times[at]))
		}
		return c
	}
	if h.isWide {
		c.wide = make([]uint64, len(to))
		for i, at := range to {
			c.wide[at] = h.wide[i]
		}
		return c
	}
	most := uint32(0)
	var number []uint32
	if h.words.texts != nil {
		number = p.numbers(col, h.words.texts)
		most = slices.Max(number)
	} else if len(h.small) > 0 {
		most = slices.Max(h.small)
	}
	value := func(i int) uint32 {
		if number != nil {
			return number[h.small[i]]
		}
		return h.small[i]
	}
	switch {
	case most < 1<<8:
		c.tiny = make([]uint8, len(to))
		for i, at := range to {
			c.tiny[at] = uint8(value(i))
		}
	case most < 1<<16:
		c.mid = make([]uint16, len(to))
		for i, at := range to {
			c.mid[at] = uint16(value(i))
		}
	default:
		c.small = make([]uint32, len(to))
		for i, at := range to {
			c.small[at] = value(i)
		}
	}
	return c
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
