package usage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// forest makes traces of a small shop: some spans without parents, rings, own parents, calls to a database and a queue.
func forest(r *rand.Rand, n int) []rowstore.Row {
	services := []string{"portal", "intake", "billing"}
	var out []rowstore.Row
	for k := range n {
		base := now.UnixMicro() - 3600_000_000 + r.Int64N(3500_000_000)
		count := uint64(1 + r.IntN(8))
		for i := range count {
			s := rowstore.Row{Trace: rowstore.TraceIDOf(9, uint64(k+1)), Span: rowstore.SpanID(uint64(k)*100 + i + 1), Service: services[r.IntN(3)], Kind: uint8(1 + r.IntN(5)), Weight: float32(1 + r.IntN(2)),
				Time: base + int64(i)*1000, Duration: r.Int64N(1e9), Status: uint8(r.IntN(3)), Name: "op"}
			switch r.IntN(8) {
			case 0:
			case 1:
				s.Parent = 999_999_999 // never comes
			default:
				s.Parent = rowstore.SpanID(uint64(k)*100 + r.Uint64N(count) + 1) // rings included
			}
			switch r.IntN(4) {
			case 0:
				s.Attrs = []rowstore.Attr{{Key: "db.system", Value: "postgresql"}, {Key: "db.namespace", Value: "filings"}}
			case 1:
				s.Attrs = []rowstore.Attr{{Key: "messaging.system", Value: "kafka"}}
			}
			s.Received = s.Time + s.Duration/1000 + r.Int64N(8_000_000)
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b rowstore.Row) int { return int(a.Received - b.Received) })
	return out
}

// bruteMap looks for every parent among all spans.
func bruteMap(rows []rowstore.Row) (edges map[string][2]float64, roots map[string]float64) {
	edges, roots = map[string][2]float64{}, map[string]float64{}
	key := func(r *rowstore.Row, s rowstore.SpanID) string { return fmt.Sprint(r.Trace, s) }
	by, answered := map[string]*rowstore.Row{}, map[string]bool{}
	for i := range rows {
		r := &rows[i]
		by[key(r, r.Span)] = r
		if r.Kind == kindServer || r.Kind == kindConsumer {
			answered[key(r, r.Parent)] = true
		}
	}
	for i := range rows {
		r := &rows[i]
		add := func(from, to string) {
			e := edges[from+">"+to]
			e[0] += float64(r.Weight)
			if r.Status == rowstore.StatusError {
				e[1] += float64(r.Weight)
			}
			edges[from+">"+to] = e
		}
		parent := by[key(r, r.Parent)]
		serves := r.Kind == kindServer || r.Kind == kindConsumer
		switch {
		case r.Parent == 0 || r.Parent == r.Span:
			roots[r.Service] += float64(r.Weight)
		case parent == nil && serves:
			add("unknown:", "service:"+r.Service)
		case parent == nil:
		case parent.Service != r.Service, serves && (parent.Kind == kindClient || parent.Kind == kindProducer):
			add("service:"+parent.Service, "service:"+r.Service)
		}
		if (r.Kind == kindClient || r.Kind == kindProducer) && len(r.Attrs) > 0 && !answered[key(r, r.Span)] {
			add("service:"+r.Service, map[string]string{"db.system": "database:postgresql filings", "messaging.system": "queue:kafka"}[r.Attrs[0].Key])
		}
	}
	return edges, roots
}

func sameMap(t *testing.T, rows []rowstore.Row, m Map, seconds float64) {
	edges, roots := bruteMap(rows)
	got := map[string][2]float64{}
	for _, e := range m.Edges {
		x := got[e.From+">"+e.To]
		got[e.From+">"+e.To] = [2]float64{x[0] + e.Count, x[1] + e.Errors}
		require.NotNil(t, e.P95)
	}
	require.Equal(t, edges, got)
	for _, n := range m.Nodes {
		require.InDelta(t, roots[n.Name], n.Root*seconds, 1e-6, n.Name)
	}
}

// TestTheMapIsWhatLookingForEveryParentFinds compares both maps with a search of all spans, with kills on the way.
func TestTheMapIsWhatLookingForEveryParentFinds(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 1))
	store, dir := &memory{}, t.TempDir()
	rows := forest(r, 800)
	clock := now.Add(-time.Hour)
	start := func() *Room {
		room, err := New(Options{Dir: dir, Rows: store, Now: func() time.Time { return clock }})
		require.NoError(t, err)
		require.NoError(t, room.CatchUp(t.Context()))
		return room
	}
	room := start()
	feed(t, store, rowstore.Spans, rows, func(b *rowstore.Batch) {
		clock = time.UnixMicro(b.Rows[0].Received)
		room.ObserveRows(b)
		room.joiner.advance(clock.UnixMicro())
		switch r.IntN(30) {
		case 0:
			require.NoError(t, room.Checkpoint(t.Context()))
		case 1:
			room = start()
		}
	})
	clock = clock.Add(time.Minute)
	room.joiner.advance(clock.UnixMicro())
	q := MapQuestion{Range: Range{now.Add(-2 * time.Hour).UnixMilli(), now.Add(2 * time.Minute).UnixMilli()}}
	exact := q
	exact.Exact = true
	m, err := room.Map(t.Context(), exact)
	require.NoError(t, err)
	sameMap(t, rows, m, float64(m.To-m.From)/1000)
	m, err = room.Map(t.Context(), q)
	require.NoError(t, err)
	require.True(t, m.Standing)
	sameMap(t, rows, m, float64(m.To-m.From)/1000)
	q.Range = Range{now.Add(-24 * time.Hour).UnixMilli(), now.Add(2 * time.Hour).UnixMilli()}
	m, err = room.Map(t.Context(), q)
	require.NoError(t, err)
	sameMap(t, rows, m, float64(m.To-m.From)/1000)

	t.Run("a scope hides callers and what is called", func(t *testing.T) {
		q.Scope = Scope{See: func(a App) bool { return a.Service == "intake" }}
		m, err := room.Map(t.Context(), q)
		require.NoError(t, err)
		for _, n := range m.Nodes {
			require.NotContains(t, []string{"portal", "billing"}, n.Name)
		}
		for _, e := range m.Edges {
			require.True(t, e.From == "service:intake" || e.From == "unknown:" && e.To == "service:intake", "%+v", e)
		}
	})
}

func TestASpanThatWaitsTooLongIsCountedAllTheSame(t *testing.T) {
	j := newJoiner()
	j.booked = 0
	at := int64(1_000_000_000_000)
	child := rowstore.Row{Trace: rowstore.TraceIDOf(1, 1), Span: 2, Parent: 1, Kind: kindServer, Service: "b", Time: at, Received: at, Weight: 1}
	j.observe(&child)
	j.advance(at + 60_000_000)
	parent := rowstore.Row{Trace: rowstore.TraceIDOf(1, 1), Span: 1, Kind: kindClient, Service: "a", Time: at, Received: at + 70_000_000, Weight: 1}
	j.observe(&parent)
	j.advance(at + 200_000_000)
	sum, _, _ := j.between(at, at+1, at+200_000_000)
	require.Len(t, sum.edges, 1)
	for e, f := range sum.edges {
		require.EqualValues(t, 0, e.from, "the caller came too late: unknown")
		require.EqualValues(t, 1, f.count)
	}
	require.Empty(t, j.slots[at/slotMicros])
}
