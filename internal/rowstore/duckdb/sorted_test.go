package duckdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// allOf returns the rows of a table as text, sorted.
func allOf(t *testing.T, s *Store, table rowstore.Table) (rows []string) {
	t.Helper()
	r, err := s.reading(t.Context(), table, rowstore.Between{From: -1 << 60})
	require.NoError(t, err)
	defer r.Close()
	for _, src := range r.Sources {
		columns := strings.Replace(columnsAll, "attrs", "list_sort(map_entries(attrs))", 1)
		found, err := r.Conn.QueryContext(context.Background(), "SELECT concat_ws('|', "+columns+") FROM (SELECT "+src.demoted()+" FROM "+src.Name+")")
		require.NoError(t, err)
		for found.Next() {
			var row string
			require.NoError(t, found.Scan(&row))
			rows = append(rows, row)
		}
		require.NoError(t, found.Close())
	}
	slices.Sort(rows)
	return rows
}

// TestSealedRowsAreTheHotOnes compares rows of every kind before and after they are sealed.
func TestSealedRowsAreTheHotOnes(t *testing.T) {
	s := openIn(t, Options{})
	rnd := rand.New(rand.NewPCG(3, 4))
	resources := []*rowstore.Resource{nil}
	for i := range 40 { // more than one Write shares
		resources = append(resources, &rowstore.Resource{JSON: fmt.Sprintf(`{"host.name":"h%d"}`, i)})
	}
	for range 3 {
		var batches []*rowstore.Batch
		for n := range 6 {
			b := &rowstore.Batch{}
			benchRows(b, rowstore.Table(n%3), rnd, 700, day0.UnixMicro())
			for i := range b.Rows {
				r := &b.Rows[i]
				r.Attrs = slices.Clone(r.Attrs[:rnd.IntN(9)])
				for range rnd.IntN(3) {
					r.Attrs = append(r.Attrs, rowstore.Attr{Key: []string{"url.scheme", "URL.scheme", "rare", "no \xff utf-8", "a key with 'spaces'"}[rnd.IntN(5)], Value: strings.Repeat("é", rnd.IntN(9))})
				}
				r.Resource = resources[rnd.IntN(len(resources))]
				r.Weight, r.Detail = float32(1+rnd.IntN(2)), []string{"", "[]"}[rnd.IntN(2)]
				switch rnd.IntN(40) {
				case 0:
					r.Time = rnd.Int64N(100 * dayMicros) // stragglers
				case 1:
					r.Time = -dayMicros / 2
				case 2, 3:
					r.Service = []string{"", "née", "a service with a name that is long"}[rnd.IntN(3)]
				}
			}
			batches = append(batches, b)
		}
		require.NoError(t, s.Write(t.Context(), batches...))
	}
	var hot [3][]string
	for _, table := range rowstore.Tables() {
		hot[table] = allOf(t, s, table)
		require.Len(t, hot[table], 3*2*700)
	}
	require.NoError(t, s.sealAll(t.Context(), true))
	for _, table := range rowstore.Tables() {
		require.Equal(t, hot[table], allOf(t, s, table), table)
	}
	r, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{From: -1 << 60})
	require.NoError(t, err)
	defer r.Close()
	require.Greater(t, len(r.Sources), 2)
	for _, src := range r.Sources {
		require.True(t, src.Sealed())
		require.True(t, src.HasKey("rare"))
		require.Contains(t, src.Promoted, "url.scheme")
		require.NotContains(t, src.Promoted, "URL.scheme", "columns' names do not differ by case")
		var unsorted int
		require.NoError(t, r.Conn.QueryRowContext(t.Context(), "SELECT count(*) FROM (SELECT (service, time) < lag((service, time)) OVER (ORDER BY rowid) AS wrong FROM "+src.Name+") WHERE wrong").Scan(&unsorted))
		require.Zero(t, unsorted)
	}
}

// TestQuestionsSeeWhatWasAcknowledged asks while rows come, segments are closed and sealed behind.
func TestQuestionsSeeWhatWasAcknowledged(t *testing.T) {
	s := openIn(t, Options{SegmentRows: 300})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { _ = s.Run(ctx); close(ended) }()
	for i := range 20 {
		require.Eventually(t, func() bool { return s.Writable() == nil }, time.Minute, time.Millisecond)
		keepRows(t, s, rowstore.Logs, day0, 100, nil)
		require.Equal(t, (i+1)*100, count(t, s, rowstore.Logs))
	}
	stop()
	<-ended
}
