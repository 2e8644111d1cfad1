package duckdb

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	countTop  = 1000
	countMost = 100_000
	maxBy     = 8
	maxOf     = 16
	// exactUnique is how many rows there may be for a unique that counts exactly. Beyond, it is an estimate: DuckDB's
	// HyperLogLog, which was seen to err by up to 5 %.
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
	learns bool     // which sources had rows is asked, to remember those that had none
}

// groupKey is a field to group by: what is selected, and how its value becomes text.
type groupKey struct {
	field string
	sql   func(*seeker) string
	text  func(chunk, int) []string
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
	sources, err := s.seekers(ctx, c.question, r, q.Where, fields...)
	if err != nil {
		return out, err
	}
	for _, by := range q.By {
		c.keys = append(c.keys, keyOf(by))
	}
	for _, src := range sources {
		c.rows += src.Rows
	}
	out.Scanned = c.rows
	if len(sources) == 0 {
		return out, nil
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
	if len(out.Rows) > q.Top {
		out.Rows, out.Cut = out.Rows[:q.Top], true
	}
	if c.mixed {
		return out, s.weighQuantiles(ctx, c, sources, &out)
	}
	return out, nil
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
		k.sql = func(*seeker) string {
			return "least((severity::SMALLINT + 3) >> 2, 6)::UTINYINT"
		}
		k.text = namedKey(append([]string{""}, rowstore.Levels()...))
	case "status":
		k.sql, k.text = func(*seeker) string { return "least(status, 2)::UTINYINT" }, namedKey(rowstore.Statuses())
	case "kind":
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

// statement renders the count: per source its rows' bucket, keys and numbers, then the groups of all, the biggest first.
func (c *counting) statement(sources []*seeker) (string, error) {
	groups := 1 + len(c.keys)
	for _, a := range c.q.Of {
		c.outer = append(c.outer, c.aggregate(a))
	}
	var parts []string
	for i, src := range sources {
		part, err := c.branch(src, i)
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
	}
	var b strings.Builder
	b.WriteString("SELECT b")
	var by []string
	for i := range c.keys {
		fmt.Fprintf(&b, ", k%d", i)
	}
	for i := range groups {
		by = append(by, strconv.Itoa(i+1))
	}
	for i, x := range c.outer {
		fmt.Fprintf(&b, ", coalesce((%s)::DOUBLE, 'NaN'::DOUBLE) AS n%d", x, i)
	}
	if c.weighs {
		b.WriteString(", min(w)::DOUBLE AS least, max(w)::DOUBLE AS most")
	}
	if c.learns {
		b.WriteString(", list(DISTINCT src) AS srcs")
	}
	fmt.Fprintf(&b, " FROM (%s) GROUP BY %s", strings.Join(parts, " UNION ALL "), strings.Join(by, ", "))
	order := append([]string{"isnan(n0)", "n0 DESC"}, by...)
	return fmt.Sprintf("SELECT * FROM (%s) ORDER BY %s LIMIT %d", b.String(), strings.Join(order, ", "), c.q.Top+1), nil
}

// branch renders what is selected of one source.
func (c *counting) branch(src *seeker, i int) (string, error) {
	where, err := src.where(c.where, true)
	if err != nil {
		return "", err
	}
	cols := []string{c.bucket(src) + " AS b"}
	for k, key := range c.keys {
		cols = append(cols, fmt.Sprintf("%s AS k%d", key.sql(src), k))
	}
	cols = append(cols, "weight AS w")
	if c.learns {
		block, ok := src.block()
		if !ok {
			block = "0"
		}
		cols = append(cols, fmt.Sprintf("%d::BIGINT + %s AS src", int64(i)<<learnBits, block))
	}
	for k, a := range c.q.Of {
		switch a.Kind {
		case "sum", "mean", "min", "max", "quantile":
			cols = append(cols, fmt.Sprintf("%s AS v%d", src.amount(a.Field), k))
		case "unique":
			x, none := src.text(a.Field, false), "''"
			switch f := rowstore.FieldOf(a.Field); {
			case f.Name == "level" || f.Name == "kind":
				x, none = keyOf(a.Field).sql(src), "0"
			case f.Name == "status" || f.Type == rowstore.TypeNumber:
				x, none = keyOf(a.Field).sql(src), "NULL"
			}
			cols = append(cols, fmt.Sprintf("nullif(%s, %s) AS v%d", x, none, k))
		case "share_error":
			if c.q.Table == rowstore.Logs {
				cols = append(cols, fmt.Sprintf("severity >= 17 AS v%d", k))
			} else {
				cols = append(cols, fmt.Sprintf("status = 2 AS v%d", k))
			}
		case "first", "last":
			cols = append(cols, fmt.Sprintf("epoch_us(time) AS v%d", k))
		}
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s%s", strings.Join(cols, ", "), src.from(), where, src.within(c.q.Between)), nil
}

// bucket renders the start of a row's time bucket.
func (c *counting) bucket(src *seeker) string {
	step := c.q.Step.Microseconds()
	switch {
	case step == 0:
		return "0::BIGINT"
	case src.From < 0 || !src.Sealed(): // before 1970 the remainder is negative
		return fmt.Sprintf("epoch_us(time) - ((epoch_us(time) %% %d) + %d) %% %d", step, step, step)
	default:
		return fmt.Sprintf("epoch_us(time) - epoch_us(time) %% %d", step)
	}
}

// amount renders a field as a number, NULL where it is none.
func (s *seeker) amount(field string) string {
	switch f := rowstore.FieldOf(field); {
	case f.Name == "duration":
		return "duration::DOUBLE / 1e9"
	case f.Name == "value":
		return "CASE WHEN isfinite(value) THEN value END"
	case f.Name == "weight":
		return "weight::DOUBLE"
	case f.Name == "time":
		return "epoch_us(time)::DOUBLE"
	case f.Type == rowstore.TypeID, f.Name == "level", f.Name == "status", f.Name == "kind":
		return "NULL::DOUBLE"
	}
	return numeric(s.text(field, false))
}

// aggregate renders a number of a group.
func (c *counting) aggregate(a rowstore.Aggregate) string {
	v := "v" + strconv.Itoa(len(c.outer))
	switch a.Kind {
	case "rows":
		return "sum(w::DOUBLE)"
	case "stored":
		return "count(*)::DOUBLE"
	case "sum":
		return "sum(" + v + " * w)"
	case "mean":
		return "sum(" + v + " * w) / sum(w::DOUBLE) FILTER (" + v + " IS NOT NULL)"
	case "min", "max":
		return a.Kind + "(" + v + ")"
	case "first":
		return "min(" + v + ")"
	case "last":
		return "max(" + v + ")"
	case "share_error":
		return "coalesce(sum(w::DOUBLE) FILTER (" + v + "), 0) / sum(w::DOUBLE)"
	case "unique":
		if c.rows > exactUnique {
			return "approx_count_distinct(" + v + ")"
		}
		return "count(DISTINCT " + v + ")"
	default: // quantile, of rows of one weight; see weighQuantiles
		return "quantile_disc(" + v + ", " + c.arg(a.Q) + ")"
	}
}

// costly reports whether an expression looks for text or ids, so that it pays to remember where they are.
func costly(e rowstore.Expr) bool {
	if m := e.Match; m != nil {
		return m.Op == rowstore.Contains || m.Op == rowstore.Matches || m.Op == rowstore.Equal && rowstore.FieldOf(m.Field).Type == rowstore.TypeID
	}
	return slices.ContainsFunc(e.And, costly) || slices.ContainsFunc(e.Or, costly)
}

// read takes a chunk of groups.
func (c *counting) read(ch chunk, out *rowstore.Groups, matched []map[int64]bool) error {
	starts := column[int64](ch, 0)
	keys := make([][]string, len(c.keys))
	for i, k := range c.keys {
		keys[i] = k.text(ch, 1+i)
	}
	var numbers [][]float64
	for i := range c.q.Of {
		numbers = append(numbers, column[float64](ch, 1+len(keys)+i))
	}
	next := 1 + len(keys) + len(numbers)
	var least, most []float64
	if c.weighs {
		least, most = column[float64](ch, next), column[float64](ch, next+1)
		next += 2
	}
	if c.learns {
		list := raw.DataChunkGetVector(ch.data, raw.IdxT(next))
		of := raw.VectorGetData(raw.ListVectorGetChild(list))
		for i := range int(raw.ListVectorGetSize(list)) {
			v := *at[int64](of, i)
			if blocks := matched[v>>learnBits]; len(blocks) < maxLearned {
				blocks[v&(1<<learnBits-1)] = true
			}
		}
	}
	for i := range ch.n {
		g := rowstore.Group{At: starts[i], Keys: make([]string, len(keys)), Numbers: make([]float64, len(numbers))}
		for k := range keys {
			g.Keys[k] = keys[k][i]
		}
		for k := range numbers {
			g.Numbers[k] = numbers[k][i]
		}
		out.Rows = append(out.Rows, g)
		c.mixed = c.mixed || c.weighs && least[i] != most[i]
	}
	return nil
}

// weighQuantiles computes the quantiles of groups whose rows differ in weight.
func (s *Store) weighQuantiles(ctx context.Context, c *counting, sources []*seeker, out *rowstore.Groups) error {
	index := map[string]int{}
	name := func(at int64, keys []string) string {
		return strconv.FormatInt(at, 10) + "\x00" + strings.Join(keys, "\x00")
	}
	for i, g := range out.Rows {
		index[name(g.At, g.Keys)] = i
	}
	for n, a := range c.q.Of {
		if a.Kind != "quantile" {
			continue
		}
		w := &counting{question: new(question), q: c.q, where: c.where, keys: c.keys}
		w.q.Of = []rowstore.Aggregate{a}
		var parts []string
		for i, src := range sources {
			src.question = w.question
			part, err := w.branch(src, i)
			if err != nil {
				return err
			}
			parts = append(parts, part)
		}
		by := "b"
		for i := range c.keys {
			by += ", k" + strconv.Itoa(i)
		}
		fmt.Fprintf(w, "SELECT %s, min(v) FROM (SELECT %s, v, sum(w) OVER (PARTITION BY %s ORDER BY v) AS upto, sum(w) OVER (PARTITION BY %s) AS total "+
			"FROM (SELECT %s, v0 AS v, sum(w::DOUBLE) AS w FROM (%s) WHERE v0 IS NOT NULL GROUP BY %s, v0)) WHERE upto >= %s * total GROUP BY %s",
			by, by, by, by, by, strings.Join(parts, " UNION ALL "), by, w.arg(a.Q), by)
		err := s.ask(ctx, w.question, func(ch chunk) error {
			at := column[int64](ch, 0)
			keys := make([][]string, len(c.keys))
			for i, k := range c.keys {
				keys[i] = k.text(ch, 1+i)
			}
			values := column[float64](ch, 1+len(keys))
			for i := range ch.n {
				group := make([]string, len(keys))
				for k := range keys {
					group[k] = keys[k][i]
				}
				if g, ok := index[name(at[i], group)]; ok {
					out.Rows[g].Numbers[n] = values[i]
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	// The order is by the first number, which may have changed.
	slices.SortStableFunc(out.Rows, func(a, b rowstore.Group) int {
		if x, y := a.Numbers[0], b.Numbers[0]; x != y && !(math.IsNaN(x) && math.IsNaN(y)) {
			return cmp.Compare(y, x) // NaN is the least
		}
		return 0
	})
	return nil
}
