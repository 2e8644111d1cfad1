package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	findLimit = 100
	findMost  = 10_000
	skipMost  = 1_000_000

	probeAfter = 2 // sources that gave little, before the others are asked where there is anything
)

// Rows of the same microsecond are ordered by tied, then by tiedTexts: any order will do that is the same in the next query
// and in another file. It leaves out the attributes, which may stand in columns of their own in one file and not in another.
// The texts are no part of the hash: for that DuckDB would hash the dictionaries of their row groups.
const (
	tied      = "hash(received, span, trace_lo, duration, value)"
	tiedTexts = "service, name, body, route, user_id, session_id, business_id, detail"
)

// found is a row with its place among those of the same microsecond.
type found struct {
	rowstore.Row
	tie uint64
}

// compareTie compares rows of the same microsecond.
func (f *found) compareTie(other *found) int {
	if f.tie != other.tie {
		return cmp.Compare(f.tie, other.tie)
	}
	a, b := &f.Row, &other.Row
	return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Name, b.Name), strings.Compare(a.Body, b.Body), strings.Compare(a.Route, b.Route),
		strings.Compare(a.User, b.User), strings.Compare(a.Session, b.Session), strings.Compare(a.Business, b.Business), strings.Compare(a.Detail, b.Detail))
}

// Find implements rowstore.Store. It reads the sources one by one, those at the wanted end of time first, and stops when the
// others can only have rows that come behind.
func (s *Store) Find(ctx context.Context, q rowstore.Find) ([]rowstore.Row, error) {
	limit := q.Limit
	if limit == 0 {
		limit = findLimit
	}
	if limit < 0 || limit > findMost {
		return nil, fault.New(fault.TooLarge, "limit %d: want 1 to %d rows", q.Limit, findMost).Hint("Ask for the next rows with the cursor")
	}
	skip := 0
	between := q.Between
	if q.After != nil {
		if skip = q.After.Skip; skip < 0 || skip > skipMost {
			return nil, fault.New(fault.TooLarge, "cursor: %d rows of one microsecond: want 0 to %d", skip, skipMost).Hint("Narrow the search")
		}
		if q.Oldest {
			between.From = max(between.From, q.After.Time)
		} else if between.To == 0 || between.To > q.After.Time+1 {
			between.To = q.After.Time + 1
		}
	}
	if between.To != 0 && between.To <= between.From {
		return nil, nil
	}
	r, err := s.reading(ctx, q.Table, between)
	if err != nil {
		return nil, asked(ctx, err)
	}
	defer r.Close()
	sources, err := s.seekers(ctx, nil, r, between, q.Where)
	if err != nil {
		return nil, err
	}
	if q.Oldest {
		slices.SortStableFunc(sources, func(a, b *seeker) int { return cmp.Compare(a.From, b.From) })
	}
	order := func(a, b found) int {
		switch {
		case a.Time == b.Time:
			return a.compareTie(&b)
		case (a.Time < b.Time) == q.Oldest:
			return -1
		}
		return 1
	}
	reader := &rowReader{want: wantedOf(nil)}
	var rows []found
	for i, src := range sources {
		if i == probeAfter && len(sources) >= 3*probeAfter && 10*len(rows) < limit+skip {
			if err := s.probe(ctx, sources[i:], q.Where, between); err != nil {
				return nil, err
			}
		}
		if src.narrow && len(src.spans) == 0 {
			continue
		}
		if len(rows) >= limit+skip { // the list is in order: is its end before all of the source?
			last := rows[limit+skip-1].Time
			if q.Oldest && src.From > last || !q.Oldest && src.Sealed() && src.To < last {
				break
			}
		}
		if len(rows) >= limit+skip && !q.Oldest {
			between.From = max(between.From, rows[limit+skip-1].Time)
		}
		within, err := s.locate(ctx, src, q, between, limit+skip)
		if err != nil {
			return nil, err
		}
		if src.narrow && len(src.spans) == 0 {
			continue
		}
		src.question = new(question)
		n, blocks := 0, map[int64]bool{}
		err = s.findIn(ctx, src, q, within, limit+skip, func(c chunk, promoted []string) {
			part, at := reader.read(c, promoted)
			tie, block := column[uint64](c, at), column[int64](c, at+1)
			for i := range part {
				rows = append(rows, found{keep(&part[i]), tie[i]})
				blocks[block[i]] = true
			}
			n += c.n
		})
		if err != nil {
			return nil, err
		}
		if _, ok := src.block(); ok && n < limit+skip && src.covered(between) {
			s.memory.learn(src.source, q.Where.String(), blocks)
		}
		slices.SortStableFunc(rows, order)
		rows = rows[:min(len(rows), limit+skip)]
	}
	if q.After != nil {
		for len(rows) > 0 && skip > 0 && rows[0].Time == q.After.Time {
			rows, skip = rows[1:], skip-1
		}
	}
	out := make([]rowstore.Row, 0, min(len(rows), limit))
	for i := range rows[:min(len(rows), limit)] {
		out = append(out, rows[i].Row)
	}
	return out, nil
}

// probe asks many sources at once where rare matches are, so that those without are not asked one by one.
func (s *Store) probe(ctx context.Context, sources []*seeker, e rowstore.Expr, between rowstore.Between) error {
	q := &question{}
	found := make([]map[int64]bool, len(sources))
	var parts []string
	for i, src := range sources {
		block, ok := src.block()
		if !ok || !src.covered(between) {
			continue
		}
		src.question, found[i] = q, map[int64]bool{}
		where, err := src.where(e, true)
		if err != nil {
			return err
		}
		parts = append(parts, fmt.Sprintf("SELECT %d::BIGINT AS i, %s AS block FROM %s WHERE %s", i, block, src.from(), where))
	}
	if len(parts) == 0 {
		return nil
	}
	fmt.Fprintf(q, "SELECT DISTINCT i, block FROM (%s)", strings.Join(parts, " UNION ALL "))
	err := s.ask(ctx, q, func(c chunk) error {
		block := column[int64](c, 1)
		for k, i := range column[int64](c, 0) {
			found[i][block[k]] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, src := range sources {
		if found[i] != nil {
			s.memory.learn(src.source, e.String(), found[i])
			if spans, ok := s.memory.where(src.source, e.String()); ok {
				src.narrowTo(spans)
			}
		}
	}
	return nil
}

// findIn asks one source.
func (s *Store) findIn(ctx context.Context, src *seeker, q rowstore.Find, between rowstore.Between, limit int, f func(chunk, []string)) error {
	list, promoted := wantedOf(nil).list(src.source)
	block, _ := src.block()
	fmt.Fprintf(src, "SELECT %s, %s AS tie, %s FROM %s", list, tied, block, src.from())
	if !src.exact() {
		where, err := src.where(q.Where, true)
		if err != nil {
			return err
		}
		way := "DESC"
		if q.Oldest {
			way = "ASC"
		}
		fmt.Fprintf(src, " WHERE %s%s ORDER BY time %s, tie, %s LIMIT %d", where, src.within(between), way, tiedTexts, limit)
	}
	return s.ask(ctx, src.question, func(c chunk) error {
		f(c, promoted)
		return nil
	})
}

// within renders a span of time as far as it does not hold for all rows of the source.
func (s *seeker) within(b rowstore.Between) string {
	x := ""
	if b.From > s.From || !s.Sealed() && b.From > 0 {
		x += " AND time >= " + s.time(b.From)
	}
	if b.To != 0 && (b.To <= s.To || !s.Sealed()) {
		x += " AND time < " + s.time(b.To)
	}
	return x
}
