package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/evaluate"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

// The row store itself yields the datapoints that the tests' rows in memory yield, bit for bit.
func TestAReplayFromTheRowStore(t *testing.T) {
	kpis := everyRowKind(t)
	h := rowDay(t, 5, kpis)
	store, err := duckdb.Open(t.Context(), duckdb.Options{Dir: t.TempDir(), FloorBytes: -1, Now: h.clock})
	require.NoError(t, err)
	defer store.Close()
	for _, table := range rowstore.Tables() {
		require.NoError(t, store.Write(t.Context(), &rowstore.Batch{Table: table, Rows: h.rows.rows[table]}))
	}
	over := evaluate.New(evaluate.Options{Store: h.raw, Rows: store, Ledger: h.ledger, Now: h.clock})
	for _, k := range kpis {
		points := func(e *evaluate.Engine) map[string]kpi.Point {
			out := map[string]kpi.Point{}
			_, err := e.Replay(t.Context(), k, t0.UnixMilli(), h.now.UnixMilli(), h.now.UnixMilli(), func(end int64, ps []kpi.GroupPoint) {
				for _, p := range ps {
					out[fmt.Sprint(p.Key, p.Whole, end)] = p.Point
				}
			})
			require.NoError(t, err)
			return out
		}
		want, have := points(h.engine), points(over)
		require.Len(t, have, len(want))
		for key, p := range want {
			if p.Missing != kpi.Unobserved { // the second engine knows of no restart
				require.Equal(t, fmt.Sprintf("%x", []any{p.Value, p.Good, p.Total, p.Missing}), fmt.Sprintf("%x", []any{have[key].Value, have[key].Good, have[key].Total, have[key].Missing}), "%s %s", k.Name, key)
			}
		}
	}
}
