package duckdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"
)

// indexServices is how many services a file may have for its index to say where they are.
const indexServices = 10_000

// indexMaker gathers what an index says while it reads the rows of a file in their order.
type indexMaker struct {
	index
	ids   idFilter
	words wordFilter
	ctx   context.Context

	row    int64
	block  wordBlock
	found  []uint64        // ids
	last   [columns]uint64 // the id that came last, by column
	seen   [256]text       // texts of this chunk
	sorted bool            // so far rows are in order of service and time
	at     struct {        // the service that is being read
		begun bool
		name  string
		span  span
		time  int64
	}
}

// textColumns are those in which a text is looked for anywhere.
var textColumns = []int{colBody, colName, colRoute, colErrorType, colDetail}

// idColumns are ids that are texts.
var idColumns = []int{colUser, colSession, colBusiness}

// read reads the rows.
func (m *indexMaker) read(p *shop, f *liveFile) error {
	m.zones, m.words = make([]zone, blocksOf(f.Rows)), newWordFilter(blocksOf(f.Rows))
	m.found = make([]uint64, 0, f.Rows)
	src := f.source()
	list := "rowid, epoch_us(time), trace_hi, trace_lo, service"
	for _, col := range slices.Concat(idColumns, textColumns) {
		list += ", " + columnNames[col]
	}
	var own []string
	for _, column := range src.Promoted {
		own = append(own, column)
	}
	list += ", attrs"
	if len(own) > 0 {
		list += ", " + strings.Join(own, ", ")
	}
	if strings.ContainsAny(src.Name, " (") {
		return errors.New("it is of an older layout")
	}
	q := &question{}
	q.WriteString("SELECT " + list + " FROM " + src.Name)
	if err := askOn(p.conn, q, func(c chunk) error { return m.take(c, len(own)) }); err != nil {
		return err
	}
	if m.row != f.Rows {
		return fmt.Errorf("it has %d rows, want %d", m.row, f.Rows)
	}
	return nil
}

// take takes a chunk of rows.
func (m *indexMaker) take(c chunk, own int) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	rows := column[int64](c, 0)
	times := column[int64](c, 1)
	for i := 0; i < c.n; { // a block after the other, though a chunk may have parts of two
		if rows[i] != m.row+int64(i) {
			return fmt.Errorf("row %d comes as number %d", rows[i], m.row+int64(i))
		}
		block := int(rows[i] >> indexBits)
		n := min(c.n, i+int(int64(block+1)<<indexBits-rows[i]))
		m.takeTimes(block, times[i:n], rows[i]&(indexBlock-1) == 0)
		clear(m.seen[:])
		for k := range len(textColumns) {
			m.takeTexts(column[text](c, 5+len(idColumns)+k)[i:n], nil, i)
		}
		at := 5 + len(idColumns) + len(textColumns)
		m.takeMap(c, at, i, n)
		for k := range own {
			m.takeTexts(column[text](c, at+1+k)[i:n], raw.VectorGetValidity(raw.DataChunkGetVector(c.data, raw.IdxT(at+1+k))), i)
		}
		if i = n; (m.row+int64(n))&(indexBlock-1) == 0 || m.row+int64(n) == m.rows {
			m.words.set(block, &m.block)
			m.block = wordBlock{}
		}
	}
	m.takeIDs(c)
	m.takeServices(column[text](c, 4), times)
	m.row += int64(c.n)
	return nil
}

func (m *indexMaker) takeTimes(block int, times []int64, first bool) {
	z := &m.zones[block]
	if first {
		*z = zone{math.MaxInt64, math.MinInt64}
	}
	for _, t := range times {
		z.from, z.to = min(z.from, t), max(z.to, t)
	}
}

// takeTexts adds texts of a column from row i of the chunk on; those that are not valid are none.
func (m *indexMaker) takeTexts(texts []text, valid unsafe.Pointer, i int) {
	for k := range texts {
		if valid == nil || *at[uint64](valid, (i+k)/64)&(1<<((i+k)%64)) != 0 {
			m.takeText(&texts[k])
		}
	}
}

// takeText adds a text, unless it was just seen: what repeats lies at one place in DuckDB's memory.
func (m *indexMaker) takeText(t *text) {
	if t.length < 3 {
		return
	}
	words := (*[2]uint64)(unsafe.Pointer(t))
	seen := &m.seen[mixed(words[0], words[1])%uint64(len(m.seen))]
	if *seen == *t {
		return
	}
	*seen = *t
	m.block.add(t.String())
}

// takeMap adds the values of the attributes in the map.
func (m *indexMaker) takeMap(c chunk, col, from, to int) {
	vector := raw.DataChunkGetVector(c.data, raw.IdxT(col))
	values := raw.VectorGetData(raw.StructVectorGetChild(raw.ListVectorGetChild(vector), 1))
	for _, p := range column[place](c, col)[from:to] {
		for k := range p.length {
			m.takeText(at[text](values, int(p.offset+k)))
		}
	}
}

// takeIDs gathers ids.
func (m *indexMaker) takeIDs(c chunk) {
	note := func(col int, id uint64) {
		if id != m.last[col] {
			m.last[col], m.found = id, append(m.found, id)
		}
	}
	hi, lo := column[uint64](c, 2), column[uint64](c, 3)
	for i := range hi {
		if hi[i] != 0 || lo[i] != 0 {
			note(colTraceHi, traceHash(hi[i], lo[i]))
		}
	}
	for k, col := range idColumns {
		texts := column[text](c, 5+k)
		for i := range texts {
			if texts[i].length > 0 {
				note(col, idHash(col, texts[i].String()))
			}
		}
	}
}

// takeServices notes where each service is, as long as rows are in order of service and time.
func (m *indexMaker) takeServices(services []text, times []int64) {
	for i := range services {
		if !m.sorted {
			return
		}
		row := m.row + int64(i)
		name := services[i].String()
		switch {
		case m.at.begun && name == m.at.name:
			m.sorted = times[i] >= m.at.time
		case m.at.begun && name < m.at.name || len(m.services) >= indexServices:
			m.sorted = false
		default:
			m.endService()
			m.at.begun, m.at.name, m.at.span.from = true, strings.Clone(name), row
		}
		m.at.span.to, m.at.time = row, times[i]
	}
}

func (m *indexMaker) endService() {
	if m.at.begun {
		m.services[m.at.name] = m.at.span
	}
}

// finish makes the filter of ids, and forgets the services if the file is not in order.
func (m *indexMaker) finish() {
	m.endService()
	if !m.sorted {
		m.services = nil
	}
	// How many ids there are is told by those of a sample, chosen by the id.
	sample := map[uint64]struct{}{}
	for _, id := range m.found {
		if id>>58 == 0 {
			sample[id] = struct{}{}
		}
	}
	m.ids = newIDFilter(64*len(sample) + 64)
	for _, id := range m.found {
		m.ids.add(id)
	}
}
