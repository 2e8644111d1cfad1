package duckdb

import (
	"encoding/json"
	"slices"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// wanted says which columns a query reads.
type wanted [columns]bool

// wantedOf returns the columns that fields need, all for nil.
func wantedOf(fields []string) (w wanted) {
	if fields == nil {
		for i := range w {
			w[i] = true
		}
	}
	w[colTime], w[colReceived], w[colWeight] = true, true, true // who replays rows needs to know when they came
	for _, name := range fields {
		switch f := rowstore.FieldOf(name); f.Column {
		case "":
			w[colAttrs], w[colResource] = true, true
		case "trace":
			w[colTraceHi], w[colTraceLo] = true, true
		default:
			w[slices.Index(columnNames[:], f.Column)] = true
		}
	}
	return w
}

// list renders the wanted columns of a source and returns the attributes that stand behind them in columns of their own.
func (w wanted) list(s source) (columns string, promoted []string) {
	var out []string
	for i, ok := range w {
		if ok {
			out = append(out, columnNames[i])
		}
	}
	if w[colAttrs] {
		for key := range s.Promoted {
			promoted = append(promoted, key)
		}
		slices.Sort(promoted)
		for _, key := range promoted {
			out = append(out, s.Promoted[key])
		}
	}
	return strings.Join(out, ", "), promoted
}

// rowReader turns chunks into rows whose text lies in the chunk. The rows are used again for the next chunk.
type rowReader struct {
	want      wanted
	rows      []rowstore.Row
	attrs     []rowstore.Attr
	resources map[string]*rowstore.Resource
}

const maxResources = 10_000 // kept while reading

// read returns a chunk's rows, and the number of columns it read.
func (r *rowReader) read(c chunk, promoted []string) (rows []rowstore.Row, next int) {
	if cap(r.rows) < c.n {
		r.rows = make([]rowstore.Row, c.n)
	}
	rows = r.rows[:c.n]
	clear(rows)
	at := [columns]int{}
	for i, ok := range r.want {
		if ok {
			at[i] = next
			next++
		}
	}
	numbers(r, c, rows, at, colTime, func(r *rowstore.Row, v int64) { r.Time = v })
	numbers(r, c, rows, at, colReceived, func(r *rowstore.Row, v int64) { r.Received = v })
	if r.want[colTraceHi] {
		hi, lo := column[uint64](c, at[colTraceHi]), column[uint64](c, at[colTraceLo])
		for i := range rows {
			rows[i].Trace = rowstore.TraceIDOf(hi[i], lo[i])
		}
	}
	numbers(r, c, rows, at, colSpan, func(r *rowstore.Row, v uint64) { r.Span = rowstore.SpanID(v) })
	numbers(r, c, rows, at, colParent, func(r *rowstore.Row, v uint64) { r.Parent = rowstore.SpanID(v) })
	numbers(r, c, rows, at, colKind, func(r *rowstore.Row, v uint8) { r.Kind = v })
	numbers(r, c, rows, at, colSeverity, func(r *rowstore.Row, v uint8) { r.Severity = v })
	numbers(r, c, rows, at, colStatus, func(r *rowstore.Row, v uint8) { r.Status = v })
	numbers(r, c, rows, at, colDuration, func(r *rowstore.Row, v int64) { r.Duration = v })
	numbers(r, c, rows, at, colValue, func(r *rowstore.Row, v float64) { r.Value = v })
	numbers(r, c, rows, at, colWeight, func(r *rowstore.Row, v float32) { r.Weight = v })
	for _, f := range &textsOf {
		if r.want[f.col] {
			in := column[text](c, at[f.col])
			for i := range rows {
				*f.of(&rows[i]) = in[i].String()
			}
		}
	}
	if r.want[colAttrs] {
		r.readAttrs(c, rows, at[colAttrs], next, promoted)
		next += len(promoted)
	}
	if r.want[colResource] {
		in := column[text](c, at[colResource])
		for i := range rows {
			rows[i].Resource = r.resource(in[i].String())
		}
	}
	return rows, next
}

func numbers[T any](r *rowReader, c chunk, rows []rowstore.Row, at [columns]int, col int, set func(*rowstore.Row, T)) {
	if r.want[col] {
		in := column[T](c, at[col])
		for i := range rows {
			set(&rows[i], in[i])
		}
	}
}

// readAttrs joins the map with the attributes that have columns of their own.
func (r *rowReader) readAttrs(c chunk, rows []rowstore.Row, col, next int, promoted []string) {
	vector := raw.DataChunkGetVector(c.data, raw.IdxT(col))
	pairs := raw.ListVectorGetChild(vector)
	keys := raw.VectorGetData(raw.StructVectorGetChild(pairs, 0))
	values := raw.VectorGetData(raw.StructVectorGetChild(pairs, 1))
	places := column[place](c, col)
	r.attrs = slices.Grow(r.attrs[:0], int(raw.ListVectorGetSize(vector))+c.n*len(promoted))
	type own struct {
		key    string
		values []text
		valid  raw.Vector
	}
	var owns []own
	for i, key := range promoted {
		owns = append(owns, own{key, column[text](c, next+i), raw.DataChunkGetVector(c.data, raw.IdxT(next+i))})
	}
	for i := range rows {
		from := len(r.attrs)
		for k := range int(places[i].length) {
			n := int(places[i].offset) + k
			r.attrs = append(r.attrs, rowstore.Attr{Key: at[text](keys, n).String(), Value: at[text](values, n).String()})
		}
		for _, o := range owns {
			if mask := raw.VectorGetValidity(o.valid); mask == nil || raw.ValidityRowIsValid(mask, raw.IdxT(i)) {
				r.attrs = append(r.attrs, rowstore.Attr{Key: o.key, Value: o.values[i].String()})
			}
		}
		rows[i].Attrs = r.attrs[from:len(r.attrs):len(r.attrs)]
		if len(rows[i].Attrs) == 0 {
			rows[i].Attrs = nil
		}
	}
}

// resource returns the resource of a JSON text, the same one for the same text.
func (r *rowReader) resource(text string) *rowstore.Resource {
	if text == "" {
		return nil
	}
	if res, ok := r.resources[text]; ok {
		return res
	}
	res := &rowstore.Resource{JSON: strings.Clone(text)}
	var attrs map[string]string
	if json.Unmarshal([]byte(text), &attrs) == nil { // we wrote it
		for k, v := range attrs {
			res.Attrs = append(res.Attrs, rowstore.Attr{Key: k, Value: v})
		}
	}
	slices.SortFunc(res.Attrs, func(a, b rowstore.Attr) int { return strings.Compare(a.Key, b.Key) })
	if r.resources == nil || len(r.resources) >= maxResources {
		r.resources = map[string]*rowstore.Resource{}
	}
	r.resources[res.JSON] = res
	return res
}

// keep returns a copy of a row whose text is its own.
func keep(r *rowstore.Row) rowstore.Row {
	k := *r
	n := 0
	texts := make([]*string, 0, textsOfRow+2*len(r.Attrs))
	for _, f := range &textsOf {
		texts = append(texts, f.of(&k))
	}
	k.Attrs = slices.Clone(r.Attrs)
	for i := range k.Attrs {
		texts = append(texts, &k.Attrs[i].Key, &k.Attrs[i].Value)
	}
	for _, t := range texts {
		n += len(*t)
	}
	var b strings.Builder
	b.Grow(n)
	for _, t := range texts {
		b.WriteString(*t)
	}
	all := b.String()
	for _, t := range texts {
		*t, all = all[:len(*t)], all[len(*t):]
	}
	return k
}
