package duckdb

import (
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"
)

// add takes a chunk of time, keys, weight and what the numbers are computed of.
func (f *fold) add(c chunk) error {
	if cap(f.scratch) < c.n {
		f.scratch = make([]uint32, c.n)
	}
	f.runs = f.buckets.cut(column[int64](c, 0), f.runs[:0])
	of := f.scratch[:c.n] // the group of each row, where it is needed
	if len(f.keys) > 0 {
		spread(f.runs, of)
		for k := range f.keys {
			f.split(k, c, of)
		}
		if f.values {
			f.runs = runsOf(of, f.runs[:0])
		}
	} else {
		f.at = append(f.at, f.buckets.starts[len(f.at):]...)
		if f.others {
			spread(f.runs, of)
		}
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
		has := validOf(c, next)
		switch t.Kind {
		case "first", "last":
			t.ends(column[int64](c, next), of)
		case "share_error":
			t.share(column[bool](c, next), of, f.weights)
		case "unique":
			f.bytes += t.unique(column[text](c, next), of)
		case "quantile":
			if t.nanos { // in their order, which is that of the seconds
				keepValues(&t.values, column[int64](c, next), has, f.runs, f.weights)
			} else {
				keepValues(&t.values, column[float64](c, next), has, f.runs, f.weights)
			}
		default:
			t.amount(f.amounts(t, c, next), has, of, f.weights)
		}
		next++
	}
	return f.tell()
}

// validity tells which values of a column are not NULL; nil: all.
type validity []uint64

func validOf(c chunk, col int) validity {
	mask := raw.VectorGetValidity(raw.DataChunkGetVector(c.data, raw.IdxT(col)))
	if mask == nil {
		return nil
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(mask)), (c.n+63)/64)
}

func (v validity) has(i int) bool { return v == nil || v[i>>6]>>(i&63)&1 == 1 }

// amounts returns a column of numbers. Durations are in seconds.
func (f *fold) amounts(t *tally, c chunk, col int) []float64 {
	if !t.nanos {
		return column[float64](c, col)
	}
	if cap(f.floats) < c.n {
		f.floats = make([]float64, c.n)
	}
	out := f.floats[:c.n]
	for i, v := range column[int64](c, col) {
		out[i] = float64(v) / 1e9
	}
	return out
}

// tell says how much the fold has taken, and fails if the folds of the count have taken too much.
func (f *fold) tell() error {
	words, values := 0, 0
	for i := range f.keys {
		words += f.keys[i].words.bytes
	}
	for i := range f.of {
		words += f.of[i].words.bytes
		values = max(values, len(f.of[i].values.v))
	}
	bytes := f.bytes + words + len(f.at)*(48+32*(len(f.keys)+len(f.of)))
	all, most := f.all.bytes.Add(int64(bytes-f.bytesTold)), f.all.values.Add(int64(values-f.valuesTold))
	if f.bytesTold, f.valuesTold = bytes, values; all > foldBytes || most > foldValues {
		return errBig
	}
	return nil
}

// split makes of the groups so far, in of, those with the key k as well.
func (f *fold) split(k int, c chunk, of []uint32) {
	key := &f.keys[k]
	times := column[int64](c, 0)
	if key.named == nil {
		words := column[text](c, 1+k)
		for i := range of {
			of[i] = f.group(k, of[i], key.words.number(&words[i]), times[i])
		}
		return
	}
	if more := foldNames*f.before(k) - len(key.dense); more > 0 {
		key.dense = append(key.dense, make([]uint32, more)...)
	}
	dense := key.dense
	for i, v := range column[uint8](c, 1+k) {
		slot := of[i]*foldNames + uint32(key.code[v])
		n := dense[slot]
		if n == 0 {
			n = 1 + f.fresh(k, of[i], uint32(key.code[v]), times[i])
			dense[slot] = n
		}
		of[i] = n - 1
	}
}

// before is how many groups there are without the key k and those behind it.
func (f *fold) before(k int) int {
	if k > 0 {
		return len(f.codes[k-1]) / 2
	}
	return len(f.buckets.starts)
}

// group returns the group of one so far and a code of the key k.
func (f *fold) group(k int, so, code uint32, at int64) uint32 {
	key := &f.keys[k]
	if key.named == nil {
		n, fresh := key.next.number(so, code)
		if fresh {
			f.fresh(k, so, code, at)
		}
		return n
	}
	slot := int(so)*foldNames + int(code)
	if more := slot + 1 - len(key.dense); more > 0 {
		key.dense = append(key.dense, make([]uint32, more)...)
	}
	if key.dense[slot] == 0 {
		key.dense[slot] = 1 + f.fresh(k, so, code, at)
	}
	return key.dense[slot] - 1
}

// fresh notes a new group, whose number it returns; at is a time of it.
func (f *fold) fresh(k int, so, code uint32, at int64) uint32 {
	f.codes[k] = append(f.codes[k], so, code)
	if k == len(f.keys)-1 {
		f.at = append(f.at, f.buckets.startOf(at))
	}
	return uint32(len(f.codes[k])/2 - 1)
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
