package privacy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/privacy"
)

func TestSecretStaysTheSame(t *testing.T) {
	dir := t.TempDir()
	h := build(t, dir, privacy.Options{})
	first, err := h.Secret("events")
	require.NoError(t, err)
	require.Len(t, first, 32)
	again, err := h.Secret("events")
	require.NoError(t, err)
	require.Equal(t, first, again)
	other, err := h.Secret("others")
	require.NoError(t, err)
	require.NotEqual(t, first, other)
	info, err := os.Stat(filepath.Join(dir, "keys", "events.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys", "events.key"), []byte("short\n"), 0o600))
	_, err = h.Secret("events")
	require.ErrorContains(t, err, "does not hold a key")
}
