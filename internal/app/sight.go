package app

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
)

// This file gives each door the view of who asks: samples through scoped queriers, KPIs through boards of their own.

// sights remembers the boards of people who see only a part, and which KPI series that part is.
type sights struct {
	wide board.Options // of the board that shows everything

	mu     sync.Mutex
	boards map[string]*board.Board
	sets   map[string]kpiSets
}

// kpiSets are the matchers of the KPI series that one lens shows, for one law.
type kpiSets struct {
	law  *[]policy.Document
	sets [][]*labels.Matcher
}

// mostSights bounds what is remembered; a scope beyond it is worked out anew.
const mostSights = 64

// boardOf is the board of what the asker may see. Askers who see the same get the same one.
func (h *house) boardOf(ctx context.Context) *board.Board {
	l := scoped.Of(ctx, access.ReadKPIs)
	if l.Whole() {
		return h.board
	}
	s := &h.sights
	s.mu.Lock()
	defer s.mu.Unlock()
	key := l.Key()
	if b := s.boards[key]; b != nil {
		return b
	}
	if s.boards == nil || len(s.boards) >= mostSights {
		s.boards = map[string]*board.Board{}
	}
	b := board.New(s.wide.Through(l))
	s.boards[key] = b
	return b
}

// signalLens is what the asker may see of samples and of the KPI series among them.
func signalLens(ctx context.Context) scoped.Lens { return scoped.Of(ctx, access.ReadSignals) }

// seriesOf returns the matchers of the KPI series in sight: those of KPIs that are in sight as a whole, and groups by their
// labels.
func (h *house) seriesOf(l scoped.Lens) [][]*labels.Matcher {
	law, key, s := h.inForce.Load(), l.Key(), &h.sights
	s.mu.Lock()
	have, ok := s.sets[key]
	s.mu.Unlock()
	if ok && have.law == law {
		return have.sets
	}
	byName := map[string]*kpi.KPI{}
	for _, k := range policy.KPIs(h.law()) {
		byName[k.Name] = k
	}
	var whole, groups []string
	for name, k := range byName {
		switch r := l.KPI(k, func(n string) *kpi.KPI { return byName[n] }); {
		case r.Whole:
			whole = append(whole, regexp.QuoteMeta(name))
		case r.Groups:
			groups = append(groups, regexp.QuoteMeta(name))
		}
	}
	named := func(names []string) *labels.Matcher {
		return labels.MustNewMatcher(labels.MatchRegexp, "kpi", strings.Join(names, "|"))
	}
	var sets [][]*labels.Matcher
	if len(whole) > 0 {
		sets = append(sets, []*labels.Matcher{named(whole)})
	}
	if len(groups) > 0 {
		for _, scope := range l.Scopes() {
			sets = append(sets, append([]*labels.Matcher{named(groups)}, scope...))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil || len(s.sets) >= mostSights {
		s.sets = map[string]kpiSets{}
	}
	s.sets[key] = kpiSets{law, sets}
	return sets
}

// sighted is what the query door reads: samples and KPI series as one, as far as the asker may see them.
func (h *house) sighted() merged {
	return merged{
		Queryable:      both{scoped.Queryable(h.samples, signalLens, scoped.Scopes), scoped.Queryable(h.ledger, signalLens, h.seriesOf)},
		ChunkQueryable: scoped.ChunkQueryable(h.samples, signalLens, scoped.Scopes),
	}
}

// both reads two stores as one.
type both struct{ a, b storage.Queryable }

// Querier implements storage.Queryable.
func (s both) Querier(mint, maxt int64) (storage.Querier, error) {
	a, err := s.a.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	b, err := s.b.Querier(mint, maxt)
	if err != nil {
		_ = a.Close()
		return nil, err
	}
	return storage.NewMergeQuerier([]storage.Querier{a, b}, nil, storage.ChainedSeriesMerge), nil
}

// sourcesOf are the sources that the asker may see.
func (h *house) sourcesOf(ctx context.Context) ([]board.Source, error) {
	return h.sights.wide.Through(signalLens(ctx)).Sources(ctx)
}
