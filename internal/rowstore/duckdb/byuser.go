package duckdb

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	byUserBytes = 384 << 20 // that ordering rows by user in Go may take; beyond, DuckDB sorts on disk
	byUserRows  = 256       // handed over at once
)

// byUser orders rows by user and time in Go, which takes a part of the time that DuckDB's sort takes: people are numbered and
// counted, and each one's few rows are sorted by time.
type byUser struct {
	users   interner
	user    []uint32
	time    []int64
	columns []heldColumn
}

// scanByUser hands over rows by user and time. The error is errBig, and nothing was handed over, where DuckDB must sort: for
// attributes, bodies and too many rows.
func (s *Store) scanByUser(ctx context.Context, q rowstore.Scan, want wanted, sources []*seeker, f func([]rowstore.Row) error) error {
	for _, col := range []int{colReceived, colWeight} { // nobody needs them of paths unless asked for
		want[col] = slices.ContainsFunc(q.Fields, func(name string) bool { return rowstore.FieldOf(name).Column == columnNames[col] })
	}
	o := &byUser{}
	list := []string{"user_id", "time"}
	if q.Fields == nil {
		return errBig
	}
	for col, ok := range want {
		if !ok || col == colTime || col == colUser {
			continue
		}
		h, can := held(col)
		if !can {
			return errBig
		}
		o.columns, list = append(o.columns, h), append(list, columnNames[col])
	}
	var rows int64
	for _, src := range sources {
		rows += src.Rows
	}
	if q.Where.IsEverything() && 16*rows > byUserBytes {
		return errBig
	}
	if q.Where.IsEverything() {
		o.room(int(rows))
	}
	ask := &question{}
	var parts []string
	for _, src := range sources {
		src.question = ask
		where, err := src.where(q.Where, true)
		if err != nil {
			return err
		}
		parts = append(parts, "SELECT "+strings.Join(list, ", ")+" FROM "+src.from()+" WHERE "+where+src.within(q.Between)+partWhere(src, q))
	}
	ask.WriteString(strings.Join(parts, " UNION ALL "))
	if err := s.ask(ctx, ask, o.add); err != nil {
		return err
	}
	return o.each(ctx, f)
}

// room makes room for so many rows.
func (o *byUser) room(rows int) {
	o.user, o.time = make([]uint32, 0, rows), make([]int64, 0, rows)
	for i := range o.columns {
		o.columns[i].room(rows)
	}
}

func (o *byUser) add(c chunk) error {
	users := column[text](c, 0)
	for i := range users {
		o.user = append(o.user, o.users.number(&users[i]))
	}
	o.time = append(o.time, column[int64](c, 1)...)
	bytes := o.users.bytes + len(o.user)*(4+8+12) // what ordering takes as well
	for i := range o.columns {
		h := &o.columns[i]
		h.take(h, c, 2+i)
		bytes += h.words.bytes + 4*len(h.small) + 8*len(h.wide)
	}
	if bytes > byUserBytes {
		return errBig
	}
	return nil
}

// each hands over the rows in order.
func (o *byUser) each(ctx context.Context, f func([]rowstore.Row) error) error {
	people, ends := o.group()
	sorted := make(chan int, 16) // how many people's rows are in order
	stop := make(chan struct{})
	defer func() {
		close(stop)
		for range sorted { // until the goroutine is gone
		}
	}()
	go func() {
		defer close(sorted)
		from := uint32(0)
		var order personOrder
		for k, u := range people {
			order.sort(o, int(from), int(ends[u]))
			if from = ends[u]; k&63 == 63 || k == len(people)-1 {
				select {
				case sorted <- k + 1:
				case <-stop:
					return
				}
			}
		}
	}()
	rows := make([]rowstore.Row, byUserRows)
	users, places := make([]uint32, 0, byUserRows), make([]uint32, byUserRows)
	from := 0 // of the rows in order that are not handed over
	give := func() error {
		if err := ctx.Err(); err != nil {
			return asked(ctx, err)
		}
		part, of := rows[:len(users)], places[:len(users)] // each time the same fields of the rows are set
		for k := range of {
			of[k] = uint32(from + k)
		}
		for k, t := range o.time[from:][:len(part)] {
			part[k].User, part[k].Time = o.users.texts[users[k]], t
		}
		for k := range o.columns {
			h := &o.columns[k]
			h.give(h, of, part)
		}
		from, users = from+len(users), users[:0]
		return f(part)
	}
	done, upto := 0, 0
	for n := range sorted {
		for _, u := range people[done:n] {
			for ; upto < int(ends[u]); upto++ {
				if users = append(users, u); len(users) == byUserRows {
					// Rows of this person beyond those handed over are in order, too.
					if err := give(); err != nil {
						return err
					}
				}
			}
		}
		done = n
	}
	if len(users) > 0 {
		return give()
	}
	return nil
}

// group puts the rows of each person together, people in order. It returns the people and where the rows of each end.
func (o *byUser) group() (people, ends []uint32) {
	people = make([]uint32, len(o.users.texts))
	for i := range people {
		people[i] = uint32(i)
	}
	slices.SortFunc(people, func(a, b uint32) int { return strings.Compare(o.users.texts[a], o.users.texts[b]) })
	ends = make([]uint32, len(people))
	for _, u := range o.user {
		ends[u]++
	}
	sum := uint32(0)
	for _, u := range people {
		sum, ends[u] = sum+ends[u], sum
	}
	to := o.user // where each row goes
	for i, u := range o.user {
		to[i] = ends[u]
		ends[u]++
	}
	var others sync.WaitGroup
	others.Go(func() { o.time = moved(o.time, to) })
	for k := range o.columns {
		h := &o.columns[k]
		h.small, h.wide = moved(h.small, to), moved(h.wide, to)
	}
	others.Wait()
	o.user = nil
	return people, ends
}

// moved returns values each at its new place.
func moved[T any](values []T, to []uint32) []T {
	if len(values) == 0 {
		return values
	}
	out := make([]T, len(values))
	for i, v := range values {
		out[to[i]] = v
	}
	return out
}

// byTime sorts one person's rows by time. keys is memory that it uses and returns.
func (o *byUser) byTime(mine []uint32, keys []uint64) []uint64 {
	low, high, sorted := o.time[mine[0]], o.time[mine[0]], true
	for k, i := range mine {
		t := o.time[i]
		sorted = sorted && (k == 0 || t >= o.time[mine[k-1]])
		low, high = min(low, t), max(high, t)
	}
	if sorted {
		return keys
	}
	// A time and a place in mine fit into one number, which sorts fastest.
	place := bits.Len(uint(len(mine)))
	if high-low < 0 || bits.Len64(uint64(high-low))+place > 64 {
		slices.SortStableFunc(mine, func(a, b uint32) int { return cmp.Compare(o.time[a], o.time[b]) })
		return keys
	}
	keys = keys[:0]
	for k, i := range mine {
		keys = append(keys, uint64(o.time[i]-low)<<place|uint64(k))
	}
	slices.Sort(keys)
	at := len(keys)
	for _, i := range mine { // behind the keys: the rows as they were
		keys = append(keys, uint64(i))
	}
	for k, key := range keys[:at] {
		mine[k] = uint32(keys[at+int(key&(1<<place-1))])
	}
	return keys
}
