package statestore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/statestore"
)

func TestStatements(t *testing.T) {
	require.Equal(t, map[string]string{"one": "SELECT 1", "two words": "SELECT 2,\n  3 -- not the end;\nFROM t", "three": "SELECT 4"},
		statestore.Statements("-- What stands before the first is a comment.\n-- name: one\nSELECT 1;\n\n-- name: two words\nSELECT 2,\n  3 -- not the end;\nFROM t\n", "-- name: three\r\nSELECT 4;"))
}
