package duckdb

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	foldBytes  = 128 << 20 // that the folds of a count may take for groups, texts and sets
	foldValues = 6_000_000 // that they keep for quantiles
)

// errBig says that a fold needs more memory than it may take.
var errBig = errors.New("too big to fold")

// foldRoom is what the folds of a count have taken so far.
type foldRoom struct{ bytes, values atomic.Int64 }

// fold counts rows in Go: DuckDB hands over the columns that are needed faster than it groups them. It keeps groups in
// arrays by number.
type fold struct {
	q       rowstore.Count
	at      []int64 // the start of each group's bucket
	buckets buckets

	keys    []foldKey
	codes   [][]uint32 // of each group
	of      []tally
	bytes   int  // of sets
	values  bool // some number is a quantile: rows are wanted by runs of a group
	others  bool // some is not: the group of each row is wanted
	runs    []foldRun
	scratch []uint32
	floats  []float64
	weights []float32

	all        *foldRoom
	bytesTold  int // what all knows of this fold
	valuesTold int
}

// foldKey is a field to group by: texts, or small numbers that have names.
type foldKey struct {
	words interner
	next  pairing // group so far and code to group

	named []string
	code  [256]uint8 // of a column's value: which name it has
	dense []uint32   // 1 more than the group, by group so far and code, foldNames apart; 0: none yet
}

// foldNames is how many names a small number may have.
const foldNames = 8

// name gives a value of the column the last name if it is beyond them.
func (k *foldKey) name(names []string, number func(v int) int) {
	k.named = names
	for v := range k.code {
		k.code[v] = uint8(min(number(v), len(names)-1))
	}
}

// tally is one number of all groups.
type tally struct {
	rowstore.Aggregate
	nanos       bool // of durations, which come as they are stored
	sum, weight []float64
	set         []bitmap
	words       interner
	values      quantileValues
}

// foldable reports whether a count can be folded.
func (c *counting) foldable() bool {
	if c.learns {
		return false
	}
	for _, by := range c.q.By {
		if f := rowstore.FieldOf(by); f.Name == "duration" || f.Name == "value" || f.Name == "weight" {
			return false
		}
	}
	for _, a := range c.q.Of {
		if a.Kind != "unique" {
			continue
		}
		f := rowstore.FieldOf(a.Field)
		if c.rows > exactUnique || f.Type == rowstore.TypeNumber || f.Name == "level" || f.Name == "kind" || f.Name == "status" {
			return false
		}
	}
	return true
}

// newFold prepares a fold of about so many rows.
func (s *Store) newFold(c *counting, rows int64, all *foldRoom) *fold {
	f := &fold{q: c.q, all: all}
	f.buckets.open(c.q.Step.Microseconds(), c.q.Between)
	for _, by := range c.q.By {
		k := foldKey{}
		same := func(v int) int { return v }
		switch field := rowstore.FieldOf(by); field.Name {
		case "level":
			k.name(append([]string{""}, rowstore.Levels()...), func(v int) int { return (v + 3) >> 2 })
		case "status":
			k.name(rowstore.Statuses(), same)
		case "kind":
			k.name(rowstore.SpanKinds(), same)
		}
		f.keys = append(f.keys, k)
	}
	for _, a := range c.q.Of {
		t := tally{Aggregate: a}
		t.nanos = rowstore.FieldOf(a.Field).Name == "duration"
		if f.values, f.others = f.values || a.Kind == "quantile", f.others || a.Kind != "quantile"; a.Kind == "quantile" {
			t.values.room(int(min(rows, foldValues)), &s.values)
		}
		f.of = append(f.of, t)
	}
	f.codes = make([][]uint32, len(f.keys))
	return f
}

// read takes the rows of sources.
func (f *fold) read(ctx context.Context, s *Store, c *counting, sources []*seeker) error {
	q := &question{}
	var parts []string
	for i, src := range sources {
		src.question = q
		part, err := c.branch(src, i)
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	q.WriteString(strings.Join(parts, " UNION ALL "))
	return s.ask(ctx, q, f.add)
}
