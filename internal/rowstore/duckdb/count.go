package duckdb

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	countTop  = 1000
	countMost = 100_000
	maxBy     = 8
	maxOf     = 16
	// exactUnique is how many rows there may be for a unique that counts exactly. Beyond, it is an estimate: DuckDB's
	// HyperLogLog, which was seen to err by up to 6 % in groups of 50,000.
	exactUnique = 20_000_000

	learnBits  = 40   // of a block's number, beside that of its source
	maxLearned = 1000 // blocks of a source that are looked at for remembering them
)

// counting is a Count on its way into SQL.
type counting struct {
	*question
	q      rowstore.Count
	where  rowstore.Expr
	rows   int64 // of the sources
	keys   []groupKey
	outer  []string // what is computed of a group
	weighs bool     // whether rows differ in weight is asked, for the sake of quantiles
	mixed  bool     // a group has rows of different weights
	times  bool     // for a fold: times, small numbers, texts and durations are selected as they are stored
	learns bool     // which sources had rows is asked, to remember those that had none
}

// groupKey is a field to group by: what is selected, and how its value becomes text.
type groupKey struct {
	field  string
	column string // that of a small number which a fold names
	sql    func(*seeker) string
	text   func(chunk, int) []string
}

// Count implements rowstore.Store. All numbers are exact but unique of more than 20 million rows. A quantile is the smallest
// value that as much of the weight as asked for does not exceed.
func (s *Store) Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error) {
	if err := checkCount(&q); err != nil {
		return rowstore.Groups{}, err
	}
	out := rowstore.Groups{By: q.By}
	if q.To != 0 && q.To <= q.From {
		return out, nil
	}
	r, err := s.reading(ctx, q.Table, q.Between)
	if err != nil {
		return out, asked(ctx, err)
	}
	defer r.Close()
	fields := slices.Clone(q.By)
	for _, a := range q.Of {
		fields = append(fields, a.Field)
	}
	c := &counting{question: new(question), q: q, where: q.Where, learns: costly(q.Where),
		weighs: slices.ContainsFunc(q.Of, func(a rowstore.Aggregate) bool { return a.Kind == "quantile" })}
	sources, err := s.seekers(ctx, c.question, r, q.Between, q.Where, fields...)
	if err != nil {
		return out, err
	}
	for _, by := range q.By {
		c.keys = append(c.keys, keyOf(by))
	}
	for _, src := range sources {
		c.rows += src.looked()
	}
	out.Scanned = c.rows
	if len(sources) == 0 {
		return out, nil
	}
	if c.foldable() {
		groups, err := s.fold(ctx, c, sources)
		if !errors.Is(err, errBig) {
			out.Rows = groups
			cutTop(&out, q.Top)
			return out, err
		}
		for _, src := range sources {
			src.question = c.question
		}
	}
	text, err := c.statement(sources)
	if err != nil {
		return out, err
	}
	c.WriteString(text)
	matched := make([]map[int64]bool, len(sources))
	for i := range matched {
		matched[i] = map[int64]bool{}
	}
	err = s.ask(ctx, c.question, func(ch chunk) error { return c.read(ch, &out, matched) })
	if err != nil {
		return out, err
	}
	for i, src := range sources {
		if _, ok := src.block(); ok && c.learns && len(out.Rows) <= q.Top && len(matched[i]) < maxLearned && src.covered(q.Between) {
			s.memory.learn(src.source, q.Where.String(), matched[i])
		}
	}
	cutTop(&out, q.Top)
	if c.mixed {
		return out, s.weighQuantiles(ctx, c, sources, &out)
	}
	return out, nil
}

// cutTop leaves the biggest groups only.
func cutTop(g *rowstore.Groups, top int) {
	if len(g.Rows) > top {
		g.Rows, g.Cut = g.Rows[:top], true
	}
}

func checkCount(q *rowstore.Count) error {
	if len(q.Of) == 0 {
		q.Of = []rowstore.Aggregate{{Kind: "rows"}}
	}
	if q.Top == 0 {
		q.Top = countTop
	}
	switch {
	case q.Top < 0 || q.Top > countMost:
		return fault.New(fault.TooLarge, "top %d: want 1 to %d groups", q.Top, countMost)
	case len(q.By) > maxBy:
		return fault.New(fault.TooLarge, "%d fields to group by: want %d at most", len(q.By), maxBy)
	case len(q.Of) > maxOf:
		return fault.New(fault.TooLarge, "%d numbers of a group: want %d at most", len(q.Of), maxOf)
	case q.Step < 0 || q.Step > 0 && q.Step.Microseconds() == 0:
		return fault.New(fault.Invalid, "step %s: want a microsecond or more", q.Step)
	}
	for _, a := range q.Of {
		switch a.Kind {
		case "rows", "stored", "share_error", "first", "last":
		case "sum", "mean", "min", "max", "unique", "quantile":
			if a.Field == "" {
				return fault.New(fault.Invalid, "%s: want a field", a.Kind)
			}
			if a.Kind == "quantile" && !(a.Q >= 0 && a.Q <= 1) {
				return fault.New(fault.Invalid, "quantile %v: want 0 to 1", a.Q)
			}
		default:
			return fault.New(fault.Invalid, "%q is no number of a group; want rows, stored, sum, mean, min, max, quantile, unique, share_error, first or last", a.Kind)
		}
	}
	return nil
}

func keyOf(field string) groupKey {
	k := groupKey{field: field, sql: func(s *seeker) string { return s.text(field, false) }, text: textKey}
	switch f := rowstore.FieldOf(field); f.Name {
	case "level":
		k.column = "severity"
		k.sql = func(*seeker) string {
			return "least((severity::SMALLINT + 3) >> 2, 6)::UTINYINT"
		}
		k.text = namedKey(append([]string{""}, rowstore.Levels()...))
	case "status":
		k.column = "status"
		k.sql, k.text = func(*seeker) string { return "least(status, 2)::UTINYINT" }, namedKey(rowstore.Statuses())
	case "kind":
		k.column = "kind"
		k.sql, k.text = func(*seeker) string { return "least(kind, 5)::UTINYINT" }, namedKey(rowstore.SpanKinds())
	case "duration":
		k.sql, k.text = func(*seeker) string { return "duration" }, numberKey(func(v int64) string {
			return (&rowstore.Row{Duration: v}).Get("duration")
		})
	case "value":
		k.sql, k.text = func(*seeker) string { return "value" }, numberKey(func(v float64) string { return (&rowstore.Row{Value: v}).Get("value") })
	case "weight":
		k.sql, k.text = func(*seeker) string { return "weight" }, numberKey(func(v float32) string { return (&rowstore.Row{Weight: v}).Get("weight") })
	}
	return k
}

func textKey(c chunk, i int) []string {
	out := make([]string, c.n)
	for k, t := range column[text](c, i) {
		out[k] = strings.Clone(t.String())
	}
	return out
}

func namedKey(names []string) func(chunk, int) []string {
	return numberKey(func(v uint8) string { return names[v] })
}

func numberKey[T any](name func(T) string) func(chunk, int) []string {
	return func(c chunk, i int) []string {
		out := make([]string, c.n)
		for k, v := range column[T](c, i) {
			out[k] = name(v)
		}
		return out
	}
}

// costly reports whether an expression looks for text or ids, so that it pays to remember where they are.
func costly(e rowstore.Expr) bool {
	if m := e.Match; m != nil {
		return m.Op == rowstore.Contains || m.Op == rowstore.Matches || m.Op == rowstore.Equal && rowstore.FieldOf(m.Field).Type == rowstore.TypeID
	}
	return slices.ContainsFunc(e.And, costly) || slices.ContainsFunc(e.Or, costly)
}
