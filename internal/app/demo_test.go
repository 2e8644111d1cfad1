package app

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the demo says to type finds it, wherever it listens and keeps its files.
func TestDemoSaysWhereItIs(t *testing.T) {
	require.Empty(t, DemoOptions{}.where("http://127.0.0.1:9700/login?code=x"))
	require.Equal(t, " --server http://127.0.0.1:9800", DemoOptions{}.where("http://127.0.0.1:9800/login?code=x"))
	require.Equal(t, " --server http://[::1]:9700 --data demo/data", DemoOptions{Folder: "demo"}.where("http://[::1]:9700/login?code=x"))
}
