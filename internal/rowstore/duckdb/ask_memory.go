package duckdb

import (
	"context"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/rowstore"
)

const (
	maxNothings = 100_000 // (source, expression) pairs of which it is known that no row matches
	maxKnown    = 10_000  // sources whose resources' keys are known
)

// memory is what queries remember of sealed sources, which never change. It forgets everything when it is full: what is
// asked often is back soon.
type memory struct {
	mu       sync.Mutex
	nothing  map[nothing]struct{}
	resource map[uint64][]string
}

// nothing says that no row of a source matches an expression.
type nothing struct {
	source uint64
	where  string
}

// empty reports whether it is known that no row of a source matches.
func (m *memory) empty(src source, where string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.nothing[nothing{src.ID, where}]
	return ok && src.Sealed()
}

// found nothing, looking at all rows of a source.
func (m *memory) foundNothing(src source, where string) {
	if !src.Sealed() || where == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nothing == nil || len(m.nothing) >= maxNothings {
		m.nothing = map[nothing]struct{}{}
	}
	m.nothing[nothing{src.ID, where}] = struct{}{}
}

// covered reports whether a span of time has all rows of a source.
func (s source) covered(b rowstore.Between) bool {
	return b.From <= s.From && (b.To == 0 || s.To < b.To)
}

// seekers prepares the sources of a reading for a question: those that can have a matching row, and what must be known to
// find attributes.
func (s *Store) seekers(ctx context.Context, q *question, r *reading, where rowstore.Expr, fields ...string) ([]*seeker, error) {
	attributes := usesAttributes(where)
	for _, f := range fields {
		attributes = attributes || rowstore.FieldOf(f).Column == ""
	}
	key := where.String()
	var out []*seeker
	for _, src := range r.Sources {
		if s.memory.empty(src, key) {
			continue
		}
		k := &seeker{question: q, source: src}
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
