package usage

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TestTheRoomRuns lets it save, publish and end by itself, while rows come in and questions are asked.
func TestTheRoomRuns(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		var mu sync.Mutex
		var published [][]Sample
		reg := prometheus.NewPedanticRegistry()
		room, err := New(Options{Dir: dir, Rows: store, Now: time.Now, Registerer: reg, Publish: func(_ context.Context, s []Sample) error {
			mu.Lock()
			defer mu.Unlock()
			published = append(published, s)
			return nil
		}})
		require.NoError(t, err)
		require.NoError(t, room.CatchUp(t.Context()))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- room.Run(ctx) }()
		var work sync.WaitGroup
		for w := range 3 {
			work.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 1))
				for range 20 {
					rows := stream(r, 3)
					for i := range rows {
						rows[i].Time += time.Now().UnixMicro() - now.UnixMicro()
						rows[i].Received = time.Now().UnixMicro()
					}
					room.ObserveRows(&rowstore.Batch{Table: rowstore.Events, Rows: rows})
					span := rowstore.Row{Time: time.Now().UnixMicro(), Received: time.Now().UnixMicro(), Trace: rowstore.TraceIDOf(1, 1), Span: 1, Service: "a", Kind: 2, Weight: 1, Status: rowstore.StatusError}
					room.ObserveRows(&rowstore.Batch{Table: rowstore.Spans, Rows: []rowstore.Row{span}})
					_, err := room.Actives(t.Context(), ActivesQuestion{})
					require.NoError(t, err)
					_, err = room.Map(t.Context(), MapQuestion{})
					require.NoError(t, err)
					_, err = room.Errors(ErrorsQuestion{})
					require.NoError(t, err)
					time.Sleep(10 * time.Second)
				}
			})
		}
		work.Wait()
		time.Sleep(10 * time.Minute)
		_, err = reg.Gather()
		require.NoError(t, err)
		stop()
		require.NoError(t, <-done)
		require.GreaterOrEqual(t, len(published), 12)
		require.NotEmpty(t, published[len(published)-1])
		again, err := New(Options{Dir: dir, Rows: store, Now: time.Now})
		require.NoError(t, err)
		for _, p := range []Period{Day, Week} {
			want, err := room.Sessions(t.Context(), SessionsQuestion{Period: p})
			require.NoError(t, err)
			require.Positive(t, want.Total.Sessions)
			got, err := again.Sessions(t.Context(), SessionsQuestion{Period: p})
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		m, err := again.Map(t.Context(), MapQuestion{Range: Range{From: time.Now().Add(-time.Hour).UnixMilli()}})
		require.NoError(t, err)
		require.Len(t, m.Nodes, 1)
		require.EqualValues(t, 60, m.Nodes[0].Count)
	})
}
