package duckdb

import (
	"encoding/binary"
	"unsafe"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// heldColumn is a column of all rows: numbers, or the numbers of texts.
type heldColumn struct {
	words  interner
	small  []uint32
	wide   []uint64
	isWide bool
	text   func(*rowstore.Row) *string // of a column of texts
	take   func(h *heldColumn, c chunk, col int)
	give   func(h *heldColumn, of []uint32, rows []rowstore.Row)
}

// room makes room for so many rows.
func (h *heldColumn) room(rows int) {
	if h.isWide {
		h.wide = make([]uint64, 0, rows)
	} else {
		h.small = make([]uint32, 0, rows)
	}
}

func heldText(field func(*rowstore.Row) *string) heldColumn {
	return heldColumn{
		text: field,
		take: func(h *heldColumn, c chunk, col int) {
			in := column[text](c, col)
			for i := range in {
				h.small = append(h.small, h.words.number(&in[i]))
			}
		},
		give: func(h *heldColumn, of []uint32, rows []rowstore.Row) {
			for k, i := range of {
				*field(&rows[k]) = h.words.texts[h.small[i]]
			}
		},
	}
}

func heldSmall[T uint8 | float32](give func(*rowstore.Row, T)) heldColumn {
	return heldColumn{
		take: func(h *heldColumn, c chunk, col int) {
			for _, v := range column[T](c, col) {
				var w uint32
				*(*T)(unsafe.Pointer(&w)) = v
				h.small = append(h.small, w)
			}
		},
		give: func(h *heldColumn, of []uint32, rows []rowstore.Row) {
			for k, i := range of {
				give(&rows[k], *(*T)(unsafe.Pointer(&h.small[i])))
			}
		},
	}
}

func heldWide[T int64 | uint64 | float64](give func(*rowstore.Row, T)) heldColumn {
	return heldColumn{
		isWide: true,
		take:   func(h *heldColumn, c chunk, col int) { h.wide = append(h.wide, column[uint64](c, col)...) },
		give: func(h *heldColumn, of []uint32, rows []rowstore.Row) {
			for k, i := range of {
				give(&rows[k], *(*T)(unsafe.Pointer(&h.wide[i])))
			}
		},
	}
}

// held returns how a column is held; ok is false for those that are not.
func held(col int) (h heldColumn, ok bool) {
	type row = rowstore.Row
	switch col {
	case colReceived:
		h = heldWide(func(r *row, v int64) { r.Received = v })
	case colTraceHi:
		h = heldWide(func(r *row, v uint64) { binary.BigEndian.PutUint64(r.Trace[:8], v) })
	case colTraceLo:
		h = heldWide(func(r *row, v uint64) { binary.BigEndian.PutUint64(r.Trace[8:], v) })
	case colSpan:
		h = heldWide(func(r *row, v uint64) { r.Span = rowstore.SpanID(v) })
	case colParent:
		h = heldWide(func(r *row, v uint64) { r.Parent = rowstore.SpanID(v) })
	case colService:
		h = heldText(func(r *row) *string { return &r.Service })
	case colEnv:
		h = heldText(func(r *row) *string { return &r.Env })
	case colAgency:
		h = heldText(func(r *row) *string { return &r.Agency })
	case colVersion:
		h = heldText(func(r *row) *string { return &r.Version })
	case colRelease:
		h = heldText(func(r *row) *string { return &r.Release })
	case colSource:
		h = heldText(func(r *row) *string { return &r.Source })
	case colTrust:
		h = heldText(func(r *row) *string { return &r.Trust })
	case colSession:
		h = heldText(func(r *row) *string { return &r.Session })
	case colBusiness:
		h = heldText(func(r *row) *string { return &r.Business })
	case colName:
		h = heldText(func(r *row) *string { return &r.Name })
	case colRoute:
		h = heldText(func(r *row) *string { return &r.Route })
	case colErrorType:
		h = heldText(func(r *row) *string { return &r.ErrorType })
	case colKind:
		h = heldSmall(func(r *row, v uint8) { r.Kind = v })
	case colSeverity:
		h = heldSmall(func(r *row, v uint8) { r.Severity = v })
	case colStatus:
		h = heldSmall(func(r *row, v uint8) { r.Status = v })
	case colWeight:
		h = heldSmall(func(r *row, v float32) { r.Weight = v })
	case colDuration:
		h = heldWide(func(r *row, v int64) { r.Duration = v })
	case colValue:
		h = heldWide(func(r *row, v float64) { r.Value = v })
	default:
		return h, false
	}
	return h, true
}
