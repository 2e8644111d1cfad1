package app

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
)

// pageDoor shows governed boards to who asks.
type pageDoor struct{ h *house }

// valuesBack is how far back a variable's values are looked for.
const valuesBack = 24 * time.Hour

// mostValues bounds a variable's list; nobody picks among more.
const mostValues = 1000

// Boards implements api.Pages.
func (d pageDoor) Boards(ctx context.Context) ([]board.BoardSummary, error) {
	p, _ := access.From(ctx)
	var roles []string
	for _, g := range p.Grants {
		roles = append(roles, string(g.Role))
	}
	return board.Boards(d.h.law(), roles), nil
}

// BoardPage implements api.Pages.
func (d pageDoor) BoardPage(ctx context.Context, name string, variables map[string]string) (board.BoardPage, error) {
	return d.h.boardOf(ctx).BoardPage(ctx, d.h.law(), name, variables, d.values)
}

// values are the values that a label has had of late, as far as the asker may see them.
func (d pageDoor) values(ctx context.Context, label string) ([]string, error) {
	now := time.Now()
	q, err := d.h.sighted().Querier(now.Add(-valuesBack).UnixMilli(), now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer q.Close()
	values, _, err := q.LabelValues(ctx, label, &storage.LabelHints{Limit: mostValues})
	if err != nil {
		return nil, fmt.Errorf("values of %s: %w", label, err)
	}
	return values[:min(len(values), mostValues)], nil
}
