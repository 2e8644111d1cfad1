package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/rowstore"
)

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
	if c.times {
		cols[0] = "time AS b"
	}
	for k, key := range c.keys {
		x := key.sql(src)
		if c.times && key.column != "" {
			x = key.column
		}
		cols = append(cols, fmt.Sprintf("%s AS k%d", x, k))
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
			x := src.amount(a.Field)
			if c.times && rowstore.FieldOf(a.Field).Name == "duration" {
				x = "duration"
			}
			cols = append(cols, fmt.Sprintf("%s AS v%d", x, k))
		case "unique":
			if c.times {
				cols = append(cols, fmt.Sprintf("%s AS v%d", src.text(a.Field, false), k))
				continue
			}
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
	from := src.from()
	if src.narrow && len(src.spans) == 1 && !c.learns { // of the table itself, whose columns need not all be named then
		from = src.Name
		where = fmt.Sprintf("rowid BETWEEN %d AND %d AND %s", src.spans[0].from, src.spans[0].to, where)
	}
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s%s", strings.Join(cols, ", "), from, where, src.within(c.q.Between)), nil
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
	case f.Type == rowstore.TypeTime:
		return "epoch_us(" + f.Column + ")::DOUBLE"
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
