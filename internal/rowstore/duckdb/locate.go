package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// tiesLooked is how many rows more than asked for are located, to see whether the last one's microsecond has others.
const tiesLooked = 64

// locate looks for the wanted rows of a sealed source in the columns that choose them, so that the others are read for those
// rows only: it narrows the seeker, and returns the span of time that has the rows. Where the rows are is remembered if that
// is all that match.
func (s *Store) locate(ctx context.Context, src *seeker, q rowstore.Find, between rowstore.Between, limit int) (rowstore.Between, error) {
	if _, ok := src.block(); !ok || src.looked() < 4*chunkRows {
		return between, nil
	}
	top := ends{n: limit + tiesLooked, oldest: q.Oldest}
	var times, rows []int64
	for _, step := range src.steps(q, between) {
		if len(rows) >= limit && step.behind(times[limit-1], q.Oldest) {
			break
		}
		part := &seeker{question: new(question), source: src.source, resources: src.resources, narrow: src.narrow, spans: src.spans}
		part.narrowTo(step.rows)
		where, err := part.where(q.Where, true)
		if err != nil {
			return between, err
		}
		fmt.Fprintf(part, "SELECT time, %s FROM %s WHERE %s%s", part.row(), part.from(), where, part.within(between))
		if err := s.ask(ctx, part.question, func(c chunk) error {
			top.add(column[int64](c, 0), column[int64](c, 1))
			return nil
		}); err != nil {
			return between, err
		}
		times, rows = top.sorted()
	}
	if len(rows) < limit && src.covered(between) {
		blocks := map[int64]bool{}
		for _, r := range rows {
			blocks[r>>blockBits] = true
		}
		s.memory.learn(src.source, q.Where.String(), blocks)
	}
	if len(rows) > limit {
		last := times[limit-1]
		if q.Oldest {
			between.To = last + 1
		} else {
			between.From = max(between.From, last)
		}
		n := limit
		for n < len(rows) && times[n] == last {
			n++
		}
		if n == limit+tiesLooked {
			return between, nil
		}
		rows = rows[:n]
	}
	slices.Sort(rows)
	var spans []span
	for _, r := range rows {
		if n := len(spans); n > 0 && r>>blockBits <= spans[n-1].to>>blockBits+1 {
			spans[n-1].to = r
			continue
		}
		spans = append(spans, span{r, r})
	}
	src.spans, src.narrow, src.chosen = spans, true, rows
	return between, nil
}

// ends keeps the rows at one end of time, so many of them. It takes a third of the time that ORDER BY and LIMIT take.
type ends struct {
	n      int
	oldest bool
	kept   []timed
	full   bool
	worst  int64 // of n rows that are kept, once there were so many
}

type timed struct{ time, row int64 }

func (e *ends) add(times, rows []int64) {
	for i, t := range times {
		if e.full && (e.oldest && t >= e.worst || !e.oldest && t <= e.worst) {
			continue
		}
		if e.kept = append(e.kept, timed{t, rows[i]}); len(e.kept) >= 2*e.n {
			e.cut()
		}
	}
}

func (e *ends) cut() {
	slices.SortFunc(e.kept, func(a, b timed) int {
		if e.oldest {
			return cmp.Compare(a.time, b.time)
		}
		return cmp.Compare(b.time, a.time)
	})
	if len(e.kept) >= e.n {
		e.kept = e.kept[:e.n]
		e.full, e.worst = true, e.kept[e.n-1].time
	}
}

func (e *ends) sorted() (times, rows []int64) {
	e.cut()
	for _, x := range e.kept {
		times, rows = append(times, x.time), append(rows, x.row)
	}
	return times, rows
}
