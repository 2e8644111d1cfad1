package app_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

const wantPrefix = "# want: "

// TestBadFiles loads every testdata/*.bad.yml: what it must earn stands in its last lines, one "# want: " line for each
// finding. A first line "# env: NAME=value" sets the environment.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 40)
	here, err := filepath.Abs("testdata")
	require.NoError(t, err)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".bad.yml"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			body, want, _ := strings.Cut(string(src), wantPrefix)
			if want != "" {
				want = wantPrefix + want
			}
			var env []string
			head, _, _ := strings.Cut(body, "\n")
			if e, ok := strings.CutPrefix(head, "# env: "); ok {
				env = strings.Fields(e)
			}
			cfg, findings := app.Load(file, env, app.Flags{})
			require.NotEmpty(t, findings)
			require.Equal(t, strict.Failed(findings), cfg == nil)
			var got strings.Builder
			for _, f := range findings {
				line := strings.ReplaceAll(f.String(), here+"/", "")
				line = strings.TrimPrefix(strings.ReplaceAll(line, "testdata/", ""), filepath.Base(file)+":")
				got.WriteString(wantPrefix + line + "\n")
			}
			require.NotContains(t, got.String(), "secret@")
			require.NotContains(t, got.String(), "hunter2")
			require.NotContains(t, got.String(), "topsecret")
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(body+got.String()), 0o644))
				return
			}
			require.Equal(t, want, got.String())
		})
	}
}
