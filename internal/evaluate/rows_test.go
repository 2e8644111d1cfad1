package evaluate_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// memRows is a row store in memory: what is written is durable at once, and scans are in the order of time.
type memRows struct {
	mu   sync.Mutex
	rows [3][]rowstore.Row
}

func (m *memRows) write(t rowstore.Table, rows ...rowstore.Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[t] = append(m.rows[t], rows...)
}

func (m *memRows) Scan(_ context.Context, q rowstore.Scan, f func([]rowstore.Row) error) error {
	holds, err := q.Where.Compile()
	if err != nil {
		return err
	}
	m.mu.Lock()
	var out []rowstore.Row
	for _, r := range m.rows[q.Table] {
		if r.Time >= q.From && (q.To == 0 || r.Time < q.To) && holds(&r) {
			out = append(out, r)
		}
	}
	m.mu.Unlock()
	slices.SortStableFunc(out, func(a, b rowstore.Row) int { return cmp.Compare(a.Time, b.Time) })
	for chunk := range slices.Chunk(out, 100) {
		if err := f(slices.Clone(chunk)); err != nil {
			return err
		}
	}
	return nil
}

// receive makes rows durable and then has them observed, as the gate does. Rows without a time happen now.
func (h *house) receive(t rowstore.Table, rows ...rowstore.Row) {
	b := rowstore.Batch{Table: t}
	for _, r := range rows {
		r.Received = h.now.UnixMicro()
		if r.Time == 0 {
			r.Time = r.Received
		}
		if r.Weight == 0 {
			r.Weight = 1
		}
		b.Rows = append(b.Rows, r)
	}
	h.rows.write(t, b.Rows...)
	h.engine.ObserveRows(&b)
}

func overRows(name string, in kpi.Indicator) *kpi.KPI {
	return &kpi.KPI{
		Name: name, Title: name, Hash: "1", MaxGroups: 1000, Indicator: in, Period: time.Minute, Window: time.Minute, RestateFor: time.Hour,
		Thresholds: kpi.Thresholds{Red: atMost(0.03), ForRed: kpi.MofN{M: 1, N: 1}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing},
		Page:       &kpi.Page{Severity: "page", Runbook: "https://runbooks.irs.example/efile"},
	}
}

func TestARatioAndARateOverRowsAreLive(t *testing.T) {
	rejected := overRows("rejected", kpi.Indicator{Kind: kpi.Ratio, Bad: selector(t, `events{name="filing_rejected"}`), Total: selector(t, `events{name=~"filing_.*"}`)})
	errors := overRows("errors", kpi.Indicator{Kind: kpi.Rate, Of: selector(t, `logs{level="error",service="intake"}`)})
	h := newHouse(t, rejected, errors)
	h.now = t0.Add(10 * time.Second)
	for range 96 {
		h.receive(rowstore.Events, rowstore.Row{Name: "filing_accepted"}, rowstore.Row{Name: "login"})
	}
	h.receive(rowstore.Logs, rowstore.Row{Severity: 17, Service: "intake"}, rowstore.Row{Severity: 17, Service: "portal"}, rowstore.Row{Severity: 9, Service: "intake"})
	h.to(64 * time.Second)
	require.Equal(t, kpi.Grey, h.light("rejected"), "a datapoint waits five seconds")
	h.to(65 * time.Second)
	require.Equal(t, kpi.Green, h.light("rejected"))
	require.Zero(t, h.value("rejected"), "a bad side that was never seen is 0 once total has rows")
	require.InDelta(t, 1.0/60, h.value("errors"), 1e-12)

	h.now = t0.Add(70 * time.Second)
	for range 4 {
		h.receive(rowstore.Events, rowstore.Row{Name: "filing_rejected"})
	}
	h.receive(rowstore.Events, rowstore.Row{Name: "filing_accepted", Weight: 96})
	h.receive(rowstore.Logs, rowstore.Row{Severity: 9, Service: "intake"})
	h.to(125 * time.Second)
	require.Equal(t, kpi.Red, h.light("rejected"))
	require.InDelta(t, 0.04, h.value("rejected"), 1e-12)
	require.Len(t, h.signals, 1)
	s, _ := h.engine.Status("rejected")
	require.InDelta(t, 0.05, s.Last.Coverage, 1e-12, "5 rows stand for 100")
	require.Contains(t, s.Last.Detail, "estimated from the 5 % of rows that sampling kept, give or take")
	require.Zero(t, h.value("errors"), "the table got rows, so silence is quiet")

	h.to(185 * time.Second)
	s, _ = h.engine.Status("errors")
	require.Equal(t, kpi.NoData, s.Last.Missing, "nothing at all arrived")
}

// The policy room names the columns of rows by itself, because it stands beside the store: both must say the same.
func TestThePolicyKnowsTheColumns(t *testing.T) {
	var want, have []string
	for _, f := range rowstore.Fields() {
		want = append(want, fmt.Sprint(f.Name, f.Type == rowstore.TypeNumber || f.Type == rowstore.TypeTime))
	}
	for _, f := range policy.RowFields() {
		have = append(have, fmt.Sprint(f.Name, f.Numeric))
		if f.Name == "level" {
			require.Equal(t, rowstore.Levels(), f.Values)
		}
		if f.Name == "status" {
			require.Equal(t, rowstore.Statuses(), f.Values)
		}
	}
	require.Equal(t, want, have)
	var tables []string
	for _, x := range rowstore.Tables() {
		tables = append(tables, x.String())
	}
	require.Equal(t, tables, kpi.Tables())
}
