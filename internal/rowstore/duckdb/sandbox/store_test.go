package sandbox_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

// Rows that were acknowledged a moment ago are in the answer, and those that a store sealed while it ran, too.
func TestAStoreLendsItsRows(t *testing.T) {
	dir := t.TempDir()
	store, err := duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	require.NoError(t, err)
	at := time.Now().Add(-time.Minute).UnixMicro()
	write := func(n int) {
		b := &rowstore.Batch{}
		b.Reset(rowstore.Events)
		for i := range n {
			r := b.Add()
			r.Time, r.Name, r.User = at+int64(i), "filing_submitted", "p-1"
			b.Attr("form", "1040")
		}
		require.NoError(t, store.Write(t.Context(), b))
	}
	ask := func(q sandbox.Query) json.Number {
		s := sandbox.New(sandbox.Options{Store: store, Command: []string{os.Args[0], "internal-sql"}, Dir: dir})
		r, err := s.Run(t.Context(), q)
		require.NoError(t, err)
		n, ok := r.Rows[0][0].(json.Number)
		require.True(t, ok)
		return n
	}
	const count = "SELECT count(*) FROM events WHERE name = 'filing_submitted' AND attrs['form'] = '1040'"
	write(1000)
	require.Equal(t, json.Number("1000"), ask(sandbox.Query{SQL: count}))
	require.Equal(t, json.Number("10"), ask(sandbox.Query{SQL: count, From: time.UnixMicro(at), To: time.UnixMicro(at + 10)}))
	require.NoError(t, store.Close())
	store, err = duckdb.Open(t.Context(), duckdb.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- store.Run(ctx) }() // seals what the first one left
	write(500)
	require.Equal(t, json.Number("1500"), ask(sandbox.Query{SQL: count}))
	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, json.Number("1500"), ask(sandbox.Query{SQL: count}))
	require.Equal(t, json.Number("0"), ask(sandbox.Query{SQL: "SELECT count(*) FROM logs"}))
}
