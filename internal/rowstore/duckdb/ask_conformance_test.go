package duckdb_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/conformance"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T, dir string) rowstore.Store {
		s, err := duckdb.Open(context.Background(), duckdb.Options{Dir: dir})
		require.NoError(t, err)
		return s
	})
}

// TestConformanceIndexed runs the suite on files that have indexes however small they are.
func TestConformanceIndexed(t *testing.T) {
	conformance.Run(t, func(t *testing.T, dir string) rowstore.Store {
		s, err := duckdb.Open(context.Background(), duckdb.Options{Dir: dir, IndexRows: 1})
		require.NoError(t, err)
		return s
	})
}
