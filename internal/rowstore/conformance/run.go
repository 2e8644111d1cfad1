// Package conformance is the suite that every engine of the row store passes. It writes rows with whatever a column can hold,
// asks for them in every way of the contract, and compares the answers with what Go computes from the same rows.
package conformance

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Open opens a store in a directory. It is opened there again after Close, and keeps its rows.
type Open func(t *testing.T, dir string) rowstore.Store

// Settler is a store that can be told to put rows where they stay, which it would do by itself in time: the suite looks at
// rows before and after.
type Settler interface {
	Settle(ctx context.Context) error
}

// Run runs the suite.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"a row comes back as it was written":         roundTrip,
		"text that is no UTF-8 is mended or refused": badText,
		"rows come in order, page by page":           pages,
		"an expression means what Go makes of it":    expressions,
		"of many rows the ends are found":            many,
		"a count is what Go counts":                  counts,
		"a scan hands everything over in order":      scans,
		"tellers are asked of every row":             told,
		"attributes are named":                       attributes,
		"readers and writers do not wait":            together,
		"a query ends with its context":              cancelled,
		"what makes no sense is refused":             refusals,
		"written rows are there after a restart":     reopened,
		"rows expire by table and class":             expiry,
		"erased rows are gone":                       erasure,
		"a day is exported as Parquet":               exports,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// opened returns a new store that is closed at the end.
func opened(t *testing.T, open Open) rowstore.Store {
	s := open(t, t.TempDir())
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// eachAge runs a test on rows that were just written, and on the same rows after they were put where they stay.
func eachAge(t *testing.T, s rowstore.Store, test func(t *testing.T)) {
	t.Run("fresh", test)
	if k, ok := s.(Settler); ok {
		require.NoError(t, k.Settle(t.Context()))
		t.Run("settled", test)
		t.Run("asked again", test) // with whatever the store remembers of the first time
	}
}

// write writes rows in batches of at most 500, and every row of a batch or none.
func write(t *testing.T, s rowstore.Store, table rowstore.Table, rows []rowstore.Row) {
	for len(rows) > 0 {
		n := min(500, len(rows))
		b := &rowstore.Batch{}
		b.Reset(table)
		b.Rows = append(b.Rows, rows[:n]...)
		require.NoError(t, s.Write(t.Context(), b))
		rows = rows[n:]
	}
}

// all returns every row of a table, oldest first.
func all(t *testing.T, s rowstore.Store, table rowstore.Table, where rowstore.Expr) []rowstore.Row {
	var out []rowstore.Row
	require.NoError(t, s.Scan(t.Context(), rowstore.Scan{Table: table, Between: ever, Where: where}, func(rows []rowstore.Row) error {
		for i := range rows {
			out = append(out, rows[i].Clone())
		}
		return nil
	}))
	return out
}
