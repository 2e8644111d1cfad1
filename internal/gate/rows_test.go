package gate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// book is a store of rows that keeps copies and fails when told to.
type book struct {
	rowstore.Store
	mu    sync.Mutex
	rows  [3][]rowstore.Row
	fail  error
	full  error
	check func(*rowstore.Row)
}

func (b *book) Writable() error { return b.full }

func (b *book) Write(_ context.Context, batches ...*rowstore.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	for _, x := range batches {
		for i := range x.Rows {
			if b.check != nil {
				b.check(&x.Rows[i])
			}
		}
		b.rows[x.Table] = append(b.rows[x.Table], x.Rows...)
	}
	return nil
}

func (b *book) Export(context.Context, rowstore.Table, time.Time, rowstore.Expr, io.Writer) (int64, error) {
	return 0, nil
}

// told is an observer of rows that counts them.
type told struct{ f func(*rowstore.Batch) }

func (t told) ObserveRows(b *rowstore.Batch) { t.f(b) }

func logs(n int, at int64) *rowstore.Batch {
	b := &rowstore.Batch{}
	b.Reset(rowstore.Logs)
	for i := range n {
		r := b.Add()
		r.Time, r.Service, r.Body = at*1000, "intake", fmt.Sprintf("request %d was answered in 12 ms", i)
		b.Attr("code", "200")
	}
	return b
}

func statOf(g *gate.Gate, source string) gate.SourceStat {
	for _, s := range g.Sources() {
		if s.Source == source {
			return s
		}
	}
	return gate.SourceStat{}
}

func TestRowsGoThroughTheStepsInOrder(t *testing.T) {
	var steps []string
	store := &book{}
	o := gate.Options{Rows: store}
	o.Redact = func(source string, b *rowstore.Batch) error {
		steps = append(steps, fmt.Sprintf("redact %s %d", source, len(b.Rows)))
		b.Rows[0].Body = "***"
		b.Rows = b.Rows[:4]
		return nil
	}
	o.Sample = func(_ string, b *rowstore.Batch) {
		steps = append(steps, fmt.Sprintf("sample %d", len(b.Rows)))
		b.Rows = b.Rows[:3]
		b.Rows[0].Weight = 2
	}
	o.RowObservers = []gate.RowObserver{told{func(b *rowstore.Batch) {
		steps = append(steps, fmt.Sprintf("observe %d of %d stored", len(b.Rows), len(store.rows[rowstore.Logs])))
	}}}
	reg := prometheus.NewRegistry()
	o.Registerer = reg
	h := build(t, t.TempDir(), o)
	b := logs(6, base)
	b.Rows[5].Time = 12 // 1970
	res, err := h.admit("web").WriteRows(t.Context(), b)
	require.NoError(t, err)
	require.Equal(t, gate.RowResult{Accepted: 5, Refused: 1, Why: "1 of 6 rows were refused: the row's time lies before what is kept; want Unix time in the unit that the protocol asks for, and a clock that is set"}, res)
	require.Equal(t, []string{"redact web 5", "sample 4", "observe 3 of 3 stored"}, steps)
	r := store.rows[rowstore.Logs][0]
	require.Equal(t, "web", r.Source)
	require.Equal(t, base*1000, r.Received)
	require.Equal(t, float32(2), r.Weight)
	s := statOf(h.gate, "web")
	require.Equal(t, map[string]int64{"logs": 3}, s.Rows)
	require.Equal(t, refusals{"logs": {"row_too_old": 1}}, refusals(s.Refused))
	require.EqualValues(t, 1, s.Private)
	require.EqualValues(t, 1, s.Sampled)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP signalbox_gate_accepted_rows_total Rows that were stored, by source and table.
# TYPE signalbox_gate_accepted_rows_total counter
signalbox_gate_accepted_rows_total{source="web",table="logs"} 3
# HELP signalbox_gate_dropped_rows_total Rows that were taken in and not stored, by source and what took them out: privacy or sampling.
# TYPE signalbox_gate_dropped_rows_total counter
signalbox_gate_dropped_rows_total{by="privacy",source="web"} 1
signalbox_gate_dropped_rows_total{by="sampling",source="web"} 1
`), "signalbox_gate_accepted_rows_total", "signalbox_gate_dropped_rows_total"))
}

func TestARowBeyondALimitIsRefusedWithItsReason(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		reason string
		spoil  func(*rowstore.Batch, *rowstore.Row)
	}{
		{"row_future", func(_ *rowstore.Batch, r *rowstore.Row) { r.Time = 4_102_444_800_000_000 }},
		{"row_too_old", func(_ *rowstore.Batch, r *rowstore.Row) { r.Time = 1_000_000 }},
		{"row_too_old", func(_ *rowstore.Batch, r *rowstore.Row) { r.Time = base*1000 - 3*3_600_000_000 }},
		{"row_invalid", func(_ *rowstore.Batch, r *rowstore.Row) { r.Value = math.NaN() }},
		{"attribute_count", func(b *rowstore.Batch, _ *rowstore.Row) {
			for i := range 200 {
				b.Attr(fmt.Sprint(i), "")
			}
		}},
		{"attribute_length", func(b *rowstore.Batch, _ *rowstore.Row) { b.Attr(long, "") }},
		{"attribute_length", func(b *rowstore.Batch, _ *rowstore.Row) { b.Attr("k", strings.Repeat("x", 10<<20)) }},
		{"attribute_length", func(_ *rowstore.Batch, r *rowstore.Row) {
			r.Resource = &rowstore.Resource{Attrs: []rowstore.Attr{{Key: long}}}
		}},
		{"row_length", func(_ *rowstore.Batch, r *rowstore.Row) { r.Body = strings.Repeat("x", 300<<10) }},
		{"row_length", func(_ *rowstore.Batch, r *rowstore.Row) { r.Detail = strings.Repeat("x", 300<<10) }},
		{"row_length", func(_ *rowstore.Batch, r *rowstore.Row) { r.Session = strings.Repeat("x", 5<<10) }},
	} {
		store := &book{}
		h := build(t, t.TempDir(), gate.Options{Rows: store, Limits: gate.Limits{Oldest: func(rowstore.Table) time.Duration { return 2 * time.Hour }}})
		b := logs(2, base)
		c.spoil(b, &b.Rows[1])
		res, err := h.admit("web").WriteRows(t.Context(), b)
		require.NoError(t, err)
		require.Equal(t, 1, res.Accepted, c.reason)
		require.Equal(t, 1, res.Refused)
		s := statOf(h.gate, "web")
		require.Equal(t, refusals{"logs": {c.reason: 1}}, refusals(s.Refused))
		require.Contains(t, res.Why, s.LastError)
		require.Len(t, store.rows[rowstore.Logs], 1)
	}
}

func TestTextThatIsNoUTF8IsRepaired(t *testing.T) {
	store := &book{}
	h := build(t, t.TempDir(), gate.Options{Rows: store})
	b := logs(1, base)
	shared := &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "h\xff", Value: "\xfe"}}, JSON: "{\"h\xff\":\"\xfe\"}"}
	r := &b.Rows[0]
	r.Body, r.Name, r.Resource = "a\xffb", "\xc3", shared
	b.Attr("k\xff", "v\xff")
	_, err := h.admit("web").WriteRows(t.Context(), b)
	require.NoError(t, err)
	got := store.rows[rowstore.Logs][0]
	require.Equal(t, "a\uFFFDb", got.Body)
	for _, s := range []string{got.Name, got.Attrs[1].Key, got.Attrs[1].Value, got.Resource.JSON, got.Resource.Attrs[0].Key, got.Resource.Attrs[0].Value} {
		require.True(t, utf8.ValidString(s), s)
	}
	require.Equal(t, "h\xff", shared.Attrs[0].Key, "somebody else's resource")
}

func TestAPublicSenderIsWhoItsKeySays(t *testing.T) {
	store := &book{}
	h := build(t, t.TempDir(), gate.Options{Rows: store})
	gr, err := h.gate.Admit(t.Context(), gate.Credential{Source: "site portal", Public: true, Labels: map[string]string{"service": "portal", "agency": "IRS"}, Signal: gate.Events}, 10)
	require.NoError(t, err)
	defer gr.Close()
	spans, events := &rowstore.Batch{}, &rowstore.Batch{}
	spans.Reset(rowstore.Spans)
	spans.Add().Time = base * 1000
	events.Reset(rowstore.Events)
	r := events.Add()
	*r = rowstore.Row{Time: base * 1000, Service: "bank", Env: "prod", Agency: "FED", Version: "9", Release: "r", Source: "x", Trust: "", Session: "s", Business: "case-1",
		Trace: rowstore.TraceID{1}, Weight: 1000, Resource: &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "host.name", Value: "db1"}}}}
	res, err := gr.WriteRows(t.Context(), spans, events)
	require.NoError(t, err)
	require.Equal(t, 1, res.Refused)
	require.Empty(t, store.rows[rowstore.Spans])
	require.Equal(t, rowstore.Row{Time: base * 1000, Received: base * 1000, Service: "portal", Agency: "IRS", Source: "site portal", Trust: "public", Session: "s", Business: "case-1",
		Trace: rowstore.TraceID{1}, Weight: 1}, store.rows[rowstore.Events][0])
}

func TestAStoreOfRowsThatCannotWriteIsSaidAndNothingCounts(t *testing.T) {
	store := &book{}
	var outages [][2]time.Time
	observed := 0
	h := build(t, t.TempDir(), gate.Options{Rows: store, Limits: gate.Limits{RowsPerSecond: 1},
		Refused:      func(from, to time.Time, _ string) { outages = append(outages, [2]time.Time{from, to}) },
		RowObservers: []gate.RowObserver{told{func(*rowstore.Batch) { observed++ }}}})
	gr := h.admit("web")
	for _, c := range []struct {
		err  error
		kind fault.Kind
		busy bool
	}{
		{fault.New(fault.Unavailable, "the disk is full"), fault.Unavailable, false},
		{fault.New(fault.Limited, "the queue is full"), fault.Limited, true},
		{errors.New("boom"), fault.Internal, false},
	} {
		store.fail = c.err
		res, err := gr.WriteRows(t.Context(), logs(2, base))
		require.Equal(t, c.kind, fault.KindOf(err))
		var busy *gate.Busy
		require.Equal(t, c.busy, errors.As(err, &busy))
		require.Zero(t, res)
	}
	require.Equal(t, refusals{"logs": {"store": 4, "overload": 2}}, refusals(statOf(h.gate, "web").Refused))
	store.fail, store.full = nil, fault.New(fault.Unavailable, "the disk is full")
	_, err := h.gate.Admit(t.Context(), gate.Credential{Source: "web", Signal: gate.Events}, 10)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	h.admit("metrics go on")
	_, err = gr.WriteRows(t.Context(), logs(2, base))
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Zero(t, observed)
	require.NotEmpty(t, outages)

	store.full = nil
	h.now.Add(2000)
	_, err = gr.WriteRows(t.Context(), logs(20, base)) // 20 rows at one a second: into debt
	require.NoError(t, err)
	require.Equal(t, 1, observed)
	require.Equal(t, base+2000, outages[len(outages)-1][1].UnixMilli(), "the end is told")
	_, err = gr.WriteRows(t.Context(), logs(1, base))
	var busy *gate.Busy
	require.ErrorAs(t, err, &busy)
	require.ErrorContains(t, err, "more than 1 rows a second")
	require.Positive(t, busy.After)
}

func TestWhatCannotBeRedactedIsNotKept(t *testing.T) {
	store := &book{}
	h := build(t, t.TempDir(), gate.Options{Rows: store, Redact: func(string, *rowstore.Batch) error { return fault.New(fault.Unavailable, "the key cannot be read") }})
	_, err := h.admit("web").WriteRows(t.Context(), logs(3, base))
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Empty(t, store.rows[rowstore.Logs])
	require.Equal(t, refusals{"logs": {"privacy": 3}}, refusals(statOf(h.gate, "web").Refused))
	h = build(t, t.TempDir(), gate.Options{})
	_, err = h.admit("web").WriteRows(t.Context(), logs(3, base))
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}

func TestTheStoreSeesRedactedRowsOnly(t *testing.T) {
	store := &book{check: func(r *rowstore.Row) { require.NotContains(t, r.Body, "request") }}
	h := build(t, t.TempDir(), gate.Options{Rows: store,
		Redact: func(_ string, b *rowstore.Batch) error {
			for i := range b.Rows {
				require.Equal(t, "web", b.Rows[i].Source, "stamped before")
				b.Rows[i].Body = "***"
			}
			return nil
		},
		Sample:       func(_ string, b *rowstore.Batch) { require.Equal(t, "***", b.Rows[0].Body) },
		RowObservers: []gate.RowObserver{told{func(b *rowstore.Batch) { require.Equal(t, "***", b.Rows[0].Body) }}}})
	_, err := h.admit("web").WriteRows(t.Context(), logs(3, base), logs(2, base))
	require.NoError(t, err)
	require.Len(t, store.rows[rowstore.Logs], 5)
}

func TestWhatComesInIsCountedOnce(t *testing.T) {
	store := &book{}
	var seen int64
	rnd := rand.New(rand.NewPCG(1, 2))
	drop := func(b *rowstore.Batch) {
		n := 0
		for i := range b.Rows {
			if rnd.IntN(4) > 0 {
				b.Rows[n] = b.Rows[i]
				n++
			}
		}
		b.Rows = b.Rows[:n]
	}
	h := build(t, t.TempDir(), gate.Options{Rows: store,
		Redact:       func(_ string, b *rowstore.Batch) error { drop(b); return nil },
		Sample:       func(_ string, b *rowstore.Batch) { drop(b) },
		RowObservers: []gate.RowObserver{told{func(b *rowstore.Batch) { seen += int64(len(b.Rows)) }}}})
	gr := h.admit("web")
	var sent, accepted, refused int64
	for range 500 {
		store.fail = nil
		if rnd.IntN(10) == 0 {
			store.fail = fault.New(fault.Unavailable, "full")
		}
		var bs []*rowstore.Batch
		n := 0
		for range rnd.IntN(3) {
			b := logs(rnd.IntN(8), base)
			b.Table = rowstore.Table(rnd.IntN(3))
			for i := range b.Rows {
				switch rnd.IntN(6) {
				case 0:
					b.Rows[i].Time = 0
				case 1:
					b.Rows[i].Value = math.Inf(1)
				}
			}
			n += len(b.Rows)
			bs = append(bs, b)
		}
		sent += int64(n)
		res, err := gr.WriteRows(t.Context(), bs...)
		if err != nil {
			refused += int64(n)
			continue
		}
		require.Equal(t, n, res.Accepted+res.Refused)
		accepted += int64(res.Accepted)
		refused += int64(res.Refused)
	}
	s := statOf(h.gate, "web")
	var stored, counted, kept int64
	for _, n := range s.Rows {
		stored += n
	}
	for _, by := range s.Refused {
		for _, n := range by {
			counted += n
		}
	}
	for _, rows := range store.rows {
		kept += int64(len(rows))
	}
	require.Equal(t, sent, accepted+refused)
	require.Equal(t, sent, stored+s.Private+s.Sampled+counted)
	require.Equal(t, refused, counted)
	require.Equal(t, kept, stored)
	require.Equal(t, seen, stored)
	require.Positive(t, s.Private*s.Sampled*counted*stored)
}

func TestManySendersWriteRowsAtOnce(t *testing.T) {
	store := &book{}
	h := build(t, t.TempDir(), gate.Options{Rows: store})
	var wg sync.WaitGroup
	for range 4 {
		gr := h.admit("web")
		wg.Go(func() {
			for range 100 {
				if _, err := gr.WriteRows(context.Background(), logs(5, base)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 2000, statOf(h.gate, "web").Rows["logs"])
}

// sink takes rows and keeps none.
type sink struct{ rowstore.Store }

func (sink) Writable() error                                 { return nil }
func (sink) Write(context.Context, ...*rowstore.Batch) error { return nil }

func TestWritingRowsAllocatesNothing(t *testing.T) {
	h := build(t, t.TempDir(), gate.Options{Rows: sink{}, RowObservers: []gate.RowObserver{told{func(*rowstore.Batch) {}}}})
	gr := h.admit("web")
	bs := []*rowstore.Batch{logs(100, base)}
	write := func() {
		if res, err := gr.WriteRows(context.Background(), bs...); err != nil || res.Accepted != 100 {
			t.Fatal(res, err)
		}
	}
	write()
	require.Zero(t, testing.AllocsPerRun(100, write))
}

func BenchmarkWriteRows(b *testing.B) {
	h := build(b, b.TempDir(), gate.Options{Rows: sink{}})
	gr := h.admit("web")
	batch := &rowstore.Batch{}
	batch.Reset(rowstore.Logs)
	for range 1000 {
		r := batch.Add()
		r.Time, r.Service, r.Body = base*1000, "intake", strings.Repeat("request answered; ", 7)[:114]
		for i := range 8 {
			batch.Attr([]string{"http.method", "code", "path", "host", "pod", "region", "tenant", "request"}[i], "0123456789abcdef")
		}
	}
	bs := []*rowstore.Batch{batch}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := gr.WriteRows(context.Background(), bs...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/row")
}

// refusals is what was refused, by signal and reason.
type refusals map[string]map[string]int64

// TestRefusalsCountForTheirSignal has one source send everything, most of it to be refused.
func TestRefusalsCountForTheirSignal(t *testing.T) {
	store := &book{}
	reg := prometheus.NewRegistry()
	h := build(t, t.TempDir(), gate.Options{Rows: store, Registerer: reg})
	admit := func(s gate.Signal, retries bool) *gate.Grant {
		gr, err := h.gate.Admit(t.Context(), gate.Credential{Source: "web", Signal: s, Retries: retries}, 0)
		require.NoError(t, err)
		return gr
	}
	old := func(table rowstore.Table) *rowstore.Batch {
		b := &rowstore.Batch{}
		b.Reset(table)
		b.Add().Time = 12 // 1970
		return b
	}
	gr := admit(gate.Spans, false)
	_, err := gr.WriteRows(t.Context(), old(rowstore.Spans), old(rowstore.Events), old(rowstore.Events))
	require.NoError(t, err)
	gr.Refuse(gate.Malformed, errors.New("no protobuf"))
	admit(gate.Metrics, false).Refuse(gate.BodyTooLarge, nil)
	require.Error(t, gr.Batch(t.Context()).Refuse(gate.LabelCount, 4))
	want := refusals{"metrics": {"body_too_large": 1, "label_count": 4}, "spans": {"row_too_old": 1, "malformed": 1}, "events": {"row_too_old": 2}}
	require.Equal(t, want, refusals(statOf(h.gate, "web").Refused))

	store.fail = fault.New(fault.Unavailable, "the disk is full")
	ours := admit(gate.Logs, true)
	for range 3 {
		_, err = ours.WriteRows(t.Context(), logs(5, base))
		require.Error(t, err)
	}
	require.Equal(t, want, refusals(statOf(h.gate, "web").Refused), "what we try again ourselves is not refused")
	require.Equal(t, "the disk is full", statOf(h.gate, "web").LastError)
	ours.RefuseAll(gate.StoreRefused, 5, err)
	want["logs"] = map[string]int64{"store": 5}
	require.Equal(t, want, refusals(statOf(h.gate, "web").Refused))
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP signalbox_gate_refused_total Samples, exemplars, rows and requests that were refused, by source, signal and reason.
# TYPE signalbox_gate_refused_total counter
signalbox_gate_refused_total{reason="body_too_large",signal="metrics",source="web"} 1
signalbox_gate_refused_total{reason="label_count",signal="metrics",source="web"} 4
signalbox_gate_refused_total{reason="malformed",signal="spans",source="web"} 1
signalbox_gate_refused_total{reason="row_too_old",signal="events",source="web"} 2
signalbox_gate_refused_total{reason="row_too_old",signal="spans",source="web"} 1
signalbox_gate_refused_total{reason="store",signal="logs",source="web"} 5
`), "signalbox_gate_refused_total"))
}
