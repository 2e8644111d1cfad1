package evaluate

import (
	"math"
	"slices"
	"strconv"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// rowIndex finds the sides that a row feeds. Sides that select the same rows are tested once; a test stands under its rarest
// equality, so that a row is compared with the few selectors that could hold for it, however many there are.
type rowIndex struct{ tables [3]rowTable }

type rowTable struct {
	units  []*unit    // whose meters the table feeds
	fields []rowField // fields with equalities
	rest   []*rowMatch
	hits   []*rowMatch // scratch
}

// rowField is the tests that need a field to have a value. Rows of one sender come together, so the value before is
// remembered.
type rowField struct {
	name    string
	byValue map[string]*rowValue
	last    *rowValue
}

type rowValue struct {
	value string
	tests []*rowMatch
}

// rowMatch is one test and the sides that it stands for.
type rowMatch struct {
	test  func(*rowstore.Row) bool
	feeds []rowFeed
}

type rowFeed struct {
	u    *unit
	side int
}

func newRowIndex(units []*unit) *rowIndex {
	type key struct {
		table rowstore.Table
		pair
	}
	type found struct {
		x rowstore.Expr
		m *rowMatch
	}
	ix := &rowIndex{}
	count := map[key]int{}
	byText := map[string]*found{}
	var all [3][]*found
	for _, u := range units {
		if u.rows == nil || u.meter == nil {
			continue
		}
		t := u.rows.table
		ix.tables[t].units = append(ix.tables[t].units, u)
		for side, x := range u.rows.sides {
			text := strconv.Itoa(int(t)) + x.String()
			f := byText[text]
			if f == nil {
				f = &found{x: x, m: &rowMatch{}}
				byText[text] = f
				all[t] = append(all[t], f)
				for _, p := range rowEqualities(x) {
					count[key{t, p}]++
				}
			}
			f.m.feeds = append(f.m.feeds, rowFeed{u, side})
		}
	}
	for t := range all {
		table := &ix.tables[t]
		for _, f := range all[t] {
			var best pair
			fewest := math.MaxInt
			for _, p := range rowEqualities(f.x) {
				if n := count[key{rowstore.Table(t), p}]; n < fewest {
					best, fewest = p, n
				}
			}
			indexed := fewest < math.MaxInt
			if indexed {
				f.x = without(f.x, best)
			}
			var err error
			switch f.m.test, err = f.x.Compile(); {
			case err != nil: // newRowUnit compiled it
			case indexed:
				table.put(best, f.m)
			default:
				table.rest = append(table.rest, f.m)
			}
		}
	}
	return ix
}

func (t *rowTable) put(p pair, m *rowMatch) {
	at := slices.IndexFunc(t.fields, func(f rowField) bool { return f.name == p.name })
	if at < 0 {
		at = len(t.fields)
		t.fields = append(t.fields, rowField{name: p.name, byValue: map[string]*rowValue{}, last: &rowValue{}})
	}
	f := &t.fields[at]
	if f.byValue[p.value] == nil {
		f.byValue[p.value] = &rowValue{value: p.value}
	}
	f.byValue[p.value].tests = append(f.byValue[p.value].tests, m)
}

// rowEqualities returns the equalities that every row of the expression meets, of fields that can be looked up cheaply.
func rowEqualities(x rowstore.Expr) []pair {
	var out []pair
	of := x.And
	if x.Match != nil {
		of = []rowstore.Expr{x}
	}
	for _, e := range of {
		if m := e.Match; m != nil && m.Op == rowstore.Equal && m.Value != "" && rowstore.FieldOf(m.Field).Type == rowstore.TypeText {
			out = append(out, pair{m.Field, m.Value})
		}
	}
	return out
}

// without is what is left to test of rows that are known to meet the equality p.
func without(x rowstore.Expr, p pair) rowstore.Expr {
	is := func(e rowstore.Expr) bool {
		return e.Match != nil && *e.Match == rowstore.Match{Field: p.name, Op: rowstore.Equal, Value: p.value}
	}
	if is(x) {
		return rowstore.Everything
	}
	var left []rowstore.Expr
	for _, e := range x.And {
		if !is(e) {
			left = append(left, e)
		}
	}
	return rowstore.All(left...)
}

// match returns the tests that hold for a row; the slice is reused.
func (t *rowTable) match(r *rowstore.Row) []*rowMatch {
	t.hits = t.hits[:0]
	for i := range t.fields {
		f := &t.fields[i]
		v := r.Get(f.name)
		if v == "" {
			continue
		}
		if v != f.last.value {
			under := f.byValue[v]
			if under == nil {
				continue
			}
			f.last = under
		}
		for _, m := range f.last.tests {
			if m.test(r) {
				t.hits = append(t.hits, m)
			}
		}
	}
	for _, m := range t.rest {
		if m.test(r) {
			t.hits = append(t.hits, m)
		}
	}
	return t.hits
}
