package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/api"
)

var update = flag.Bool("update", false, "write ui/openapi.json anew")

// TestOpenAPI fails when the committed document, from which the page's types are made, is not what the code says.
func TestOpenAPI(t *testing.T) {
	got, err := api.New(api.Options{}).OpenAPI()
	require.NoError(t, err)
	file := filepath.Join("..", "..", "ui", "openapi.json")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, got, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "ui/openapi.json is out of date: go test ./internal/api -run OpenAPI -update, then npm run gen:api in ui/")
}

// TestPathParametersAreDocumented guards against a field that huma overlooks.
func TestPathParametersAreDocumented(t *testing.T) {
	raw, err := api.New(api.Options{}).OpenAPI()
	require.NoError(t, err)
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct{ Name, In string }
		}
	}
	require.NoError(t, json.Unmarshal(raw, &doc))
	for path, item := range doc.Paths {
		for method, op := range item {
			for _, m := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(path, -1) {
				require.Contains(t, op.Parameters, struct{ Name, In string }{m[1], "path"}, "%s %s", method, path)
			}
		}
	}
}
