package duckdb

import (
	"errors"
	"strings"
	"unicode/utf8"
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	chunkRows  = 2048 // DuckDB's vector size
	inlineText = 12   // how long a string may be to live in the vector itself
)

// text is DuckDB's string: the length, then up to 12 bytes, or the first 4 and a pointer.
type text struct {
	length uint32
	head   [4]byte
	rest   [8]byte
}

// place is where the pairs of a row's map are in the vectors of keys and values.
type place struct{ offset, length uint64 }

// The columns of schema.sql by their place.
const (
	colTime = iota
	colReceived
	colTraceHi
	colTraceLo
	colSpan
	colParent
	colService
	colEnv
	colAgency
	colVersion
	colRelease
	colSource
	colTrust
	colUser
	colSession
	colBusiness
	colName
	colRoute
	colKind
	colSeverity
	colStatus
	colDuration
	colValue
	colErrorType
	colBody
	colDetail
	colWeight
	colAttrs
	colResource
	columns
)

// chunker lays rows out as DuckDB's vectors: no call into C for a value and no allocation for a row. It belongs to one
// goroutine. The rows' memory must stay as it is until forget or reset.
type chunker struct {
	vectors
	col   [columns]unsafe.Pointer
	pairs int // pairs laid out
	n     int // rows laid out

	arena    arena
	before   [columns]string // the text of the row before by column: the same string is laid out once
	resource *rowstore.Resource
	keys     map[string]text     // keys of this chunk that do not fit into a vector
	seen     map[string]struct{} // keys since the owner last took them
}

// newChunker returns a chunker for the columns of schema.sql.
func newChunker() *chunker {
	c := &chunker{vectors: newVectors(func(int) bool { return true }, 0), keys: map[string]text{}, seen: map[string]struct{}{}}
	c.reset()
	return c
}

func (c *chunker) close() {
	c.vectors.close()
	c.arena.close()
}

// reset makes the chunk empty.
func (c *chunker) reset() {
	raw.DataChunkReset(c.chunk)
	for i := range c.col {
		v := raw.DataChunkGetVector(c.chunk, raw.IdxT(i))
		c.col[i] = raw.VectorGetData(v)
		if i == colAttrs {
			c.attrs = v
		}
	}
	c.pairs, c.room, c.n = 0, 0, 0
	c.grow(16 * chunkRows)
	c.arena.reset()
	clear(c.before[:])
	clear(c.keys)
	c.resource = nil
}

// forget drops what is known of the rows' memory, which is somebody else's after this.
func (c *chunker) forget() {
	clear(c.before[:])
	c.resource = nil
}

// full reports whether the chunk takes no more rows.
func (c *chunker) full() bool { return c.n == chunkRows }

// add lays a row out.
func (c *chunker) add(r *rowstore.Row) {
	hi, lo := r.Trace.Halves()
	put(c, colTime, r.Time)
	put(c, colReceived, r.Received)
	put(c, colTraceHi, hi)
	put(c, colTraceLo, lo)
	put(c, colSpan, uint64(r.Span))
	put(c, colParent, uint64(r.Parent))
	put(c, colKind, r.Kind)
	put(c, colSeverity, r.Severity)
	put(c, colStatus, r.Status)
	put(c, colDuration, r.Duration)
	put(c, colValue, r.Value)
	put(c, colWeight, r.Weight)
	for _, f := range &textsOf {
		c.word(f.col, *f.of(r))
	}
	switch {
	case r.Resource == nil:
		put(c, colResource, text{})
	case r.Resource == c.resource:
		put(c, colResource, *at[text](c.col[colResource], c.n-1))
	default:
		put(c, colResource, c.lay(r.Resource.JSON))
	}
	c.resource = r.Resource
	if c.pairs+len(r.Attrs) > c.room {
		c.grow(max(2*c.room, c.pairs+len(r.Attrs)))
	}
	from := c.pairs
	for i := range r.Attrs {
		if again(r.Attrs, i) {
			continue
		}
		*at[text](c.key, c.pairs) = c.keyText(r.Attrs[i].Key)
		*at[text](c.val, c.pairs) = c.lay(r.Attrs[i].Value)
		c.pairs++
	}
	put(c, colAttrs, place{uint64(from), uint64(c.pairs - from)})
	c.n++
}

// again reports whether the key of an attribute came before: a map has a key once, and the first counts, as Row.Attribute has it.
func again(attrs []rowstore.Attr, i int) bool {
	for k := range i {
		if attrs[k].Key == attrs[i].Key {
			return true
		}
	}
	return false
}

// at returns the i-th value of a vector.
func at[T any](vector unsafe.Pointer, i int) *T {
	var v T
	return (*T)(unsafe.Add(vector, uintptr(i)*unsafe.Sizeof(v)))
}

func put[T any](c *chunker, col int, v T) { *at[T](c.col[col], c.n) = v }

// word lays a text column's value out.
func (c *chunker) word(col int, s string) {
	// Nothing is no string that could be the same one.
	if b := c.before[col]; s != "" && b == s {
		put(c, col, *at[text](c.col[col], c.n-1))
		return
	}
	c.before[col] = s
	put(c, col, c.lay(s))
}

// keyText lays the key of an attribute out, once for a chunk, and remembers that it was seen.
func (c *chunker) keyText(k string) text {
	if t, ok := c.keys[k]; ok {
		return t
	}
	t := c.lay(k)
	k = strings.Clone(k)
	c.keys[k] = t
	c.seen[k] = struct{}{}
	return t
}

// lay copies a string. Text that is not UTF-8 would break queries; what is wrong in it is replaced.
func (c *chunker) lay(s string) (t text) {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	t.length = uint32(len(s))
	if len(s) <= inlineText {
		copy(unsafe.Slice(&t.head[0], inlineText), s)
		return t
	}
	b := c.arena.take(len(s))
	copy(b, s)
	copy(t.head[:], s)
	*(*uintptr)(unsafe.Pointer(&t.rest)) = uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return t
}

// appendTo hands the rows over to an appender and empties the chunk.
func (c *chunker) appendTo(a raw.Appender) error {
	if c.n == 0 {
		return nil
	}
	raw.ListVectorSetSize(c.attrs, raw.IdxT(c.pairs))
	raw.DataChunkSetSize(c.chunk, raw.IdxT(c.n))
	state := raw.AppendDataChunk(a, c.chunk)
	c.reset()
	if state == raw.StateError {
		return errors.New(raw.AppenderError(a))
	}
	return nil
}
