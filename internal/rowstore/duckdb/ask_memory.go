package duckdb

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	maxFound  = 100_000 // pairs of source and expression of which it is known where the matches are
	maxSpans  = 1 << 20 // and in how many spans of rows they are, all together
	maxScans  = 2       // spans of wanted rows that are read one by one
	maxChosen = 400     // wanted rows that are asked for by their numbers
	maxParts  = 12      // spans that are asked for one by one; more of them are asked for by a bit for each block
	maxKnown  = 10_000  // sources whose resources' keys are known
)

// memory is what queries remember of sealed sources, which never change. It forgets everything when it is full: what is
// asked often is back soon.
type memory struct {
	mu       sync.Mutex
	found    map[asking][]span
	spans    int // in found
	resource map[uint64][]string
}

// asking is an expression that was asked of a source.
type asking struct {
	source uint64
	where  string
}

// span is rows of a source by number, both ends inclusive.
type span struct{ from, to int64 }

// blockBits makes blocks of 2,048 rows, as DuckDB's vectors are.
const blockBits = 11

// where tells in which rows of a source the matches are; ok is false where that is not known. No span: nothing matches.
func (m *memory) where(src source, where string) (spans []span, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	spans, ok = m.found[asking{src.ID, where}]
	return spans, ok && src.Sealed()
}

// learn remembers in which blocks of a source all its matches are. What is spread over half of the source is not worth it.
func (m *memory) learn(src source, where string, blocks map[int64]bool) {
	if !src.Sealed() || where == "" {
		return
	}
	var spans []span
	for _, b := range slices.Sorted(maps.Keys(blocks)) {
		if n := len(spans); n > 0 && spans[n-1].to+1 == b<<blockBits {
			spans[n-1].to += 1 << blockBits
			continue
		}
		spans = append(spans, span{b << blockBits, (b+1)<<blockBits - 1})
	}
	if 2*rowsOf(spans) > src.Rows && len(spans) > 1 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil || len(m.found) >= maxFound || m.spans >= maxSpans {
		m.found, m.spans = map[asking][]span{}, 0
	}
	key := asking{src.ID, where}
	m.spans += len(spans) - len(m.found[key])
	m.found[key] = spans
}

// from renders what stands behind FROM: the source, or those rows of it that can match, or their whole blocks.
func (s *seeker) from() string {
	switch {
	case !s.narrow:
		return s.Name
	case s.exact() && len(s.spans) > maxScans:
		var list []string
		for _, r := range s.chosen {
			list = append(list, strconv.FormatInt(r, 10))
		}
		// One scan for all: each reads a row group's dictionaries anew.
		return fmt.Sprintf("(SELECT *, rowid AS row_number FROM %s WHERE CASE WHEN %s THEN list_contains([%s]::BIGINT[], rowid) ELSE FALSE END)",
			s.Name, s.inBlocks(), strings.Join(list, ", "))
	case len(s.spans) > maxParts:
		return fmt.Sprintf("(SELECT *, rowid AS row_number FROM %s WHERE %s)", s.Name, s.inBlocks())
	}
	var parts []string
	for _, x := range s.spans {
		parts = append(parts, fmt.Sprintf("SELECT *, rowid AS row_number FROM %s WHERE rowid BETWEEN %d AND %d", s.Name, x.from, x.to))
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ")"
}

// exact reports whether from renders the wanted rows and no others.
func (s *seeker) exact() bool {
	if len(s.spans) <= maxScans {
		return s.chosen != nil && rowsOf(s.spans) == int64(len(s.chosen))
	}
	return s.chosen != nil && len(s.chosen) <= maxChosen
}

// inBlocks renders that a row is in a block in which there are spans. A condition on the range of rows beside it would make
// DuckDB read all of the other columns.
func (s *seeker) inBlocks() string {
	blocks := bytes.Repeat([]byte{'0'}, int((s.Rows-1)>>blockBits+1))
	for _, x := range s.spans {
		for b := x.from >> blockBits; b <= min(x.to, s.Rows-1)>>blockBits; b++ {
			blocks[b] = '1'
		}
	}
	return fmt.Sprintf("get_bit('%s'::BIT, (rowid >> %d)::INTEGER) = 1", blocks, blockBits)
}

// row renders the number of a row of what from renders.
func (s *seeker) row() string {
	if s.narrow {
		return "row_number"
	}
	return "rowid"
}

// block renders the number of a row's block; ok is false, and the number -1, where it cannot be learned where the matches
// are.
func (s *seeker) block() (number string, ok bool) {
	if s.chosen != nil || !s.Sealed() || strings.ContainsAny(s.Name, " (") {
		return "-1::BIGINT", false
	}
	return fmt.Sprintf("(%s >> %d)", s.row(), blockBits), true
}

// narrowTo leaves rows out that cannot match, and reports whether any can.
func (s *seeker) narrowTo(spans []span) bool {
	if s.narrow {
		spans = both(s.spans, spans)
	}
	if s.narrow || rowsOf(spans) < s.Rows {
		s.spans, s.narrow = spans, true
	}
	return len(spans) > 0
}

// covered reports whether a span of time has all rows of a source.
func (s source) covered(b rowstore.Between) bool {
	return b.From <= s.From && (b.To == 0 || s.To < b.To)
}

// seekers prepares the sources of a reading for a question: those that can have a matching row, and what must be known to
// find attributes.
func (s *Store) seekers(ctx context.Context, q *question, r *reading, between rowstore.Between, where rowstore.Expr, fields ...string) ([]*seeker, error) {
	attributes := usesAttributes(where)
	for _, f := range fields {
		attributes = attributes || rowstore.FieldOf(f).Column == ""
	}
	key := where.String()
	var out []*seeker
	for _, src := range r.Sources {
		k := &seeker{question: q, source: src}
		if k.spans, k.narrow = s.memory.where(src, key); k.narrow && len(k.spans) == 0 {
			continue
		}
		if src.index != nil && !k.narrowTo(src.index.find(where, between)) {
			continue
		}
		if attributes {
			var err error
			if k.resources, err = s.resourceKeys(ctx, src); err != nil {
				return nil, err
			}
		}
		out = append(out, k)
	}
	return out, nil
}

func usesAttributes(e rowstore.Expr) bool {
	if e.Match != nil {
		return e.Match.Field != "*" && rowstore.FieldOf(e.Match.Field).Column == ""
	}
	if e.Not != nil {
		return usesAttributes(*e.Not)
	}
	for _, x := range append(e.And[:len(e.And):len(e.And)], e.Or...) {
		if usesAttributes(x) {
			return true
		}
	}
	return false
}

// resourceKeys returns the keys that the resources of a source have.
func (s *Store) resourceKeys(ctx context.Context, src source) ([]string, error) {
	s.memory.mu.Lock()
	keys, ok := s.memory.resource[src.ID]
	s.memory.mu.Unlock()
	if ok && src.Sealed() {
		return keys, nil
	}
	q := &question{}
	q.WriteString("SELECT DISTINCT unnest(json_keys(r)) FROM (SELECT DISTINCT resource AS r FROM " + src.Name + " WHERE resource <> '')")
	err := s.ask(ctx, q, func(c chunk) error {
		for _, t := range column[text](c, 0) {
			keys = append(keys, strings.Clone(t.String()))
		}
		return nil
	})
	if err == nil && src.Sealed() {
		s.memory.mu.Lock()
		if s.memory.resource == nil || len(s.memory.resource) >= maxKnown {
			s.memory.resource = map[uint64][]string{}
		}
		s.memory.resource[src.ID] = keys
		s.memory.mu.Unlock()
	}
	return keys, err
}
