// Package board answers the questions that the page asks of KPIs: the verdict sentence, tiles with their strip of days and
// their sparkline, one KPI with where it fails and how its budget burned, decision records, open pages, and whether the
// sources are on time. It reads the live state and the ledger through what it is handed and decides nothing: every light
// comes from package kpi, every display string is made here so that no door and no page computes a unit or a colour.
package board

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// History is what the board reads of the past; *ledger.Ledger has it. An empty group means the KPI as a whole. Times are
// Unix ms, lists run oldest first for points and newest first for records.
type History interface {
	Points(ctx context.Context, name string, group labels.Labels, from, to int64, maxPoints int) ([]kpi.Point, error)
	Lights(ctx context.Context, name string, group labels.Labels, from, to, step int64) ([]ledger.LightPoint, error)
	Slices(ctx context.Context, name string, group labels.Labels, from, to int64, windowed bool) ([]ledger.Slice, error)
	Transitions(ctx context.Context, f ledger.Filter) ([]kpi.Transition, error)
	Transition(ctx context.Context, id string) (kpi.Transition, error)
	Receipts(ctx context.Context, f ledger.Filter) ([]ledger.Receipt, error)
	Revisions(ctx context.Context, name string) ([]ledger.Revision, error)
	Statements(ctx context.Context, name, group string, from, to int64) ([]ledger.Statement, error)
	Outages(ctx context.Context, from, to int64) ([]ledger.Outage, error)
}

// Options are what the board is made of. Statuses, Status and History are required; an absent function leaves its part of
// the answer empty.
type Options struct {
	Logger   *slog.Logger
	Now      func() time.Time
	Statuses func() []kpi.Status
	Status   func(name string) (kpi.Status, bool)
	History  History
	Alerts   func(ctx context.Context) ([]Alert, error)   // active alerts
	Silences func(ctx context.Context) ([]Silence, error) // active and pending silences
	Sources  func(ctx context.Context) ([]Source, error)
	Law      Law // what policies and configuration said in the past
	// AsOf is when the engine last closed something, Unix ms: a board whose engine stands still must not look fresh. Absent: now.
	AsOf func() int64
}

// Board answers. Its methods may be called from several goroutines at once.
type Board struct {
	o     Options
	asked atomic.Int64 // when the board was last asked for, Unix ms

	mu      sync.Mutex
	pasts   map[string]*past
	changes map[string]changesOf
	drawn   map[string]*drawn
}

// New returns a board that has read nothing yet; Run reads ahead.
func New(o Options) *Board {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Board{o: o, pasts: map[string]*past{}, changes: map[string]changesOf{}, drawn: map[string]*drawn{}}
}

// AsOf returns the instant that answers speak of, Unix ms.
func (b *Board) AsOf() int64 {
	if b.o.AsOf != nil {
		return b.o.AsOf()
	}
	return b.o.Now().UnixMilli()
}

// status returns one KPI's state or fault.NotFound.
func (b *Board) status(name string) (kpi.Status, error) {
	st, ok := b.o.Status(name)
	if !ok {
		return st, fault.New(fault.NotFound, "no KPI is named %q", name).Hint("The board lists the names")
	}
	return st, nil
}

// Status returns the live state of one KPI as this board knows it.
func (b *Board) Status(name string) (kpi.Status, bool) { return b.o.Status(name) }
