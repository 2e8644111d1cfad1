// Package export lets rows leave the house, and remembers that they did: one day of a table as a Parquet file for who asks,
// every day that is over to the folder of a data pipeline, and samples to remote_write receivers as they come.
//
// The book in the state database holds a line for each export of rows before its first byte goes, with what left, when and
// where to, because an erasure cannot reach what has left and its certificate has to say so. The room decides nothing about
// who may take rows; doors ask access before they come here.
package export

import (
	"context"
	"database/sql"
	"embed"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed export.sql
var exportSQL string

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the state database; *statestore.DB is one.
type DB interface {
	Migrate(ctx context.Context, room string, files fs.FS) error
	Tx(ctx context.Context, f func(tx *sql.Tx) error) error
	SQL() *sql.DB
}

// Audit records what was done, inside the transaction that does it; *audit.Log does.
type Audit interface {
	Append(ctx context.Context, tx *sql.Tx, r audit.Record) error
}

// Rows is where rows come from: a part of rowstore.Store.
type Rows interface {
	Count(ctx context.Context, q rowstore.Count) (rowstore.Groups, error)
	Export(ctx context.Context, t rowstore.Table, day time.Time, match rowstore.Expr, w io.Writer) (rows int64, err error)
}

// DefaultKeep is how long the book remembers what left: longer than rows are usually kept, and than most claims live.
const DefaultKeep = 7 * 366 * 24 * time.Hour

// failuresKept is how long it remembers what failed and did not leave.
const failuresKept = 90 * 24 * time.Hour

// Options are what the room is built with. DB, Audit, Rows and Spool are required.
type Options struct {
	DB    DB
	Audit Audit
	Rows  Rows
	Spool string // folder for files on their way to who asked; the room empties it when it opens
	// Kept is how long the store keeps the rows of a table that live longest, 0 for ever: after an erasure, days that began
	// before are left as they are in the folder, because the store no longer has them whole. nil: for ever.
	Kept       func(t rowstore.Table) time.Duration
	Now        func() time.Time
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Exporter is the room. Its methods may be called from several goroutines at once.
type Exporter struct {
	o       Options
	sql     map[string]string
	metrics metrics
	slots   chan struct{} // requests that are answered at the same time
	wake    chan struct{} // the plan changed, or somebody wants days now

	mu     sync.Mutex
	plan   *Plan // nil: nothing is scheduled
	status Status
}

// mostRequests is how many people's exports are made at the same time: each takes one of the store's few queries.
const mostRequests = 2

// New migrates the tables and settles what a crash left behind: a part that is complete is taken over, everything else is
// removed or marked as failed.
func New(ctx context.Context, o Options) (*Exporter, error) {
	if o.DB == nil || o.Audit == nil || o.Rows == nil || o.Spool == "" {
		return nil, errors.New("export: no state database, no audit log, no rows or no folder for files on their way")
	}
	if o.Kept == nil {
		o.Kept = func(rowstore.Table) time.Duration { return 0 }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.RemoveAll(o.Spool); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if err := os.MkdirAll(o.Spool, 0o700); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "export", files); err != nil {
		return nil, err
	}
	x := &Exporter{status: Status{Tables: []string{}}, o: o, sql: statestore.Statements(exportSQL), metrics: newMetrics(), slots: make(chan struct{}, mostRequests), wake: make(chan struct{}, 1)}
	if err := x.metrics.register(o.Registerer); err != nil {
		return nil, err
	}
	return x, x.recover(ctx)
}
