package duckdb

import (
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"
)

// vectors is a chunk of DuckDB in which rows are laid out.
type vectors struct {
	chunk raw.DataChunk
	types []raw.LogicalType

	attrs    raw.Vector     // the map of attributes, where there is one
	key, val unsafe.Pointer // its keys and values
	room     int            // pairs there is room for
}

// newVectors makes vectors for the columns of schema.sql that are stored, and behind them for so many texts.
func newVectors(stored func(col int) bool, texts int) (v vectors) {
	word := raw.CreateLogicalType(raw.TypeVarchar)
	defer raw.DestroyLogicalType(&word)
	for col, c := range columnsOf {
		switch {
		case !stored(col):
		case col == colAttrs:
			v.types = append(v.types, raw.CreateMapType(word, word))
		default:
			v.types = append(v.types, raw.CreateLogicalType(c.raw))
		}
	}
	for range texts {
		v.types = append(v.types, raw.CreateLogicalType(raw.TypeVarchar))
	}
	v.chunk = raw.CreateDataChunk(v.types)
	return v
}

func (v *vectors) close() {
	raw.DestroyDataChunk(&v.chunk)
	for i := range v.types {
		raw.DestroyLogicalType(&v.types[i])
	}
}

// grow makes room for pairs.
func (v *vectors) grow(pairs int) {
	raw.ListVectorReserve(v.attrs, raw.IdxT(pairs))
	child := raw.ListVectorGetChild(v.attrs)
	v.key = raw.VectorGetData(raw.StructVectorGetChild(child, 0))
	v.val = raw.VectorGetData(raw.StructVectorGetChild(child, 1))
	v.room = pairs
}
