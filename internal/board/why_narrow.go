package board

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/ledger"
)

// Statements implements History.
func (h narrowHistory) Statements(ctx context.Context, name, group string, from, to int64) ([]ledger.Statement, error) {
	for _, g := range append(h.n.visible(name), labels.EmptyLabels()) {
		if g.String() != group {
			continue
		}
		// As Points does: of the KPI as a whole, the one group that is in sight.
		if gs := h.n.groups(name, g); len(gs) == 1 {
			return h.n.o.History.Statements(ctx, name, gs[0].String(), from, to)
		}
	}
	return nil, nil
}

// Outages implements History: that the server was down is no secret.
func (h narrowHistory) Outages(ctx context.Context, from, to int64) ([]ledger.Outage, error) {
	return h.n.o.History.Outages(ctx, from, to)
}
