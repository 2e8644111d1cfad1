package duckdb

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// columnsOf are the columns of schema.sql by their place.
var columnsOf = [columns]struct {
	name, sql string
	raw       raw.Type
}{
	colTime: {"time", "TIMESTAMP", raw.TypeTimestamp}, colReceived: {"received", "TIMESTAMP", raw.TypeTimestamp},
	colTraceHi: {"trace_hi", "UBIGINT", raw.TypeUBigInt}, colTraceLo: {"trace_lo", "UBIGINT", raw.TypeUBigInt},
	colSpan: {"span", "UBIGINT", raw.TypeUBigInt}, colParent: {"parent", "UBIGINT", raw.TypeUBigInt},
	colService: word("service"), colEnv: word("env"), colAgency: word("agency"), colVersion: word("version"), colRelease: word("release"),
	colSource: word("source"), colTrust: word("trust"), colUser: word("user_id"), colSession: word("session_id"), colBusiness: word("business_id"),
	colName: word("name"), colRoute: word("route"),
	colKind: {"kind", "UTINYINT", raw.TypeUTinyInt}, colSeverity: {"severity", "UTINYINT", raw.TypeUTinyInt}, colStatus: {"status", "UTINYINT", raw.TypeUTinyInt},
	colDuration: {"duration", "BIGINT", raw.TypeBigInt}, colValue: {"value", "DOUBLE", raw.TypeDouble},
	colErrorType: word("error_type"), colBody: word("body"), colDetail: word("detail"),
	colWeight: {"weight", "FLOAT", raw.TypeFloat}, colAttrs: {"attrs", "MAP(VARCHAR, VARCHAR)", raw.TypeMap}, colResource: word("resource"),
}

func word(name string) (c struct {
	name, sql string
	raw       raw.Type
}) {
	c.name, c.sql, c.raw = name, "VARCHAR", raw.TypeVarchar
	return c
}

// columnNames are the names of columnsOf, and columnsAll a list of them.
var (
	columnNames = func() (names [columns]string) {
		for col, c := range columnsOf {
			names[col] = c.name
		}
		return names
	}()
	columnsAll = strings.Join(columnNames[:], ", ")
)

// columnsOfNumbers and columnsOfTexts are where the numbers and texts of a part go.
var (
	columnsOfNumbers = [numbersOfRow]int{numReceived: colReceived, numSpan: colSpan, numParent: colParent, numKind: colKind, numSeverity: colSeverity,
		numStatus: colStatus, numDuration: colDuration, numValue: colValue, numWeight: colWeight}
	columnsOfTexts = func() (all [textsOfRow + 1]int) {
		for k, f := range textsOf {
			all[k] = f.col
		}
		all[resourceText] = colResource
		return all
	}()
)

// layout is how the rows of a table of a log lie in files. A value that all of them have is not stored: it stands in the
// definition of the table, as a column that is generated from it.
type layout struct {
	fixed [columns]string // the value as SQL; empty: the column is stored
	own   []ownColumn
}

// ownColumn is the column of an attribute.
type ownColumn struct {
	key   string
	fixed string
}

// Where a value of an attribute goes that has no stored column of its own.
const (
	toMap   = -1
	nowhere = -2 // its key came before, or all rows have it
)

const maxFixed = 1024 // bytes of a text that stands in the definition

// personal are columns of text about people: it has no place in a statement, which may end in a log of the operator's.
func personal(col int) bool {
	return col == colUser || col == colSession || col == colBusiness || col == colBody || col == colDetail
}

// layout says how the rows of a table are stored that have columns for these attributes.
func (l *loadedLog) layout(t rowstore.Table, own []string) *layout {
	var parts []*part
	for _, p := range l.parts {
		if p.table == t {
			parts = append(parts, p)
		}
	}
	lay := &layout{}
	for which, col := range columnsOfNumbers {
		first := &parts[0].numbers[which]
		if col != colReceived && !slices.ContainsFunc(parts, func(p *part) bool { c := &p.numbers[which]; return c.form == formEach || c.one != first.one }) {
			lay.fixed[col] = fixedNumber(which, first.one)
		}
	}
	if !slices.ContainsFunc(parts, func(p *part) bool { return p.traces.form != formZero }) {
		lay.fixed[colTraceHi], lay.fixed[colTraceLo] = "0", "0"
	}
	for k, col := range columnsOfTexts {
		first := parts[0].texts[k].at(0)
		if len(first) > maxFixed || first != "" && personal(col) {
			continue
		}
		if !slices.ContainsFunc(parts, func(p *part) bool { return !p.texts[k].is(first) }) {
			lay.fixed[col] = fixedText(first)
		}
	}
	slots, bare := map[string]int16{}, true
	for i, key := range own {
		slots[key] = int16(i)
		lay.own = append(lay.own, ownColumn{key: key, fixed: fixedAttribute(parts, key)})
	}
	for _, p := range parts {
		for i := range p.lists {
			list := &p.lists[i]
			list.slots = make([]int16, len(list.keys))
			for k, key := range list.keys {
				slot, ok := slots[key]
				switch {
				case list.again[k] || ok && lay.own[slot].fixed != "":
					slot = nowhere
				case !ok:
					slot, bare = toMap, false
				}
				list.slots[k] = slot
			}
		}
	}
	if bare {
		lay.fixed[colAttrs] = "MAP([], [])"
	}
	return lay
}

// is reports whether all texts of a column are one.
func (c *textColumn) is(s string) bool {
	return c.form == formZero && s == "" || c.form == formOne && c.words[0] == s
}

func fixedNumber(which int, bits uint64) string {
	switch which {
	case numDuration:
		return strconv.FormatInt(int64(bits), 10)
	case numValue:
		return quote(strconv.FormatFloat(math.Float64frombits(bits), 'g', -1, 64))
	case numWeight:
		return quote(strconv.FormatFloat(float64(math.Float32frombits(uint32(bits))), 'g', -1, 32))
	}
	return strconv.FormatUint(bits, 10)
}

func fixedText(s string) string { return quote(strings.ToValidUTF8(s, "\uFFFD")) }

// fixedAttribute returns the value of an attribute that all rows have, as SQL.
func fixedAttribute(parts []*part, key string) string {
	value, known := "", false
	for _, p := range parts {
		for i := range p.lists {
			k := slices.Index(p.lists[i].keys, key)
			if k < 0 {
				return ""
			}
			v := &p.lists[i].values[k]
			if !known {
				value, known = v.at(0), true
			}
			if len(value) > maxFixed || !v.is(value) {
				return ""
			}
		}
	}
	return fixedText(value)
}

// create returns the definition of the table.
func (lay *layout) create(table string) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE " + table + " (")
	for col, c := range columnsOf {
		if col > 0 {
			b.WriteString(", ")
		}
		if fixed := lay.fixed[col]; fixed != "" {
			fmt.Fprintf(&b, "%s %s GENERATED ALWAYS AS ((%s)::%s) VIRTUAL", c.name, c.sql, fixed, c.sql)
		} else {
			fmt.Fprintf(&b, "%s %s NOT NULL", c.name, c.sql)
		}
	}
	for _, c := range lay.own {
		fmt.Fprintf(&b, ", %s VARCHAR", promotedColumn(c.key))
		if c.fixed != "" {
			fmt.Fprintf(&b, " GENERATED ALWAYS AS ((%s)::VARCHAR) VIRTUAL", c.fixed)
		}
	}
	b.WriteString(")")
	return b.String()
}

// lay lays the texts of a part out as DuckDB has them. What is not UTF-8 is replaced, in memory of the arena.
func (p *part) lay(memory *arena) {
	keep := func(s string) text {
		if !utf8.ValidString(s) {
			b := []byte(strings.ToValidUTF8(s, "\uFFFD"))
			own := memory.take(len(b))
			copy(own, b)
			s = view(own)
		}
		return laid(s)
	}
	column := func(c *textColumn) {
		c.laid = make([]text, len(c.words))
		for i, s := range c.words {
			c.laid[i] = keep(s)
		}
		if c.form == formEach && !validEach(c) {
			c.laid = make([]text, len(c.ends))
			for i := range c.ends {
				c.laid[i] = keep(c.at(i))
			}
		}
	}
	for i := range p.texts {
		column(&p.texts[i])
	}
	for i := range p.lists {
		list := &p.lists[i]
		list.laid, list.again = make([]text, len(list.keys)), make([]bool, len(list.keys))
		for k, key := range list.keys {
			list.laid[k], list.again[k] = keep(key), slices.Index(list.keys, key) < k
			column(&list.values[k])
		}
	}
}

// validEach reports whether each text of a column is UTF-8.
func validEach(c *textColumn) bool {
	if !utf8.Valid(c.all) {
		return false
	}
	from := uint32(0)
	for _, end := range c.ends {
		if from < end && !utf8.RuneStart(c.all[from]) {
			return false
		}
		from = end
	}
	return true
}

// laid returns a text, which is not of Go's memory if it is long, as DuckDB has it.
func laid(s string) (t text) {
	t.length = uint32(len(s))
	if len(s) <= inlineText {
		copy(unsafe.Slice(&t.head[0], inlineText), s)
		return t
	}
	copy(t.head[:], s)
	*(*uintptr)(unsafe.Pointer(&t.rest)) = uintptr(unsafe.Pointer(unsafe.StringData(s)))
	return t
}

// laidAt returns a text of a column as DuckDB has it.
func (c *textColumn) laidAt(i int) text {
	switch {
	case c.form == formOne:
		return c.laid[0]
	case c.form == formWords:
		return c.laid[c.index[i]]
	case c.form == formEach && len(c.laid) > 0:
		return c.laid[i]
	case c.form == formEach:
		return laid(c.at(i))
	}
	return text{}
}
