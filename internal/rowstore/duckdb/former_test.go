package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// formerRows are the rows of testdata/former.log, which was written when the log kept rows one behind the other.
func formerRows() (batches []*rowstore.Batch) {
	resources := []*rowstore.Resource{nil, {JSON: `{"host.name":"ip-10-0-3-17"}`}, {JSON: `{"host.name":"b","os":"linux"}`}}
	for n := range 5 {
		b := &rowstore.Batch{}
		b.Reset(rowstore.Table(n % 3))
		for i := range 30 {
			r := b.Add()
			r.Time, r.Received = day0.UnixMicro()+int64(i*i-7*n), day0.UnixMicro()+1500
			r.Trace, r.Span = rowstore.TraceIDOf(uint64(i)*2654435761, 7), rowstore.SpanID(i)
			r.Service, r.Env, r.Source, r.Name = []string{"intake", "née"}[i%2], "prod", "collector", fmt.Sprint("name ", i%3)
			r.Body, r.Kind, r.Severity, r.Status = fmt.Sprintf("message %d of a sender", i), uint8(i%6), uint8(i%25), uint8(i%3)
			r.Duration, r.Value, r.Weight = int64(i)*1e6, float64(i)/3, float32(1+i%2)
			r.Resource = resources[i%3]
			for k := range i % 4 {
				b.Attr(fmt.Sprint("key.", k), fmt.Sprint("value ", i*k))
			}
		}
		batches = append(batches, b)
	}
	return batches
}

// TestALogOfAFormerServerIsRead starts on the log that a former version left and compares what is answered, before and after it
// is sealed, with the same rows written anew.
func TestALogOfAFormerServerIsRead(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "hot"), 0o700))
	log, err := os.ReadFile(filepath.Join("testdata", "former.log"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hot", "000000000007.log"), log, 0o600))
	old, now := openIn(t, Options{Dir: dir}), openIn(t, Options{})
	require.NoError(t, now.Write(context.Background(), formerRows()...))
	require.NoError(t, now.Write(context.Background(), formerRows()[:1]...))
	for range 2 {
		for _, table := range rowstore.Tables() {
			require.NotEmpty(t, allOf(t, old, table))
			require.Equal(t, allOf(t, now, table), allOf(t, old, table))
		}
		require.NoError(t, old.sealAll(t.Context(), true))
		require.NoError(t, now.sealAll(t.Context(), true))
	}
}
