package evaluate_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/statestore"
)

// books is what an engine stands on: samples, published points, and the ledger over these.
type books struct {
	raw    *tsdb.Store
	points *tsdb.Store
	state  *statestore.DB
	ledger *ledger.Ledger
	close  func() // at the end of the test, or earlier
}

// openBooks opens the samples in one directory and the rest in another; points are taken so late.
func openBooks(tb testing.TB, samples, dir string, now func() time.Time, late time.Duration) *books {
	tb.Helper()
	b := &books{}
	open := func(dir string, late time.Duration) *tsdb.Store {
		s, err := tsdb.Open(tsdb.Options{Dir: dir, ReserveBytes: -1, FloorBytes: -1, OutOfOrder: late, Now: now, Registerer: prometheus.NewRegistry()})
		require.NoError(tb, err)
		return s
	}
	b.raw, b.points = open(samples, 0), open(filepath.Join(dir, "kpi"), late)
	var err error
	b.state, err = statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(tb, err)
	b.close = sync.OnceFunc(func() { _, _, _ = b.raw.Close(), b.points.Close(), b.state.Close() })
	tb.Cleanup(b.close)
	b.ledger, err = ledger.Open(tb.Context(), ledger.Options{Store: b.points, State: b.state, Now: now})
	require.NoError(tb, err)
	return b
}

// house is the engine on real stores, with a clock that the test sets.
type house struct {
	t    *testing.T
	dir  string
	now  time.Time
	kpis []*kpi.KPI
	*books
	gate    *gate.Gate
	engine  *evaluate.Engine
	signals []kpi.PageSignal
	rows    *memRows
	sql     func(query string, from, to time.Time) (promql.Vector, error)
	answer  func(at time.Time) (promql.Vector, error) // of every PromQL question
}

// t0 is a whole day in the past, so that every period begins there.
var t0 = time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)

func newHouse(t *testing.T, kpis ...*kpi.KPI) *house {
	h := &house{t: t, dir: t.TempDir(), now: t0, kpis: kpis, rows: &memRows{}}
	h.open()
	return h
}

func (h *house) clock() time.Time { return h.now }

func (h *house) open() {
	t := h.t
	h.books = openBooks(t, filepath.Join(h.dir, "metrics"), h.dir, h.clock, 0)
	h.engine = evaluate.New(evaluate.Options{
		Store: h.raw, Rows: h.rows, Ledger: h.ledger, Now: h.clock, Registerer: prometheus.NewRegistry(),
		IntervalOf: func(l labels.Labels) (time.Duration, bool) { return 15 * time.Second, l.Get("job") == "efile" },
		Rewatch:    func() { h.gate.Rewatch() },
		SQL: func(_ context.Context, q string, from, to time.Time) (promql.Vector, error) {
			return h.sql(q, from, to)
		},
		Query: func(_ context.Context, _ string, at time.Time) (promql.Vector, error) { return h.answer(at) },
		Page:  func(_ context.Context, s []kpi.PageSignal) { h.signals = append(h.signals, s...) },
	})
	h.gate = gate.New(gate.Options{Store: h.raw, Observers: []gate.Observer{h.engine}, Now: h.clock, Registerer: prometheus.NewRegistry()})
	require.NoError(t, h.engine.Start(t.Context()))
	require.NoError(t, h.engine.Apply(t.Context(), h.kpis))
	require.NoError(t, h.engine.Removed(t.Context()))
}

// restart stops the house as a kill would, lets it be down for a while and opens it again.
func (h *house) restart(down time.Duration) {
	require.NoError(h.t, h.ledger.Heartbeat(h.t.Context(), h.now.UnixMilli()))
	h.close()
	h.now = h.now.Add(down)
	h.open()
}

// push writes samples, `name{labels} value` each, with the time t0+at.
func (h *house) push(at time.Duration, samples ...string) {
	h.t.Helper()
	g, err := h.gate.Admit(h.t.Context(), gate.Credential{Source: "test"}, 0)
	require.NoError(h.t, err)
	defer g.Close()
	app := g.AppendableV2().AppenderV2(h.t.Context())
	for _, s := range samples {
		i := strings.LastIndex(s, " ")
		l := series(h.t, s[:i])
		var v float64
		_, err := fmt.Sscan(s[i+1:], &v)
		require.NoError(h.t, err)
		_, err = app.Append(0, l, 0, t0.Add(at).UnixMilli(), v, nil, nil, storage.AOptions{})
		require.NoError(h.t, err)
	}
	require.NoError(h.t, app.Commit())
}

// to moves the clock to t0+at and closes what is due.
func (h *house) to(at time.Duration) {
	h.now = t0.Add(at)
	h.engine.CloseDue(h.t.Context())
}

func (h *house) light(name string) kpi.Light {
	s, ok := h.engine.Status(name)
	require.True(h.t, ok)
	return s.Light
}

func (h *house) value(name string) float64 {
	s, ok := h.engine.Status(name)
	require.True(h.t, ok)
	if !s.Last.Real() {
		return math.NaN()
	}
	return s.Last.Value
}

func series(t *testing.T, s string) labels.Labels {
	l, err := parser.NewParser(parser.Options{}).ParseMetric(s)
	require.NoError(t, err)
	return l
}

func selector(t testing.TB, s string) *kpi.Selector {
	ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector(s)
	require.NoError(t, err)
	return &kpi.Selector{Text: s, Matchers: ms}
}

func atMost(a float64) *kpi.Comparison {
	return &kpi.Comparison{Op: kpi.Above, A: a, Text: fmt.Sprintf("> %g", a)}
}

// errorRate is the KPI of the contract: yellow above 1 %, red above 3 % three minutes in a row.
func errorRate(t *testing.T) *kpi.KPI {
	return &kpi.KPI{
		Name: "efile-error-rate", Title: "1040 e-file error rate", Unit: "percent", Hash: "1", MaxGroups: 1000,
		Indicator: kpi.Indicator{Kind: kpi.Ratio, Bad: selector(t, `http_requests_total{job="efile",code=~"5.."}`), Total: selector(t, `http_requests_total{job="efile"}`)},
		Period:    time.Minute, Window: time.Minute, RestateFor: time.Hour,
		Thresholds: kpi.Thresholds{Yellow: atMost(0.01), Red: atMost(0.03), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing},
		Page:       &kpi.Page{Severity: "page", Runbook: "https://runbooks.irs.example/efile"},
	}
}

// service counts requests and pushes them as a scrape would.
type service struct {
	h       *house
	labels  string
	ok, bad float64
}

func (s *service) scrape(at time.Duration, ok, bad float64) {
	s.ok += ok
	s.bad += bad
	s.h.push(at,
		fmt.Sprintf(`up{job="efile",instance="a"%s} 1`, s.labels),
		fmt.Sprintf(`http_requests_total{job="efile",instance="a",code="200"%s} %g`, s.labels, s.ok),
		fmt.Sprintf(`http_requests_total{job="efile",instance="a",code="500"%s} %g`, s.labels, s.bad))
}

// minute scrapes four times and closes what is due at its end; the delay is the scrape interval.
func (s *service) minute(n int, ok, bad float64) {
	for q := 1; q <= 4; q++ {
		at := time.Duration(n)*time.Minute + time.Duration(q)*15*time.Second
		s.h.now = t0.Add(at)
		s.scrape(at, ok/4, bad/4)
		s.h.engine.CloseDue(s.h.t.Context())
	}
}
