package board_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
	"github.com/signalbox/signalbox/internal/metricstore/tsdb"
	"github.com/signalbox/signalbox/internal/statestore"
)

// noon is the present of the tests.
var noon = time.Date(2026, 4, 14, 14, 31, 46, 0, time.UTC)

// openLedger returns a real ledger on real stores.
func openLedger(t testing.TB) *ledger.Ledger {
	t.Helper()
	dir := t.TempDir()
	store, err := tsdb.Open(tsdb.Options{Dir: filepath.Join(dir, "kpi"), OutOfOrder: 40 * 24 * time.Hour, Retention: 365 * 24 * time.Hour,
		ReserveBytes: -1, FloorBytes: -1, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	db, err := statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	l, err := ledger.Open(context.Background(), ledger.Options{Store: store, State: db, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	return l
}

// errorRate is a KPI in percent whose red band begins above 3 %.
func errorRate(name string) *kpi.KPI {
	return &kpi.KPI{
		Name: name, Title: "E-file error rate", Outcome: kpi.Technical, Owner: "oncall@irs.example", Unit: "percent",
		Labels: map[string]string{"journey": "filing"}, Period: time.Minute, Window: time.Minute,
		Indicator: kpi.Indicator{Kind: kpi.Ratio, Bad: &kpi.Selector{Text: `http_requests_total{code=~"5.."}`}, Total: &kpi.Selector{Text: "http_requests_total"}},
		Thresholds: kpi.Thresholds{
			Yellow: &kpi.Comparison{Op: kpi.Above, A: 0.01, Text: "> 1%"}, Red: &kpi.Comparison{Op: kpi.Above, A: 0.03, Text: "> 3%"},
			ForYellow: kpi.MofN{M: 1, N: 1}, ForRed: kpi.MofN{M: 3, N: 3},
		},
		Page: &kpi.Page{Severity: "page", Runbook: "https://runbooks.irs.example/efile-errors"},
	}
}

func real(end int64, bad, total float64) kpi.Point {
	return kpi.Point{End: end, Value: bad / total, Upper: math.NaN(), Good: total - bad, Total: total, Coverage: 1}
}

func missing(end int64, why kpi.MissingReason) kpi.Point {
	nan := math.NaN()
	return kpi.Point{End: end, Value: nan, Upper: nan, Good: nan, Total: nan, Missing: why}
}

// statusOf is a KPI without groups in a state.
func statusOf(k *kpi.KPI, l kpi.Light, since int64, p kpi.Point, reason string) kpi.Status {
	g := kpi.GroupStatus{Labels: labels.EmptyLabels(), Light: l, Since: since, Last: p, Reason: reason}
	if l == kpi.Red {
		g.Red, g.Yellow = kpi.Alarm, kpi.Alarm
	}
	if l == kpi.Yellow {
		g.Yellow = kpi.Alarm
	}
	return kpi.Status{KPI: k, Revision: 1, Light: l, Since: since, Reason: reason, Last: p, Groups: []kpi.GroupStatus{g}, Delay: 5 * time.Second}
}

// house is a board over a real ledger and stated states.
type house struct {
	*board.Board
	ledger   *ledger.Ledger
	statuses []kpi.Status
	silences []board.Silence
	alerts   []board.Alert
	sources  []board.Source
	now      time.Time
}

func newHouse(t testing.TB) *house {
	h := &house{ledger: openLedger(t), now: noon}
	h.Board = board.New(board.Options{
		Now: func() time.Time { return h.now }, Statuses: func() []kpi.Status { return h.statuses },
		Status: func(name string) (kpi.Status, bool) {
			for _, s := range h.statuses {
				if s.KPI.Name == name {
					return s, true
				}
			}
			return kpi.Status{}, false
		},
		History:  h.ledger,
		Alerts:   func(context.Context) ([]board.Alert, error) { return h.alerts, nil },
		Silences: func(context.Context) ([]board.Silence, error) { return h.silences, nil },
		Sources:  func(context.Context) ([]board.Source, error) { return h.sources, nil },
	})
	return h
}

// publish writes datapoints of the KPI as a whole or of a group.
func (h *house) publish(t testing.TB, k *kpi.KPI, group labels.Labels, whole bool, light kpi.Light, points ...kpi.Point) {
	t.Helper()
	track := h.ledger.Track(k.Name, group, whole)
	var es []ledger.Entry
	for _, p := range points {
		es = append(es, ledger.Entry{Track: track, Point: p, Light: light, Revision: 1})
	}
	require.NoError(t, h.ledger.Publish(context.Background(), es))
}

func ms(t time.Time) int64 { return t.UnixMilli() }

func ago(d time.Duration) int64 { return ms(noon.Add(-d).Truncate(time.Minute)) }

// many is n KPIs with a day of minutes each in the ledger.
func many(t testing.TB, h *house, n int) {
	t.Helper()
	for i := range n {
		k := errorRate(fmt.Sprintf("kpi-%04d", i))
		k.Title = fmt.Sprintf("KPI number %d", i)
		k.By = []string{"service"}
		var es []ledger.Entry
		whole := h.ledger.Track(k.Name, labels.EmptyLabels(), true)
		last := kpi.Point{}
		for m := 1440; m >= 1; m-- {
			last = real(ago(time.Duration(m)*time.Minute), float64((m*7+i)%40), 1000+float64(m%13))
			es = append(es, ledger.Entry{Track: whole, Point: last, Light: kpi.Green, Revision: 1})
		}
		require.NoError(t, h.ledger.Publish(context.Background(), es))
		st := statusOf(k, kpi.Light(i%4), ago(time.Hour), last, "3 of 3 > 3%: 4.1 %, 4.0 %, 3.9 %")
		st.Groups = nil
		for g := range 3 {
			st.Groups = append(st.Groups, kpi.GroupStatus{Labels: labels.FromStrings("service", fmt.Sprintf("svc-%d", g)), Light: kpi.Light(i % 4), Last: last, Since: ago(time.Hour)})
		}
		h.statuses = append(h.statuses, st)
	}
}
