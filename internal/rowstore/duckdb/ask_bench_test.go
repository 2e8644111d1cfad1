package duckdb_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

// BenchmarkAsk asks the questions of BenchmarkPeer without the peer, for a profile of one: its rows are those that
// SIGNALBOX_ROWS_KEEP names, and SIGNALBOX_ROWS says how many they are.
func BenchmarkAsk(b *testing.B) {
	work := os.Getenv("SIGNALBOX_ROWS_KEEP")
	if work == "" {
		b.Skip("SIGNALBOX_ROWS_KEEP is not set")
	}
	n, err := strconv.Atoi(os.Getenv("SIGNALBOX_ROWS"))
	require.NoError(b, err)
	s, err := duckdb.Open(context.Background(), duckdb.Options{Dir: filepath.Join(work, "store")})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	for _, q := range peerQueries(b, s, peerRows(b, s, n, work)) {
		b.Run(q.name, func(b *testing.B) {
			at := processorTime()
			for b.Loop() {
				s.Forget()
				q.ours()
			}
			b.ReportMetric(float64((processorTime()-at).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
		b.Run(q.name+"/again", func(b *testing.B) {
			at := processorTime()
			for b.Loop() {
				q.ours()
			}
			b.ReportMetric(float64((processorTime()-at).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime is what this process has taken so far: on a busy machine it says more than the clock does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
