package usage

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

type at struct{ start, ms int64 }

func spanRow(id, parent uint64, service string, kind uint8, a at) rowstore.Row {
	return rowstore.Row{Trace: rowstore.TraceIDOf(1, 2), Span: rowstore.SpanID(id), Parent: rowstore.SpanID(parent), Service: service, Name: service, Kind: kind, Time: 1_000_000 + a.start*1000, Duration: a.ms * 1e6, Weight: 1}
}

func byID(t Trace) map[string]TraceSpan {
	m := map[string]TraceSpan{}
	for _, s := range t.Spans {
		m[s.ID] = s
	}
	return m
}

func id(n uint64) string { return rowstore.SpanID(n).String() }

func TestATraceHasItsPath(t *testing.T) {
	tr := Assemble(rowstore.TraceIDOf(1, 2), []rowstore.Row{
		spanRow(1, 0, "portal", kindServer, at{0, 100}),
		spanRow(2, 1, "portal", kindClient, at{10, 40}), // 10 to 50
		spanRow(3, 2, "intake", kindServer, at{15, 30}), // 15 to 45
		spanRow(4, 1, "portal", kindClient, at{20, 10}), // beside 2: not on the path
		spanRow(5, 1, "portal", kindClient, at{60, 30}), // 60 to 90
	})
	s := byID(tr)
	require.Equal(t, []string{id(1), id(2), id(3), id(4), id(5)}, []string{tr.Spans[0].ID, tr.Spans[1].ID, tr.Spans[2].ID, tr.Spans[3].ID, tr.Spans[4].ID})
	require.InDelta(t, 0.1, tr.Duration, 1e-9)
	for n, want := range map[uint64]float64{1: 0.030, 2: 0.010, 3: 0.030, 4: 0, 5: 0.030} {
		require.InDelta(t, want, s[id(n)].OnPath, 1e-9, n)
		require.Equal(t, want > 0, s[id(n)].Critical)
	}
	require.InDelta(t, 0.030, s[id(1)].Self, 1e-9)
	require.InDelta(t, 0.010, s[id(2)].Self, 1e-9)
	require.Equal(t, "portal", tr.Services[0].Service)
	require.InDelta(t, 0.7, tr.Services[0].Share, 1e-9)
	require.Equal(t, 2, s[id(3)].Depth)
}

func TestClocksThatAreOffAreMoved(t *testing.T) {
	tr := Assemble(rowstore.TraceIDOf(1, 2), []rowstore.Row{
		spanRow(1, 0, "portal", kindServer, at{0, 100}),
		spanRow(2, 1, "portal", kindClient, at{10, 40}),
		spanRow(3, 2, "intake", kindServer, at{-500, 30}), // its clock is half a second behind
		spanRow(4, 3, "intake", kindClient, at{-490, 10}),
	})
	s := byID(tr)
	require.EqualValues(t, 515_000, s[id(3)].Skew)
	require.EqualValues(t, 515_000, s[id(4)].Skew)
	require.EqualValues(t, 1_015_000, s[id(3)].Start)
	require.InDelta(t, 0.1, tr.Duration, 1e-9)
	require.Len(t, tr.Notes, 1)
}

func TestBrokenTracesAreShownAsTheyAre(t *testing.T) {
	tr := Assemble(rowstore.TraceIDOf(1, 2), []rowstore.Row{
		spanRow(1, 9, "a", kindServer, at{0, 10}),   // its parent is missing
		spanRow(2, 2, "b", kindServer, at{20, 10}),  // its own parent
		spanRow(3, 4, "c", kindServer, at{50, 10}),  // a ring of three
		spanRow(4, 5, "d", kindServer, at{40, 10}),  //
		spanRow(5, 3, "e", kindServer, at{60, -10}), // and an end before its start
		spanRow(6, 4, "f", kindClient, at{41, 5}),
		spanRow(6, 4, "f", kindClient, at{42, 5}), // sent twice
	})
	s := byID(tr)
	require.Len(t, tr.Spans, 7)
	require.True(t, s[id(1)].Orphan)
	require.True(t, s[id(2)].Cycle)
	require.True(t, s[id(4)].Cycle)
	require.Zero(t, s[id(4)].Depth)
	require.Equal(t, 1, s[id(3)].Depth)
	require.Equal(t, 2, s[id(5)].Depth)
	dup := 0
	for _, x := range tr.Spans {
		if x.Duplicate {
			dup++
		}
	}
	require.Equal(t, 1, dup)
	require.Equal(t, Trace{ID: rowstore.TraceIDOf(1, 2).String(), Spans: []TraceSpan{}, Logs: []TraceRow{}, Events: []TraceRow{}, Services: []TraceService{}, Notes: []string{}}, Assemble(rowstore.TraceIDOf(1, 2), nil))
}

// TestAnyTraceComesOutWhole assembles graphs of any shape: every span once, nothing negative, no path longer than the trace.
func TestAnyTraceComesOutWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 1))
	for range 3000 {
		n := 1 + r.IntN(12)
		var rows []rowstore.Row
		for i := range n {
			rows = append(rows, spanRow(uint64(i+1), uint64(r.IntN(n+2)), string(rune('a'+r.IntN(3))), uint8(r.IntN(6)), at{r.Int64N(50), r.Int64N(60) - 3}))
		}
		tr := Assemble(rowstore.TraceIDOf(1, 2), rows)
		require.Len(t, byID(tr), n)
		path := 0.0
		for _, s := range tr.Spans {
			require.GreaterOrEqual(t, s.Self, 0.0)
			require.LessOrEqual(t, s.Self, s.Duration+1e-9)
			require.GreaterOrEqual(t, s.OnPath, 0.0)
			path += s.OnPath
		}
		require.LessOrEqual(t, path, tr.Duration+1e-9)
	}
	chain := make([]rowstore.Row, 10_000) // depth costs no stack
	for i := range chain {
		chain[i] = spanRow(uint64(i+1), uint64(i), "a", kindClient, at{int64(i), 20_000 - int64(i)*2})
	}
	require.Equal(t, 9_999, Assemble(rowstore.TraceIDOf(1, 2), chain).Spans[9_999].Depth)
}

func TestTracesAreFoundAndEverythingOfAnID(t *testing.T) {
	store := &memory{}
	room := open(t, t.TempDir(), store)
	base := now.UnixMicro() - 60_000_000
	var spans, logs, events []rowstore.Row
	for k := range uint64(10) {
		trace := rowstore.TraceIDOf(7, k+1)
		for i := range uint64(3) {
			s := rowstore.Row{Time: base + int64(k*1000+i), Trace: trace, Span: rowstore.SpanID(k*10 + i + 1), Service: []string{"portal", "intake", "db"}[i], Name: "op", Duration: 5e6, Weight: 1}
			if i > 0 {
				s.Parent = rowstore.SpanID(k*10 + i)
			}
			if k%2 == 0 && i == 1 {
				s.Status = rowstore.StatusError
			}
			spans = append(spans, s)
		}
		logs = append(logs, rowstore.Row{Time: base + int64(k*1000) + 5, Trace: trace, Severity: 17, Body: "no", Service: "intake", Weight: 1})
		events = append(events, rowstore.Row{Time: base + int64(k*1000) - 5, Trace: trace, Name: "submit", User: "p", Session: "s", Business: []string{"case-1", "case-2"}[k%2], Weight: 1})
	}
	logs = append(logs, rowstore.Row{Time: base, Body: "of the case, without a trace", Business: "case-1", Weight: 1})
	require.NoError(t, store.Write(t.Context(), &rowstore.Batch{Table: rowstore.Spans, Rows: spans}, &rowstore.Batch{Table: rowstore.Logs, Rows: logs}, &rowstore.Batch{Table: rowstore.Events, Rows: events}))

	got, err := room.Traces(t.Context(), TraceQuestion{Where: rowstore.Is("status", "error"), Limit: 3})
	require.NoError(t, err)
	require.True(t, got.Cut)
	require.Len(t, got.Traces, 3)
	require.Equal(t, TraceSummary{ID: rowstore.TraceIDOf(7, 9).String(), Start: base + 8000, Duration: 0.005002, Root: "op", Service: "portal", Services: []string{"db", "intake", "portal"}, Spans: 3, Errors: 1, Matched: 1}, got.Traces[0])

	one, err := room.Trace(t.Context(), "7"+rowstore.TraceIDOf(0, 1).String()[16:], rowstore.Everything)
	require.NoError(t, err)
	require.Len(t, one.Spans, 3)
	require.Len(t, one.Logs, 1)
	require.Len(t, one.Events, 1)

	all, err := room.Related(t.Context(), RelatedQuestion{Business: "case-1"})
	require.NoError(t, err)
	require.Len(t, all.Rows, 5*3+5+5+1)
	require.Equal(t, map[string]float64{"logs": 6, "spans": 15, "events": 5}, all.Counts)
	require.Len(t, all.Traces, 5)
	require.Equal(t, []string{"db", "intake", "portal"}, all.Services)
	for i := 1; i < len(all.Rows); i++ {
		require.LessOrEqual(t, all.Rows[i-1].At, all.Rows[i].At)
	}
	all, err = room.Related(t.Context(), RelatedQuestion{Session: "s", Limit: 4})
	require.NoError(t, err)
	require.True(t, all.Cut)
	require.Len(t, all.Rows, 4)
}
