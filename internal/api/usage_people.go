package api

import (
	"context"
	"net/http"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/usage"
)

type peopleInput struct {
	Span
	Q     string `query:"q" maxLength:"4000"`
	Table string `query:"table" enum:"logs,spans,events" default:"events"`
}

// registerUsagePeople describes how many people some rows tell of.
func (a *API) registerUsagePeople(m *table) {
	if a.o.Rows == nil {
		m.absent = "row store"
	}
	add(a, m, "usage-people", http.MethodGet, "/usage/people", access.ReadSignals, "How many people and sessions some rows tell of", func(ctx context.Context, in *peopleInput) (*out[usage.Touched], error) {
		q := rowstore.Count{Of: []rowstore.Aggregate{{Kind: "unique", Field: "user"}, {Kind: "unique", Field: "session"}}, Top: 1}
		q.Table, _ = rowstore.ParseTable(in.Table)
		var err error
		if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
			return nil, err
		}
		g, err := a.rowsOf().Count(ctx, q)
		if err != nil {
			return nil, err
		}
		b := usage.Touched{Notes: []string{}}
		if len(g.Rows) > 0 {
			b.People, b.Sessions = int64(g.Rows[0].Numbers[0]), int64(g.Rows[0].Numbers[1])
		}
		b.Hide(a.k())
		return &out[usage.Touched]{b}, nil
	})
	m.absent = ""
}
