package duckdb

import (
	"errors"
	"fmt"
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"
)

// gatherer hands the rows of a loaded log over to DuckDB in an order of their own, a column after the other, without copying
// text: DuckDB's vectors point to the log's memory.
type gatherer struct {
	vectors
	log *loadedLog
	lay *layout

	col   [columns]unsafe.Pointer // nil: not stored
	own   []unsafe.Pointer        // columns of attributes; nil: not stored
	there []unsafe.Pointer        // which rows have one, a bit each
	from  [chunkRows]*part
}

func newGatherer(l *loadedLog, lay *layout) *gatherer {
	own := 0
	for _, c := range lay.own {
		if c.fixed == "" {
			own++
		}
	}
	g := &gatherer{vectors: newVectors(func(col int) bool { return lay.fixed[col] == "" }, own), log: l, lay: lay,
		own: make([]unsafe.Pointer, len(lay.own)), there: make([]unsafe.Pointer, len(lay.own))}
	g.reset()
	return g
}

func (g *gatherer) reset() {
	raw.DataChunkReset(g.chunk)
	n := 0
	next := func() raw.Vector {
		n++
		return raw.DataChunkGetVector(g.chunk, raw.IdxT(n-1))
	}
	for col := range g.col {
		if g.lay.fixed[col] != "" {
			continue
		}
		v := next()
		g.col[col] = raw.VectorGetData(v)
		if col == colAttrs {
			g.attrs = v
			g.grow(max(g.room, chunkRows))
		}
	}
	for i, c := range g.lay.own {
		if c.fixed != "" {
			continue
		}
		v := next()
		raw.VectorEnsureValidityWritable(v)
		g.own[i], g.there[i] = raw.VectorGetData(v), unsafe.Pointer(raw.VectorGetValidity(v))
		clear(unsafe.Slice((*uint64)(g.there[i]), chunkRows/64))
	}
}

// write appends the rows of marks.
func (g *gatherer) write(marks []mark, a raw.Appender) error {
	for len(marks) > 0 {
		n := min(len(marks), chunkRows)
		g.fill(marks[:n])
		raw.DataChunkSetSize(g.chunk, raw.IdxT(n))
		state := raw.AppendDataChunk(a, g.chunk)
		g.reset()
		if state == raw.StateError {
			return errors.New(raw.AppenderError(a))
		}
		marks = marks[n:]
	}
	return nil
}

// fill lays out up to chunkRows rows.
func (g *gatherer) fill(marks []mark) {
	for i := range marks {
		g.from[i] = g.log.parts[marks[i].part]
	}
	from := g.from[:len(marks)]
	for i := range marks {
		*at[int64](g.col[colTime], i) = marks[i].time
	}
	if hi, lo := g.col[colTraceHi], g.col[colTraceLo]; hi != nil {
		for i, p := range from {
			*at[uint64](hi, i), *at[uint64](lo, i) = p.traces.at(int(marks[i].row)).Halves()
		}
	}
	for which, col := range columnsOfNumbers {
		to := g.col[col]
		if to == nil {
			continue
		}
		width := widths[which]
		for i, p := range from {
			v := p.numbers[which].at(int(marks[i].row))
			switch width {
			case 1:
				*at[uint8](to, i) = uint8(v)
			case 4:
				*at[uint32](to, i) = uint32(v)
			default:
				*at[uint64](to, i) = v
			}
		}
	}
	for k, col := range columnsOfTexts {
		to := g.col[col]
		if to == nil {
			continue
		}
		for i, p := range from {
			*at[text](to, i) = p.texts[k].laidAt(int(marks[i].row))
		}
	}
	g.attributes(marks)
}

func (g *gatherer) attributes(marks []mark) {
	pairs, inMap := 0, g.col[colAttrs]
	for i := range marks {
		list, nth := g.from[i].listAt(int(marks[i].row))
		begin := pairs
		if inMap != nil && pairs+len(list.keys) > g.room {
			g.grow(max(2*g.room, pairs+len(list.keys)))
		}
		for k, slot := range list.slots {
			switch slot {
			case nowhere:
			case toMap:
				*at[text](g.key, pairs) = list.laid[k]
				*at[text](g.val, pairs) = list.values[k].laidAt(nth)
				pairs++
			default:
				*at[text](g.own[slot], i) = list.values[k].laidAt(nth)
				*at[uint64](g.there[slot], i/64) |= 1 << (i % 64)
			}
		}
		if inMap != nil {
			*at[place](inMap, i) = place{uint64(begin), uint64(pairs - begin)}
		}
	}
	if inMap != nil {
		raw.ListVectorSetSize(g.attrs, raw.IdxT(pairs))
	}
}

// writeMarked writes rows into a file in their order.
func (s *Store) writeMarked(p *shop, f sealedFile, lay *layout, marks []mark, l *loadedLog) (sealedFile, error) {
	return s.newFile(p, f, func() (err error) {
		defer func() {
			if err != nil {
				err = errors.Join(err, run(p.conn, "ROLLBACK"))
			}
		}()
		if err := p.run("BEGIN"); err != nil {
			return err
		}
		if err := define(p.conn, lay.create("out.rows")); err != nil {
			return err
		}
		var a raw.Appender
		if raw.AppenderCreateExt(p.conn, "out", "main", "rows", &a) == raw.StateError {
			err := errors.New(raw.AppenderError(a))
			raw.AppenderDestroy(&a)
			return err
		}
		defer raw.AppenderDestroy(&a)
		g := newGatherer(l, lay)
		defer g.close()
		if err := g.write(marks, a); err != nil {
			return err
		}
		if raw.AppenderClose(a) == raw.StateError {
			return errors.New(raw.AppenderError(a))
		}
		return p.run("COMMIT")
	})
}

// define makes a table. What the statement says is of rows and does not become part of an error.
func define(c raw.Connection, q string) error {
	var res raw.Result
	defer raw.DestroyResult(&res)
	if raw.Query(c, q, &res) == raw.StateError {
		return fmt.Errorf("make the table of a file: error %d of DuckDB", raw.ResultErrorType(&res))
	}
	return nil
}
