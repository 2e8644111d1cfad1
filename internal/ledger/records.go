package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
)

// Filter selects records. Zero fields do not select; Limit 0 means 100, at most 10,000. Times are Unix ms.
type Filter struct {
	KPI      string
	From, To int64
	Decision string // receipts of one decision
	Message  string // receipts of one message, by its Message-ID
	Rule     string // receipts whose route, silence or inhibition has this in its text
	Limit    int
}

func (f Filter) bounds() (from, to int64, limit int) {
	from, to, limit = f.From, f.To, f.Limit
	if to == 0 {
		to = 1 << 62
	}
	if limit <= 0 {
		limit = 100
	}
	return from, to, min(limit, 10_000)
}

// Transitions returns transitions, newest first.
func (l *Ledger) Transitions(ctx context.Context, f Filter) ([]kpi.Transition, error) {
	from, to, limit := f.bounds()
	out, err := bodies[kpi.Transition](ctx, l, `SELECT body FROM transition WHERE (? = '' OR kpi = ?) AND at >= ? AND at <= ? ORDER BY at DESC, id DESC LIMIT ?`,
		f.KPI, f.KPI, from, to, limit)
	if err != nil {
		return nil, fmt.Errorf("transitions: %w", err)
	}
	return out, nil
}

// Transition returns one transition by its id; unknown is fault.NotFound.
func (l *Ledger) Transition(ctx context.Context, id string) (kpi.Transition, error) {
	var body string
	err := l.db.SQL().QueryRowContext(ctx, `SELECT body FROM transition WHERE id = ?`, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return kpi.Transition{}, fault.New(fault.NotFound, "there is no decision %q", id).Hint("`signalbox why NAME` lists a KPI's decisions; records are kept for 90 days or more")
	}
	if err != nil {
		return kpi.Transition{}, fmt.Errorf("transition %s: %w", id, err)
	}
	var t kpi.Transition
	if err := json.Unmarshal([]byte(body), &t); err != nil {
		return kpi.Transition{}, fmt.Errorf("transition %s: %w", id, err)
	}
	return t, nil
}

// Receipt says what became of one attempt to tell somebody.
type Receipt struct {
	ID          string        `json:"id"`
	At          int64         `json:"at"` // Unix ms
	KPI         string        `json:"kpi"`
	Group       labels.Labels `json:"group"`
	Receiver    string        `json:"receiver"`
	Integration string        `json:"integration"`
	Status      string        `json:"status"` // sent failed silenced inhibited muted
	Err         string        `json:"err,omitempty"`
	Attempt     int           `json:"attempt"`
	Firing      bool          `json:"firing"`
	Decision    string        `json:"decision,omitempty"`
	Rule        string        `json:"rule,omitempty"` // the route, silence or inhibition that matched
	MessageID   string        `json:"message_id,omitempty"`
}

// AddReceipt keeps a receipt. The same id again replaces it, as a further attempt does; of what is withheld the first stays,
// because it says since when.
func (l *Ledger) AddReceipt(ctx context.Context, r Receipt) error {
	body, err := json.Marshal(&r)
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.ID, err)
	}
	err = l.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO receipt (id, at, kpi, body) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body
			WHERE json_extract(receipt.body, '$.status') NOT IN ('silenced', 'inhibited', 'muted')`,
			r.ID, r.At, r.KPI, string(body))
		return err
	})
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.ID, err)
	}
	return nil
}

// Receipts returns receipts, newest first.
func (l *Ledger) Receipts(ctx context.Context, f Filter) ([]Receipt, error) {
	from, to, limit := f.bounds()
	out, err := bodies[Receipt](ctx, l, `SELECT body FROM receipt WHERE (? = '' OR kpi = ?) AND at >= ? AND at <= ?
		AND (? = '' OR json_extract(body, '$.decision') = ?)
		AND (? = '' OR json_extract(body, '$.message_id') = ?)
		AND (? = '' OR instr(json_extract(body, '$.rule'), ?) > 0) ORDER BY at DESC, id DESC LIMIT ?`,
		f.KPI, f.KPI, from, to, f.Decision, f.Decision, f.Message, f.Message, f.Rule, f.Rule, limit)
	if err != nil {
		return nil, fmt.Errorf("receipts: %w", err)
	}
	return out, nil
}

// bodies runs a query whose only column is a JSON body.
func bodies[T any](ctx context.Context, l *Ledger, query string, args ...any) ([]T, error) {
	rows, err := l.db.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var v T
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
