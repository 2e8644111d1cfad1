package duckdb

import (
	"context"
	"errors"
	"math"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	foldBytes  = 128 << 20 // that a fold may take for groups, texts and sets
	foldValues = 6_000_000 // that it keeps for quantiles
)

// errBig says that a fold needs more memory than it may take.
var errBig = errors.New("too big to fold")

// fold counts rows in Go: DuckDB hands over the columns that are needed faster than it groups them. It keeps groups in
// arrays by number.
type fold struct {
	q      rowstore.Count
	step   int64
	at     []int64 // the start of each group's bucket
	bucket map[int64]uint32
	start  int64 // of the bucket that came last
	last   uint32

	keys    []foldKey
	codes   [][]uint32 // of each group
	of      []tally
	bytes   int
	scratch []uint32
	weights []float32
}

// foldKey is a field to group by.
type foldKey struct {
	words interner // of texts
	named []string // of small numbers
	next  pairing  // group so far and code to group
}

// tally is one number of all groups.
type tally struct {
	rowstore.Aggregate
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

// fold answers a count. The error is errBig where DuckDB must do it.
func (s *Store) fold(ctx context.Context, c *counting, sources []*seeker) ([]rowstore.Group, error) {
	f := &fold{q: c.q, step: c.q.Step.Microseconds(), bucket: map[int64]uint32{}, last: math.MaxUint32}
	for _, by := range c.q.By {
		k := foldKey{}
		switch field := rowstore.FieldOf(by); field.Name {
		case "level":
			k.named = append([]string{""}, rowstore.Levels()...)
		case "status":
			k.named = rowstore.Statuses()
		case "kind":
			k.named = rowstore.SpanKinds()
		}
		f.keys = append(f.keys, k)
	}
	for _, a := range c.q.Of {
		t := tally{Aggregate: a}
		if a.Kind == "quantile" {
			t.values.room(int(min(c.rows, foldValues)))
		}
		f.of = append(f.of, t)
	}
	f.codes = make([][]uint32, len(f.keys))
	c.times = true
	defer func() { c.times = false }()
	q := &question{}
	var parts []string
	for i, src := range sources {
		src.question = q
		part, err := c.branch(src, i)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	q.WriteString(strings.Join(parts, " UNION ALL "))
	if err := s.ask(ctx, q, f.add); err != nil {
		return nil, err
	}
	return f.groups(), nil
}

// add takes a chunk of time, keys, weight and what the numbers are computed of.
func (f *fold) add(c chunk) error {
	if cap(f.scratch) < c.n {
		f.scratch = make([]uint32, c.n)
	}
	of := f.scratch[:c.n]
	f.buckets(c, of)
	for k := range f.keys {
		f.split(k, c, of)
	}
	f.weights = column[float32](c, 1+len(f.keys))
	next := 2 + len(f.keys)
	for i := range f.of {
		t := &f.of[i]
		t.room(len(f.at))
		if t.Kind == "rows" || t.Kind == "stored" {
			f.count(t, of)
			continue
		}
		mask := raw.VectorGetValidity(raw.DataChunkGetVector(c.data, raw.IdxT(next)))
		has := func(i int) bool { return mask == nil || raw.ValidityRowIsValid(mask, raw.IdxT(i)) }
		switch t.Kind {
		case "first", "last":
			t.ends(column[int64](c, next), of)
		case "share_error":
			t.share(column[bool](c, next), of, f.weights)
		case "unique":
			f.bytes += t.unique(column[text](c, next), has, of)
		case "quantile":
			t.values.add(column[float64](c, next), has, of, f.weights)
		default:
			t.amount(column[float64](c, next), has, of, f.weights)
		}
		next++
		if len(t.values.v) > foldValues {
			return errBig
		}
	}
	words := 0
	for i := range f.keys {
		words += f.keys[i].words.bytes
	}
	for i := range f.of {
		words += f.of[i].words.bytes
	}
	if f.bytes+words+len(f.at)*(48+32*(len(f.keys)+len(f.of))) > foldBytes {
		return errBig
	}
	return nil
}

// buckets numbers the rows by their time bucket. Without keys that is their group.
func (f *fold) buckets(c chunk, of []uint32) {
	if f.step == 0 {
		if len(f.at) == 0 && len(f.keys) == 0 {
			f.at = []int64{0}
		}
		clear(of)
		return
	}
	for i, t := range column[int64](c, 0) {
		if d := t - f.start; f.last == math.MaxUint32 || d < 0 || d >= f.step {
			f.start = t - ((t%f.step)+f.step)%f.step
			n, ok := f.bucket[f.start]
			if !ok {
				n = uint32(len(f.bucket))
				f.bucket[f.start] = n
				if len(f.keys) == 0 {
					f.at = append(f.at, f.start)
				}
			}
			f.last = n
		}
		of[i] = f.last
	}
}

// split makes of the groups so far, in of, those with the key k as well.
func (f *fold) split(k int, c chunk, of []uint32) {
	key := &f.keys[k]
	final := k == len(f.keys)-1
	var small []uint8
	var words []text
	if key.named != nil {
		small = column[uint8](c, 1+k)
	} else {
		words = column[text](c, 1+k)
	}
	times := column[int64](c, 0)
	for i := range of {
		var code uint32
		if small != nil {
			code = uint32(small[i])
		} else {
			code = key.words.number(&words[i])
		}
		n, fresh := key.next.number(of[i], code)
		if fresh {
			f.codes[k] = append(f.codes[k], of[i], code)
			if final {
				at := int64(0)
				if f.step > 0 {
					at = times[i] - ((times[i]%f.step)+f.step)%f.step
				}
				f.at = append(f.at, at)
			}
		}
		of[i] = n
	}
}

func (f *fold) count(t *tally, of []uint32) {
	if t.Kind == "stored" {
		for _, g := range of {
			t.sum[g]++
		}
		return
	}
	for i, g := range of {
		t.sum[g] += float64(f.weights[i])
	}
}
