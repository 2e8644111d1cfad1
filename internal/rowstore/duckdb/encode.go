package duckdb

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// The log keeps rows in parts of up to partRows rows of one table, column by column: what is the same in all rows stands once,
// what repeats stands in a list of words, and what is left lies side by side, where it compresses best.
//
//	part: table 1, rows, times (differences), trace ids, the numbers, the texts, the resources, the lists of keys and which of
//	them each row has, and for each list the values of each key in the rows that have it
//
// Each column begins with its form. Counts and lengths are varints, numbers of fixed width little-endian.
const partRows = 1024

// The forms of a column.
const (
	formZero  = iota // 0 or nothing in all rows
	formOne          // one value, which all rows have
	formEach         // a value for each row
	formWords        // texts: some words, and which of them each row has
	formHex          // texts of one even length that are small hexadecimal digits, two of them in a byte
)

// The numbers of a row, in the order in which they are kept.
const (
	numReceived = iota
	numSpan
	numParent
	numKind
	numSeverity
	numStatus
	numDuration
	numValue
	numWeight
	numbersOfRow
)

// widths are the bytes of a number; 0: a varint.
var widths = [numbersOfRow]int{numSpan: 8, numParent: 8, numKind: 1, numSeverity: 1, numStatus: 1, numValue: 8, numWeight: 4}

// number returns a number of a row by its bits.
func number(r *rowstore.Row, which int) uint64 {
	switch which {
	case numReceived:
		return uint64(r.Received)
	case numSpan:
		return uint64(r.Span)
	case numParent:
		return uint64(r.Parent)
	case numKind:
		return uint64(r.Kind)
	case numSeverity:
		return uint64(r.Severity)
	case numStatus:
		return uint64(r.Status)
	case numDuration:
		return uint64(r.Duration)
	case numValue:
		return math.Float64bits(r.Value)
	default:
		return uint64(math.Float32bits(r.Weight))
	}
}

// textField is a text of a row: its column, and where it lies in a row.
type textField struct {
	col    int
	offset uintptr
}

func (f textField) of(r *rowstore.Row) *string {
	return (*string)(unsafe.Add(unsafe.Pointer(r), f.offset))
}

const textsOfRow = 15

// textsOf are the texts of a row in the order in which a part keeps them.
var textsOf = func() (all [textsOfRow]textField) {
	var r rowstore.Row
	for i, f := range [textsOfRow]struct {
		col int
		at  *string
	}{
		{colService, &r.Service}, {colEnv, &r.Env}, {colAgency, &r.Agency}, {colVersion, &r.Version}, {colRelease, &r.Release},
		{colSource, &r.Source}, {colTrust, &r.Trust}, {colUser, &r.User}, {colSession, &r.Session}, {colBusiness, &r.Business},
		{colName, &r.Name}, {colRoute, &r.Route}, {colErrorType, &r.ErrorType}, {colBody, &r.Body}, {colDetail, &r.Detail},
	} {
		all[i] = textField{f.col, uintptr(unsafe.Pointer(f.at)) - uintptr(unsafe.Pointer(&r))}
	}
	return all
}()

// encoder writes parts. It keeps its memory, but nothing of the rows.
type encoder struct {
	plain   []byte // what was written last
	numbers [partRows]uint64
	texts   [partRows]string
	words   wordList

	lists  []keyed
	listOf [partRows]uint32 // of each row
	inList []uint32         // the rows of one list
}

// keyed is a list of keys of attributes and how many rows have it.
type keyed struct {
	attrs []rowstore.Attr
	rows  int
}

// encode appends the rows of batches.
func (e *encoder) encode(b []byte, batches []*rowstore.Batch) []byte {
	most := 0
	for _, batch := range batches {
		for rows := batch.Rows; len(rows) > 0; {
			n := min(len(rows), partRows)
			b = e.part(b, batch.Table, rows[:n])
			rows, most = rows[n:], max(most, n)
		}
	}
	clear(e.texts[:most])
	clear(e.lists[:cap(e.lists)])
	return b
}

func (e *encoder) part(b []byte, t rowstore.Table, rows []rowstore.Row) []byte {
	b = append(b, byte(t))
	b = binary.AppendUvarint(b, uint64(len(rows)))
	var before int64
	for i := range rows {
		b = binary.AppendVarint(b, rows[i].Time-before)
		before = rows[i].Time
	}
	b = appendTraces(b, rows)
	for which := range numbersOfRow {
		b = e.numberColumn(b, rows, which)
	}
	for _, f := range &textsOf {
		for i := range rows {
			e.texts[i] = *f.of(&rows[i])
		}
		b = e.words.column(b, e.texts[:len(rows)])
	}
	for i := range rows {
		e.texts[i] = ""
		if r := rows[i].Resource; r != nil {
			e.texts[i] = r.JSON
		}
	}
	b = e.words.column(b, e.texts[:len(rows)])
	return e.attributes(b, rows)
}

func appendTraces(b []byte, rows []rowstore.Row) []byte {
	form := byte(formZero)
	for i := range rows {
		if rows[i].Trace != rows[0].Trace {
			form = formEach
			break
		}
	}
	if form == formZero && rows[0].Trace != (rowstore.TraceID{}) {
		form, rows = formOne, rows[:1]
	}
	if b = append(b, form); form != formZero {
		for i := range rows {
			b = append(b, rows[i].Trace[:]...)
		}
	}
	return b
}

func (e *encoder) numberColumn(b []byte, rows []rowstore.Row, which int) []byte {
	all, first := e.numbers[:len(rows)], number(&rows[0], which)
	var differ uint64
	for i := range rows {
		all[i] = number(&rows[i], which)
		differ |= all[i] ^ first
	}
	switch {
	case differ != 0:
		b = append(b, formEach)
	case first == 0:
		return append(b, formZero)
	default:
		b, all = append(b, formOne), all[:1]
	}
	for _, v := range all {
		switch widths[which] {
		case 8:
			b = binary.LittleEndian.AppendUint64(b, v)
		case 4:
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		case 1:
			b = append(b, byte(v))
		default:
			b = binary.AppendVarint(b, int64(v))
		}
	}
	return b
}

// knownLists is among how many lists of keys a row's is looked for; more are written again and again.
const knownLists = 64

// attributes appends the lists of keys, which of them each row has, and the values.
func (e *encoder) attributes(b []byte, rows []rowstore.Row) []byte {
	e.lists = e.lists[:0]
	list := 0
	for i := range rows {
		if attrs := rows[i].Attrs; i == 0 || !sameKeys(e.lists[list].attrs, attrs) {
			list = 0
			for list < len(e.lists) && (list >= knownLists || !sameKeys(e.lists[list].attrs, attrs)) {
				list++
			}
			if list == len(e.lists) {
				e.lists = append(e.lists, keyed{attrs: attrs})
			}
		}
		e.listOf[i] = uint32(list)
		e.lists[list].rows++
	}
	b = binary.AppendUvarint(b, uint64(len(e.lists)))
	for _, l := range e.lists {
		b = binary.AppendUvarint(b, uint64(len(l.attrs)))
		for i := range l.attrs {
			b = appendText(b, l.attrs[i].Key)
		}
	}
	if len(e.lists) > 1 {
		for i := range rows {
			b = binary.AppendUvarint(b, uint64(e.listOf[i]))
		}
	}
	for no, l := range e.lists {
		e.inList = e.inList[:0]
		for i := 0; len(e.inList) < l.rows; i++ {
			if e.listOf[i] == uint32(no) {
				e.inList = append(e.inList, uint32(i))
			}
		}
		for k := range l.attrs {
			for n, i := range e.inList {
				e.texts[n] = rows[i].Attrs[k].Value
			}
			b = e.words.column(b, e.texts[:l.rows])
		}
	}
	return b
}

// sameKeys reports whether two rows' attributes have the same keys in the same order.
func sameKeys(a, b []rowstore.Attr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Key != b[i].Key {
			return false
		}
	}
	return true
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
