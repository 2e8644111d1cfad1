// Package ledger keeps what the KPI engine published: datapoints in a time series store of their own, and beside them, in
// the state database, statements that restate a datapoint, transitions with their decision records, delivery receipts,
// revisions, and what Judge remembers. It decides nothing and forgets nothing before its retention.
package ledger

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is the time series store of the datapoints.
type Store interface {
	storage.Queryable
	storage.Appendable
}

// Options are the ledger's dependencies.
type Options struct {
	Store Store
	State *statestore.DB
	Now   func() time.Time
}

// Ledger is safe for concurrent use; a Batch is not.
type Ledger struct {
	store Store
	db    *statestore.DB
	now   func() time.Time
	sql   map[string]string // change.sql
	spent atomic.Int64      // nanoseconds in Publish
}

// Open migrates the ledger's tables and returns it.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.State.Migrate(ctx, "ledger", files); err != nil {
		return nil, err
	}
	return &Ledger{store: o.Store, db: o.State, now: o.Now, sql: statestore.Statements(changeSQL)}, nil
}

// Standing is what must survive a restart of one group: Judge's memory and whether the group is being paged for.
type Standing struct {
	KPI        string        `json:"-"`
	Group      string        `json:"-"` // the group's key
	Labels     labels.Labels `json:"labels"`
	Revision   int           `json:"revision"`
	Memory     kpi.Memory    `json:"memory"`
	Birth      int64         `json:"birth"`
	Firing     bool          `json:"firing"`
	FiringFrom int64         `json:"firing_from"`
	NoDataFrom int64         `json:"no_data_from"`
	Cause      string        `json:"cause"`
	Decision   string        `json:"decision"`
}

// Decide writes transitions and standings in one transaction; gone are standings to delete.
func (l *Ledger) Decide(ctx context.Context, ts []kpi.Transition, standings, gone []Standing) error {
	if len(ts)+len(standings)+len(gone) == 0 {
		return nil
	}
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		for i := range ts {
			body, err := json.Marshal(&ts[i])
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO transition (id, kpi, grp, period_end, at, body) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
				ts[i].ID, ts[i].KPI, ts[i].Group.String(), ts[i].End, ts[i].At, string(body))
			if err != nil {
				return err
			}
		}
		for i := range standings {
			body, err := json.Marshal(&standings[i])
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO standing (kpi, grp, body) VALUES (?, ?, ?) ON CONFLICT (kpi, grp) DO UPDATE SET body = excluded.body`,
				standings[i].KPI, standings[i].Group, string(body))
			if err != nil {
				return err
			}
		}
		for i := range gone {
			if _, err := tx.ExecContext(ctx, `DELETE FROM standing WHERE kpi = ? AND grp = ?`, gone[i].KPI, gone[i].Group); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write decisions: %w", err)
	}
	return nil
}

// Standings returns all standings of a KPI by group key.
func (l *Ledger) Standings(ctx context.Context, name string) (map[string]Standing, error) {
	rows, err := l.db.SQL().QueryContext(ctx, `SELECT grp, body FROM standing WHERE kpi = ?`, name)
	if err != nil {
		return nil, fmt.Errorf("standings of %s: %w", name, err)
	}
	defer rows.Close()
	out := map[string]Standing{}
	for rows.Next() {
		var s Standing
		var body string
		if err := rows.Scan(&s.Group, &body); err != nil {
			return nil, fmt.Errorf("standings of %s: %w", name, err)
		}
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			return nil, fmt.Errorf("standing of %s %s: %w", name, s.Group, err)
		}
		s.KPI = name
		out[s.Group] = s
	}
	return out, rows.Err()
}

// StandingKPIs returns the names of the KPIs that have standings.
func (l *Ledger) StandingKPIs(ctx context.Context) ([]string, error) {
	rows, err := l.db.SQL().QueryContext(ctx, `SELECT DISTINCT kpi FROM standing`)
	if err != nil {
		return nil, fmt.Errorf("standings: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("standings: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Statement is a datapoint said anew.
type Statement struct {
	KPI      string
	Group    string
	Point    kpi.Point
	KnownAt  int64 // Unix ms of the close that first knew it
	FirstEnd int64 // end of the first period judged with it, Unix ms
	Cause    string
}

// Restate appends statements.
func (l *Ledger) Restate(ctx context.Context, ss []Statement) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		for i := range ss {
			body, err := json.Marshal(ss[i].Point)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO statement (kpi, grp, period_end, known_at, first_end, point, cause) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (kpi, grp, period_end, known_at) DO UPDATE SET point = excluded.point, cause = excluded.cause`,
				ss[i].KPI, ss[i].Group, ss[i].Point.End, ss[i].KnownAt, ss[i].FirstEnd, string(body), ss[i].Cause)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write statements: %w", err)
	}
	return nil
}

// Statements returns the restatements of a group's datapoints that end in [from, to], oldest knowledge first.
func (l *Ledger) Statements(ctx context.Context, name, group string, from, to int64) ([]Statement, error) {
	return l.statements(ctx, name, `SELECT grp, known_at, first_end, point, cause FROM statement
		WHERE kpi = ? AND grp = ? AND period_end >= ? AND period_end <= ? ORDER BY known_at, period_end LIMIT 100000`, name, group, from, to)
}

// said returns what was restated of a KPI's groups and first used by a period that ends in (from, to], in the order of use.
func (l *Ledger) said(ctx context.Context, name string, from, to int64) ([]Statement, error) {
	return l.statements(ctx, name, `SELECT grp, known_at, first_end, point, cause FROM statement
		WHERE kpi = ? AND first_end > ? AND first_end <= ? ORDER BY first_end, known_at, grp, period_end LIMIT 1000000`, name, from, to)
}

func (l *Ledger) statements(ctx context.Context, name, query string, args ...any) ([]Statement, error) {
	rows, err := l.db.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("statements of %s: %w", name, err)
	}
	defer rows.Close()
	var out []Statement
	for rows.Next() {
		s := Statement{KPI: name}
		var body string
		if err := rows.Scan(&s.Group, &s.KnownAt, &s.FirstEnd, &body, &s.Cause); err != nil {
			return nil, fmt.Errorf("statements of %s: %w", name, err)
		}
		if err := json.Unmarshal([]byte(body), &s.Point); err != nil {
			return nil, fmt.Errorf("statements of %s: %w", name, err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Heartbeat notes that every close up to at (Unix ms) is judged and written.
func (l *Ledger) Heartbeat(ctx context.Context, at int64) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO heartbeat (one, at) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET at = excluded.at`, at)
		return err
	})
}

// LastHeartbeat returns the newest heartbeat, 0 if there was none.
func (l *Ledger) LastHeartbeat(ctx context.Context) (int64, error) {
	var at int64
	err := l.db.SQL().QueryRowContext(ctx, `SELECT at FROM heartbeat WHERE one = 1`).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return at, err
}

// Outage is a span, in Unix ms, in which silence says nothing.
type Outage struct {
	From, To int64
	Reason   string
}

// AddOutage notes an outage.
func (l *Ledger) AddOutage(ctx context.Context, o Outage) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO outage (from_ms, to_ms, reason) VALUES (?, ?, ?) ON CONFLICT (from_ms, to_ms) DO NOTHING`, o.From, o.To, o.Reason)
		return err
	})
}

// Outages returns the outages that touch [from, to].
func (l *Ledger) Outages(ctx context.Context, from, to int64) ([]Outage, error) {
	rows, err := l.db.SQL().QueryContext(ctx, `SELECT from_ms, to_ms, reason FROM outage WHERE to_ms >= ? AND from_ms <= ? ORDER BY from_ms LIMIT 10000`, from, to)
	if err != nil {
		return nil, fmt.Errorf("outages: %w", err)
	}
	defer rows.Close()
	var out []Outage
	for rows.Next() {
		var o Outage
		if err := rows.Scan(&o.From, &o.To, &o.Reason); err != nil {
			return nil, fmt.Errorf("outages: %w", err)
		}
		out = append(out, o)
	}
	return out, rows.Err()
}

// Prune forgets transitions, receipts, statements and outages older than before (Unix ms); callers keep 90 days or more.
func (l *Ledger) Prune(ctx context.Context, before int64) error {
	return l.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{
			`DELETE FROM transition WHERE at < ?`,
			`DELETE FROM receipt WHERE at < ?`,
			`DELETE FROM statement WHERE known_at < ?`,
			`DELETE FROM outage WHERE to_ms < ?`,
		} {
			if _, err := tx.ExecContext(ctx, q, before); err != nil {
				return fmt.Errorf("prune ledger: %w", err)
			}
		}
		return nil
	})
}
