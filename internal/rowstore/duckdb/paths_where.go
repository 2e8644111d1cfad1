package duckdb

import (
	"slices"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// pathColumns adds the columns that fields and an expression need; ok is false where one of them is not held.
func pathColumns(e rowstore.Expr, fields []string) (cols []int, ok bool) {
	var need wanted
	ok = true
	add := func(name string) {
		if name == "*" || rowstore.FieldOf(name).Column == "" {
			ok = false
			return
		}
		w := wanted{}
		w.one(name)
		for col, yes := range w {
			if _, can := held(col); yes && !can && col != colTime && col != colUser {
				ok = false
			}
			need[col] = need[col] || yes
		}
	}
	for _, name := range fields {
		if name != "session" { // which those without a user have in a column of their own
			add(name)
		}
	}
	eachMatch(e, func(m *rowstore.Match) { add(m.Field) })
	cols = append(cols, pathAnonymous) // first: where all sessions are wanted they come after it
	for col, yes := range need {
		if yes && col != colTime && col != colUser {
			cols = append(cols, col)
		}
	}
	return cols, ok
}

// columnsFor returns the columns of fields.
func columnsFor(fields []string) (w wanted) {
	for _, name := range fields {
		w.one(name)
	}
	return w
}

// one adds the columns of one field.
func (w *wanted) one(name string) {
	switch f := rowstore.FieldOf(name); f.Column {
	case "trace":
		w[colTraceHi], w[colTraceLo] = true, true
	default:
		for col, of := range columnNames {
			w[col] = w[col] || of == f.Column
		}
	}
}

func eachMatch(e rowstore.Expr, f func(*rowstore.Match)) {
	if e.Match != nil {
		f(e.Match)
	}
	if e.Not != nil {
		eachMatch(*e.Not, f)
	}
	for _, x := range append(e.And[:len(e.And):len(e.And)], e.Or...) {
		eachMatch(x, f)
	}
}

// where tells for each row of a source whether an expression holds; nil says that all do.
func (w *pathWalk) where(r *pathSource, e rowstore.Expr) ([]bool, error) {
	if e.IsEverything() {
		return nil, nil
	}
	out := make([]bool, len(r.time))
	return out, w.holds(r, e, out)
}

func (w *pathWalk) holds(r *pathSource, e rowstore.Expr, out []bool) error {
	if col, ok := w.single(e); ok {
		table, err := w.table(r, col, e)
		if err != nil {
			return err
		}
		switch c := r.columns[col]; {
		case c.tiny != nil:
			for i, v := range c.tiny {
				out[i] = table[v]
			}
		case c.mid != nil:
			for i, v := range c.mid {
				out[i] = table[v]
			}
		case c.small != nil:
			for i, v := range c.small {
				out[i] = table[v]
			}
		default:
			for i := range out {
				out[i] = table[c.one]
			}
		}
		return nil
	}
	switch {
	case e.IsEverything():
		for i := range out {
			out[i] = true
		}
		return nil
	case e.Match != nil:
		return w.eachRow(r, e, out)
	case e.Not != nil:
		err := w.holds(r, *e.Not, out)
		for i := range out {
			out[i] = !out[i]
		}
		return err
	}
	parts, any := e.And, false
	if len(e.Or) > 0 {
		parts, any = e.Or, true
	}
	one := make([]bool, len(out))
	for k, p := range parts {
		to := one
		if k == 0 {
			to = out
		}
		if err := w.holds(r, p, to); err != nil {
			return err
		}
		if k > 0 {
			for i, v := range one {
				if v == any {
					out[i] = any
				}
			}
		}
	}
	return nil
}

// single returns the one column that an expression looks at, if its values are few enough to be tried one by one.
func (w *pathWalk) single(e rowstore.Expr) (col int, ok bool) {
	if e.IsEverything() {
		return 0, false
	}
	col, ok = -1, true
	eachMatch(e, func(m *rowstore.Match) {
		need := wanted{}
		need.one(m.Field)
		for c, yes := range need {
			if yes {
				place := slices.Index(w.cols, c)
				texts := place >= 0 && !w.held[place].isWide && isText(c)
				ok = ok && (col == -1 || col == c) && (texts || isFew(c))
				col = c
			}
		}
	})
	return col, ok && col >= 0
}

// table tries an expression on every value of a source's column.
func (w *pathWalk) table(r *pathSource, col int, e rowstore.Expr) ([]bool, error) {
	test, err := e.Compile()
	if err != nil {
		return nil, invalid(err)
	}
	i := slices.Index(w.cols, col)
	out := make([]bool, r.views[i].values(col))
	one := newPathRow(w, i)
	for v := range out {
		out[v] = test(one.ofValues(r, []uint32{uint32(v)}))
	}
	return out, nil
}

// eachRow tries one comparison row by row.
func (w *pathWalk) eachRow(r *pathSource, e rowstore.Expr, out []bool) error {
	test, err := e.Compile()
	if err != nil {
		return invalid(err)
	}
	need := wanted{}
	need.one(e.Match.Field)
	if need[colUser] {
		return errBig
	}
	one := newPathRow(w, w.placesOf(need)...)
	for i := range out {
		out[i] = test(one.of(r, uint32(i)))
	}
	return nil
}
