package audit_test

import (
	"bufio"
	"crypto/ed25519"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
)

// writeChain writes an exported file of n records.
func writeChain(t testing.TB, path string, n int64) ed25519.PublicKey {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	w := bufio.NewWriterSize(f, 1<<20)
	key, err := audit.WriteChain(w, n, 1200)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	return key
}

// BenchmarkVerifyFile verifies an exported file from the disk: a million records, or SIGNALBOX_AUDIT_RECORDS.
func BenchmarkVerifyFile(b *testing.B) {
	n := int64(1_000_000)
	if s := os.Getenv("SIGNALBOX_AUDIT_RECORDS"); s != "" {
		var err error
		n, err = strconv.ParseInt(s, 10, 64)
		require.NoError(b, err)
	}
	path := filepath.Join(b.TempDir(), "audit.jsonl")
	key := writeChain(b, path, n)
	info, err := os.Stat(path)
	require.NoError(b, err)
	b.SetBytes(info.Size())
	b.ReportAllocs()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		f, err := os.Open(path)
		require.NoError(b, err)
		r, err := audit.VerifyFile(b.Context(), f, audit.VerifyOptions{Keys: []ed25519.PublicKey{key}})
		require.NoError(b, err)
		require.True(b, r.Good, r.Break)
		require.Equal(b, n, r.Records)
		require.NoError(b, f.Close())
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(after.HeapSys-min(before.HeapSys, after.HeapSys)), "heap-B")
	b.ReportMetric(float64(info.Size()), "file-B")
}

// BenchmarkAppend adds records, a hundred a transaction: what a change pays beside its own commit.
func BenchmarkAppend(b *testing.B) {
	h := open(b, b.TempDir(), nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		require.NoError(b, h.db.Tx(b.Context(), func(tx *sql.Tx) error {
			for j := range 100 {
				if err := h.Append(b.Context(), tx, record(i+j)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/record")
}

// BenchmarkVerifyStore verifies 100,000 records in the database.
func BenchmarkVerifyStore(b *testing.B) {
	h := open(b, b.TempDir(), nil)
	const n = 100_000
	for range n / 1000 {
		require.NoError(b, h.db.Tx(b.Context(), func(tx *sql.Tx) error {
			for j := range 1000 {
				if err := h.Append(b.Context(), tx, record(j)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.ReportAllocs()
	for b.Loop() {
		require.True(b, h.verify(b, audit.VerifyOptions{}).Good)
	}
	b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
